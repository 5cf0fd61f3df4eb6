"""Trees as pygit2 reads them: walking one, and comparing two without looking below what is equal.

No recursion: how deep folders are nested is up to whoever can commit.
"""

from collections.abc import Iterator, Sequence

from pygit2 import Object, Tree

from gitcanary.ports import Entry

_Pair = tuple[str, Object | None, Object | None]


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


def differences(old: Tree, new: Tree) -> Iterator[str]:
    """Yield the paths of the files that are not the same in two trees."""
    pending: list[_Pair] = [("", old, new)]
    while pending:
        path, before, after = pending.pop()
        if _is_same(before, after):
            continue
        if _is_file(before) or _is_file(after):
            yield path
        pending.extend(_pairs(path, before, after))


def differs_at(old: Tree | None, new: Tree | None, path: Sequence[str]) -> bool:
    """Tell whether what stands at a path differs between two trees, stopping where the folders above it are equal."""
    before: Object | None = old
    after: Object | None = new
    for name in path:
        if _is_same(before, after):
            return False
        before, after = _child(before, name), _child(after, name)
    return not _is_same(before, after)


def _pairs(path: str, before: Object | None, after: Object | None) -> Iterator[_Pair]:
    old, new = _by_name(before), _by_name(after)
    return ((f"{_inside(path)}{name}", old.get(name), new.get(name)) for name in old.keys() | new.keys())


def _inside(folder: str) -> str:
    return f"{folder}/" if folder else ""


def _by_name(found: Object | None) -> dict[str | None, Object]:
    return {child.name: child for child in found} if isinstance(found, Tree) else {}


def _child(found: Object | None, name: str) -> Object | None:
    return found[name] if isinstance(found, Tree) and name in found else None


def _is_file(found: Object | None) -> bool:
    return found is not None and not isinstance(found, Tree)


def _is_same(before: Object | None, after: Object | None) -> bool:
    if before is None or after is None:
        return before is after
    return before.id == after.id and before.filemode == after.filemode
