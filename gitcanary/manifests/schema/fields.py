"""The table of every field of a Canary: honoured, or refused. Read from the models, so that it cannot be wrong."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gitcanary.manifests.schema.canary import ANNOTATION, CanaryDocument
from gitcanary.manifests.schema.terms import NotHonoured, Strict, shown
from gitcanary.manifests.schema.walk import Entry, Shape, entries

_SUFFIXES = {Shape.ONE: "", Shape.LIST: "[]", Shape.MAPPING: ".*"}
_HEAD = f"""\
# The fields of a Canary

Every field of Flagger's `flagger.app/v1beta1`, and what gitcanary adds: `spec.gitops` in `gitcanary.dev/v1beta1`,
otherwise the text of the annotation `{ANNOTATION}`. This page is generated from the models that read the file:
the mark that says *refused* here refuses there.

A refused field stops its Canary, naming file, line and field; nothing is ignored. Where a remark begins with values,
these alone pass. `[]` stands for each item of a list, `.*` for each key of a mapping.

| field | | remark |
|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One field: its path, whether it is honoured, and a remark."""

    path: str
    is_honoured: bool
    remark: str


def render() -> str:
    """Return the table as a Markdown page, `docs/fields.md`."""
    return _HEAD + "".join(map(_line, rows()))


def rows(model: type[Strict] = CanaryDocument, path: str = "") -> Iterator[Row]:
    """Yield every field below `path`, parents first."""
    for entry in entries(model):
        row = _row(entry, f"{path}.{entry.key}".removeprefix("."))
        yield row
        below = rows(entry.model, row.path + _SUFFIXES[entry.shape]) if entry.model else iter(())
        yield from below if row.is_honoured else (replace(child, is_honoured=False, remark="") for child in below)


def _row(entry: Entry, path: str) -> Row:
    if entry.mark is None:
        return Row(path, is_honoured=True, remark=entry.remark)
    return Row(path, is_honoured=_has_use(entry.mark), remark=_values(entry.mark) + entry.mark.why)


def _values(mark: NotHonoured) -> str:
    values = " or ".join(f"`{shown(value)}`" for value in mark.unless).replace("'", "")
    return f"{values}; " if values else ""


def _has_use(mark: NotHonoured) -> bool:
    """Tell whether one of the values that pass is more than the field left out: a name is, false and 0 are not."""
    return any(isinstance(value, str) for value in mark.unless)


def _line(row: Row) -> str:
    return f"| `{row.path}` | {'honoured' if row.is_honoured else 'refused'} | {row.remark} |\n"
