"""Objects that other folders declare: no object may have two manifests, whoever wrote the other one."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from gitcanary.errors import InvalidFile, Problem
from gitcanary.manifests import names
from gitcanary.manifests.catalog import Folder, Object, text_at
from gitcanary.manifests.problems import problem_of_spec
from gitcanary.manifests.release import AUTOSCALER, DEPLOYMENT
from gitcanary.manifests.schema.canary_file import Canary
from gitcanary.manifests.text.values import Path
from gitcanary.manifests.weights import VIRTUAL_SERVICE

SERVICE = "Service"
DESTINATION_RULE = "DestinationRule"
CANARY = "Canary"
KINDS = frozenset({CANARY, SERVICE, DEPLOYMENT, AUTOSCALER, VIRTUAL_SERVICE, DESTINATION_RULE})


@dataclass(frozen=True, slots=True)
class Declared:
    """An object that a folder declares, and where; what is compared is which object it is."""

    kind: str
    namespace: str
    name: str
    file: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)


def declared_in(folder: Folder) -> frozenset[Declared]:
    """Return the objects of a folder that a canary elsewhere could collide with, if they have a namespace."""
    return frozenset(declared for file in folder.files for declared in _declared(folder, file))


def trespasses(
    canaries: list[tuple[Folder, Canary]], declared: Mapping[str, frozenset[Declared]], homes: AbstractSet[str]
) -> list[tuple[Problem, ...]]:
    """Return, for each canary and its folder, what is another's: objects that another folder declares, and files.

    A folder with a Canary of the same name is another cluster's, and no neighbour. `homes` are the folders that hold a
    Canary: what lies in one is that Canary's own.
    """
    twins: dict[tuple[str, str], set[str]] = {}
    for folder, canary in canaries:
        twins.setdefault((canary.namespace, canary.name), set()).add(folder.path)
    index: dict[Declared, list[tuple[str, Declared]]] = {}
    for path, objects in declared.items():
        for each in objects:
            index.setdefault(each, []).append((path, each))
    for _, canary in canaries:  # a Canary that is refused just now is another cluster's all the same
        same = Declared(CANARY, canary.namespace, canary.name)
        twins[canary.namespace, canary.name] |= {path for path, _ in index.get(same, ())}
    return [
        (*_collisions(folder, canary, index, twins[canary.namespace, canary.name]), *_intrusions(folder, canary, homes))
        for folder, canary in canaries
    ]


def _intrusions(folder: Folder, canary: Canary, homes: AbstractSet[str]) -> Iterator[Problem]:
    for name in sorted(canary.further):
        between = (str(parent) for parent in PurePosixPath(name).parents if str(parent) != ".")
        home = next((path for parent in between if (path := folder.full(parent)) in homes), None)
        if home is not None:
            seen = f"{name}, which lies in the folder of another Canary, {home}"
            yield problem_of_spec(folder, canary, canary.gitops, seen=seen, allowed="files of its own folder")


def _declared(folder: Folder, name: str) -> Iterator[Declared]:
    if not name.endswith((".yaml", ".yml", ".json")) or not any(
        kind.encode() in folder.files[name].data for kind in KINDS
    ):
        return
    try:
        for document, value in folder.files[name].objects():
            namespace = folder.namespace or text_at(value, "metadata", "namespace")
            if value["kind"] in KINDS and namespace:
                yield Declared(str(value["kind"]), namespace, _name(value), folder.full(name), document.line)
    except InvalidFile:
        return  # whoever needs this file says so


def _name(value: Object) -> str:
    return text_at(value, "metadata", "name") or ""


def _collisions(
    folder: Folder, canary: Canary, index: Mapping[Declared, list[tuple[str, Declared]]], homes: set[str]
) -> Iterator[Problem]:
    for ours, field_path in _written(canary):
        for path, theirs in index.get(ours, ()):
            if path not in homes:
                found = f"{ours.kind} {ours.namespace}/{ours.name} also declared in {theirs.file}:{theirs.line}"
                yield problem_of_spec(folder, canary, field_path, seen=found, allowed="one manifest for each object")


def _written(canary: Canary) -> Iterator[tuple[Declared, Path]]:
    """Walk the objects that this canary's commits write or edit, with the field of the spec that names them."""
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
