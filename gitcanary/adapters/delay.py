"""The sync gate that only counts: what was committed some time ago is taken to be live."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gitcanary.ports import Sighting


@dataclass(frozen=True, slots=True)
class DelayGate:
    """A sync gate (`ports.Gate`) for those who have no sync tool that answers. It knows of no readiness."""

    delay: timedelta

    def look(self, now: datetime) -> Sighting:
        """Return that everything committed a delay ago is applied."""
        return Sighting(f"delay {self.delay.total_seconds():g}s", committed_until=now - self.delay, delay=self.delay)
