"""The load tester as a process: where it listens, and that nothing that it started outlives it."""

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol

import httpx
import pytest

from gitcanary.errors import Usage
from gitcanary.loadtester import bind

Eventually = Callable[[Callable[[], bool]], None]


class Held(Protocol):
    path: Path

    def await_word(self) -> bytes: ...


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    program = "from gitcanary.loadtester import serve; serve('127.0.0.1:0')"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        yield started
        started.kill()


def _url(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
    assert found
    return found[0]


def _task(kind: str, cmd: str) -> dict[str, object]:
    return {"name": "podinfo", "namespace": "test", "metadata": {"type": kind, "cmd": cmd}}


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 0)])
def test_every_command_stops_with_the_load_tester(
    process: subprocess.Popen[str], lifeline: Held, number: signal.Signals, status: int
) -> None:
    url = _url(process)
    hold = f"exec 9>{lifeline.path}; echo . >&9; (sleep 600; sleep 600) & sleep 600; sleep 600"
    httpx.post(url, json=_task("cmd", hold))
    answers: list[httpx.Response] = []
    caller = threading.Thread(target=lambda: answers.append(httpx.post(url, json=_task("bash", hold), timeout=60)))
    caller.start()
    begun = b""
    while begun.count(b".") < 2:
        begun += lifeline.await_word()

    process.send_signal(number)

    assert process.wait(20) == status
    assert lifeline.await_word() == b""
    caller.join()
    assert answers[0].status_code == 503, "an outage, not a failed check"


def test_commands_do_not_wait_for_the_load_testers_own_input(process: subprocess.Popen[str]) -> None:
    assert httpx.post(_url(process), json=_task("bash", "cat"), timeout=20).status_code == 200


@pytest.mark.parametrize(
    "listen", ["", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:99999", "a@127.0.0.1:1/x"]
)
def test_what_is_no_address_is_refused(listen: str) -> None:
    with pytest.raises(Usage, match="not an address to listen on"):
        bind(listen)


def test_an_address_in_use_is_refused() -> None:
    with closing(bind("127.0.0.1:0")) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(Usage, match=f"cannot listen on {address}: Address already in use"):
            bind(address)


def test_the_socket_is_where_it_was_asked_for() -> None:
    with closing(bind("127.0.0.2:0")) as listening:
        assert listening.getsockname()[0] == "127.0.0.2"
