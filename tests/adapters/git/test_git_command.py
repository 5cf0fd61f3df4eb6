"""Git as a process that always ends, and folders that always go."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gitcanary.adapters.git.cache import Claim
from gitcanary.adapters.git.command import run
from gitcanary.errors import Usage
from support.repositories import Remote

LONG = timedelta(seconds=30)
SHORT = timedelta(seconds=0.5)


@pytest.fixture
def strays(tmp_path: Path) -> Iterator[Path]:
    """Yield a file in which scripts note their process ids, and end those that are left."""
    noted = tmp_path / "pids"
    noted.touch()
    yield noted
    for pid in noted.read_text().split():
        if is_alive(int(pid)):
            os.kill(int(pid), signal.SIGKILL)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def await_pids(noted: Path, count: int) -> list[int]:
    deadline = time.monotonic() + 20
    while len(noted.read_text().split()) < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return [int(pid) for pid in noted.read_text().split()]


def await_end(pids: list[int]) -> None:
    """Wait until these processes are gone: one that was killed takes a moment to die on a busy machine."""
    deadline = time.monotonic() + 20
    while any(map(is_alive, pids)):
        assert time.monotonic() < deadline, f"still there: {[pid for pid in pids if is_alive(pid)]}"
        time.sleep(0.01)


def alias(script: str) -> dict[str, str]:
    """Let `git x` run a script."""
    return {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "alias.x", "GIT_CONFIG_VALUE_0": f"!{script}"}


def test_it_tells_how_git_ended_and_what_it_printed(remote: Remote) -> None:
    answer = run(remote.folder, ["x"], alias("echo out; echo err >&2; exit 3"), frozenset(), LONG)
    assert (answer.status, answer.printed, answer.complained) == (3, "out\n", "err\n")
    assert not answer.is_success
    assert run(remote.folder, ["rev-parse", "main"], {}, frozenset(), LONG).printed.strip() == remote.tip


@pytest.mark.parametrize("ignoring", ["", "trap '' TERM; "])
def test_nothing_that_git_started_outlives_the_deadline(remote: Remote, strays: Path, ignoring: str) -> None:
    script = f"{ignoring}echo $$ >> {strays}; sh -c '{ignoring}echo $$ >> {strays}; while :; do sleep 0.1; done'"
    answer = run(remote.folder, ["x"], alias(f'sh -c "{script.replace("$", chr(92) + "$")}" #'), frozenset(), SHORT)
    assert answer.status is None
    await_end(await_pids(strays, 2))


def test_who_left_the_session_and_holds_the_pipes_is_not_waited_for(remote: Remote, strays: Path) -> None:
    detached = "import os,sys,time; open(sys.argv[1], 'a').write(str(os.getpid())); time.sleep(60)"
    script = f'setsid {sys.executable} -c "{detached}" {strays} & sleep 60; true'
    answer = run(remote.folder, ["x"], alias(script), frozenset(), SHORT)
    assert answer.status is None
    await_pids(strays, 1)


def test_variables_are_withheld_but_not_those_that_are_set(remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "from outside")
    monkeypatch.setenv("GIT_COMMITTER_NAME", "from outside")
    variables = {**alias('echo "$GIT_AUTHOR_NAME|$GIT_COMMITTER_NAME"'), "GIT_COMMITTER_NAME": "set"}
    withheld = frozenset({"GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"})
    assert run(remote.folder, ["x"], variables, withheld, LONG).printed == "|set\n"


def test_without_git_the_person_is_told(remote: Remote, tmp_path: Path) -> None:
    script = f"""
from datetime import timedelta
from pathlib import Path
from gitcanary.adapters.git.command import run
from gitcanary.errors import Usage
import os
os.environ["PATH"] = {str(tmp_path)!r}
try:
    run(Path({str(remote.folder)!r}), ["version"], {{}}, frozenset(), timedelta(seconds=5))
except Usage as error:
    print(error)
"""
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert printed == "git is not installed, or not on the PATH\n"
    assert issubclass(Usage, Exception)


def test_a_claim_is_a_folder_of_its_own_and_goes(tmp_path: Path) -> None:
    one, two = Claim(tmp_path / "cache"), Claim(tmp_path / "cache")
    assert one.folder != two.folder
    assert one.folder.is_dir()
    one.release()
    assert not one.folder.exists()
    assert two.folder.is_dir()
    two.release()


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_uses_is_not(tmp_path: Path) -> None:
    script = f"""
from pathlib import Path
from gitcanary.adapters.git.cache import Claim
claim = Claim(Path({str(tmp_path)!r}))
print(claim.folder, flush=True)
input()
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        Claim(tmp_path).release()
        assert left.is_dir()
        process.kill()
    assert left.is_dir()
    Claim(tmp_path).release()
    assert not left.exists()
