"""Runs the demo: a mesh, a load tester and `gitcanary run` as anybody starts them, and the rollouts to look at."""

import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from rich.console import Console
from rich.text import Text

from gitcanary.demo.ledger import open_ledger
from gitcanary.demo.loopback import free_ports
from gitcanary.demo.mesh import Mesh, running_mesh
from gitcanary.demo.processes import Child
from gitcanary.demo.programs import find_envoy, provide_programs
from gitcanary.demo.report import print_directions, print_report
from gitcanary.demo.seed import BRANCH, FOLDER, Fault
from gitcanary.demo.show import Outcome, Show
from gitcanary.demo.view import opened_view
from gitcanary.errors import DemoError

BOTH = (Fault.NONE, Fault.ERRORS)
INTERRUPTED = 130


def run(fault: Fault | None = None, *, keep: bool = False, console: Console | None = None) -> int:
    """Show the rollout of a revision with one fault, or of a good one and then of one that answers errors.

    Returns the process's exit code: 0 if all ended as announced, 1 if not, 130 if somebody interrupted it.
    """
    console = console or Console()
    try:
        with _stoppable(), _folder(keep=keep) as folder:
            outcomes = _run_in(folder, (fault,) if fault else BOTH, console)
            print_directions(console, folder, kept=keep)
    except DemoError as error:
        console.print(Text(f"demo: {error}", style="bold red"), soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 1 if any(outcome.surprise for outcome in outcomes) else 0


def _run_in(folder: Path, faults: Sequence[Fault], console: Console) -> list[Outcome]:
    find_envoy()
    provide_programs()
    with running_mesh(folder) as mesh:
        return play_rollouts(mesh, faults, console, start_controllers(mesh))


def play_rollouts(mesh: Mesh, faults: Sequence[Fault], console: Console, controllers: Sequence[Child]) -> list[Outcome]:
    """Show the onboarding and a rollout for each fault, under users' traffic, and print the report."""
    ledger = open_ledger(mesh.repository)
    with mesh.traffic:
        with opened_view(console, ledger) as view:
            show = Show(mesh, ledger, view, controllers)
            show.onboard()
            outcomes = [show.roll_out(f"6.0.{number}", fault) for number, fault in enumerate(faults, start=1)]
        print_report(console, mesh, ledger, outcomes)
    return outcomes


def start_controllers(mesh: Mesh) -> list[Child]:
    """Start the load tester and the controller, by the commands that anybody would type."""
    (port,) = free_ports(1)
    gitcanary = [sys.executable, "-m", "gitcanary"]
    flags = {
        "repository": mesh.repository.as_uri(),
        "branch": BRANCH,
        "path": FOLDER.partition("/")[0],
        "prometheus": mesh.prometheus,
        "sync": f"http={mesh.sync_gate}",
        "listen": f"127.0.0.1:{port}",
        "poll": "1s",
        "allow-host": "127.0.0.1",  # an address of loopback that a spec names is refused otherwise
    }
    words = [word for name, value in flags.items() for word in (f"--{name}", value)]
    return [
        mesh.processes.start("loadtester", [*gitcanary, "loadtester", "--listen", mesh.loadtester]),
        mesh.processes.start("controller", [*gitcanary, "run", *words]),
    ]


@contextmanager
def _folder(*, keep: bool) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="gitcanary-demo-"))
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Have signals that end a process unwind this one first, so that it stops what it started."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, _exit_on) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit_on(number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
