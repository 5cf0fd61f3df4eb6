"""The `kustomization.yaml` of a canary's folder: what may stand in it, and gitcanary's files among its `resources`."""

from collections.abc import Iterator, Sequence

from gitcanary.errors import InvalidFile, Problem
from gitcanary.manifests.catalog import Folder, Found, list_at
from gitcanary.manifests.problems import problem
from gitcanary.manifests.text.insertion import insert_items

RESOURCES = "resources"
_KIND = "Kustomization"
_ALLOWED = frozenset({"apiVersion", "kind", RESOURCES, "namespace"})
_HARMLESS = "`resources` and `namespace`: with anything else, declare `release` in gitcanary.dev/gitops"


def problems(folder: Folder, needed: Sequence[str]) -> Iterator[Problem]:
    """Yield what stands between the files of the folder and the cluster; `needed` are files that must be listed."""
    try:
        found = folder.kustomization
    except InvalidFile as trouble:
        yield Problem(folder.full(trouble.file), trouble.line, "kustomization", trouble.reason, "a readable file")
        return
    if found is None:
        return
    for key in found.value:
        if key not in _ALLOWED:
            yield problem(folder, found, (key,), seen=key, allowed=_HARMLESS)
    if found.value.get("kind", _KIND) != _KIND:
        yield problem(folder, found, ("kind",), seen=str(found.value["kind"]), allowed=_KIND)
    for name in needed:
        if name not in listed(found):
            yield problem(folder, found, (RESOURCES,), seen=f"{name} is not listed", allowed=f"{name} among them")


def listed(found: Found) -> list[str]:
    """Return the resources, without a leading `./`."""
    return [item.removeprefix("./") for item in list_at(found.value, RESOURCES) if isinstance(item, str)]


def with_resources(folder: Folder, names: Sequence[str]) -> Folder:
    """Return the folder with these files among the kustomization's resources, every other byte kept.

    Without a kustomization nothing changes. Raises `Unspliceable` where they cannot be added exactly.
    """
    found = folder.kustomization
    if found is None or not names:
        return folder
    data = insert_items(folder.files[found.file].data, RESOURCES, names, file=folder.full(found.file))
    return folder.holding(found.file, data)
