"""What each canary waits for, and so which ones are to be considered now."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from heapq import heappop, heappush
from types import MappingProxyType

from gitcanary.controller.subject import Key
from gitcanary.rollout.decision import For, Wait

WATCHING = frozenset({For.LIVE, For.READY})
RESTLESS = WATCHING | {For.ANSWER}


class Agenda:
    """Canaries by their waits. A round costs what is due, however many there are.

    `free_at` is when pushes may go on, where a decision waits for the push budget.
    """

    def __init__(self) -> None:
        self.free_at: datetime | None = None
        self._waits: dict[Key, Wait] = {}
        self._restless: set[Key] = set()
        self._queue: list[tuple[datetime, Key]] = []
        self._queued: dict[Key, datetime] = {}
        self._declined: dict[Key, datetime] = {}

    @property
    def waits(self) -> Mapping[Key, Wait]:
        """What each canary waits for; one that is about to be considered waits for nothing."""
        return MappingProxyType(self._waits)

    def call(self, keys: Iterable[Key]) -> None:
        """Have canaries considered in the next round, whatever they waited for."""
        for key in keys:
            self._waits.pop(key, None)
            self._restless.add(key)

    def note(self, key: Key, wait: Wait) -> None:
        """Let a canary wait. For what can change at any time it is considered in every round."""
        self._waits[key] = wait
        if wait.what in RESTLESS:
            self._restless.add(key)
        else:
            self._restless.discard(key)
        if wait.until is not None and self._queued.get(key) != wait.until:
            self._queued[key] = wait.until
            heappush(self._queue, (wait.until, key))

    def forget(self, keys: Iterable[Key]) -> None:
        """Drop canaries that are no more."""
        for key in keys:
            self._waits.pop(key, None)
            self._restless.discard(key)
            self._queued.pop(key, None)
            self._declined.pop(key, None)

    def due(self, now: datetime) -> list[Key]:
        """Return the canaries that are to be considered now."""
        while self._queue and self._queue[0][0] <= now:
            until, key = heappop(self._queue)
            if self._queued.get(key) == until:
                del self._queued[key]
            if self._is_waiting(key, until):
                self._restless.add(key)
        return sorted(self._restless)

    def next_due(self) -> datetime | None:
        """Return the earliest time that anything waits for."""
        past = [wait.until for key in self._restless if (wait := self._waits.get(key)) and wait.until]
        while self._queue and not self._is_waiting(self._queue[0][1], self._queue[0][0]):
            until, key = heappop(self._queue)
            if self._queued.get(key) == until:
                del self._queued[key]
        free = [self.free_at] if self.free_at else []
        return min([*free, *past, *(until for until, _ in self._queue[:1])], default=None)

    def decline(self, key: Key, until: datetime) -> None:
        """Leave a canary alone for some time: the remote declined its commit."""
        self._declined[key] = until

    def accept(self, key: Key) -> None:
        """Take note that a commit of this canary landed."""
        self._declined.pop(key, None)

    def is_declined(self, key: Key, now: datetime) -> bool:
        """Tell whether the remote declined a commit of this canary lately."""
        return key in self._declined and now < self._declined[key]

    def _is_waiting(self, key: Key, until: datetime) -> bool:
        wait = self._waits.get(key)
        return wait is not None and wait.until == until
