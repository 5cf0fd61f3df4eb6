"""Objects that other folders declare: no object may have two manifests, whoever wrote the other one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from sys import intern
from typing import Any, NamedTuple

from gitcanary.errors import InvalidFile, Problem, plainly
from gitcanary.manifests import names
from gitcanary.manifests.catalog import Folder, Object, list_at, text_at
from gitcanary.manifests.pieces import hosts
from gitcanary.manifests.problems import problem_of_spec
from gitcanary.manifests.release import AUTOSCALER, DEPLOYMENT
from gitcanary.manifests.schema.canary_file import Canary
from gitcanary.manifests.text.values import Path, Value
from gitcanary.manifests.weights import VIRTUAL_SERVICE, short_host

SERVICE = "Service"
DESTINATION_RULE = "DestinationRule"
CANARY = "Canary"
ROUTE = "route"  # no object: a host on a gateway, for which two VirtualServices are a conflict
_ONE = "one manifest for each object"
_DEFAULT_GATEWAY = "mesh"
KINDS = frozenset({CANARY, SERVICE, DEPLOYMENT, AUTOSCALER, VIRTUAL_SERVICE, DESTINATION_RULE})


class Declared(NamedTuple):
    """Which object it is that somebody declares."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Home:
    """One folder: the objects that it declares, its valid canaries, and whether it holds any Canary."""

    folder: Folder
    declared: tuple[Declared, ...]
    canaries: tuple[Canary, ...]
    holds_canary: bool


class Neighbours:
    """Which folder declares what. A folder that changes costs itself and those that it meets, not all others."""

    def __init__(self) -> None:
        self._homes: dict[str, Home] = {}
        self._declaring: dict[Declared, tuple[str, ...]] = {}
        self._writing: dict[Declared, tuple[str, ...]] = {}
        self._reaching: dict[str, tuple[str, ...]] = {}  # by the folders below in which a canary names a file

    def put(self, home: Home) -> frozenset[str]:
        """Take a folder as it is now; return the folders whose canaries may collide with another or no longer do."""
        old = self._homes.get(home.folder.path)
        met = self._met(old) if old else set()
        if old:
            self._drop(old)
        if home.declared or home.holds_canary:
            self._add(home)
            met |= self._met(home)
        for further in [self._homes[path] for path in met & self._homes.keys() - {home.folder.path}]:
            met |= self._met(further)  # whether they are refused decides whether they are anybody's rivals
        return frozenset(met & self._homes.keys())

    def trespasses(self, path: str, canary: Canary) -> tuple[Problem, ...]:
        """Return what is another's: objects of a canary's that another folder declares, and files.

        A folder with a Canary of the same name is another cluster's, and no neighbour.
        """
        folder = self._homes[path].folder
        collisions = tuple(self._collisions(path, canary)) or tuple(self._rivalries(path, canary))
        return (*collisions, *self._intrusions(folder, canary))

    def _collisions(self, path: str, canary: Canary) -> Iterator[Problem]:
        """Yield the objects of a canary's that another folder declares."""
        homes, folder = self._homes_of(path, canary), self._homes[path].folder
        for ours, field_path in _written(canary):
            for theirs in sorted(set(self._declaring.get(ours, ())) - homes):
                yield self._problem(folder, canary, ours, field_path, theirs)

    def _rivalries(self, path: str, canary: Canary) -> Iterator[Problem]:
        """Yield the objects that a canary in another folder would write too, where neither declares them yet.

        Who collides with what is declared is refused for that, and stops nobody else.
        """
        homes, folder = self._homes_of(path, canary), self._homes[path].folder
        for ours, field_path in _written(canary):
            for theirs in sorted(set(self._writing.get(ours, ())) - homes):
                for rival in self._rivals(theirs, ours):
                    seen = f"{ours}, which the Canary in {plainly(rival.file)} writes too"
                    yield problem_of_spec(folder, canary, field_path, seen=seen, allowed=_ONE)

    def _rivals(self, path: str, wanted: Declared) -> Iterator[Canary]:
        for canary in self._homes[path].canaries:
            writes = any(ours == wanted for ours, _ in _written(canary))
            if writes and next(self._collisions(path, canary), None) is None:
                yield canary

    def _homes_of(self, path: str, canary: Canary) -> set[str]:
        """Return the folders that are no neighbours of a canary's: its own, and other clusters'."""
        same = Declared(CANARY, canary.namespace, canary.name)
        return {path, *self._declaring.get(same, ()), *self._writing.get(same, ())}

    def _intrusions(self, folder: Folder, canary: Canary) -> Iterator[Problem]:
        """Yield the files that lie in the folder of another Canary: what lies there is that Canary's own."""
        for name in sorted(canary.further):
            homes = (self._homes.get(path) for path in _between(folder, name))
            home = next((home for home in homes if home is not None and home.holds_canary), None)
            if home is not None:
                seen = f"{name}, which lies in the folder of another Canary, {home.folder.path}"
                yield problem_of_spec(folder, canary, canary.gitops, seen=seen, allowed="files of its own folder")

    def _problem(self, folder: Folder, canary: Canary, ours: Declared, field_path: Path, theirs: str) -> Problem:
        file, line = _place(self._homes[theirs].folder, ours)
        found = f"{ours} also declared in {plainly(file)}:{line}"
        return problem_of_spec(folder, canary, field_path, seen=found, allowed=_ONE)

    def _met(self, home: Home) -> set[str]:
        meeting = {path for each in {*home.declared, *_claims(home)} for path in self._writing.get(each, ())}
        return {home.folder.path} | meeting | set(self._reaching.get(home.folder.path, ()))

    def _add(self, home: Home) -> None:
        path = home.folder.path
        self._homes[path] = home
        for index, keys in self._indices(home):
            for key in keys:
                index[key] = (*index.get(key, ()), path)

    def _drop(self, home: Home) -> None:
        path = home.folder.path
        del self._homes[path]
        for index, keys in self._indices(home):
            for key in keys:
                if left := tuple(each for each in index.pop(key) if each != path):
                    index[key] = left

    def _indices(self, home: Home) -> Iterator[tuple[dict[Any, tuple[str, ...]], Iterable[Any]]]:
        yield self._declaring, home.declared
        yield self._writing, _claims(home)
        reached = (name for canary in home.canaries for name in canary.further)
        yield self._reaching, {path for name in reached for path in _between(home.folder, name)}


