"""What a person sees while it runs: a live view on a terminal, plain lines elsewhere."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from gitcanary.demo.ledger import Check, Entry, Ledger, Record
from gitcanary.demo.traffic import Share

BAR_WIDTH = 30
LAST_COMMITS = 8
_VERDICT_STYLES = {"pass": "green", "fail": "bold red"}


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that there is to see at one moment."""

    title: str
    record: Record | None
    live_weight: int
    observed: Share
    failures: int
    log: Sequence[Entry]
    trouble: str = ""


class View(Protocol):
    """Shows one picture after another."""

    def show(self, picture: Picture) -> None:
        """Bring what is seen up to date."""

    def say(self, line: str) -> None:
        """Tell something that stays to be read."""


@dataclass(slots=True)
class TerminalView:
    """Draws each picture over the one before."""

    live: Live

    def show(self, picture: Picture) -> None:
        self.live.update(draw(picture), refresh=True)

    def say(self, line: str) -> None:
        self.live.console.print(Text(line, style="bold"), soft_wrap=True)


@dataclass(slots=True)
class PlainView:
    """Prints a line for each new commit, each check that it names, each weight that went live, and any trouble."""

    console: Console
    ledger: Ledger
    _told: set[str] = field(default_factory=set)
    _live_weight: int = 0
    _trouble: str = ""

    def show(self, picture: Picture) -> None:
        for entry in picture.log:
            if entry.commit not in self._told:
                self._told.add(entry.commit)
                self._tell(entry)
        if picture.live_weight != self._live_weight:
            self._live_weight = picture.live_weight
            self.say(f"          live: {picture.live_weight} % on the canary")
        if picture.trouble and picture.trouble != self._trouble:
            self.say(f"          {picture.trouble}")
        self._trouble = picture.trouble

    def say(self, line: str) -> None:
        self.console.print(Text(line), soft_wrap=True)

    def _tell(self, entry: Entry) -> None:
        self.say(f"{entry.at:%H:%M:%S}  {entry.commit[:7]}  {entry.author}  {entry.subject}")
        record = self.ledger.record(entry.commit)
        if entry.subject.startswith(("Advance", "Halt", "Promote", "Roll back")) and record:
            for check in record.checks:
                self.say(f"          {describe_check(check)}")


@contextmanager
def opened_view(console: Console, ledger: Ledger) -> Iterator[View]:
    """Give the view that suits the console."""
    if not console.is_terminal:
        yield PlainView(console, ledger)
        return
    with Live(console=console, auto_refresh=False) as live:
        yield TerminalView(live)


def describe_check(check: Check) -> str:
    """Return one line: name, value, limit, window and verdict."""
    value = "no value" if check.value is None else f"{check.value:g}"
    return f"{check.name:<22} {value:>8}  {check.limit:<7} over {check.window:<5} {check.verdict}"


def draw(picture: Picture) -> RenderableType:
    """Return the picture for a terminal."""
    parts: list[RenderableType] = [_standing(picture), _weights(picture), Text()]
    if picture.record and picture.record.checks:
        parts += [*_checks(picture.record.checks), Text()]
    parts += [_line_of(entry) for entry in picture.log[-LAST_COMMITS:]]
    if picture.trouble:
        parts += [Text(), Text(picture.trouble, style="bold red")]
    return Panel(Group(*parts), title=Text(picture.title), title_align="left")


def _standing(picture: Picture) -> Text:
    failures = Text(f"user requests failed: {picture.failures}", style="red" if picture.failures else "green")
    record = picture.record
    if record is None:
        return Text.assemble("not onboarded yet   ", failures)
    phase = (record.phase, "bold red" if record.phase == "Failed" else "bold")
    hold = f"   hold: {record.hold}" if record.hold else ""
    return Text.assemble(phase, f"   step {record.step}   failed checks {record.failed_checks}   ", failures, hold)


def _weights(picture: Picture) -> Table:
    table = Table.grid(padding=(0, 2))
    committed = picture.record.weight if picture.record else 0
    percent = picture.observed.percent
    table.add_row("committed", _bar(committed), f"{committed} %")
    table.add_row("live", _bar(picture.live_weight), f"{picture.live_weight} %")
    observed = "-" if percent is None else f"{percent:.1f} % of the last {picture.observed.requests} requests"
    table.add_row("observed", _bar(percent or 0), observed)
    return table


def _bar(percent: float) -> Text:
    filled = round(BAR_WIDTH * percent / 100)
    return Text.assemble(("█" * filled, "cyan"), ("░" * (BAR_WIDTH - filled), "dim"))


def _checks(checks: Sequence[Check]) -> list[RenderableType]:
    return [Text(describe_check(check), style=_VERDICT_STYLES.get(check.verdict, "yellow")) for check in checks]


def _line_of(entry: Entry) -> Text:
    author = "dim" if entry.author == "gitcanary" else "magenta"
    return Text.assemble((entry.commit[:7], "yellow"), "  ", (f"{entry.author:<10}", author), entry.subject)
