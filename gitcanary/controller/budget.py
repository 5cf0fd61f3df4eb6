"""How often it may push: a forge answers too many pushes with a limit for everybody."""

from collections import deque
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)


class PushBudget:
    """Counts the pushes of the last minute. `per_minute` is None where nothing bounds them."""

    def __init__(self, per_minute: int | None = None) -> None:
        self._per_minute = per_minute
        self._pushes: deque[datetime] = deque(maxlen=per_minute)

    def spend(self, now: datetime) -> None:
        """Count a push that was tried."""
        self._pushes.append(now)

    def next_free(self, now: datetime) -> datetime | None:
        """Return when the next push may be; None where it may be now. A push in the future is a clock that jumped."""
        if self._per_minute is None or len(self._pushes) < self._per_minute or self._pushes[0] > now:
            return None
        free = self._pushes[0] + MINUTE
        return free if free > now else None
