"""`plan`: what would be committed, and nothing pushed; metrics and gates asked for real, webhooks not called."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gitcanary.cli.prospects import rehearse
from gitcanary.settings import load
from support.http_server import Handler, Received, Server, reply, serve
from support.repositories import Remote

SUBJECT = "Advance test/podinfo to 20%"


@pytest.fixture
def servers() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def prometheus(servers: ExitStack) -> Server:
    """Return a Prometheus that knows 99.82 % and 184 ms."""

    def script(handler: Handler, received: Received, number: int) -> None:
        value = "184" if b"histogram_quantile" in received.body else "99.82"
        labels = {"destination_workload_namespace": "test", "destination_workload": "podinfo"}
        body = {"resultType": "vector", "result": [{"metric": labels, "value": [1, value]}]}
        reply(200, json.dumps({"status": "success", "data": body}))(handler, received, number)

    return servers.enter_context(serve(script))


@pytest.fixture
def midway(remote: Remote) -> Remote:
    """Return the story up to its weight of 20 %."""
    remote.rewind(next(line.commit for line in remote.log() if line.subject == SUBJECT))
    return remote


@pytest.fixture
def gate(servers: ExitStack, midway: Remote) -> Server:
    """Return a sync gate that says the tip is applied since its commit, and all is ready."""
    ready = {"test/podinfo": True, "test/podinfo-primary": True}
    answer = {"revision": midway.tip, "at": midway.log()[0].committed_at.isoformat(), "ready": ready}
    return servers.enter_context(serve(reply(200, json.dumps(answer))))


def flags(remote: Remote, prometheus: Server, gate: Server) -> list[str]:
    return ["--repository", remote.url, "--prometheus", prometheus.url, "--sync", f"http={gate.url}"]


def test_the_plan_is_what_would_be_committed_and_nothing_is(midway: Remote, prometheus, gate, gitcanary) -> None:
    tip = midway.tip
    result = gitcanary("plan", "test/podinfo", *flags(midway, prometheus, gate))
    assert (result.exit_code, midway.tip) == (0, tip)
    lines = result.output.splitlines()
    assert lines[0] == "test/podinfo: next is advance; webhooks are taken to pass"
    assert "    Advance test/podinfo to 30%" in lines
    assert "    -      weight: 20" in lines
    assert "    +      weight: 30" in lines
    assert "    Gitcanary-Weight: 20 -> 30" in lines


def test_the_diff_applies_to_the_tip(midway: Remote, prometheus, gate, gitcanary, tmp_path: Path) -> None:
    result = gitcanary("plan", "test/podinfo", "--output", "json", *flags(midway, prometheus, gate))
    (told,) = json.loads(result.stdout)
    midway.git("clone", "--quiet", str(midway.folder), str(tmp_path / "checkout"))
    command = ["git", "-C", str(tmp_path / "checkout"), "apply", "-"]
    subprocess.run(command, input=told["diff"] + "\n", check=True, text=True)
    written = (tmp_path / "checkout/apps/podinfo/podinfo.rollout").read_text()
    assert "weight: 30\n" in written
    assert told["files"] == ["apps/podinfo/podinfo.rollout", "apps/podinfo/podinfo.routing.yaml"]
    assert told["action"] == "advance"


def test_each_metric_is_shown_as_flagger_would_ask_it_with_its_value(midway, prometheus, gate, gitcanary) -> None:
    lines = gitcanary("plan", *flags(midway, prometheus, gate)).output.splitlines()
    at = lines.index("  request-success-rate 99.82 %")
    assert lines[at + 1].startswith('    sum( rate( istio_requests_total{ reporter="destination", ')
    at = lines.index("  request-duration 184 ms")
    assert lines[at + 1].startswith("    histogram_quantile( 0.99, ")


def test_nothing_is_foreseen_where_the_gate_says_that_nothing_is_live(
    midway: Remote, prometheus, servers: ExitStack, gitcanary
) -> None:
    gate = servers.enter_context(serve(reply(503)))
    result = gitcanary("plan", *flags(midway, prometheus, gate))
    assert result.exit_code == 0
    first = result.output.splitlines()[0]
    assert first.startswith(f"test/podinfo: nothing to commit: {midway.tip[:7]} is not live yet")


def test_a_provider_that_is_down_is_told_and_nothing_is_foreseen(midway: Remote, gate, servers, gitcanary) -> None:
    down = servers.enter_context(serve(reply(503)))
    output = gitcanary("plan", *flags(midway, down, gate)).output
    assert output.startswith(
        "test/podinfo: nothing to commit: request-success-rate is without a verdict (error: answered 503"
    )
    assert "  request-success-rate could not be asked: answered 503" in output


def test_without_any_gate_it_is_refused_as_the_controller_refuses_it(midway: Remote, prometheus, gitcanary) -> None:
    result = gitcanary("plan", "--repository", midway.url, "--prometheus", prometheus.url)
    assert result.exit_code == 0
    assert "refused: apps/podinfo/canary.yaml:" in result.output
    assert "no sync gate" in result.output


def test_a_dry_run_shows_the_diff_and_pushes_nothing(midway: Remote, prometheus, gate, gitcanary) -> None:
    tip = midway.tip
    result = gitcanary("run", "--dry-run", *flags(midway, prometheus, gate))
    assert (result.exit_code, midway.tip) == (0, tip)
    assert "+      weight: 30" in result.stdout.splitlines()


def test_a_dry_run_logs_what_would_be_committed(midway: Remote, prometheus, gate) -> None:
    given = {"repository": midway.url, "prometheus": prometheus.url, "sync": [f"http={gate.url}"]}
    with capture_logs() as logs:
        rehearse(load(given))
    [told] = logs
    assert (told["event"], told["canary"], told["action"]) == ("dry-run", "test/podinfo", "advance")
    assert told["subject"] == "Advance test/podinfo to 30%"
