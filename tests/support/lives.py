"""A program for tests: `gitcanary` with many lives, killed at parts of a round that have a name.

`python -m support.lives FOLDER REMOTE PARTS ARGUMENTS...` forks a child that runs the command line with these
arguments, and forks another whenever that one is killed. A child kills itself when it comes to one of the parts, once
for each number of our commits that the branch holds then: so each part is met in every phase of a rollout. Nothing in
the package knows of this. The parts are the calls that a round makes of its own parts and of its repository, seen from
outside.
"""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

from support.marks import Marks

# Each part of a round by the call that ends it; `before` is the instant before such a call.
BEFORE = {
    "woken": ("rounds", "run"),
    "asking": ("observer", "ask"),
    "deciding": ("publisher", "chain"),
    "pushing": ("repository", "push"),
    "reporting": ("reporter", "pushed"),
    "noticing": ("notifier", "after"),
}
AFTER = {
    "fetched": ("repository", "fetch"),
    "surveyed": ("survey", "look"),
    "stated": ("historian", "state"),
    "asked": ("observer", "ask"),
    "planned": ("publisher", "plan"),
    "committed": ("repository", "commit"),
    "chained": ("publisher", "chain"),
    "pushed": ("repository", "push"),
    "reported": ("reporter", "pushed"),
    "noticed": ("notifier", "after"),
}
PARTS = (*BEFORE, *AFTER)


def watch(loop: object, part: str, die: Callable[[], None]) -> None:
    """Have a call of one of the loop's parts end this process, before it begins or once it is done."""
    name, method = (BEFORE | AFTER)[part]
    owner = getattr(loop, name)
    call = getattr(owner, method)

    def called(*words: Any, **named: Any) -> Any:
        if part in BEFORE:
            die()
        answer = call(*words, **named)
        if part in AFTER:
            die()
        return answer

    setattr(owner, method, called)


def run(folder: Path, remote: Path, parts: list[str], arguments: list[str]) -> None:
    """Be one life."""
    from gitcanary.assembly import Loop  # noqa: PLC0415 - after the fork, though it was imported before
    from gitcanary.cli.app import app  # noqa: PLC0415

    marks = Marks(folder, remote)
    begin = Loop.__init__

    def built(loop: Loop, *words: Any, **named: Any) -> None:
        begin(loop, *words, **named)
        for part in parts:
            watch(loop, part, lambda part=part: marks.kill_once(part, os.getpid()))

    Loop.__init__ = built  # type: ignore[method-assign]  # a launcher's one hold on what it launches
    app(arguments)


def main(folder: Path, remote: Path, parts: list[str], arguments: list[str]) -> int:
    """Fork a life after the other until one ends by itself; a SIGTERM is handed on to it."""
    import gitcanary.cli.app  # noqa: F401, PLC0415 - imported once, for all lives

    asked = Event()
    while True:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        child = os.fork()
        if not child:
            run(folder, remote, parts, arguments)
        (folder / "pid").write_text(str(child))
        signal.signal(signal.SIGTERM, lambda *_, child=child: (asked.set(), stop(child)))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code != -signal.SIGKILL or asked.is_set():
            return 0 if code in {-signal.SIGTERM, -signal.SIGKILL} else code  # it had hardly begun, or just ended


def stop(child: int) -> None:
    """Ask a life to end, if there still is one."""
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGTERM)


if __name__ == "__main__":
    folder, remote, parts, *arguments = sys.argv[1:]
    sys.exit(main(Path(folder), Path(remote), [part for part in parts.split(",") if part], arguments))
