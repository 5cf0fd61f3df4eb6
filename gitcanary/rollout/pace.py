"""When a check is due, and whether it may approve.

Checks of a step happen at `live.since + settle + k * interval`. While a commit is pending they go on every
`interval` after the last one, and can only fail. At weight 0 nothing settles: the webhooks before the first step
are asked every `interval`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gitcanary.rollout.case import Case, is_live, told_since
from gitcanary.rollout.evidence import Live

ANY_GRID = datetime(1970, 1, 1, tzinfo=UTC)
"""The origin of checks that can only fail, where nothing better is known: the same one for everybody who looks."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The times of a step's checks: `origin + k * interval`, k from 0; `approves` where they may lead forward."""

    origin: datetime
    interval: timedelta
    approves: bool

    def number_at(self, instant: datetime) -> int:
        """Return the number of the newest check at or before an instant; negative before the first."""
        return (instant - self.origin) // self.interval

    def time_of(self, number: int) -> datetime:
        """Return when the check of this number is due."""
        return self.origin + number * self.interval


@dataclass(frozen=True, slots=True)
class Beat:
    """One check's place: its number in the step and its time."""

    number: int
    at: datetime
    grid: Grid


def grid_of(case: Case, live: Live) -> Grid | None:
    """Return the grid on which the live values are checked; None where no traffic of ours can be judged."""
    since = told_since(case, live)
    if is_live(live) and not (case.record.weight or case.weight):
        return Grid(since or last_move(case) or ANY_GRID, case.spec.interval, approves=True)
    if is_live(live) and since is not None:
        return Grid(since + case.spec.settle, case.spec.interval, approves=True)
    if live.placed is not None and live.placed.weight:
        return Grid(last_check(case) or last_move(case) or ANY_GRID, case.spec.interval, approves=False)
    return None


def last_check(case: Case) -> datetime | None:
    """Return when this rollout was checked last. A time in the future says nothing, and is not believed."""
    checked = case.record.evidence.checked_at
    return checked if checked is not None and checked <= case.now else None


def last_move(case: Case) -> datetime | None:
    """Return when weight or phase changed last, with the same distrust of the future."""
    return case.record.since if case.record.since <= case.now else None


def due_beat(case: Case, live: Live) -> Beat | None:
    """Return the check that is due now and was not counted yet.

    A check whose webhooks were already called (`evidence.begun`) is finished before a later one begins.
    """
    grid = grid_of(case, live)
    if grid is None:
        return None
    beats = (begun_beat(case, grid), beat_at(grid, case.now))
    return next((beat for beat in beats if beat is not None and counts(case, beat)), None)


def counts(case: Case, beat: Beat) -> bool:
    """Tell whether a check belongs to its grid and is later than the last one that was counted."""
    checked = last_check(case)
    first = 0 if beat.grid.approves else 1
    return beat.number >= first and (checked is None or beat.at > checked)


def beat_at(grid: Grid, instant: datetime) -> Beat:
    """Return the newest check at or before an instant."""
    number = grid.number_at(instant)
    return Beat(number, grid.time_of(number), grid)


def begun_beat(case: Case, grid: Grid) -> Beat | None:
    """Return the check that has begun, if it belongs to this grid."""
    if case.evidence.begun is None:
        return None
    beat = beat_at(grid, case.evidence.begun)
    return beat if beat.at == case.evidence.begun else None


def next_beat(case: Case, live: Live) -> datetime | None:
    """Return when the next check is due, strictly later than now."""
    grid = grid_of(case, live)
    if grid is None:
        return None
    return grid.time_of(max(grid.number_at(case.now), -1) + 1)


def steady_beat(case: Case, origin: datetime) -> Beat:
    """Return the beat of a gate that is asked every interval, whatever is live.

    An origin in the future is a clock that jumped: the same grid goes on before it.
    """
    grid = Grid(origin, case.spec.interval, approves=True)
    return begun_beat(case, grid) or beat_at(grid, case.now)
