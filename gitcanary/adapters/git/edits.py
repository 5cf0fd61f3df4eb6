"""New trees from old ones: only the folders on the way to a changed file are written again."""

from collections.abc import Mapping

from pygit2.enums import FileMode, ObjectType

from gitcanary.adapters.git.paths import components
from gitcanary.adapters.git.store import Entry, Store, entry, id_of, mode_of
from gitcanary.errors import Refused

Content = bytes | None
Edits = dict[str, "Edits | Content"]

_REGULAR = frozenset({FileMode.BLOB, FileMode.BLOB_EXECUTABLE})


def apply(store: Store, tree: str, files: Mapping[str, Content]) -> str:
    """Write the tree in which these files are changed (None removes one) and return its id.

    A new file gets mode 0o100644, an existing one keeps its own; folders that become empty go. Raises `Refused` for a
    path that is unsafe, or that is or leads through anything but folders and regular files.
    """
    return _write(store, tree, _nested(files), "") or store.add_listing({}, is_sorted=True)


def _nested(files: Mapping[str, Content]) -> Edits:
    edits: Edits = {}
    for path, content in files.items():
        *folders, name = components(path)
        inner = edits
        for folder in folders:
            inner = _inner(inner, folder, path)
        if name in inner:
            raise Refused(f"both a file and a folder: {path}")
        inner[name] = content
    return edits


def _inner(edits: Edits, folder: str, path: str) -> Edits:
    found = edits.setdefault(folder, {})
    if not isinstance(found, dict):
        raise Refused(f"both a file and a folder on the way to {path}")
    return found


def _write(store: Store, tree: str | None, edits: Edits, prefix: str) -> str | None:
    """Write one folder and those below it; None where nothing is left in it."""
    before = {} if tree is None else store.listing(tree)
    after = dict(before)
    for name, edit in edits.items():
        made = _make(store, before.get(name), edit, f"{prefix}{name}")
        if made is not None:
            after[name] = entry(made[0], name, made[1])
        else:
            after.pop(name, None)
    return store.add_listing(after, is_sorted=after.keys() <= before.keys()) if after else None


def _make(store: Store, present: Entry | None, edit: Edits | Content, path: str) -> tuple[int, str] | None:
    """Return the mode and the id of what stands at a path after its edit, None for nothing."""
    if isinstance(edit, dict):
        folder = _write(store, _require_folder(present, path), edit, f"{path}/")
        return None if folder is None else (FileMode.TREE, folder)
    mode = _require_file(present, path)
    return None if edit is None else (mode, store.add(ObjectType.BLOB, edit))


def _require_folder(present: Entry | None, path: str) -> str | None:
    if present is None:
        return None
    mode = mode_of(present)
    if mode == FileMode.TREE:
        return id_of(present)
    raise Refused(f"{path} is {_kind(mode)}, not a folder: nothing is written through it")


def _require_file(present: Entry | None, path: str) -> int:
    if present is None:
        return FileMode.BLOB
    mode = mode_of(present)
    if mode in _REGULAR:
        return mode
    raise Refused(f"{path} is {_kind(mode)}, not a regular file: it is not written over")


def _kind(mode: int) -> str:
    match mode:
        case FileMode.TREE:
            return "a folder"
        case FileMode.LINK:
            return "a symbolic link"
        case FileMode.COMMIT:
            return "a submodule"
        case _:
            return "a file"
