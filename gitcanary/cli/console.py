"""What a verb says, and how: text for people, JSON for programs. Nothing from a repository reaches a terminal raw."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from rich.console import Console
from rich.table import Table
from rich.text import Text

_CELLS = 10  # of the bar
_WIDE = 10_000  # columns where there is no terminal: nothing is wrapped for a program
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


class Output(StrEnum):
    """How a listing is told."""

    TEXT = "text"
    JSON = "json"


def say(line: str = "", *, style: str = "") -> None:
    """Print one line on standard output."""
    _console().print(Text(printable(line), style=style), soft_wrap=True)


def complain(line: str) -> None:
    """Print one line on standard error."""
    Console(stderr=True, highlight=False).print(Text(printable(line)), soft_wrap=True)


def say_json(value: object) -> None:
    """Print a value as JSON; instants as RFC 3339, durations in seconds."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))  # noqa: T201 - for programs


def say_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows below their headings. Only the last column may be broken into lines."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=column != columns[-1], overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    console = _console()
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        print(line.rstrip())  # noqa: T201 - Rich fills every line up to the table's width


def printable(text: str) -> str:
    """Return a text in which whatever would steer a terminal, or hide a part of it, is spelt out."""
    return "".join(letter if letter.isprintable() or letter == "\n" else _spelt(letter) for letter in text)


def bar(percent: int) -> str:
    """Return a weight as people see it, `████░░░░░░ 20 %`: a cell for every tenth, and one for any weight above 0."""
    full = min(_CELLS, -(-percent * _CELLS // 100))
    return f"{'█' * full}{'░' * (_CELLS - full)} {percent} %"


def elapsed(duration: timedelta) -> str:
    """Return a duration in the two units that matter: `42s`, `1m08s`, `2h05m`, `3d04h`."""
    seconds = max(0, int(duration.total_seconds()))
    if seconds < _MINUTE:
        return f"{seconds}s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE}m{seconds % _MINUTE:02}s"
    if seconds < _DAY:
        return f"{seconds // _HOUR}h{seconds % _HOUR // _MINUTE:02}m"
    return f"{seconds // _DAY}d{seconds % _DAY // _HOUR:02}h"


def day_and_minute(instant: datetime) -> str:
    """Return an instant in UTC, `2026-11-22 10:31`."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M}"


def day_and_second(instant: datetime) -> str:
    """Return an instant in UTC, `2026-11-22 10:34:56`."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def clock(instant: datetime) -> str:
    """Return the time of an instant in UTC, `10:34:56`."""
    return f"{instant.astimezone(UTC):%H:%M:%S}"


def _console() -> Console:
    return Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)


def _spelt(letter: str) -> str:
    return "    " if letter == "\t" else ascii(letter)[1:-1]


def _plain(value: object) -> object:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case timedelta():
            return value.total_seconds()
        case Mapping():
            return dict(value)
        case _:
            raise TypeError(f"{type(value).__name__} has no JSON")
