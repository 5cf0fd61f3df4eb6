"""`gitcanary run`: the controller."""

import os
import signal
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from gitcanary.adapters.telemetry import configure_logs
from gitcanary.assembly import Controller
from gitcanary.cli.options import AllowHost, Branch, Paths, Prometheus, Repository, SettingsFile, Sync
from gitcanary.settings import PREFIX, load

Listen = Annotated[
    str | None, typer.Option("--listen", help="Where to answer over HTTP, host:port; nothing listens without it.")
]
Poll = Annotated[
    str | None, typer.Option("--poll", help="How often to look for a new tip.  [default: 5s]", show_default=False)
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
    once: Once = False,
    settings: SettingsFile = None,
) -> None:
    """Watch a branch, and commit the next weight of every canary on it.

    Every flag is also a variable (GITCANARY_REPOSITORY, GITCANARY_ALLOW_HOST=a,b …) and a line of the settings file.
    Credentials are variables or lines of the file: GITCANARY_GIT_USERNAME, GITCANARY_GIT_PASSWORD,
    GITCANARY_PROMETHEUS_TOKEN and their like.
    """
    flags = {
        "repository": repository,
        "branch": branch,
        "path": path,
        "prometheus": prometheus,
        "sync": sync,
        "allow_host": allow_host,
        "listen": listen,
        "poll": poll,
    }
    configure_logs()
    controller = Controller(load(flags, settings or settings_variable()))
    if once:
        controller.run_once()
    else:
        controller.run(wait_for_signal)


def settings_variable() -> Path | None:
    """Return the settings file that the environment names."""
    name = os.environ.get(f"{PREFIX}SETTINGS")
    return Path(name) if name else None


def wait_for_signal() -> None:
    """Return when the process is asked to stop."""
    stopped = Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()
    for number in numbers:
        signal.signal(number, signal.SIG_DFL)  # who asks twice does not want to wait
