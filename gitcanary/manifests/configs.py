"""The ConfigMaps and Secrets that a pod template uses, and where it names them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gitcanary.manifests.catalog import Folder, Object, list_at, mapping_at, text_at
from gitcanary.manifests.text.values import Path, Value, replaced

CONFIG_MAP = "ConfigMap"
SECRET = "Secret"  # noqa: S105 - a kind, not a password
TRACKING = "flagger.app/config-tracking"  # an annotation; a value that begins with `disable` takes the object out
_CONTENT = ("data", "binaryData")


@dataclass(frozen=True, slots=True)
class Reference:
    """One mention of a ConfigMap or Secret in a pod template, and where its name stands there."""

    kind: str
    name: str
    path: Path


def references(template: Value) -> Iterator[Reference]:
    """Walk all mentions: volumes, projected volumes, `env` and `envFrom` of containers and init containers."""
    for reference in (*_in_containers(template), *_in_volumes(template)):
        if reference is not None:
            yield reference


def tracked(folder: Folder, template: Value, namespace: str) -> dict[str, Object]:
    """Return the ConfigMaps that the template uses and that are in the folder, by name."""
    names = sorted({reference.name for reference in references(template) if reference.kind == CONFIG_MAP})
    found = {name: folder.find(CONFIG_MAP, name, namespace) for name in names}
    return {name: config.value for name, config in found.items() if config and not _is_untracked(config.value)}


def content(config: Object) -> Object:
    """Return what a ConfigMap holds, without what surrounds it."""
    return {key: config[key] for key in _CONTENT if config.get(key)}


def secrets(template: Value) -> list[str]:
    """Return the names of the Secrets that the template uses, sorted."""
    return sorted({reference.name for reference in references(template) if reference.kind == SECRET})


def with_names(template: Value, rename: Callable[[str], str], names: frozenset[str]) -> Value:
    """Return the template with each of these ConfigMaps under its other name."""
    renamed: Value = template
    for reference in references(template):
        if reference.kind == CONFIG_MAP and reference.name in names:
            renamed = replaced(renamed, reference.path, rename(reference.name))
    return renamed


def _is_untracked(config: Object) -> bool:
    return (text_at(config, "metadata", "annotations", TRACKING) or "").startswith("disable")


def _in_containers(template: Value) -> Iterator[Reference | None]:
    for group in ("containers", "initContainers"):
        for index, container in enumerate(list_at(template, "spec", group)):
            yield from _in_environment(container, ("spec", group, index))


def _in_environment(container: Value, at: Path) -> Iterator[Reference | None]:
    for index, variable in enumerate(list_at(container, "env")):
        source = mapping_at(variable, "valueFrom")
        here = (*at, "env", index, "valueFrom")
        yield _reference(CONFIG_MAP, source, here, "configMapKeyRef", "name")
        yield _reference(SECRET, source, here, "secretKeyRef", "name")
    for index, group in enumerate(list_at(container, "envFrom")):
        here = (*at, "envFrom", index)
        yield _reference(CONFIG_MAP, group, here, "configMapRef", "name")
        yield _reference(SECRET, group, here, "secretRef", "name")


def _in_volumes(template: Value) -> Iterator[Reference | None]:
    for index, volume in enumerate(list_at(template, "spec", "volumes")):
        at: Path = ("spec", "volumes", index)
        yield _reference(CONFIG_MAP, volume, at, "configMap", "name")
        yield _reference(SECRET, volume, at, "secret", "secretName")
        for number, projected in enumerate(list_at(volume, "projected", "sources")):
            here = (*at, "projected", "sources", number)
            yield _reference(CONFIG_MAP, projected, here, "configMap", "name")
            yield _reference(SECRET, projected, here, "secret", "name")


def _reference(kind: str, holder: Value, at: Path, key: str, name_key: str) -> Reference | None:
    name = text_at(holder, key, name_key)
    return Reference(kind, name, (*at, key, name_key)) if name is not None else None
