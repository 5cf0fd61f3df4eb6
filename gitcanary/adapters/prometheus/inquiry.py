"""Which queries answer which metrics, and what their samples say. Computation only."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gitcanary.adapters.prometheus.client import Sample
from gitcanary.manifests.templates import fill, match_exactly, query
from gitcanary.rollout.evidence import MetricAnswer
from gitcanary.rollout.spec import Builtin, Metric

# Measured: one query for a thousand names costs a server less than ten for a hundred each; a body bounds it, not a URL.
LARGEST_CHUNK = 1000

NAMESPACE = "destination_workload_namespace"
WORKLOAD = "destination_workload"


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One query for one server (None is the operator's) and the metrics that it answers.

    `is_grouped` tells that its samples are by workload and namespace; else there is one sample, for all the metrics.
    """

    server: str | None
    query: str
    metrics: tuple[Metric, ...]
    is_grouped: bool = False

    @property
    def window(self) -> timedelta:
        """The window of its metrics: all have the same."""
        return self.metrics[0].window

    def read(self, samples: Sequence[Sample], at: datetime) -> dict[Metric, MetricAnswer]:
        """Return what the samples say of each metric."""
        if self.is_grouped:
            groups = defaultdict(list)
            for each in samples:
                groups[each.labels.get(NAMESPACE), each.labels.get(WORKLOAD)].append(each.value)
            return {m: _answer(m, groups[m.namespace, m.workload], at) for m in self.metrics}
        return {metric: _answer(metric, [each.value for each in samples], at) for metric in self.metrics}

    def troubled(self, trouble: str, at: datetime) -> dict[Metric, MetricAnswer]:
        """Return the same trouble for each metric."""
        return {metric: MetricAnswer(at, None, trouble) for metric in self.metrics}


def inquiries_for(metrics: Iterable[Metric]) -> Iterator[Inquiry]:
    """Yield the fewest queries that answer all metrics; `server` is taken as it stands in each."""
    families: defaultdict[tuple[str | None, Builtin, timedelta], list[Metric]] = defaultdict(list)
    others = []
    for metric in dict.fromkeys(metrics):
        if metric.builtin is None:
            others.append(metric)
        else:
            families[metric.server, metric.builtin, metric.window].append(metric)
    for family in families.values():
        for chunk in _chunks(family):
            yield _together(chunk)
    yield from _alone(others)


def halves(inquiry: Inquiry) -> Iterator[Inquiry]:
    """Yield smaller inquiries for the same metrics, or nothing if there are none."""
    if inquiry.is_grouped and len({(m.namespace, m.workload) for m in inquiry.metrics}) > 1:
        middle = len(inquiry.metrics) // 2
        yield _together(inquiry.metrics[:middle])
        yield _together(inquiry.metrics[middle:])


def _together(metrics: Sequence[Metric]) -> Inquiry:
    """Return one grouped inquiry for metrics of one family.

    Of one workload too: Flagger's own query has no value where every request failed, which is to be 0 %.
    """
    one = metrics[0]
    values = {
        "namespaces": _any_of(m.namespace for m in metrics),
        "targets": _any_of(m.workload for m in metrics),
        "interval": f"{one.window // timedelta(milliseconds=1)}ms",
    }
    text = fill(query(f"istio/{one.builtin}-by-workload"), values)
    return Inquiry(one.server, text, tuple(metrics), is_grouped=True)


def _alone(metrics: Iterable[Metric]) -> Iterator[Inquiry]:
    same: defaultdict[tuple[str | None, str, timedelta], list[Metric]] = defaultdict(list)
    for metric in metrics:
        same[metric.server, metric.query, metric.window].append(metric)
    for (server, text, _), alike in same.items():
        yield Inquiry(server, text, tuple(alike))


def _chunks(family: list[Metric]) -> Iterator[list[Metric]]:
    # Sorted, so that neighbours share a namespace and the same metrics are always asked in the same words.
    ordered = sorted(family, key=lambda m: (m.namespace, m.workload, m.name))
    for start in range(0, len(ordered), LARGEST_CHUNK):
        yield ordered[start : start + LARGEST_CHUNK]


def _any_of(names: Iterable[str]) -> str:
    return "|".join(match_exactly(name) for name in sorted(set(names)))


def _answer(metric: Metric, values: Sequence[float], at: datetime) -> MetricAnswer:
    if len(values) > 1:
        return MetricAnswer(at, None, f"{len(values)} series where one is expected")
    return MetricAnswer(at, _value(metric, values[0] if values else None))


def _value(metric: Metric, value: float | None) -> float | None:
    """Return a value as Flagger reads it: durations are cut to whole milliseconds."""
    if metric.builtin is Builtin.DURATION and value is not None and math.isfinite(value):
        return float(math.trunc(value))
    return value
