"""`gitcanary run` as a process, over smart HTTP with credentials, and several of them at once."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from support.apps import without_autoscaler
from support.git_server import GitServer
from support.repositories import Remote, make_remote

pytestmark = pytest.mark.real

ONBOARDING = [
    "Initialize test/podinfo: primary created from 6.0.0",
    "Route test/podinfo through its primary",
    "Scale down test/podinfo: 2 -> 0 replicas",
]
SECRET = "s3cr3t-of-the-remote"
DEADLINE = 60
FLAGS = ("run", "--sync", "delay=0s", "--poll", "1s", "--prometheus", "http://127.0.0.1:1")


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return make_remote(tmp_path / "served" / "fleet.git", without_autoscaler())


@pytest.fixture
def server(tmp_path: Path, remote: Remote) -> Iterator[GitServer]:  # noqa: ARG001 - serves what it made
    with GitServer(tmp_path / "served", ("ci", SECRET)) as server:
        yield server


def wait_for(is_reached: Callable[[], bool], what: str) -> None:
    """Wait until something is the case; fails where it is not in time."""
    end = time.monotonic() + DEADLINE
    while not is_reached():
        assert time.monotonic() < end, f"not in {DEADLINE} s: {what}"
        time.sleep(0.1)  # what is waited for is another process's


def is_onboarded(remote: Remote) -> bool:
    return remote.subjects()[-1].startswith("Scale down")


def test_credentials_open_the_remote_and_are_seen_nowhere(start, server: GitServer, remote: Remote) -> None:
    process = start(
        *FLAGS,
        "--repository",
        f"{server.url}/fleet.git",
        GITCANARY_GIT_USERNAME="ci",
        GITCANARY_GIT_PASSWORD=SECRET,
    )
    wait_for(lambda: is_onboarded(remote), "onboarded over HTTP")
    arguments = Path(f"/proc/{process.pid}/cmdline").read_bytes()
    process.send_signal(signal.SIGTERM)
    printed, _ = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0, printed
    assert SECRET not in printed
    assert SECRET.encode() not in arguments
    assert remote.subjects()[1:] == ONBOARDING
    decisions = [line for line in map(json.loads, printed.splitlines()) if line["event"] == "decision"]
    assert [line["subject"] for line in decisions] == ONBOARDING


def test_wrong_credentials_are_an_outage_and_are_not_tried_in_a_loop(start, server: GitServer) -> None:
    flags = (*FLAGS, "--repository", f"{server.url}/fleet.git", "--listen", "127.0.0.1:0")
    process = start(*flags, GITCANARY_GIT_PASSWORD="wr0ng-password")
    told = map(json.loads, process.stdout)
    address = next(line["address"] for line in told if line["event"] == "listening")
    next(line for line in told if line["event"] == "outage")
    asked = len(server.requests)
    for _ in range(3):
        assert httpx.post(address + "/hooks/push").status_code == 202
    wait_for(lambda: httpx.get(address + "/readyz").status_code == 503, "not ready")
    process.send_signal(signal.SIGTERM)
    printed, _ = process.communicate(timeout=DEADLINE)
    assert len(server.requests) == asked
    assert '"outage"' not in printed
    assert "wr0ng" not in printed


def test_three_processes_with_the_same_flags_in_one_folder_make_one_history(
    start, remote: Remote, tmp_path: Path
) -> None:
    flags = (*FLAGS, "--repository", remote.url)
    processes = [start(*flags, GITCANARY_CACHE=str(tmp_path / "cache")) for _ in range(3)]
    wait_for(lambda: is_onboarded(remote), "onboarded by three")
    wait_for(lambda: len(list((tmp_path / "cache").glob("*/*.git"))) == len(processes), "a clone of each")
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        printed, _ = process.communicate(timeout=DEADLINE)
        assert process.returncode == 0, printed
    assert remote.subjects()[1:] == ONBOARDING
    assert not list((tmp_path / "cache").glob("*/*.git")), "the clones are gone"


def test_once_decides_what_can_be_decided_and_exits(start, remote: Remote) -> None:
    for count in (1, 2, 3, 3):
        process = start(*FLAGS, "--once", "--repository", remote.url)
        printed, _ = process.communicate(timeout=DEADLINE)
        assert process.returncode == 0, printed
        assert remote.subjects()[1:] == ONBOARDING[:count]


def test_it_answers_over_http_only_where_it_was_told_to_listen(start, remote: Remote) -> None:
    process: subprocess.Popen[str] = start(*FLAGS, "--repository", remote.url, "--listen", "127.0.0.1:0")
    assert process.stdout is not None
    listening = next(line for line in map(json.loads, process.stdout) if line["event"] == "listening")
    wait_for(lambda: is_onboarded(remote), "onboarded")
    wait_for(lambda: httpx.get(listening["address"] + "/readyz").status_code == 200, "ready")
    metrics = httpx.get(listening["address"] + "/metrics").text
    assert 'gitcanary_decisions_total{action="initialize",canary="test/podinfo",path="apps/podinfo"} 1.0' in metrics
    assert httpx.post(listening["address"] + "/hooks/push").status_code == 202


def test_a_branch_that_is_not_there_is_bad_input(start, remote: Remote) -> None:
    process = start(*FLAGS, "--once", "--repository", remote.url, "--branch", "nowhere")
    printed, _ = process.communicate(timeout=DEADLINE)
    assert process.returncode == 2, printed
    assert "nowhere" in printed
    assert "Traceback" not in printed
