"""When the next round is: at once, at every poll, when something is due, and when somebody wakes it."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event
from time import monotonic

from apscheduler.schedulers.background import BackgroundScheduler

TICK = timedelta(milliseconds=200)  # how late a round may begin


class Scheduler:
    """Runs one round after the other, never two at a time and never in a burst.

    `run` does a round and returns when the next one is due, None where nothing is but the poll. The library has a
    single job that looks, every tick, whether it is time: a job set anew for each round can get lost between its end
    and the next one's beginning. How long ago something was is asked of a clock that nobody can set.
    """

    def __init__(self, run: Callable[[], datetime | None], poll: timedelta) -> None:
        self._run = run
        self._poll = poll
        self._due = monotonic()
        self._woken = Event()
        self._scheduler = _Steady(timezone=UTC)
        # A tick that finds the last round still running is no news.
        logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)

    def start(self) -> None:
        """Begin with a round at once."""
        self._scheduler.add_job(
            self._tick,
            "interval",
            seconds=TICK.total_seconds(),
            next_run_time=datetime.now(UTC),
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
        self._scheduler.start()

    def wake(self) -> None:
        """Have a round as soon as possible: an answer came, or somebody pushed."""
        self._woken.set()

    def stop(self) -> None:
        """End after the round that runs."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def _tick(self) -> None:
        if not self._woken.is_set() and monotonic() < self._due:
            return
        self._woken.clear()
        due: datetime | None = None
        try:
            due = self._run()
        finally:
            wait = self._poll if due is None else min(due - datetime.now(UTC), self._poll)
            self._due = monotonic() + wait.total_seconds()


class _Steady(BackgroundScheduler):  # type: ignore[misc]  # the library has no types
    """The library's scheduler, which would sleep for as long as the clock was set back."""

    def _process_jobs(self) -> float | None:
        wait: float | None = super()._process_jobs()
        if wait is None or wait <= 2 * TICK.total_seconds():
            return wait
        for job in self.get_jobs():
            job.modify(next_run_time=datetime.now(UTC))
        return 0.0
