"""New trees from old ones: only the folders on the way to a changed file are written again."""

from collections.abc import Mapping

from pygit2 import Object, Oid, Repository, Tree
from pygit2.enums import FileMode

from gitcanary.adapters.git.paths import components
from gitcanary.errors import Refused

Content = bytes | None
Edits = dict[str, "Edits | Content"]

_REGULAR = frozenset({FileMode.BLOB, FileMode.BLOB_EXECUTABLE})


def apply(repository: Repository, tree: Tree, files: Mapping[str, Content]) -> Oid:
    """Write the tree in which these files are changed (None removes one) and return its id.

    A new file gets mode 0o100644, an existing one keeps its own; folders that become empty go. Raises `Refused` for a
    path that is unsafe, or that is or leads through anything but folders and regular files.
    """
    return _write(repository, tree, _nested(files), "") or repository.TreeBuilder().write()


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


def _write(repository: Repository, tree: Tree | None, edits: Edits, prefix: str) -> Oid | None:
    """Write one folder and those below it; None where nothing is left in it."""
    builder = repository.TreeBuilder() if tree is None else repository.TreeBuilder(tree)
    for name, edit in edits.items():
        path = f"{prefix}{name}"
        present = tree[name] if tree is not None and name in tree else None
        made = _make(repository, present, edit, path)
        if made is not None:
            builder.insert(name, *made)
        elif present is not None:
            builder.remove(name)
    return builder.write() if len(builder) else None


def _make(repository: Repository, present: Object | None, edit: Edits | Content, path: str) -> tuple[Oid, int] | None:
    """Return the id and the mode of what stands at a path after its edit, None for nothing."""
    if isinstance(edit, dict):
        folder = _write(repository, _require_folder(present, path), edit, f"{path}/")
        return None if folder is None else (folder, FileMode.TREE)
    mode = _require_file(present, path)
    return None if edit is None else (repository.create_blob(edit), mode)


def _require_folder(present: Object | None, path: str) -> Tree | None:
    if present is None or isinstance(present, Tree):
        return present
    raise Refused(f"{path} is {_kind(present)}, not a folder: nothing is written through it")


def _require_file(present: Object | None, path: str) -> int:
    if present is None:
        return FileMode.BLOB
    if present.filemode in _REGULAR:
        return present.filemode
    raise Refused(f"{path} is {_kind(present)}, not a regular file: it is not written over")


def _kind(present: Object) -> str:
    match present.filemode:
        case FileMode.TREE:
            return "a folder"
        case FileMode.LINK:
            return "a symbolic link"
        case FileMode.COMMIT:
            return "a submodule"
        case _:
            return "a file"
