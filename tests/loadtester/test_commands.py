"""Commands as callers see them: real shells, started over HTTP."""

import asyncio
import os
import re
import shutil
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from gitcanary.errors import LoadTesterStopping
from gitcanary.loadtester import Limits, LoadTester
from gitcanary.loadtester.commands import Command, Commands
from gitcanary.loadtester.protocol import Canary, TaskType

Start = Callable[[LoadTester], httpx.Client]
Eventually = Callable[[Callable[[], bool]], None]


class Held(Protocol):
    path: Path

    def await_word(self) -> bytes: ...
    def is_held(self) -> bool: ...


def _post(client: httpx.Client, cmd: str, **metadata: str) -> httpx.Response:
    name = metadata.pop("name", "podinfo")
    return client.post("/", json={"name": name, "namespace": "test", "metadata": {"cmd": cmd, **metadata}})


def _bash(client: httpx.Client, cmd: str) -> httpx.Response:
    return _post(client, cmd, type="bash", returnCmdOutput="true")


def _count(client: httpx.Client, series: str) -> float:
    found = re.search(
        rf"^gitcanary_loadtester_commands_{re.escape(series)} (\S+)$", client.get("/metrics").text, re.MULTILINE
    )
    return float(found[1]) if found else 0.0


def _running(client: httpx.Client) -> float:
    return _count(client, "running")


@pytest.mark.parametrize(
    ("cmd", "status", "text"),
    [
        ("echo out; echo err >&2", 200, "out\nerr\n"),
        ("[[ bash =~ ^b ]] && echo ${BASH_VERSION:+bash}", 200, "bash\n"),
        ("cat; echo end of input", 200, "end of input\n"),
        ("printf '\\xff\\xc3\\xa9'", 200, "\ufffdé"),
        ("echo no token; exit 3", 500, "exit status 3\nno token\n"),
        ("no-such-program-here", 500, "exit status 127\n"),
        ("kill -KILL $$", 500, "ended by SIGKILL\n"),
        ("(sleep 0.1; echo late) & echo soon", 200, "soon\nlate\n"),
    ],
)
def test_bash_is_awaited_and_told(client: httpx.Client, cmd: str, status: int, text: str) -> None:
    answer = _bash(client, cmd)

    assert answer.status_code == status
    assert answer.text.startswith(text)


def test_bash_keeps_its_output_to_itself_unless_asked(client: httpx.Client) -> None:
    assert _post(client, "echo out", type="bash").text == ""


@pytest.mark.parametrize("cmd", ["true", "exit 1", "no-such-program-here"])
def test_cmd_is_accepted_whatever_becomes_of_it(client: httpx.Client, eventually: Eventually, cmd: str) -> None:
    assert _post(client, cmd).status_code == 202

    eventually(lambda: _running(client) == 0)
    assert _count(client, 'started_total{type="cmd"}') == 1
    assert _count(client, 'failed_total{type="cmd"}') == (cmd != "true")


def test_the_same_cmd_runs_once_at_a_time_for_each_canary(
    client: httpx.Client, tmp_path: Path, eventually: Eventually
) -> None:
    cmd = f"echo started >> {tmp_path}/runs; while ! [ -e {tmp_path}/end ]; do sleep 0.05; done"

    assert [_post(client, cmd).status_code for _ in range(3)] == [202, 202, 202]
    assert _post(client, cmd, logCmdOutput="true").status_code == 202
    assert _running(client) == 1
    _post(client, cmd, name="backend")
    _post(client, cmd + " ")
    assert _running(client) == 3

    (tmp_path / "end").touch()
    eventually(lambda: _running(client) == 0)
    _post(client, cmd)
    eventually(lambda: _running(client) == 0)
    assert (tmp_path / "runs").read_text() == "started\n" * 4


def test_no_more_commands_run_than_the_limit(start: Start, tmp_path: Path, eventually: Eventually) -> None:
    client = start(LoadTester(Limits(commands=2)))
    hold = f"while ! [ -e {tmp_path}/end ]; do sleep 0.05; done"
    _post(client, hold)
    _post(client, hold, name="backend")

    assert _post(client, hold).status_code == 202, "the same command is not another one"
    assert _post(client, "true").status_code == 429
    assert _bash(client, "true").status_code == 429
    assert _count(client, 'rejected_total{type="cmd"}') == 1
    assert _count(client, 'rejected_total{type="bash"}') == 1

    (tmp_path / "end").touch()
    eventually(lambda: _running(client) == 0)
    assert _bash(client, "true").status_code == 200


@pytest.mark.parametrize("shell", ["", "trap '' TERM; "], ids=["polite", "stubborn"])
def test_a_command_over_its_time_ends_with_its_grandchildren(start: Start, lifeline: Held, shell: str) -> None:
    client = start(LoadTester(Limits(time=timedelta(seconds=0.3))))
    grandchild = f"{shell}exec 9>{lifeline.path}; sh -c '{shell} (sleep 600; sleep 600) & sleep 600; sleep 600'"

    answer = _bash(client, f"echo begun; {grandchild}")

    assert (answer.status_code, answer.text) == (500, "stopped after 0.3s, the limit\nbegun\n")
    assert lifeline.await_word() == b""


