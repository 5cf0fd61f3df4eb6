"""The system's git, run as a process that always ends: in a session of its own, with a deadline."""

import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from subprocess import Popen, TimeoutExpired
from threading import Lock
from typing import BinaryIO, cast

import git

from gitcanary.errors import Usage

_GRACE = 2.0  # seconds in which git may remove its temporary files


@dataclass(frozen=True, slots=True)
class Answer:
    """How a run of git ended: its exit status, None where it was killed at its deadline, and what it printed."""

    status: int | None
    printed: str
    complained: str

    @property
    def is_success(self) -> bool:
        return self.status == 0


class Leash:
    """By which another thread ends the git that runs, and every later one before it begins."""

    def __init__(self) -> None:
        self.is_cut = False
        self._held: Popen[bytes] | None = None
        self._lock = Lock()

    def hold(self, process: "Popen[bytes]") -> None:
        """Take a process, until another one is taken."""
        with self._lock:
            self._held = process
            if self.is_cut:
                _signal(process, signal.SIGTERM)

    def cut(self) -> None:
        """End what is held, politely: who runs it sees it end."""
        with self._lock:
            self.is_cut = True
            if self._held is not None and self._held.returncode is None:
                _signal(self._held, signal.SIGTERM)


def run(  # noqa: PLR0913 - one process, and all that bounds it
    folder: Path,
    arguments: Sequence[str],
    variables: Mapping[str, str],
    withheld: frozenset[str],
    deadline: timedelta,
    *,
    leash: Leash | None = None,
    given: BinaryIO | None = None,
) -> Answer:
    """Run git on a bare repository, `given` being its input. Nothing that it started outlives the deadline.

    `withheld` are variables of this process that git must not see. Raises `Usage` where no git is installed, `OSError`
    where no process can be started.
    """
    command = [*_without(withheld.difference(variables)), "git", f"--git-dir={folder}", *arguments]
    try:
        started = git.Git(folder).execute(
            command, as_process=True, istream=given, env=dict(variables), start_new_session=True
        )
    except git.GitCommandNotFound as error:
        raise Usage("git is not installed, or not on the PATH") from error
    process = cast("Popen[bytes]", started.proc)
    if leash is not None:
        leash.hold(process)
    return _await(process, deadline)


def _without(withheld: frozenset[str]) -> list[str]:
    """Take variables out of the environment: GitPython always hands on all that this process has."""
    return ["env", *(word for name in sorted(withheld) for word in ("-u", name))] if withheld else []


def _await(process: Popen[bytes], deadline: timedelta) -> Answer:
    try:
        printed, complained = process.communicate(timeout=deadline.total_seconds())
    except TimeoutExpired:
        _end(process)
        return Answer(None, "", "")
    except BaseException:  # an interrupt of this process reaches nobody in that session
        _end(process)
        raise
    return Answer(process.returncode, printed.decode("utf-8", "replace"), complained.decode("utf-8", "replace"))


def _end(process: Popen[bytes]) -> None:
    """End a whole session: politely, then not. Who left it and still holds the pipes is not waited for."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        _signal(process, how)
        with suppress(TimeoutExpired):
            process.communicate(timeout=_GRACE)
            return
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _signal(process: Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
