"""Scenarios 17 and 43 with real processes: several controllers on one branch that never rests.

A person writes an unrelated file and a bot the one in which gitcanary scales, whenever a controller is about to push:
most attempts lose, however fast or slow this machine is. `make races` has them write by the clock besides, and prints
what it took.
"""

import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from support.fleet import APP, ROLLOUTS, Fleet, open_fleet
from support.git_server import WRITE, WRITE_REFS, Answer, Backend, Fault
from support.marks import US
from support.repositories import Line, Remote

pytestmark = pytest.mark.real

NOTE = f"{APP}/deployment.yaml"
IS_LONG = "GITCANARY_RACES" in os.environ
CONTROLLERS = (2, 4) if IS_LONG else (2,)


@dataclass
class Writer:
    """Somebody who edits one file again and again, each time from what it holds then."""

    path: str
    change: Callable[[int, str], str]
    by: tuple[str, str]
    commits: list[str] = field(default_factory=list)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def write(self, remote: Remote) -> None:
        """Write once more."""
        with self.turn:
            change = partial(self.change, len(self.commits))
            self.commits.append(remote.edit(self.path, change, f"Edit {self.path}", by=self.by))

    @contextmanager
    def writing(self, remote: Remote, every: float) -> Iterator[None]:
        """Write by the clock for the length of a block."""
        stopping = threading.Event()

        def write() -> None:
            while not stopping.wait(every):
                self.write(remote)

        thread = threading.Thread(target=write)
        thread.start()
        try:
            yield
        finally:
            stopping.set()
            thread.join()


def one_of(count: int, act: Callable[[], object]) -> Fault:
    """Let something happen before one of so many requests is answered."""
    numbers = itertools.count(1)

    def met(backend: Backend, _: threading.Event) -> Answer:
        if next(numbers) % count == 0:
            act()
        return backend()

    return met


def note(number: int, text: str) -> str:
    """Put a comment in the place of the one before, at a file's end."""
    return f"{text.partition('# note ')[0]}# note {number}\n"


@contextmanager
def controllers(fleet: Fleet, folder: Path, count: int) -> Iterator[Callable[[], None]]:
    """Run so many controllers; the function that is given fails where one has ended. All end well when asked to."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GITCANARY_")}
    logs = [folder / f"log-{number}" for number in range(count)]
    with ExitStack() as stack:
        processes = []
        for number, path in enumerate(logs):
            log = stack.enter_context(path.open("w"))
            environment["GITCANARY_CACHE"] = str(folder / f"cache-{number}")
            command = [sys.executable, "-m", "gitcanary", *fleet.flags]
            processes.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
            stack.callback(processes[-1].wait)
            stack.callback(processes[-1].kill)

        def are_alive() -> None:
            for process, path in zip(processes, logs, strict=True):
                assert process.poll() is None, path.read_text()[-4000:]

        yield are_alive
        for process in processes:
            process.terminate()
        assert [process.wait(30) for process in processes] == [0] * count
    assert not [path for path in logs if "Traceback" in path.read_text()]


def without_replicas(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if "replicas:" not in line)


def leaves_others_alone(fleet: Fleet, ours: Line) -> bool:
    """Tell whether a commit of ours changes nothing that others write."""
    [parent] = ours.parents
    touched = fleet.remote.git("diff-tree", "-r", "--name-only", parent, ours.commit).split()
    if not all(path.startswith(f"{APP}/") for path in touched):
        return False
    if NOTE not in touched:
        return True
    before, after = (fleet.remote.read(NOTE, commit) for commit in (parent, ours.commit))
    return without_replicas(before) == without_replicas(after)


def assert_nothing_is_lost(fleet: Fleet, person: Writer, bot: Writer) -> None:
    """Assert that our commits are those of an undisturbed run, and that everybody's stand."""
    assert fleet.steps() == ROLLOUTS
    log = fleet.remote.log()
    assert all(len(line.parents) <= 1 for line in log)
    assert {*person.commits, *bot.commits} <= {line.commit for line in log}
    assert fleet.remote.read("README.md") == f"{len(person.commits) - 1}\n"
    assert fleet.remote.read(NOTE).endswith(f"# note {len(bot.commits) - 1}\n")
    assert all(leaves_others_alone(fleet, line) for line in log if US in line.committer)


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    with open_fleet(tmp_path) as fleet:
        yield fleet


@pytest.fixture
def person() -> Writer:
    return Writer("README.md", lambda number, _: f"{number}\n", ("Mia", "mia@example.com"))


@pytest.fixture
def bot() -> Writer:
    return Writer(NOTE, note, ("Bot", "bot@example.com"))


@pytest.mark.parametrize("count", CONTROLLERS)
def test_17_somebody_is_faster_than_most_pushes(
    fleet: Fleet, person: Writer, bot: Writer, tmp_path: Path, count: int
) -> None:
    fleet.git.break_always(WRITE_REFS, one_of(2, lambda: person.write(fleet.remote)))
    fleet.git.break_always(WRITE, one_of(3, lambda: bot.write(fleet.remote)))
    with controllers(fleet, tmp_path, count) as are_alive:
        fleet.roll_out(are_alive)
    assert_nothing_is_lost(fleet, person, bot)
    assert min(len(person.commits), len(bot.commits)) >= len(ROLLOUTS) // 3


@pytest.mark.skipif(not IS_LONG, reason="make races")
@pytest.mark.parametrize("every", [2.0, 1.0, 0.5, 0.2])
@pytest.mark.parametrize("count", CONTROLLERS)
def test_17_somebody_writes_by_the_clock(
    fleet: Fleet, person: Writer, bot: Writer, tmp_path: Path, count: int, every: float
) -> None:
    try:
        with (
            controllers(fleet, tmp_path, count) as are_alive,
            person.writing(fleet.remote, every),
            bot.writing(fleet.remote, 5 * every),
        ):
            fleet.roll_out(are_alive)
    finally:
        attempts = sum(request.operation == WRITE_REFS for request in fleet.git.requests)
        told = f"{attempts} attempts for {len(fleet.steps())} pushes beside {len(person.commits)} of a person"
        sys.stderr.write(f"{count} controllers, every {every} s: {told}\n")
    assert_nothing_is_lost(fleet, person, bot)
