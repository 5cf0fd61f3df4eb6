"""Rounds: at once, one after the other, and again when somebody wakes the scheduler."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Event, Semaphore

import pytest

from gitcanary.controller.scheduler import Scheduler

LONG = timedelta(hours=1)
DEADLINE = 20


class Rounds:
    """Counts rounds; a test lets each one end."""

    def __init__(self) -> None:
        self.begun = Semaphore(0)
        self.may_end = Semaphore(0)
        self.running = 0
        self.most = 0
        self.due: datetime | None = None
        self.fails = False

    def __call__(self) -> datetime | None:
        self.running += 1
        self.most = max(self.most, self.running)
        self.begun.release()
        assert self.may_end.acquire(timeout=DEADLINE)
        self.running -= 1
        if self.fails:
            raise RuntimeError("a round that fails")
        return self.due


@pytest.fixture
def rounds() -> Rounds:
    return Rounds()


@pytest.fixture
def scheduler(rounds: Rounds) -> Iterator[Scheduler]:
    scheduler = Scheduler(rounds, LONG)
    scheduler.start()
    yield scheduler
    for _ in range(10):
        rounds.may_end.release()
    scheduler.stop()


def test_the_first_round_is_at_once(scheduler: Scheduler, rounds: Rounds) -> None:  # noqa: ARG001 - started
    assert rounds.begun.acquire(timeout=DEADLINE)


def test_what_wakes_it_during_a_round_brings_another_one_and_never_two_at_a_time(
    scheduler: Scheduler, rounds: Rounds
) -> None:
    assert rounds.begun.acquire(timeout=DEADLINE)
    for _ in range(5):
        scheduler.wake()
    rounds.may_end.release()
    assert rounds.begun.acquire(timeout=DEADLINE)
    rounds.may_end.release()
    scheduler.wake()
    assert rounds.begun.acquire(timeout=DEADLINE)
    assert rounds.most == 1


def test_what_is_due_brings_a_round_before_the_poll(scheduler: Scheduler, rounds: Rounds) -> None:  # noqa: ARG001
    assert rounds.begun.acquire(timeout=DEADLINE)
    rounds.due = datetime.now(UTC)
    rounds.may_end.release()
    assert rounds.begun.acquire(timeout=DEADLINE)


def test_a_round_that_fails_is_not_the_last_one(scheduler: Scheduler, rounds: Rounds) -> None:
    assert rounds.begun.acquire(timeout=DEADLINE)
    rounds.fails = True
    scheduler.wake()
    rounds.may_end.release()
    assert rounds.begun.acquire(timeout=DEADLINE)


def test_the_poll_brings_a_round_when_nothing_else_does() -> None:
    second = Event()
    count = 0

    def run() -> None:
        nonlocal count
        count += 1
        if count > 1:
            second.set()

    scheduler = Scheduler(run, timedelta(milliseconds=50))
    scheduler.start()
    assert second.wait(DEADLINE)
    scheduler.stop()
