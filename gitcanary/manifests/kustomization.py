"""The `kustomization.yaml` of a canary's folder: what may stand in it, and gitcanary's files among its `resources`."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from gitcanary.errors import InvalidFile, Problem
from gitcanary.manifests.catalog import Folder, Found, is_manifest, list_at
from gitcanary.manifests.problems import problem
from gitcanary.manifests.schema.terms import shown
from gitcanary.manifests.text.insertion import insert_items
from gitcanary.manifests.text.values import Value

RESOURCES = "resources"
_KIND = "Kustomization"
_ALLOWED = frozenset({"apiVersion", "kind", RESOURCES, "namespace"})
_HERE = "files and folders in this folder or below it: what lies elsewhere cannot be judged here"
_OF_ADDRESSES = frozenset(":?@\\")
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}/", re.IGNORECASE)
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
    yield from _unjudged(folder, found)
    for name in needed:
        if name not in listed(found):
            yield problem(folder, found, (RESOURCES,), seen=f"{name} is not listed", allowed=f"{name} among them")


def _unjudged(folder: Folder, found: Found) -> Iterator[Problem]:
    """Yield what `resources` holds that lies elsewhere: nobody can tell here which objects it brings."""
    resources = found.value.get(RESOURCES)
    if resources is not None and not isinstance(resources, list):
        yield problem(folder, found, (RESOURCES,), seen=shown(resources), allowed="a list")
        return
    for index, item in enumerate(resources or []):
        if not _lies_here(item):
            yield problem(folder, found, (RESOURCES, index), seen=shown(item), allowed=_HERE)


def _lies_here(item: Value) -> bool:
    """Tell whether an item names a file or folder in this folder or below it; Kustomize takes addresses as well.

    `github.com/acme/app` is one too, where no such folder is there.
    """
    if not isinstance(item, str) or not item.strip() or not item.isprintable() or set(item) & _OF_ADDRESSES:
        return False
    is_remote = _HOST.match(item) is not None and not is_manifest(PurePosixPath(item).name)
    return not is_remote and not item.startswith(("/", "~")) and ".." not in item.split("/")


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
