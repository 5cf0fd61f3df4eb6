"""Starts the demo's processes, and leaves none behind: not on a normal end, an error, a signal or a kill."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from gitcanary.demo.loopback import is_answering
from gitcanary.demo.waiting import wait_until
from gitcanary.errors import DemoError

GRACE = timedelta(seconds=3)
OWN_GROUP = 0


@dataclass(frozen=True, slots=True)
class Child:
    """A process that the demo started, its output in a file."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def is_running(self) -> bool:
        return self.process.poll() is None

    def last_words(self, lines: int = 8) -> str:
        """Return the end of what it printed."""
        text = self.log.read_text(errors="replace").splitlines()
        return "\n".join(text[-lines:])

    def await_answer(self, url: str, within: timedelta = timedelta(seconds=20)) -> None:
        """Return once the address answers 200; raises DemoError if the process ends or the time is up."""
        wait_until(lambda: self._is_answering(url), within, lambda: self._failure("does not answer"))

    def check_running(self) -> None:
        """Raise DemoError if the process has ended."""
        if not self.is_running():
            raise DemoError(self._failure(f"ended with exit code {self.process.returncode}"))

    def _is_answering(self, url: str) -> bool:
        self.check_running()
        return is_answering(url)

    def _failure(self, what: str) -> str:
        return f"{self.name} {what}; the end of {self.log}:\n{self.last_words()}"


@dataclass(slots=True)
class Processes:
    """Every process of one demo; leaving the context ends them all, the youngest first."""

    logs: Path
    _running: list[Child] = field(default_factory=list)
    _watchdog: Child | None = None

    def __enter__(self) -> Self:
        self.logs.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "gitcanary.demo.watchdog"]
        self._watchdog = self._spawn("watchdog", command, {}, group=OWN_GROUP, stdin=subprocess.PIPE)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        _end(self._running)
        self._running.clear()
        if self._watchdog and self._watchdog.process.stdin:
            self._watchdog.process.stdin.close()  # what the processes left behind goes with it
            self._watchdog.process.wait()

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> Child:
        """Start a command with the given variables added to the environment; output goes to `<name>.log`."""
        if self._watchdog is None:
            raise DemoError("processes are started inside the context that ends them")
        group = self._watchdog.process.pid
        child = self._spawn(name, command, environment or {}, group=group, stdin=subprocess.DEVNULL)
        self._running.append(child)
        return child

    def stop(self, child: Child) -> None:
        """End a process: asked first, killed after three seconds."""
        _end([child])
        self._running.remove(child)

    def _spawn(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], *, group: int, stdin: int
    ) -> Child:
        log = self.logs / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603  the words of each command stand in this package
                command,
                env={**_inherited(), **environment},
                stdin=stdin,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=group,  # not the terminal's: Ctrl-C reaches the demo alone, which ends the rest in order
            )
        return Child(name, process, log)


def _inherited() -> dict[str, str]:
    """Return this process's environment without what would make a child another one than anybody's.

    That is settings of a gitcanary or a Git that somebody uses otherwise, and proxies for loopback addresses.
    """
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("GITCANARY_", "GIT_"))}
    return {**plain, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


def _end(children: Sequence[Child]) -> None:
    for child in reversed(children):
        child.process.terminate()
    for child in reversed(children):
        _await_end(child)


def _await_end(child: Child) -> None:
    try:
        child.process.wait(GRACE.total_seconds())
    except subprocess.TimeoutExpired:
        child.process.kill()
        child.process.wait()
