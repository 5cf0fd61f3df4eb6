"""Whether a release can be moved where it is declared: told before anything is written."""

from collections.abc import Iterator

from gitcanary.errors import Problem, Refused, RefusedText
from gitcanary.manifests import declared, kustomization, names, routing_layout, weights
from gitcanary.manifests.catalog import Folder
from gitcanary.manifests.declared import Scalar
from gitcanary.manifests.problems import problem_of_spec
from gitcanary.manifests.schema.canary_file import Canary
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
    if declaration.has_routes:
        yield from routing_layout.problems_of_routes(folder, canary)
        yield from kustomization.problems(folder, sorted(_carriers(folder, canary)))


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
    """Yield locations that lead to a value which has another place in this release, or into a file not made for it."""
    read = {place: location for location in declaration.read() if (place := _place(folder, location))}
    written: dict[object, Location] = {}
    for location in canary.written:
        place = _place(folder, location)
        other = written.setdefault(place, location) if place else location
        first = read.get(place) if other is location else other
        if first is not None:
            seen = f"{location} again" if first.text == location.text else f"{location}, which is {first}"
            yield _misplaced(folder, canary, seen, "a place of its own for each value")
        if location.file in _not_for_values(folder, canary):
            allowed = "files that neither gitcanary writes nor the Canary stands in"
            yield _misplaced(folder, canary, str(location), allowed)


def _misplaced(folder: Folder, canary: Canary, seen: str, allowed: str) -> Problem:
    return problem_of_spec(folder, canary, canary.gitops, seen=seen, allowed=allowed)


def _place(folder: Folder, location: Location) -> object:
    """Return which value of which file a location names, None where it names none: whoever reads it says so."""
    try:
        return location.file, declared.find(folder, location).place
    except Refused:
        return None


def _not_for_values(folder: Folder, canary: Canary) -> set[str]:
    own = {name for name in folder.files if folder.full(name) == canary.file}
    return own | {*names.owned_files(canary), names.record_file(canary)}


def _carriers(folder: Folder, canary: Canary) -> Iterator[str]:
    """Yield the files of the folder that carry the traffic, and so have to be applied."""
    yield from (name for name in names.owned_files(canary) if name in folder.files)
    yield from (found.file for found in weights.candidates(folder, canary))
