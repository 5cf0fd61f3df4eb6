"""How what is wrong in people's files is told: with file, line and field."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from gitcanary.errors import Problem, RefusedText
from gitcanary.manifests.catalog import Folder, Found
from gitcanary.manifests.recent import Recent
from gitcanary.manifests.schema.canary_file import Canary
from gitcanary.manifests.text.documents import line_of
from gitcanary.manifests.text.splice import Edit, splice
from gitcanary.manifests.text.values import Path

_REMEMBERED = 4096  # edits of which is known whether they can be made


def problem(folder: Folder, found: Found, path: Path, *, seen: str, allowed: str) -> Problem:
    """Say what is wrong with the value at `path` of an object."""
    return Problem(folder.full(found.file), found.line(*path), _field(path), seen, allowed)


def problem_of_spec(folder: Folder, canary: Canary, path: Path, *, seen: str, allowed: str) -> Problem:
    """Say what is wrong with a field of the Canary itself."""
    file = folder.files.get(PurePosixPath(canary.file).name)
    line = line_of(file.documents[canary.index], path) if file else 0
    return Problem(canary.file, line, _field(path), seen, allowed)


def unspliceable(folder: Folder, found: Found, values: Mapping[Path, str | int]) -> Iterator[Problem]:
    """Yield why other values, such as these, could not be put in place exactly."""
    file, edits = folder.files[found.file], tuple(Edit(found.place(*path), value) for path, value in values.items())
    refusal = _TRIED.get((file.blob, edits), lambda: _refusal(file.data, edits))
    if refusal is not None:
        field = _field(next(iter(values)))
        yield Problem(folder.full(found.file), refusal.line, field, refusal.reason, "a plain value of its own")


def _refusal(data: bytes, edits: Sequence[Edit]) -> RefusedText | None:
    try:
        splice(data, edits)
    except RefusedText as refusal:
        return refusal.with_traceback(None)
    return None


_TRIED: Recent[tuple[str, tuple[Edit, ...]], RefusedText | None] = Recent(_REMEMBERED)


def _field(path: Path) -> str:
    return ".".join(str(step) for step in path) or "file"
