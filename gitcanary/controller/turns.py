"""One turn after the other: a round, or the trouble that took its place. Nothing that happens ends the loop."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from typing import Protocol

from gitcanary.controller.reports import Reporter
from gitcanary.errors import Stopped, Throttled, Unauthorized, Unreachable, Usage
from gitcanary.ports import Clock, Outcome, Pushed

PATIENCE = timedelta(minutes=1)  # between attempts that the remote does not want: a loop locks accounts
AGAIN = timedelta(seconds=1)  # after a round that lost every race: the branch is busy, not broken
STARVED = timedelta(minutes=1)  # lost races for this long are worth a person's attention


class Rounds(Protocol):
    """What a turn runs."""

    def run(self) -> Pushed | None:
        """Run one round and return how its push ended, None where there was none."""
        ...

    def next_due(self) -> datetime | None:
        """Return when something is due."""
        ...


@dataclass
class Pause:
    """No turn from one instant until another. A clock that was set back before its beginning ends it."""

    begin: datetime
    end: datetime

    def holds(self, now: datetime) -> bool:
        return self.begin <= now < self.end


class Turns:
    """Runs rounds, and tells each trouble once, however often it is met."""

    def __init__(self, rounds: Rounds, reporter: Reporter, clock: Clock) -> None:
        self._rounds = rounds
        self._reporter = reporter
        self._clock = clock
        self._pause: Pause | None = None
        self._losing_since: datetime | None = None
        self.last: datetime | None = None
        """When the repository was read last."""

    def run(self) -> datetime | None:
        """Run one round, and return when the next one is due, None where the poll is soon enough. Raises `Stopped`."""
        began, now = perf_counter(), self._clock.now()
        if self._pause is not None and self._pause.holds(now):
            return None
        try:
            pushed = self._rounds.run()
        except Stopped:
            raise
        except (Unreachable, Usage) as outage:  # a branch that is not there, or a page that looks like one without
            self._wait_out(outage, now)
            return None
        except Exception as defect:  # noqa: BLE001 - one round's defect must not end the way back of all canaries
            self._reporter.defect(defect)
            return None
        self.last = self._clock.now()
        self._reporter.round(perf_counter() - began)
        return self._next(pushed)

    def _wait_out(self, outage: Unreachable | Usage, now: datetime) -> None:
        self._reporter.outage(outage)
        is_unwelcome = isinstance(outage, Unauthorized | Throttled)
        self._pause = Pause(now, now + PATIENCE) if is_unwelcome else None

    def _next(self, pushed: Pushed | None) -> datetime | None:
        """Return when the next round is due after one that ended."""
        now = self._clock.now()
        if pushed is None or pushed.outcome is not Outcome.RACED:
            self._losing_since = None
            has_landed = pushed is not None and pushed.outcome is Outcome.LANDED
            return now if has_landed else self._rounds.next_due()
        if self._losing_since is None or self._losing_since > now:
            self._losing_since = now
        self._reporter.raced(now - self._losing_since, STARVED)
        return now + AGAIN
