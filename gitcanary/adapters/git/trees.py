"""Trees as pygit2 reads them: walking one, and comparing two without looking below what is equal.

No recursion: how deep folders are nested is up to whoever can commit.
"""

from collections.abc import Iterator, Sequence

from pygit2 import Object, Tree
from pygit2.enums import FileMode

from gitcanary.adapters.git.store import Listing, Store, id_of, mode_of
from gitcanary.ports import Entry

Standing = bytes | None


def entry_of(found: Object) -> Entry:
    """Return what the port says about a file that was found in a tree."""
    return Entry(str(found.id), int(found.filemode or 0))


def find(tree: Tree, path: str) -> Object | None:
    """Return what stands at a path below a tree; '' is the tree itself."""
    found: Object | None = tree
    for name in path.split("/") if path else ():
        found = _child(found, name)
    return found


def walk(tree: Tree, folder: str = "") -> Iterator[tuple[str, Object]]:
    """Yield every file below a tree, folder by folder, by its path from the root."""
    pending = [(_inside(folder), tree)]
    while pending:
        prefix, here = pending.pop()
        for found in here:
            if isinstance(found, Tree):
                pending.append((f"{prefix}{found.name}/", found))
            else:
                yield f"{prefix}{found.name}", found


def differences(store: Store, old: str, new: str) -> Iterator[str]:
    """Yield the paths of the files that are not the same in two trees."""
    pending = [] if old == new else [("", store.listing(old), store.listing(new))]
    while pending:
        folder, elders, juniors = pending.pop()
        for name in _differing(elders, juniors):
            path, before, after = f"{folder}{name}", elders.get(name), juniors.get(name)
            if _is_file(before) or _is_file(after):
                yield path
            pending.append((f"{path}/", _below(store, before), _below(store, after)))


def _differing(elders: Listing, juniors: Listing) -> Iterator[str]:
    """Yield each name once, whichever of two folders has it, under which they do not hold the same."""
    yield from (name for name, standing in juniors.items() if elders.get(name) != standing)
    yield from elders.keys() - juniors.keys()


def differs_at(old: Tree | None, new: Tree | None, path: Sequence[str]) -> bool:
    """Tell whether what stands at a path differs between two trees, stopping where the folders above it are equal."""
    before: Object | None = old
    after: Object | None = new
    for name in path:
        if _is_same(before, after):
            return False
        before, after = _child(before, name), _child(after, name)
    return not _is_same(before, after)


def _inside(folder: str) -> str:
    return f"{folder}/" if folder else ""


def _below(store: Store, standing: Standing) -> Listing:
    return store.listing(id_of(standing)) if standing is not None and mode_of(standing) == FileMode.TREE else {}


def _child(found: Object | None, name: str) -> Object | None:
    return found[name] if isinstance(found, Tree) and name in found else None


def _is_file(standing: Standing) -> bool:
    return standing is not None and mode_of(standing) != FileMode.TREE


def _is_same(before: Object | None, after: Object | None) -> bool:
    if before is None or after is None:
        return before is after
    return before.id == after.id and before.filemode == after.filemode
