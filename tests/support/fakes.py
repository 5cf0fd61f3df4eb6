"""The few doubles: time, what Prometheus and webhooks answer, and a sync tool that applies what it is let."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event

from gitcanary.ports import Sighting, Signal
from gitcanary.rollout.evidence import HookAnswer, HookQuestion, MetricAnswer
from gitcanary.rollout.spec import Metric

MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
GOOD = {"request-success-rate": 99.82, "request-duration": 184.0}


class Clock:
    """A clock that stands until somebody moves it."""

    def __init__(self, now: datetime = MONDAY) -> None:
        self.at = now

    def now(self) -> datetime:
        return self.at

    def pass_(self, time: timedelta) -> None:
        self.at += time


Value = float | None | str
"""A metric's value: a number, None for no series, a text for the trouble of asking."""


class Prometheus:
    """Answers metrics by their name: with a value, or with what a function says for that instant."""

    def __init__(self) -> None:
        self.holding = 0
        self.values: dict[str, Value | Callable[[datetime], Value]] = dict(GOOD)
        self.asked: list[tuple[datetime, frozenset[str]]] = []

    def ask(self, metrics: Iterable[Metric], at: datetime) -> Mapping[Metric, MetricAnswer]:
        wanted = list(metrics)
        self.asked.append((at, frozenset(metric.name for metric in wanted)))
        return {metric: self._answer(metric, at) for metric in wanted}

    def _answer(self, metric: Metric, at: datetime) -> MetricAnswer:
        value = self.values[metric.name]
        value = value(at) if callable(value) else value
        return MetricAnswer(at, None, value) if isinstance(value, str) else MetricAnswer(at, value)


class Receivers:
    """Answers webhooks by their name: 200 where nothing else is said, None for a receiver that cannot be reached."""

    def __init__(self) -> None:
        self.statuses: dict[str, int | None] = {}
        self.called: list[HookQuestion] = []
        self.held: dict[tuple[str, str], Event] = {}
        self.holding = 0
        self.notified: list[tuple[HookQuestion, Mapping[str, str]]] = []

    def call(self, question: HookQuestion) -> HookAnswer:
        self.called.append(question)
        if held := self.held.get((question.namespace, question.hook.name)):
            self.holding += 1
            held.wait()
            self.holding -= 1
        status = self.statuses.get(question.hook.name, 200)
        return HookAnswer(status, None if status is not None else "cannot be reached")

    def notify(self, question: HookQuestion, metadata: Mapping[str, str]) -> None:
        self.notified.append((question, metadata))

    def hold(self, namespace: str, name: str) -> Event:
        """Have a webhook of one namespace answer only once the returned event is set."""
        return self.held.setdefault((namespace, name), Event())

    def names(self) -> list[str]:
        return [question.hook.name for question in self.called]


class SyncTool:
    """A sync tool that applies the branch some time after a push, unless it is stopped."""

    def __init__(self, clock: Clock, tip: Callable[[], str], lag: timedelta = timedelta(seconds=3)) -> None:
        self._clock = clock
        self._tip = tip
        self.lag = lag
        self.is_stopped = False
        self.trouble: str | None = None
        self.unready: set[str] = set()
        self.not_ready_since: datetime | None = None
        self.workloads = ("test/podinfo", "test/podinfo-primary")
        self._seen: list[tuple[str, datetime]] = []
        self._applied: tuple[str, datetime] | None = None

    def pin(self, commit: str | None) -> None:
        """Apply this commit and nothing newer, or again whatever the tip is."""
        self.is_stopped = commit is not None
        self._seen.append((commit or self._tip(), self._clock.now() - self.lag))
        self._applied = (commit or self._tip(), self._clock.now())

    def look(self, now: datetime) -> Sighting:  # noqa: ARG002 - the port's signature
        self.notice()
        if self.trouble or self._applied is None:
            return Sighting("agent", trouble=self.trouble or "nothing applied yet")
        revision, at = self._applied
        ready = {name: name not in self.unready for name in self.workloads}
        return Sighting(
            "agent", revision, at, ready=ready, not_ready_since=self.not_ready_since if self.unready else None
        )

    def notice(self) -> None:
        """See the branch's tip, and apply what was seen long enough ago. A clock that was set back delays nothing."""
        tip, now = self._tip(), self._clock.now()
        self._seen = [(commit, min(seen, now)) for commit, seen in self._seen]
        if not self._seen or self._seen[-1][0] != tip:
            self._seen.append((tip, self._clock.now()))
        due = [(commit, seen + self.lag) for commit, seen in self._seen if seen + self.lag <= self._clock.now()]
        if due and not self.is_stopped:
            self._applied = due[-1]


@dataclass
class Listener:
    """Takes note of what the controller tells."""

    told: list[Signal] = field(default_factory=list)

    def tell(self, signals: Sequence[Signal]) -> None:
        self.told.extend(signals)

    def named(self, name: str) -> list[Mapping[str, object]]:
        return [signal.fields for signal in self.told if signal.name == name]
