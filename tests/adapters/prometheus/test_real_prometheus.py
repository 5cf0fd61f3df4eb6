"""A real Prometheus: grouped queries give what single ones give, and every kind of value means what it should."""

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gitcanary.adapters.prometheus import Prometheus
from gitcanary.adapters.prometheus.client import Server
from gitcanary.egress import Allowed, Sender
from gitcanary.manifests.templates import fill, match_exactly, query
from gitcanary.rollout.spec import Builtin, Metric
from support import prometheus

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not prometheus.is_installed(), reason="Prometheus is not installed"),
    pytest.mark.xdist_group("prometheus"),
]

AT = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
SCRAPE = 15
SCRAPES = 40
MINUTE = timedelta(minutes=1)
BOUNDS = (10, 25, 50, 100, 250, 500, 1000)

# Requests between two scrapes by status, and how many of them each bucket up to its bound holds.
Workload = tuple[str, str, dict[str, int], tuple[int, ...]]
WORKLOADS: list[Workload] = [
    ("test", "podinfo", {"200": 97, "404": 2, "503": 1}, (10, 40, 70, 90, 95, 97, 100)),
    ("test", "podinfo-primary", {"200": 1000}, (1000,) * 7),
    ("prod", "podinfo", {"200": 50, "500": 50}, (0, 0, 0, 10, 100, 100, 100)),
    ("test", "pod.info", {"200": 9, "500": 1}, (1, 2, 3, 4, 5, 6, 10)),
    ("test", "podxinfo", {"200": 1, "500": 9}, (8, 8, 8, 8, 8, 10, 10)),
    ("test", "failing", {"503": 20}, (0, 0, 0, 0, 0, 0, 20)),
    ("test", "idle", {"200": 0}, (0,) * 7),
    ("prod", "slow", {"200": 30}, (0,) * 7),
]
ABSENT = ("test", "gone")
NAMES = [*((namespace, workload) for namespace, workload, *_ in WORKLOADS), ABSENT]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with prometheus.serve(_samples(), tmp_path_factory.mktemp("prometheus")) as url:
        yield url


@pytest.fixture
def measurements(address: str) -> Iterator[Prometheus]:
    made = Prometheus(address, allowed=Allowed())
    yield made
    made.close()


def _samples() -> str:
    """Return ten minutes of counters, in OpenMetrics' text."""
    # A family's samples must stand together.
    counts: list[str] = []
    durations: list[str] = []
    for namespace, workload, requests, buckets in WORKLOADS:
        labels = (
            f'reporter="destination",destination_workload_namespace="{namespace}",destination_workload="{workload}"'
        )
        for status, step in requests.items():
            counts += _series(f'istio_requests_total{{{labels},response_code="{status}"}}', step)
        total = sum(requests.values())
        for bound, step in zip((*BOUNDS, "+Inf"), (*buckets, total), strict=True):
            series = f'istio_request_duration_milliseconds_bucket{{{labels},le="{bound}"}}'
            durations += _series(series, step)
    return "\n".join([*counts, *durations, "# EOF\n"])


def _series(name: str, step: int) -> list[str]:
    begin = int(AT.timestamp()) - SCRAPES * SCRAPE
    return [f"{name} {number * step} {begin + number * SCRAPE}" for number in range(SCRAPES + 1)]


def _builtin(kind: Builtin, namespace: str, workload: str, window: timedelta = MINUTE) -> Metric:
    values = {
        "namespace": namespace,
        "target": match_exactly(workload),
        "interval": f"{window.total_seconds():g}s",
    }
    text = fill(query(f"istio/{kind}"), values)
    return Metric(kind, text, window, None, None, namespace, workload, builtin=kind)


def _custom(text: str) -> Metric:
    return Metric("custom", text, MINUTE, None, None, "test", "podinfo")


@pytest.mark.parametrize("kind", Builtin)
@pytest.mark.parametrize("window", [MINUTE, timedelta(seconds=45), timedelta(minutes=5)])
def test_a_grouped_query_gives_each_workload_the_value_of_its_own_query(
    measurements: Prometheus, address: str, kind: Builtin, window: timedelta
) -> None:
    metrics = [_builtin(kind, *name, window) for name in NAMES]
    grouped = measurements.ask(metrics, AT)
    sender = Sender()
    server = Server(address, sender, timedelta(seconds=5))
    for metric in metrics:
        alone = server.query(metric.query, AT)
        expected = _cut(kind, alone[0].value) if alone else _without_value(kind, metric.workload)
        assert grouped[metric].trouble is None
        assert _same(grouped[metric].value, expected), metric.workload
    server.close()
    sender.close()


