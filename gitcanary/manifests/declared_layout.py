"""Whether a release can be moved where it is declared: told before anything is written."""

from collections.abc import Iterator

from gitcanary.errors import InvalidFile, Problem, RefusedText
from gitcanary.manifests import declared, kustomization, names, owned, routing_layout, weights
from gitcanary.manifests.catalog import RECORD, File, Folder
from gitcanary.manifests.declared import Scalar
from gitcanary.manifests.problems import problem_of_spec
from gitcanary.manifests.schema.canary_file import Canary, is_canary
from gitcanary.manifests.schema.declaration import Declaration, Role
from gitcanary.manifests.text.locations import Location
from gitcanary.manifests.text.values import Path

_PROBES = (63, 37)  # weights that are no likely ones: an edit is to be tried, not a value found in place


def problems(folder: Folder, canary: Canary, declaration: Declaration) -> Iterator[Problem]:
    """Yield why a declared layout cannot be rolled out."""
    yield from _release(folder, canary, declaration)
    if declaration.weights is not None:
        pairs = zip((declaration.weights.primary, declaration.weights.canary), _PROBES, strict=True)
        for (location, probe), side in zip(pairs, ("primary", "canary"), strict=True):
            yield from _number(folder, canary, location, probe, ("weights", side))
    yield from _shared(folder, canary, declaration)
    yield from _alike(folder, canary, declaration)
    if declaration.has_routes:
        yield from routing_layout.problems_of_routes(folder, canary)
        yield from kustomization.problems(folder, sorted(_carriers(folder, canary)))


def problems_of_files(folder: Folder, canary: Canary) -> Iterator[Problem]:
    """Yield locations that lead into a file which is not made for values, this canary's or another's."""
    for location in canary.written:
        file = folder.files.get(location.file)
        if location.file in _own(canary) or (file is not None and not _is_for_values(file)):
            allowed = "files that neither gitcanary writes nor a Canary stands in"
            yield _misplaced(folder, canary, str(location), allowed)


def problems_of_replicas(folder: Folder, canary: Canary) -> Iterator[Problem]:
    """Yield why the number of replicas cannot be changed at its declared location."""
    if canary.replicas is not None:
        number = declared.number(folder, canary.replicas) or 0
        yield from _number(folder, canary, canary.replicas, number + 1, ("replicas",))


def _release(folder: Folder, canary: Canary, declaration: Declaration) -> Iterator[Problem]:
    for index, pair in enumerate(declaration.release):
        field: Path = ("release", index)
        read = [role for role in (Role.PRIMARY, Role.CANARY, Role.SOURCE) if role is not Role.SOURCE or pair.source]
        found = [_refusal(folder, canary, pair.at(role), None, (*field, role.value)) for role in read]
        if any(found):
            yield from (problem for problem in found if problem is not None)
            continue
        value = declared.scalar(folder, pair.at(Role.SOURCE))
        edited = [Role.PRIMARY, Role.CANARY] if pair.source else [Role.PRIMARY]
        for role in edited:
            new = _another(value, declared.scalar(folder, pair.at(role)))
            if problem := _refusal(folder, canary, pair.at(role), new, (*field, role.value)):
                yield problem


def _number(folder: Folder, canary: Canary, location: Location, probe: int, field: Path) -> Iterator[Problem]:
    problem = _refusal(folder, canary, location, probe, field)
    if problem is not None:
        yield problem
    elif declared.number(folder, location) is None:
        yield problem_of_spec(folder, canary, (*canary.gitops, *field), seen=f"text at {location}", allowed="a number")


def _refusal(folder: Folder, canary: Canary, location: Location, new: Scalar | None, field: Path) -> Problem | None:
    """Return why a location has no value, or why this one could not be put in its place exactly."""
    try:
        if new is None:
            declared.scalar(folder, location)
        else:
            declared.edited(folder, [(location, new)])
    except RefusedText as refusal:
        allowed = "one plain value of a file in this folder, text or a whole number"
        if location.file not in folder.files:
            return problem_of_spec(folder, canary, (*canary.gitops, *field), seen=refusal.reason, allowed=allowed)
        name = ".".join(str(step) for step in (*canary.gitops, *field))
        file = folder.full(location.file)
        return Problem(file, refusal.line, name, refusal.reason, allowed)
    return None


def _another(value: Scalar, present: Scalar) -> Scalar:
    """Return this value, or one like it where it is there already: an edit is to be tried."""
    if value != present or type(value) is not type(present):
        return value
    return f"{value}-" if isinstance(value, str) else value + 1


def _shared(folder: Folder, canary: Canary, declaration: Declaration) -> Iterator[Problem]:
    """Yield locations that lead to a value which has another place in this release."""
    read = {place: location for location in declaration.read() if (place := declared.place(folder, location))}
    written: dict[object, Location] = {}
    for location in canary.written:
        place = declared.place(folder, location)
        other = written.setdefault(place, location) if place else location
        first = other if other is not location else read.get(place) if place else None
        if first is not None:
            seen = f"{location} again" if first.text == location.text else f"{location}, which is {first}"
            yield _misplaced(folder, canary, seen, "a place of its own for each value")


def _alike(folder: Folder, canary: Canary, declaration: Declaration) -> Iterator[Problem]:
    """Yield what is the same on both sides: nothing could be weighed, or judged, between a thing and itself."""
    primary, second = (weights.short_host(host, canary.namespace) for host in names.hosts(canary))
    if primary == second:
        yield _same(folder, canary, "services", primary)
    if declaration.workloads.primary == declaration.workloads.canary:
        yield _same(folder, canary, "workloads", declaration.workloads.primary)


def _same(folder: Folder, canary: Canary, key: str, name: str) -> Problem:
    path: Path = (*canary.gitops, key)
    return problem_of_spec(folder, canary, path, seen=f"{name} for both", allowed="one for each side")


def _misplaced(folder: Folder, canary: Canary, seen: str, allowed: str) -> Problem:
    return problem_of_spec(folder, canary, canary.gitops, seen=seen, allowed=allowed)


def _own(canary: Canary) -> tuple[str, ...]:
    return (*names.owned_files(canary), names.record_file(canary))


def _is_for_values(file: File) -> bool:
    """Tell whether a file is neither a record, nor one that gitcanary writes, nor one with a Canary in it."""
    if file.name.endswith(RECORD) or owned.is_some_canarys(file.data):
        return False
    try:
        return not any(is_canary(document.value) for document in file.documents)
    except InvalidFile:
        return True  # whoever reads it says so


def _carriers(folder: Folder, canary: Canary) -> Iterator[str]:
    """Yield the files of the folder that carry the traffic, and so have to be applied."""
    yield from (name for name in names.owned_files(canary) if name in folder.files)
    yield from (found.file for found in weights.candidates(folder, canary))
