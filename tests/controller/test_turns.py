"""Turns: every trouble told once, waited out as it deserves, and none of them the last turn."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from gitcanary.controller.reports import Reporter
from gitcanary.controller.turns import AGAIN, PATIENCE, STARVED, Turns
from gitcanary.errors import Stopped, Throttled, Unauthorized, Unreachable, Usage
from gitcanary.ports import Outcome, Pushed
from support.fakes import MONDAY, Clock, Listener

End = Pushed | Exception | None
SECOND = timedelta(seconds=1)
RACED = Pushed(Outcome.RACED)


class Rounds:
    """Rounds that end as a test says, the last way again and again."""

    def __init__(self, ends: Sequence[End]) -> None:
        self.ends = list(ends)
        self.run_count = 0

    def run(self) -> Pushed | None:
        self.run_count += 1
        end = self.ends.pop(0) if len(self.ends) > 1 else self.ends[0]
        if isinstance(end, Exception):
            raise end
        return end

    def next_due(self) -> None:
        return None


class Played:
    """Turns, with all that they touch."""

    def __init__(self, *ends: End) -> None:
        self.clock, self.told, self.rounds = Clock(), Listener(), Rounds(ends)
        self.turns = Turns(self.rounds, Reporter(self.told), self.clock)

    def take(self, count: int, every: timedelta = SECOND) -> None:
        for _ in range(count):
            self.turns.run()
            self.clock.pass_(every)

    @property
    def names(self) -> list[str]:
        return [signal.name for signal in self.told.told if signal.name != "round"]


@pytest.mark.parametrize("trouble", [Unreachable("away"), Usage("no branch 'main'")])
def test_an_outage_is_told_once_and_tried_at_every_poll(trouble: Exception) -> None:
    played = Played(*[trouble] * 5, None)
    played.take(7)
    assert played.rounds.run_count == 7
    assert played.names == ["outage", "recovered"]
    assert played.turns.last == MONDAY + 6 * SECOND


@pytest.mark.parametrize("trouble", [Unauthorized("wrong"), Throttled("too often")])
def test_what_the_remote_does_not_want_is_tried_once_a_minute(trouble: Exception) -> None:
    played = Played(trouble)
    played.take(180)
    assert played.rounds.run_count == 3
    assert played.names == ["outage"]


def test_a_clock_that_is_set_back_locks_nothing_for_hours() -> None:
    played = Played(Unauthorized("wrong"), None)
    played.take(1)
    played.clock.pass_(timedelta(hours=-3))
    played.take(1)
    assert played.names == ["outage", "recovered"]


def test_a_defect_is_told_once_and_ends_nothing() -> None:
    played = Played(KeyError("x"), KeyError("x"), ValueError("y"), None)
    played.take(5)
    assert played.names == ["defect", "defect", "recovered"]


def test_an_end_that_was_asked_for_is_no_outage() -> None:
    played = Played(Stopped("asked to end"))
    with pytest.raises(Stopped):
        played.turns.run()
    assert not played.names


def test_a_branch_that_is_always_faster_is_tried_again_at_once_and_told_after_a_while() -> None:
    played = Played(RACED)
    assert played.turns.run() == MONDAY + AGAIN
    played.take(int(STARVED / SECOND) + 5)
    assert played.names == ["starved"]


def test_the_next_turn_after_a_push_is_at_once() -> None:
    played = Played(Pushed(Outcome.LANDED), None)
    assert played.turns.run() == MONDAY
    assert played.turns.run() is None
    assert timedelta() < PATIENCE
