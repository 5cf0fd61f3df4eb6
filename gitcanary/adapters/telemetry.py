"""Logs and metrics out: every decision is one structured line, and `/metrics` tells where every canary stands."""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from gitcanary.ports import Signal

PHASES = (
    "Initializing",
    "Initialized",
    "Waiting",
    "Progressing",
    "WaitingPromotion",
    "Promoting",
    "Finalising",
    "Succeeded",
    "Failed",
    "Terminated",
)
LEVELS = dict.fromkeys(("refused", "overdue", "outage", "stuck", "defect", "starved"), "error")
UNSPOKEN = frozenset({"round", "canaries", "query", "webhook"})
LIVE_SECONDS = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 180, 300, 600, 1800)


def configure_logs(stream: TextIO = sys.stderr) -> None:
    """Write every log line as JSON to a stream."""
    shape: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
    ]
    render = structlog.processors.JSONRenderer(default=str, sort_keys=False)
    others = logging.StreamHandler(stream)  # what libraries log has the same shape
    others.setFormatter(structlog.stdlib.ProcessorFormatter(processor=render, foreign_pre_chain=shape))
    logging.basicConfig(handlers=[others], level=logging.WARNING, force=True)
    structlog.configure(
        processors=[*shape, render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )


class Standings(Collector):
    """Where every canary stands, as gauges made when somebody reads them: a scrape sees all of them."""

    def __init__(self) -> None:
        self._canaries: dict[tuple[str, str], Mapping[str, object]] = {}

    def take(self, told: Mapping[str, object]) -> list[Mapping[str, object]]:
        """Take where some canaries stand now, and return those that are no more, which are forgotten."""
        canaries = dict(self._canaries)
        keys = [(str(gone["path"]), str(gone["name"])) for gone in _mappings(told.get("gone"))]
        forgotten = [canaries.pop(key) for key in keys if key in canaries]
        for canary in _mappings(told.get("canaries")):
            canaries[str(canary["path"]), str(canary["name"])] = canary
        self._canaries = canaries
        return forgotten

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the weight and the phase of each canary."""
        own = ("namespace", "name", "path")
        weight = GaugeMetricFamily("gitcanary_canary_weight", "The canary's share, in percent.", labels=own)
        phase = GaugeMetricFamily("gitcanary_canary_phase", "1 for the phase it is in.", labels=(*own, "phase"))
        for canary in self._canaries.values():
            labels = [str(canary[label]) for label in own]
            weight.add_metric(labels, float(str(canary["weight"])))
            for each in PHASES:
                phase.add_metric([*labels, each], each == canary["phase"])
        yield from (weight, phase)


class Telemetry:
    """Implements `ports.Telemetry` with structlog and prometheus-client."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._log = structlog.get_logger("gitcanary")
        self._standings = Standings()
        self.registry.register(self._standings)
        self._decisions = self._counter("decisions", "Commits that landed.", "canary", "path", "action")
        self._rounds = self._histogram("round_seconds", "How long rounds took.")
        self._pushes = self._counter("pushes", "Pushes by outcome; `raced` means decided again.", "outcome")
        self._queries = self._histogram("query_seconds", "How long Prometheus took to answer a round's questions.")
        self._webhooks = self._histogram("webhook_seconds", "How long webhooks took.", "type")
        self._live = Histogram(
            "gitcanary_commit_to_live_seconds",
            "From a commit's date to its being live.",
            ["canary", "path"],
            buckets=LIVE_SECONDS,
            registry=self.registry,
        )
        self._overdue = self._counter("overdue", "Waits that lasted too long.", "canary", "path", "for")
        self._refused = self._counter("refusals", "Specs and decisions that cannot be honoured.", "path", "name")
        self._troubles = self._counter("troubles", "What stopped all rounds of the branch, once for each time.", "kind")
        self._measures: Mapping[str, Callable[[Mapping[str, object]], None]] = {
            "canaries": self._stand,
            "decision": lambda told: self._decisions.labels(told["canary"], told["path"], told["action"]).inc(),
            "round": lambda told: self._rounds.observe(number(told)),
            "push": lambda told: self._pushes.labels(told["outcome"]).inc(),
            "query": lambda told: self._queries.observe(number(told)),
            "webhook": lambda told: self._webhooks.labels(told["type"]).observe(number(told)),
            "live": lambda told: self._live.labels(told["canary"], told["path"]).observe(number(told)),
            "overdue": lambda told: self._overdue.labels(told["canary"], told["path"], told["for"]).inc(),
            "refused": lambda told: self._refused.labels(told["path"], told["name"]).inc(),
            "stuck": lambda told: self._refused.labels(told["path"], told["name"]).inc(),
            "outage": lambda _: self._troubles.labels("outage").inc(),
            "defect": lambda _: self._troubles.labels("defect").inc(),
            "starved": lambda _: self._troubles.labels("starved").inc(),
        }

    def tell(self, signals: Sequence[Signal]) -> None:
        """Log what is worth a line, and count it."""
        for signal in signals:
            if measure := self._measures.get(signal.name):
                measure(signal.fields)
            if signal.name not in UNSPOKEN:
                is_declined = signal.fields.get("outcome") == "declined"
                level = "error" if is_declined else LEVELS.get(signal.name, "info")
                getattr(self._log, level)(signal.name, **signal.fields)

    def _stand(self, told: Mapping[str, object]) -> None:
        """Show where every canary stands, and forget what was counted of those that are no more."""
        for gone in self._standings.take(told):
            labels = {"canary": f"{gone['namespace']}/{gone['name']}", "path": str(gone["path"])}
            for counted in (self._decisions, self._overdue, self._live):
                counted.remove_by_labels(labels)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"gitcanary_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, *labels: str) -> Histogram:
        return Histogram(f"gitcanary_{name}", text, labels, registry=self.registry)


def _mappings(told: object) -> list[Mapping[str, object]]:
    return told if isinstance(told, list) else []


def number(told: Mapping[str, object]) -> float:
    """Return a signal's duration in seconds."""
    seconds = told["seconds"]
    return float(seconds) if isinstance(seconds, int | float) else 0.0
