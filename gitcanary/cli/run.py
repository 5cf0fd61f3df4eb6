"""`gitcanary run`: the controller."""

import signal
from threading import Event
from typing import Annotated

import typer

from gitcanary.adapters.telemetry import configure_logs
from gitcanary.assembly import Controller
from gitcanary.cli import prospects
from gitcanary.cli.options import (
    AllowHost,
    Branch,
    Paths,
    Prometheus,
    Repository,
    SettingsFile,
    Sync,
    flags_of_loop,
    settings_file,
)
from gitcanary.settings import load

Listen = Annotated[
    str | None, typer.Option("--listen", help="Where to answer over HTTP, host:port; nothing listens without it.")
]
Poll = Annotated[
    str | None, typer.Option("--poll", help="How often to look for a new tip.  [default: 5s]", show_default=False)
]
PushesPerMinute = Annotated[
    int | None,
    typer.Option(
        "--pushes-per-minute", help="How often to push; rollbacks do not wait.  [default: no limit]", show_default=False
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Log what the next decisions would commit, show the diffs, push nothing.")
]
Once = Annotated[bool, typer.Option("--once", help="Decide what can be decided now, push it, and exit.")]


def run(  # noqa: PLR0913 - one parameter a flag
    *,
    repository: Repository = None,
    branch: Branch = None,
    path: Paths = None,
    prometheus: Prometheus = None,
    sync: Sync = None,
    allow_host: AllowHost = None,
    listen: Listen = None,
    poll: Poll = None,
    pushes_per_minute: PushesPerMinute = None,
    once: Once = False,
    dry_run: DryRun = False,
    settings: SettingsFile = None,
) -> None:
    """Watch a branch, and commit the next weight of every canary on it.

    Every flag is also a variable (GITCANARY_REPOSITORY, GITCANARY_ALLOW_HOST=a,b …) and a line of the settings file.
    Credentials are variables or lines of the file: GITCANARY_GIT_USERNAME, GITCANARY_GIT_PASSWORD,
    GITCANARY_PROMETHEUS_TOKEN and their like.
    """
    own = {"listen": listen, "poll": poll, "pushes_per_minute": pushes_per_minute}
    given = load(flags_of_loop(repository, branch, path, prometheus, sync, allow_host) | own, settings_file(settings))
    configure_logs()
    if dry_run:
        prospects.rehearse(given)
    elif once:
        Controller(given).run_once()
    else:
        is_stopped = stop_on_signal()  # before anything is there that would have to be removed
        Controller(given).run(is_stopped)


def stop_on_signal() -> Event:
    """Return an event that is set when the process is asked to stop."""
    stopping = Event()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def stop(*_: object) -> None:
        stopping.set()
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)  # who asks twice does not want to wait

    for number in numbers:
        signal.signal(number, stop)
    return stopping
