"""The builtin queries of 1,000 canaries, asked together and one by one: the same adapter, the same real Prometheus."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from statistics import median

from benchmarks.fleet import canary_named, names
from benchmarks.measuring import Goal, Measured, Row, Stopwatch, against
from gitcanary.adapters.prometheus import Prometheus
from gitcanary.egress import Allowed
from gitcanary.rollout.spec import Metric
from support.prometheus import serve

CANARIES = 1_000
TIMES = 5
SPACING = timedelta(seconds=15)
SAMPLES = 9  # two minutes: more than any window of the seed's metrics
CODES = {"200": 99, "503": 1}
BOUNDS = (  # Istio's own
    *("0.5", "1", "5", "10", "25", "50", "100", "250", "500", "1000", "2500", "5000", "10000", "30000", "60000"),
    *("300000", "600000", "1800000", "3600000", "+Inf"),
)


def coalesced(measured: Path) -> Measured:
    """Ask what one check of 1,000 canaries asks, in one call, and then each metric in a call of its own."""
    apps = names(CANARIES)
    metrics = [metric for name in apps for metric in canary_named(name).spec.metrics]
    at = datetime.now(UTC).replace(microsecond=0)
    workloads = [workload for name in apps for workload in (name, f"{name}-primary")]
    with serve("".join(_samples(workloads, at)), measured) as address:
        client = Prometheus(address, allowed=Allowed())
        together = client.ask(metrics, at)  # once before it counts, as for the others: connections and blocks are open
        ours = [_timed(client, [metrics], at) for _ in range(TIMES)]
        client.ask(metrics[:1], at)
        theirs = _timed(client, [[metric] for metric in metrics], at)
        apart = {metric: client.ask([metric], at)[metric] for metric in metrics[:: CANARIES // 10]}
        client.close()
    if any(together[metric] != answer or answer.value is None for metric, answer in apart.items()):
        raise RuntimeError("the answers differ")
    series = len(workloads) * (len(CODES) + len(BOUNDS) + 2)
    words = (f"in two queries (median of {TIMES})", f"in {len(metrics):,} queries, one after the other")
    compared = against(median(ours), theirs, words=words)
    times = theirs / median(ours)
    remark = f"A real Prometheus with {series:,} series. Answers were compared: they are the same both ways."
    return Measured(times, compared.ours, compared.against, remark=remark)


ROWS = (Row("queries", "two builtin queries of 1,000 canaries, together", Goal(20, is_floor=True), coalesced),)


def _timed(client: Prometheus, asked: list[list[Metric]], at: datetime) -> float:
    watch = Stopwatch()
    with watch.timing("all"):
        for metrics in asked:
            client.ask(metrics, at)
    return watch.total


def _samples(workloads: list[str], end: datetime) -> Iterator[str]:
    """Yield what Istio's proxies would have counted by the end, in OpenMetrics' text: 99 % good, most in 25 ms."""
    times = [(number, end - SPACING * (SAMPLES - 1 - number)) for number in range(SAMPLES)]
    yield "# TYPE istio_requests counter\n"
    for workload, (code, share) in ((workload, code) for workload in workloads for code in CODES.items()):
        labels = f'{_labels(workload)},response_code="{code}"'
        yield from (f"istio_requests_total{{{labels}}} {share * n} {at.timestamp():.0f}\n" for n, at in times)
    yield "# TYPE istio_request_duration_milliseconds histogram\n"
    for workload in workloads:
        yield from chain.from_iterable(_histogram(_labels(workload), n, at) for n, at in times)
    yield "# EOF\n"


def _histogram(labels: str, number: int, at: datetime) -> Iterator[str]:
    name, count = "istio_request_duration_milliseconds", 100 * number
    for place, bound in enumerate(BOUNDS):
        most = count * min(place, 5) // 5
        yield f'{name}_bucket{{{labels},le="{bound}"}} {most} {at.timestamp():.0f}\n'
    yield f"{name}_sum{{{labels}}} {20 * count} {at.timestamp():.0f}\n"
    yield f"{name}_count{{{labels}}} {count} {at.timestamp():.0f}\n"


def _labels(workload: str) -> str:
    return f'reporter="destination",destination_workload_namespace="test",destination_workload="{workload}"'
