"""No process outlives the demo, however that ends."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from gitcanary.demo.processes import Processes
from gitcanary.demo.waiting import wait_until
from gitcanary.errors import DemoError

# A leader that hears no signal, with a child of its own: both must go.
STUBBORN = "trap '' TERM INT; echo $$; sleep 300 & echo $!; wait; sleep 300"
SOON = timedelta(seconds=15)


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def started(log: Path) -> list[int]:
    wait_until(lambda: log.exists() and len(log.read_text().split()) == 2, SOON, lambda: f"nothing in {log}")
    return [int(word) for word in log.read_text().split()]


def await_gone(processes: list[int]) -> None:
    wait_until(lambda: not any(map(is_running, processes)), SOON, lambda: f"some of {processes} still run")


def test_the_end_of_the_context_ends_a_whole_group_that_hears_no_signal(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("stubborn", ["sh", "-c", STUBBORN])
        family = started(tmp_path / "stubborn.log")
        assert all(map(is_running, family))
    await_gone(family)


def test_an_error_inside_the_context_ends_them_too(tmp_path: Path) -> None:
    def fail_beside_a_child() -> None:
        with Processes(tmp_path) as processes:
            processes.start("stubborn", ["sh", "-c", STUBBORN])
            started(tmp_path / "stubborn.log")
            raise DemoError("a crash")

    with pytest.raises(DemoError, match="a crash"):
        fail_beside_a_child()
    await_gone(started(tmp_path / "stubborn.log"))


@pytest.mark.real
def test_a_demo_that_is_killed_leaves_nothing_behind(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from gitcanary.demo.processes import Processes\n"
        "with Processes(Path(sys.argv[1])) as all:\n"
        "    all.start('stubborn', ['sh', '-c', sys.argv[2]]); time.sleep(300)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path), STUBBORN]) as demo:
        family = started(tmp_path / "stubborn.log")
        demo.send_signal(signal.SIGKILL)
        demo.wait()
    await_gone(family)


def test_a_process_that_was_stopped_is_gone_before_the_others(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        short, long = (processes.start(name, ["sleep", "300"]) for name in ("short", "long"))
        processes.stop(short)
        assert (short.is_running(), long.is_running()) == (False, True)


def test_a_process_that_ends_too_early_is_reported_with_its_last_words(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        child = processes.start("brief", ["sh", "-c", "echo no such flag; exit 3"])
        with pytest.raises(DemoError, match=r"(?s)brief ended with exit code 3.*no such flag"):
            child.await_answer("http://127.0.0.1:1/")


def test_children_see_no_settings_of_another_gitcanary_or_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITCANARY_PATH", "/elsewhere")
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    with Processes(tmp_path) as processes:
        child = processes.start("env", ["env"], {"PORT": "1"})
        child.process.wait(SOON.total_seconds())
    variables = child.log.read_text().splitlines()
    assert "PORT=1" in variables
    assert not [line for line in variables if line.startswith("GIT")]