def declared_in(folder: Folder) -> tuple[Declared, ...]:
    """Return the objects of a folder that a canary elsewhere could collide with, if they have a namespace."""
    return tuple({declared for file in folder.files for declared, _ in _declared(folder, file)})


def _between(folder: Folder, name: str) -> list[str]:
    """Return the folders below a folder in which a file lies that is named from there, the innermost first."""
    return [folder.full(str(parent)) for parent in PurePosixPath(name).parents if str(parent) != "."]


def _place(folder: Folder, wanted: Declared) -> tuple[str, int]:
    """Return where a folder declares an object: file and line."""
    places = ((name, line) for name in folder.files for declared, line in _declared(folder, name) if declared == wanted)
    name, line = next(places, ("", 0))
    return folder.full(name), line


def _declared(folder: Folder, name: str) -> Iterator[tuple[Declared, int]]:
    if not name.endswith((".yaml", ".yml", ".json")):
        return
    data = folder.files[name].data
    if not any(kind.encode() in data for kind in KINDS):
        return
    try:
        for document, value in folder.files[name].objects():
            namespace = folder.namespace or text_at(value, "metadata", "namespace")
            if value["kind"] in KINDS and namespace:
                yield Declared(intern(str(value["kind"])), intern(namespace), intern(_name(value))), document.line
                for route in _routes_of(value, namespace):
                    yield route, document.line
    except InvalidFile:
        return  # whoever needs this file says so


def _routes_of(value: Object, namespace: str) -> Iterator[Declared]:
    """Yield the hosts that a VirtualService claims, on each of its gateways."""
    if value["kind"] == VIRTUAL_SERVICE:
        yield from _routes(list_at(value, "spec", "gateways"), list_at(value, "spec", "hosts"), namespace)


def _routes(gateways: Iterable[Value], hosts: Iterable[Value], namespace: str) -> Iterator[Declared]:
    """Yield hosts on gateways, as they are called within their namespace: `ours/public` and `public` are one."""
    ours = f"{namespace}/"
    claimed = [short_host(host, namespace) for host in hosts if isinstance(host, str)]
    for gateway in list(gateways) or [_DEFAULT_GATEWAY]:
        for host in claimed:
            yield Declared(ROUTE, namespace, intern(f"{host} on {str(gateway).removeprefix(ours)}"))


def _name(value: Object) -> str:
    return text_at(value, "metadata", "name") or ""


def _claims(home: Home) -> set[Declared]:
    """Return the objects that the canaries write, and the canaries: one of the same name elsewhere is no neighbour."""
    written = {each for canary in home.canaries for each, _ in _written(canary)}
    return written | {Declared(CANARY, canary.namespace, canary.name) for canary in home.canaries}


def _written(canary: Canary) -> Iterator[tuple[Declared, Path]]:
    """Walk the objects that this canary's commits write or edit, with the field of the spec that names them."""
    if canary.declared is None or canary.declared.has_routes:
        for route in _routes(canary.service.gateways, hosts(canary), canary.namespace):
            yield route, ("spec", "service", "hosts")
    if canary.declared is not None:
        if canary.declared.has_routes:
            yield Declared(VIRTUAL_SERVICE, canary.namespace, canary.service.name), ("spec", "service", "name")
        return
    service, target = canary.service.name, canary.target
    for name in (service, names.primary(service), names.canary(service)):
        yield Declared(SERVICE, canary.namespace, name), ("spec", "service", "name")
    for name in (names.primary(service), names.canary(service)):
        yield Declared(DESTINATION_RULE, canary.namespace, name), ("spec", "service", "name")
    yield Declared(VIRTUAL_SERVICE, canary.namespace, service), ("spec", "service", "name")
    yield Declared(DEPLOYMENT, canary.namespace, names.primary(target)), ("spec", "targetRef", "name")
    if canary.autoscaler:
        yield (
            Declared(AUTOSCALER, canary.namespace, names.primary(canary.autoscaler)),
            ("spec", "autoscalerRef", "name"),
        )
