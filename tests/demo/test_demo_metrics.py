"""Prometheus on Envoy's statistics: Flagger's builtin queries give what the users got."""

import math
from datetime import timedelta

import pytest

from demo.played import PlayedController
from gitcanary.demo.envoy import GATEWAY
from gitcanary.demo.mesh import Mesh
from gitcanary.demo.prometheus import ask, await_scraping
from gitcanary.demo.seed import HOST, Fault
from gitcanary.demo.traffic import Traffic
from gitcanary.demo.waiting import wait_until

pytestmark = pytest.mark.real

LABELS = 'reporter="destination",destination_workload_namespace="test",destination_workload=~"{workload}"'
SUCCESS_RATE = (
    'sum(rate(istio_requests_total{{LABELS,response_code!~"5.*"}}[5s]))'
    " / sum(rate(istio_requests_total{{LABELS}}[5s])) * 100"
).replace("LABELS", LABELS)
DURATION = (
    "histogram_quantile(0.99, sum(rate(istio_request_duration_milliseconds_bucket{{LABELS}}[5s])) by (le))"
).replace("LABELS", LABELS)
WINDOW = timedelta(seconds=30)


def value(mesh: Mesh, query: str, workload: str) -> float:
    """Return the one value of a query, NaN where there is none."""
    values = ask(mesh.prometheus, query.format(workload=workload))
    return values[0] if len(values) == 1 else math.nan


@pytest.fixture(scope="module")
def scraped(onboarded: PlayedController) -> PlayedController:
    await_scraping(onboarded.mesh.prometheus)
    onboarded.weigh(50)
    return onboarded


def test_a_workload_that_was_never_asked_has_no_series(mesh: Mesh) -> None:
    await_scraping(mesh.prometheus)
    assert ask(mesh.prometheus, SUCCESS_RATE.format(workload="podinfo-primary")) == []


@pytest.mark.parametrize(
    ("fault", "query", "bounds"),
    [
        (Fault.NONE, SUCCESS_RATE, (100, 100)),
        (Fault.NONE, DURATION, (0.5, 100)),
        (Fault.ERRORS, SUCCESS_RATE, (85, 95)),
        (Fault.LATENCY, DURATION, (800, 1000)),
    ],
)
def test_builtin_queries_see_the_fault_of_the_canary_and_none_in_the_primary(
    scraped: PlayedController, fault: Fault, query: str, bounds: tuple[float, float]
) -> None:
    mesh = scraped.mesh
    commit = mesh.person.push_revision(f"6.1.0-{fault}-{bounds[0]}", fault)
    scraped.await_ready(commit)
    low, high = bounds
    with Traffic(mesh.envoy.address(GATEWAY), HOST, rate=60):
        wait_until(
            lambda: low <= value(mesh, query, "podinfo") <= high,
            WINDOW,
            lambda: f"the canary's value is {value(mesh, query, 'podinfo')}, expected {bounds}",
        )
        primary = value(mesh, query, "podinfo-primary")
    assert primary == 100 if query == SUCCESS_RATE else primary < 500


def test_the_rate_under_load_has_a_value_at_every_scrape(scraped: PlayedController) -> None:
    mesh = scraped.mesh
    with Traffic(mesh.envoy.address(GATEWAY), HOST, rate=60) as traffic:
        wait_until(lambda: not math.isnan(value(mesh, DURATION, "podinfo")), WINDOW, lambda: "no value at all")
        seen = []
        while len(seen) < 30:
            asked = len(traffic.answers)
            wait_until(lambda since=asked: len(traffic.answers) > since + 5, WINDOW, lambda: "no traffic")
            seen.append(value(mesh, DURATION, "podinfo"))
    assert not any(math.isnan(each) for each in seen)
