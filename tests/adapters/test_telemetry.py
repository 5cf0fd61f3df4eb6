"""Logs and metrics out."""

import io
import json
from collections.abc import Iterator

import pytest
import structlog

from gitcanary.adapters.telemetry import Telemetry, configure_logs
from gitcanary.ports import Signal

DECISION = Signal("decision", {"canary": "test/podinfo", "path": "a", "action": "advance", "weight": 20, "reason": ""})


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    configure_logs(stream)
    yield stream
    structlog.reset_defaults()


def test_a_decision_is_one_line_of_json(log: io.StringIO) -> None:
    Telemetry().tell([DECISION, Signal("round", {"seconds": 0.1})])
    [line] = log.getvalue().splitlines()
    assert json.loads(line).items() >= {"event": "decision", "action": "advance", "weight": 20}.items()


@pytest.mark.parametrize("name", ["overdue", "outage", "refused", "stuck"])
def test_what_needs_somebody_is_an_error(log: io.StringIO, name: str) -> None:
    told = {"canary": "test/podinfo", "for": "live", "path": "apps/podinfo", "name": "podinfo"}
    Telemetry().tell([Signal(name, told)])
    assert json.loads(log.getvalue())["level"] == "error"


def test_a_push_that_was_declined_is_an_error(log: io.StringIO) -> None:
    Telemetry().tell([Signal("push", {"outcome": "declined", "commits": 1, "said": "protected branch"})])
    assert json.loads(log.getvalue())["level"] == "error"


def test_where_a_canary_stands_is_a_gauge_for_its_weight_and_its_phase(log: io.StringIO) -> None:  # noqa: ARG001 - quiet
    telemetry = Telemetry()
    canary = {"namespace": "test", "name": "podinfo", "path": "apps/podinfo", "phase": "Progressing", "weight": 20}
    telemetry.tell([Signal("canaries", {"canaries": [{**canary, "name": "gone"}]})])
    telemetry.tell([Signal("canaries", {"canaries": [canary], "gone": [{"path": "apps/podinfo", "name": "gone"}]})])
    labels = {"namespace": "test", "name": "podinfo", "path": "apps/podinfo"}
    read = telemetry.registry.get_sample_value
    assert read("gitcanary_canary_weight", labels) == 20
    assert read("gitcanary_canary_phase", {**labels, "phase": "Progressing"}) == 1
    assert read("gitcanary_canary_phase", {**labels, "phase": "Failed"}) == 0
    assert read("gitcanary_canary_weight", {**labels, "name": "gone"}) is None


def test_what_takes_time_is_a_histogram(log: io.StringIO) -> None:  # noqa: ARG001 - quiet
    telemetry = Telemetry()
    told = {"seconds": 0.3, "type": "rollout", "canary": "test/podinfo", "path": "a", "hook": "load-test"}
    telemetry.tell([Signal(name, told) for name in ("round", "query", "webhook", "live")])
    read = telemetry.registry.get_sample_value
    assert read("gitcanary_round_seconds_count") == 1
    assert read("gitcanary_query_seconds_count") == 1
    assert read("gitcanary_webhook_seconds_count", {"type": "rollout"}) == 1
    assert read("gitcanary_commit_to_live_seconds_count", {"canary": "test/podinfo", "path": "a"}) == 1


def test_two_clusters_canaries_of_one_name_are_counted_apart_and_forgotten_when_they_are_gone(
    log: io.StringIO,  # noqa: ARG001 - quiet
) -> None:
    telemetry = Telemetry()
    east, west = (
        {"namespace": "test", "name": "podinfo", "path": path, "phase": "Progressing", "weight": 20}
        for path in ("east", "west")
    )
    telemetry.tell([Signal("canaries", {"canaries": [east, west]})])
    for path in ("east", "west", "west"):
        told = {"canary": "test/podinfo", "path": path, "action": "advance", "for": "data", "seconds": 1.0}
        telemetry.tell([Signal(name, told) for name in ("decision", "overdue", "live")])
    read = telemetry.registry.get_sample_value
    labels = {"canary": "test/podinfo", "path": "west", "action": "advance"}
    assert read("gitcanary_decisions_total", labels) == 2
    assert read("gitcanary_decisions_total", {**labels, "path": "east"}) == 1
    telemetry.tell([Signal("canaries", {"canaries": [], "gone": [{"path": "west", "name": "podinfo"}]})])
    assert read("gitcanary_decisions_total", labels) is None
    assert read("gitcanary_overdue_total", {"canary": "test/podinfo", "path": "west", "for": "data"}) is None
    assert read("gitcanary_decisions_total", {**labels, "path": "east"}) == 1
