"""Asked to end in any part of a round, a controller does, soon and well, and leaves no git behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event

import pytest

from support.fleet import Fleet, open_fleet
from support.git_server import READ, READ_REFS, WRITE, WRITE_REFS, Answer, Backend, never
from support.wire import descendants

pytestmark = pytest.mark.real

PATIENCE = 60.0


def wait_for(is_reached: Callable[[], bool], what: str) -> None:
    """Wait until something is the case; fails where it is not in time."""
    end = time.monotonic() + PATIENCE
    while not is_reached():
        assert time.monotonic() < end, f"not in {PATIENCE} s: {what}"
        time.sleep(0.1)  # what is waited for is another process's


def is_running(process: int) -> bool:
    """Tell whether a process lives; one that ended and was not waited for does not."""
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def stick_at_git(fleet: Fleet, operation: str, met: Event) -> None:
    def stuck(backend: Backend, closing: Event) -> Answer:
        met.set()
        return never(backend, closing)

    fleet.git.break_always(operation, stuck)


def start(fleet: Fleet, folder: Path) -> "subprocess.Popen[bytes]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GITCANARY_")}
    with (folder / "log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "gitcanary", *fleet.flags],
            env={**environment, "GITCANARY_CACHE": str(folder / "cache")},
            stdout=log,
            stderr=log,
        )


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=lambda how: how.name)
@pytest.mark.parametrize("part", [READ_REFS, READ, WRITE_REFS, WRITE])
def test_asked_to_end_while_git_talks(tmp_path: Path, part: str, how: signal.Signals) -> None:
    met = Event()
    with open_fleet(tmp_path) as fleet:
        stick_at_git(fleet, part, met)
        process = start(fleet, tmp_path)
        try:
            assert met.wait(PATIENCE), (tmp_path / "log").read_text()
            children = descendants(process.pid)
            assert children, "git talks"
            process.send_signal(how)
            assert process.wait(PATIENCE / 2) == 0, (tmp_path / "log").read_text()
        finally:
            process.kill()
            process.wait()
        wait_for(lambda: not any(map(is_running, children)), "its git is gone")
    assert "Traceback" not in (tmp_path / "log").read_text()
    assert not list((tmp_path / "cache").glob("*/*.git")), "the clone is gone"