def test_a_command_over_its_time_may_clean_up(start: Start) -> None:
    client = start(LoadTester(Limits(time=timedelta(seconds=0.5))))

    answer = _bash(client, "trap 'echo cleaned up; exit' TERM; sleep 600 & wait")

    assert answer.text == "stopped after 0.5s, the limit\ncleaned up\n"


def test_nothing_starts_once_the_load_tester_stops() -> None:
    async def stopped() -> Commands:
        commands = Commands(Limits(), CollectorRegistry())
        await commands.stop()
        return commands

    commands = asyncio.run(stopped())
    with pytest.raises(LoadTesterStopping):
        commands.launch(Command(Canary("podinfo", "test"), TaskType.CMD, "true"))


def test_what_a_command_leaves_in_the_background_ends_with_it(client: httpx.Client, lifeline: Held) -> None:
    answer = _bash(client, f"sleep 600 >/dev/null 2>&1 9>{lifeline.path} & sleep 0.1")

    assert answer.status_code == 200
    assert lifeline.await_word() == b""


def test_one_that_left_its_group_does_not_hold_up_the_answer(start: Start) -> None:
    client = start(LoadTester(Limits(time=timedelta(seconds=0.5))))

    answer = _bash(client, "setsid sleep 600 & echo $!")

    os.kill(int(answer.text.splitlines()[1]), signal.SIGKILL)
    assert answer.status_code == 500


def test_of_much_output_the_end_is_kept(client: httpx.Client) -> None:
    answer = _bash(client, "yes | head -c 20000000; echo; echo the end")

    assert answer.status_code == 200
    assert answer.text.startswith(f"[{20000000 + 9 - 1000} bytes left out]\n")
    assert answer.text.endswith("\nthe end\n")
    assert len(answer.text.partition("\n")[2]) == 1000


def test_endless_output_is_drained_and_stopped_while_others_are_answered(start: Start) -> None:
    client = start(LoadTester(Limits(time=timedelta(seconds=1), output=100)))
    endless = threading.Thread(target=_post, args=(client, "yes"), kwargs={"type": "bash"})
    endless.start()

    answers = [_bash(client, "echo quick").text for _ in range(5)]

    assert answers == ["quick\n"] * 5
    endless.join()
    assert _count(client, 'failed_total{type="bash"}') == 1


def test_bash_ends_when_its_caller_hangs_up(client: httpx.Client, lifeline: Held, eventually: Eventually) -> None:
    cmd = f"exec 9>{lifeline.path}; echo begun >&9; sleep 600; sleep 600"
    with httpx.Client(base_url=client.base_url, timeout=0.5) as hasty, pytest.raises(httpx.ReadTimeout):
        _post(hasty, cmd, type="bash")

    assert lifeline.await_word() == b"begun\n"
    assert lifeline.await_word() == b""
    eventually(lambda: _running(client) == 0)


def test_cmd_goes_on_when_its_caller_hangs_up(client: httpx.Client, lifeline: Held) -> None:
    with httpx.Client(base_url=client.base_url) as caller:
        _post(caller, f"exec 9>{lifeline.path}; echo begun >&9; sleep 600")

    assert lifeline.await_word() == b"begun\n"
    assert _bash(client, "true").status_code == 200
    assert lifeline.is_held()


@pytest.mark.parametrize(
    ("metadata", "cmd", "level", "output"),
    [
        ({}, "echo words", "info", None),
        ({"logCmdOutput": "true"}, "echo words", "info", "words\n"),
        ({"logCmdOutput": "false"}, "echo words", "info", None),
        ({}, "echo words; exit 1", "warning", "words\n"),
    ],
)
def test_output_is_logged_where_asked_and_where_it_explains_a_failure(
    client: httpx.Client, eventually: Eventually, metadata: dict[str, str], cmd: str, level: str, output: str | None
) -> None:
    with capture_logs() as lines:
        _post(client, cmd, **metadata)
        eventually(lambda: len(lines) == 2)

    assert lines[0] == {
        "canary": "podinfo.test", "type": "cmd", "cmd": cmd, "log_level": "info", "event": "command started"
    }  # fmt: skip
    assert (lines[1]["log_level"], lines[1].get("output")) == (level, output)


@pytest.mark.skipif(shutil.which("hey") is None, reason="hey is not installed")
def test_hey_puts_load_on_a_server(client: httpx.Client) -> None:
    answer = _bash(client, f"hey -n 50 -c 5 {client.base_url}/healthz | grep -A 1 'Status code'")

    assert "[200]\t50 responses" in answer.text
