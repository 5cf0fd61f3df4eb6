"""Whole rollouts on the demo's mesh, played by somebody who commits what the controller would."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from demo.played import PATIENCE, PlayedController
from gitcanary.demo.ledger import Ledger, Record, open_ledger
from gitcanary.demo.mesh import Mesh
from gitcanary.demo.rollouts import play_rollouts
from gitcanary.demo.seed import Fault
from gitcanary.demo.show import Show, has_ended, unlike_announced
from gitcanary.demo.view import PlainView
from gitcanary.demo.waiting import wait_until
from gitcanary.errors import DemoError

RECORD = """\
version: 1
canary: test/podinfo
phase: {phase}
weight: {weight}
step: {{index: 1, of: 2}}
revision: sha256:{source}
source: {source}
failedChecks: 0
evidence:
  metrics:
  - {{name: request-success-rate, value: 99.82, min: 99, window: 10s, verdict: pass}}
  - {{name: request-duration, value: null, max: 500, window: 5s, verdict: inconclusive}}
quarantine: [{quarantine}]
"""


def decide(player: PlayedController, subject: str, phase: str, weight: int, source: str) -> None:
    """Commit a decision as the controller does: routing and record in one commit, then wait until it is live."""
    bad = f"{{revision: 'sha256:{source}', reason: played}}" if phase == "Failed" else ""
    record = RECORD.format(phase=phase, weight=weight, source=source, quarantine=bad)
    player.apply(subject, {"podinfo.rollout": record, "podinfo.routing.yaml": player.routing(weight)})


def play(player: PlayedController, weights: dict[str, list[int]], end: str) -> None:
    """Onboard, then take each revision that Mia pushes through its weights to the end."""
    player.onboard()
    decide(player, "Onboarded", "Initialized", 0, player.git("rev-parse", "HEAD"))
    ledger = open_ledger(player.mesh.repository)
    for tag, steps in weights.items():
        wait_until(lambda awaited=tag: ledger.log()[-1].subject.endswith(awaited), PATIENCE, lambda: "no push")
        source = ledger.tip()
        player.await_ready(source)
        for weight in steps:
            decide(player, f"Advance test/podinfo to {weight}%", "Progressing", weight, source)
            before = len(player.mesh.traffic.answers)
            wait_until(lambda seen=before: len(player.mesh.traffic.answers) > seen + 40, PATIENCE, lambda: "no users")
        decide(player, end, end, 0, source)


@contextmanager
def playing(player: PlayedController, weights: dict[str, list[int]], end: str) -> Iterator[None]:
    thread = threading.Thread(target=play, args=(player, weights, end))
    thread.start()
    yield
    thread.join()


@pytest.mark.real
def test_a_rollout_is_told_line_by_line_and_ends_with_its_log_and_its_shares(controller: PlayedController) -> None:
    out = StringIO()
    with playing(controller, {"6.0.1": [50]}, "Succeeded"):
        (outcome,) = play_rollouts(controller.mesh, [Fault.NONE], Console(file=out, width=120), [])
    assert outcome.surprise == ""
    text = out.getvalue()
    advance = next(line for line in text.splitlines() if line.endswith("gitcanary  Advance test/podinfo to 50%"))
    assert "request-success-rate      99.82  ≥ 99    over 10s   pass" in text
    assert "request-duration       no value  ≤ 500   over 5s    inconclusive" in text
    assert "live: 50 % on the canary" in text
    assert "$ git log --format='%h %an  %s' --reverse" in text
    commit = advance.split()[1]
    assert f"\n{commit} gitcanary  Advance test/podinfo to 50%\n" in text
    assert "User requests failed: 0 of" in text
    (row,) = [line.split() for line in text.splitlines() if line.startswith("50 %")]
    assert row[2] == commit
    assert 20 < float(row[5]) < 80


def record(phase: str, *, quarantined: bool = False) -> Record:
    found = Record.read({"phase": phase, "source": "abc", "revision": "sha256:1"})
    return replace(found, quarantine=frozenset({"sha256:1"})) if quarantined else found


@pytest.mark.parametrize(
    ("phase", "source", "is_over"),
    [("Progressing", "abc", False), ("Succeeded", "abc", True), ("Failed", "abc", True), ("Succeeded", "old", False)],
)
def test_a_rollout_is_over_when_the_record_says_so_of_its_own_commit(phase: str, source: str, *, is_over: bool) -> None:
    assert has_ended(replace(record(phase), source=source), "abc") is is_over


@pytest.mark.parametrize(
    ("found", "fault", "surprise"),
    [
        (record("Succeeded"), Fault.NONE, ""),
        (record("Failed", quarantined=True), Fault.ERRORS, ""),
        (record("Failed", quarantined=True), Fault.LATENCY, ""),
        (record("Failed"), Fault.ERRORS, "not in the quarantine"),
        (record("Failed", quarantined=True), Fault.NONE, "ended as Failed"),
        (record("Succeeded"), Fault.ERRORS, "ended as Succeeded"),
        (None, Fault.NONE, "no record"),
    ],
)
def test_only_the_end_that_was_announced_is_no_surprise(found: Record | None, fault: Fault, surprise: str) -> None:
    said = unlike_announced(found, "6.0.1", fault)
    assert surprise in said
    assert bool(said) is bool(surprise)


@pytest.fixture
def ledger(mesh: Mesh) -> Ledger:
    return open_ledger(mesh.repository)


@pytest.mark.real
def test_a_rollout_that_does_not_end_says_where_it_stands_and_what_the_controller_said(
    mesh: Mesh, ledger: Ledger
) -> None:
    idle = mesh.processes.start("controller", ["sh", "-c", "echo waiting for somebody; sleep 300"])
    wait_until(lambda: bool(idle.last_words()), PATIENCE, lambda: "it says nothing")
    show = Show(mesh, ledger, PlainView(Console(file=StringIO()), ledger), [idle], longest=PATIENCE / 100)
    with pytest.raises(DemoError, match=r"(?s)no end within .*stands at: .*waiting for somebody"):
        show.roll_out("6.0.9", Fault.NONE)


@pytest.mark.real
def test_a_controller_that_ends_ends_the_show(mesh: Mesh, ledger: Ledger) -> None:
    broken = mesh.processes.start("broken", ["sh", "-c", "echo wrong flags; exit 2"])
    show = Show(mesh, ledger, PlainView(Console(file=StringIO()), ledger), [broken])
    with pytest.raises(DemoError, match=r"(?s)broken ended with exit code 2.*wrong flags"):
        show.roll_out("6.0.10", Fault.NONE)


INTERRUPTED_DEMO = """
import time
from gitcanary.demo.rollouts import _folder, _stoppable
from gitcanary.demo.mesh import running_mesh
with _stoppable(), _folder(keep=False) as folder, running_mesh(folder) as mesh:
    mesh.processes.start("sleeper", ["sleep", "300"])
    print(folder, *(child.process.pid for child in mesh.processes._running), flush=True)
    time.sleep(300)
"""


@pytest.mark.real
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_and_leaves_no_files(number: signal.Signals) -> None:
    command = [sys.executable, "-c", INTERRUPTED_DEMO]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as demo:
        assert demo.stdout
        folder, *processes = demo.stdout.readline().split()
        assert len(processes) >= 3
        demo.send_signal(number)
        assert demo.wait(PATIENCE.total_seconds()) != 0
    assert not Path(folder).exists()
    assert not [process for process in processes if Path(f"/proc/{process}").exists()]
