"""Load testers on free ports, and lifelines that show when the last process of a command is gone."""

import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import httpx
import pytest

from gitcanary.loadtester import Limits, LoadTester, bind

PATIENCE = 20.0  # seconds until a test gives up on what it awaits


@contextmanager
def _served(server: LoadTester) -> Iterator[httpx.Client]:
    listening = bind("127.0.0.1:0")
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    with httpx.Client(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=PATIENCE) as client:
        thread.start()
        try:
            yield client
        finally:
            server.should_exit = True
            thread.join(PATIENCE)
            assert not thread.is_alive()


@pytest.fixture
def start() -> Iterator[Callable[[LoadTester], httpx.Client]]:
    """Start a load tester and give a client that talks to it."""
    with ExitStack() as started:
        yield lambda server: started.enter_context(_served(server))


@pytest.fixture
def client(start: Callable[[LoadTester], httpx.Client]) -> httpx.Client:
    """Talk to a load tester with small limits."""
    return start(LoadTester(Limits(commands=8, output=1000, body=2000)))


@pytest.fixture(scope="module")
def shared() -> Iterator[httpx.Client]:
    """Talk to a load tester that a module's tests share, each with a Canary of its own."""
    with _served(LoadTester(Limits(commands=8, output=1000, body=2000))) as client:
        yield client


NUMBERS = count()


@pytest.fixture
def canary() -> dict[str, str]:
    """Name a Canary that no other test uses."""
    return {"name": f"podinfo-{next(NUMBERS)}", "namespace": "test"}


class Lifeline:
    """A pipe with a name that processes hold open: it ends when the last of them does."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self._reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def await_word(self) -> bytes:
        """Wait for what a holder writes; b"" when no process holds it any more."""
        readable, _, _ = select.select([self._reading], [], [], PATIENCE)
        assert readable, "nothing was written, and nobody let go"
        return os.read(self._reading, 1000)

    def is_held(self) -> bool:
        """Say whether a process that wrote still holds it."""
        readable, _, _ = select.select([self._reading], [], [], 0)
        return not readable

    def close(self) -> None:
        os.close(self._reading)


@pytest.fixture
def lifeline(tmp_path: Path) -> Iterator[Lifeline]:
    line = Lifeline(tmp_path / "lifeline")
    yield line
    line.close()


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Wait until a condition holds."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "it never came to hold"
            time.sleep(0.02)

    return wait
