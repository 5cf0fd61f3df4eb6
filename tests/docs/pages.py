"""The pages of the documentation: their prose, their links, and the commands that they show."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/**/*.md")])

_FENCE = re.compile(r"^ *```[^\n]*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Command:
    """One command that a page shows: the words after its program. A fragment names it in a sentence, maybe in part."""

    page: str
    words: tuple[str, ...]
    is_fragment: bool

    def __str__(self) -> str:
        return f"{self.page}: {' '.join(self.words)}"


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def read(name: str) -> str:
    """Return a page by its path from the root."""
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str) -> list[str]:
    """Return the fenced blocks."""
    return _FENCE.findall(text)


def spans(text: str) -> list[str]:
    """Return what stands between backquotes in sentences."""
    return _SPAN.findall(_FENCE.sub("", text))


def links(text: str) -> list[str]:
    """Return where links lead."""
    return _LINK.findall(_FENCE.sub("", text))


def anchors(text: str) -> set[str]:
    """Return the names of the headings, as forges make anchors of them."""
    headings = _HEADING.findall(_FENCE.sub("", text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def commands(program: str) -> Iterator[Command]:
    """Walk the commands of one program in all pages."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for block in blocks(text):
            for line in block.replace("\\\n", " ").splitlines():
                yield from _command(page, line.strip().removeprefix("$ "), program, is_fragment=False)
        for span in spans(text):
            yield from _command(page, span, program, is_fragment=True)


def _command(page: Path, line: str, program: str, *, is_fragment: bool) -> Iterator[Command]:
    if line.startswith(f"{program} "):
        yield Command(name_of(page), tuple(shlex.split(line, comments=True)[1:]), is_fragment)
