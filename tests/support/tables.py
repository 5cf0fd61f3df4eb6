"""Tables of the documentation, as tests read them."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_SECONDS = re.compile(r"within [0-9.]+ s")


def rows(page: str, heading: str, *, after: str = "") -> dict[str, tuple[str, ...]]:
    """Return the first table below a heading (and below a text there): the other cells of each row by its first.

    Backquotes around a whole cell are left out.
    """
    text = (ROOT / page).read_text(encoding="utf-8")
    section = re.split(r"^## ", text.partition(f"\n## {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    found: dict[str, tuple[str, ...]] = {}
    lines = section[section.index(after) :].splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith("|---"))
    for line in lines[begin + 1 :]:
        if not line.startswith("|"):
            break
        name, *cells = (_plain(cell.strip()) for cell in line.strip("|").split("|"))
        assert name not in found, f"{name} stands twice in {page}"
        found[name] = tuple(cells)
    return found


def timeless(said: str | None) -> str:
    """Return what is said without how long was waited: tests are less patient than the program."""
    return _SECONDS.sub("within … s", said or "")


def _plain(cell: str) -> str:
    inner = cell[1:-1]
    return inner if cell[:1] == cell[-1:] == "`" and "`" not in inner else cell
