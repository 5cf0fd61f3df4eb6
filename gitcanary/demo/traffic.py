"""Plays the users: a steady stream of requests through the public gateway, each answer counted."""

import asyncio
import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

import httpx

from gitcanary.demo.loopback import NO_TLS
from gitcanary.demo.workload import VERSION_HEADER, WORKLOAD_HEADER

RATE = 40.0
LONGEST = timedelta(seconds=10)
REMEMBERED = 100_000  # more requests than any demo makes


@dataclass(frozen=True, slots=True)
class Answer:
    """How one request ended: `workload` and `version` are empty where nobody said, `status` is 0 without an answer."""

    at: datetime
    status: int
    workload: str = ""
    version: str = ""

    @property
    def is_failure(self) -> bool:
        return self.status != httpx.codes.OK


@dataclass(frozen=True, slots=True)
class Share:
    """How many of some requests a workload answered."""

    requests: int
    answered: int

    @property
    def percent(self) -> float | None:
        return 100 * self.answered / self.requests if self.requests else None


@dataclass(slots=True)
class Traffic:
    """Users who ask `rate` times a second, whatever the answers take, while in its context."""

    address: str
    host: str
    rate: float = RATE
    answers: deque[Answer] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._ask_on()), name="traffic", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopping.set()
        if self._thread:
            self._thread.join()

    def share(self, workload: str, since: datetime, until: datetime | None = None) -> Share:
        """Return how many of the requests that began in a time a workload answered."""
        asked = [each for each in self.answers.copy() if since <= each.at and (until is None or each.at < until)]
        return Share(len(asked), sum(each.workload == workload for each in asked))

    def failures(self) -> int:
        """Return how many requests failed: no answer, or another status than 200."""
        return sum(each.is_failure for each in self.answers.copy())

    def by_version(self) -> Counter[str]:
        """Return how many requests each version answered with 200."""
        return Counter(each.version for each in self.answers.copy() if not each.is_failure)

    async def _ask_on(self) -> None:
        client = httpx.AsyncClient(trust_env=False, verify=NO_TLS, timeout=LONGEST.total_seconds())
        async with client, asyncio.TaskGroup() as users:
            while not self._stopping.is_set():
                users.create_task(self._ask(client))
                await asyncio.sleep(1 / self.rate)

    async def _ask(self, client: httpx.AsyncClient) -> None:
        at = datetime.now(UTC)
        try:
            answer = await client.get(f"http://{self.address}/", headers={"host": self.host})
        except httpx.TransportError:
            self.answers.append(Answer(at, 0))
        else:
            headers = answer.headers
            who = headers.get(WORKLOAD_HEADER, ""), headers.get(VERSION_HEADER, "")
            self.answers.append(Answer(at, answer.status_code, *who))