def _without_value(kind: Builtin, workload: str) -> float | None:
    """Return what is told where Flagger's query has no value: 0 % where every request failed."""
    return 0 if kind is Builtin.SUCCESS_RATE and workload == "failing" else None


def _cut(kind: Builtin, value: float) -> float:
    return math.trunc(value) if kind is Builtin.DURATION and math.isfinite(value) else value


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return one == other or (math.isnan(one) and math.isnan(other))


@pytest.mark.parametrize(
    ("namespace", "workload", "rate", "duration"),
    [
        ("test", "podinfo", 99, 833),
        ("test", "podinfo-primary", 100, 9),
        ("prod", "podinfo", 50, 248),
        ("test", "pod.info", 90, 987),
        ("test", "podxinfo", 10, 487),
        ("test", "failing", 0, 995),
    ],
)
def test_values_are_what_the_traffic_was(
    measurements: Prometheus, namespace: str, workload: str, rate: float, duration: float
) -> None:
    metrics = [_builtin(kind, *name) for kind in Builtin for name in NAMES]
    answers = {(m.builtin, m.namespace, m.workload): a for m, a in measurements.ask(metrics, AT).items()}
    assert answers[Builtin.SUCCESS_RATE, namespace, workload].value == pytest.approx(rate)
    assert answers[Builtin.DURATION, namespace, workload].value == duration


@pytest.mark.parametrize(
    ("workload", "value"),
    [(("test", "gone"), None), (("test", "idle"), math.nan)],
    ids=["never seen", "without a request"],
)
def test_a_workload_without_an_answer_has_no_value_and_no_trouble(
    measurements: Prometheus, workload: tuple[str, str], value: float | None
) -> None:
    metrics = [_builtin(Builtin.SUCCESS_RATE, *name) for name in NAMES]
    answers = measurements.ask(metrics, AT)
    (answer,) = (a for m, a in answers.items() if (m.namespace, m.workload) == workload)
    assert answer.trouble is None
    assert _same(answer.value, value)


def test_a_query_is_evaluated_at_the_instant_that_was_asked(measurements: Prometheus) -> None:
    metric = _custom("time()")
    earlier = AT - timedelta(minutes=3, milliseconds=250)
    assert measurements.ask([metric], earlier)[metric].value == earlier.timestamp()
    assert measurements.ask([metric], earlier)[metric].until == earlier


@pytest.mark.parametrize(
    ("text", "value", "trouble"),
    [
        ("vector(3)", 3, None),
        ("42", 42, None),
        ("vector(0)/0", math.nan, None),
        ("vector(1)/0", math.inf, None),
        ("vector(-1)/0", -math.inf, None),
        ("absent_for_ever", None, None),
        (
            'sum(istio_requests_total{destination_workload_namespace="test"}) by (destination_workload) > 0',
            None,
            "5 series",
        ),
        ("istio_requests_total[1m]", None, "the query does not give one number for each series"),
        ('"text"', None, "the query does not give a number"),
        ("sum(", None, r"the query was refused \(400\): .*parse error: unclosed left parenthesis"),
        ("", None, r"the query was refused \(400\)"),
        ("a + on(x) group_left b{", None, r"the query was refused \(400\)"),
        ("count_values('\\xff', x)", None, r"the query was refused"),
    ],
)
def test_each_kind_of_result_has_its_meaning(
    measurements: Prometheus, text: str, value: float | None, trouble: str | None
) -> None:
    metric = _custom(text)
    answer = measurements.ask([metric], AT)[metric]
    assert _same(answer.value, value)
    assert re.match(f"(?:{trouble})", str(answer.trouble))


def test_a_bad_query_spoils_no_other(measurements: Prometheus) -> None:
    good, bad = _custom("vector(1)"), _custom("sum(")
    builtin = _builtin(Builtin.SUCCESS_RATE, "test", "podinfo")
    answers = measurements.ask([bad, good, builtin, replace(builtin, workload="gone", name="other")], AT)
    assert answers[good].value == 1
    assert answers[builtin].value == pytest.approx(99)
    assert answers[bad].value is None


def test_a_thousand_names_are_one_query(measurements: Prometheus) -> None:
    crowd = [_builtin(Builtin.SUCCESS_RATE, "test", f"crowd-{number}.example") for number in range(995)]
    named = _builtin(Builtin.SUCCESS_RATE, "test", "podinfo")
    answers = measurements.ask([*crowd, named], AT)
    assert answers[named].value == pytest.approx(99)
    assert all(answers[metric] == replace(answers[named], value=None) for metric in crowd)
