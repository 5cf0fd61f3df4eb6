"""The table, for a terminal and for the page: one row for each comparison, below it where time goes."""

from collections.abc import Sequence

from benchmarks.measuring import Measured, Row, seconds, spaced, written

Results = Sequence[tuple[Row, Measured]]

_HEAD = ("row", "comparison", "ours", "beside", "figure", "goal")
_PAGE = """\
# What it costs

Printed by `make bench`, which writes this page too: nothing here is written by hand, and no test asserts it. Each row
compares two things that were measured side by side in one run; other machines have other times, and much the same
figures. `make bench ROW=name` measures one row and leaves this page alone. Each row is a module in `benchmarks/rows/`,
which says how it is measured.

Measured on: {machine}

{table}
"""


def page(results: Results, machine: str) -> str:
    """Return the whole page."""
    text = _PAGE.format(machine=machine, table=table(results))
    return text + "".join(details(row, measured) for row, measured in results)


def table(results: Results) -> str:
    """Return the rows as a table in Markdown, which reads well in a terminal too."""
    cells = [_HEAD, *(_cells(row, measured) for row, measured in results)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEAD))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in cells
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def details(row: Row, measured: Measured) -> str:
    """Return what is to be said below the table: a remark, and where our time goes."""
    if not measured.parts and not measured.remark:
        return ""
    text = f"\n## {row.name}\n\n{measured.remark}\n" if measured.remark else f"\n## {row.name}\n"
    if not measured.parts:
        return text
    total = sum(part for _, part in measured.parts)
    lines = [f"| {what} | {seconds(part)} | {part / total:.0%} |" for what, part in measured.parts]
    return text + "\n| where the time goes | | |\n|---|---|---|\n" + "\n".join(lines) + "\n"


def _cells(row: Row, measured: Measured) -> tuple[str, ...]:
    figure = f"{written(measured.figure)}{spaced(row.goal.unit)}"
    verdict = "" if row.goal.is_met(measured.figure) else " (missed)"
    return row.name, row.title, measured.ours, measured.against, figure, f"{row.goal}{verdict}"
