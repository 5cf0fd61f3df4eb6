"""When the next round is: at once, at every poll, when something is due, and when somebody wakes it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, JobExecutionEvent
from apscheduler.schedulers.background import BackgroundScheduler

ROUND = "round"


class Scheduler:
    """Runs one round after the other, never two at a time and never in a burst.

    `run` does a round and returns when the next one is due, None where nothing is but the poll.
    """

    def __init__(self, run: Callable[[], datetime | None], poll: timedelta) -> None:
        self._run = run
        self._poll = poll
        self._lock = Lock()
        self._is_running = False
        self._is_woken = False
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._scheduler.add_listener(self._ended, EVENT_JOB_EXECUTED | EVENT_JOB_ERROR)

    def start(self) -> None:
        """Begin with a round at once."""
        self._scheduler.start()
        self._at(datetime.now(UTC))

    def wake(self) -> None:
        """Have a round as soon as possible: an answer came, or somebody pushed."""
        with self._lock:
            self._is_woken = True
            if not self._is_running:
                self._at(datetime.now(UTC))

    def stop(self) -> None:
        """End after the round that runs."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def _round(self) -> datetime | None:
        with self._lock:
            self._is_running, self._is_woken = True, False
        return self._run()

    def _ended(self, event: JobExecutionEvent) -> None:
        """Set the next round. Only now does the scheduler count the last one as over, and would not drop the next."""
        with self._lock:
            self._is_running = False
            now = datetime.now(UTC)
            latest = now + self._poll
            self._at(now if self._is_woken else max(now, min(event.retval or latest, latest)))

    def _at(self, instant: datetime) -> None:
        self._scheduler.add_job(
            self._round,
            "date",
            run_date=instant,
            id=ROUND,
            replace_existing=True,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
