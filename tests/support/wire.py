"""Killing on the wire: the controller, its git, or the remote's, at a place of a fetch or a push that has a name."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event

from support.git_server import READ, READ_REFS, WRITE, WRITE_REFS, Answer, Backend, Fault, GitServer
from support.marks import US, Marks
from support.repositories import Remote

Kill = Callable[[str], bool]
"""Kill somebody at a part, once for each number of our commits; tells whether that was done now."""


def kills_process(marks: Marks) -> Kill:
    """Kill the controller; its git goes on by itself."""

    def kill(part: str) -> bool:
        return marks.take(part) and _kill(marks.process)

    return kill


def kills_children(marks: Marks) -> Kill:
    """Kill what the controller started, and leave it alive itself."""

    def kill(part: str) -> bool:
        return marks.take(part) and all(map(_kill, descendants(marks.process)))

    return kill


def descendants(process: int) -> list[int]:
    """Return the processes below one, as the kernel tells it."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            words = stat.read_text().rpartition(")")[2].split()
            parents.setdefault(int(words[1]), []).append(int(stat.parent.name))
    found, pending = [], [process]
    while pending:
        pending += (children := parents.get(pending.pop(), []))
        found += children
    return found


def _kill(process: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
    return True


def at_request(operation: str) -> Callable[[GitServer, str, Kill], None]:
    """Kill when a request comes, and do not answer it."""

    def arm(server: GitServer, part: str, kill: Kill) -> None:
        server.break_always(operation, lambda backend, _: Answer(None) if kill(part) else backend())

    return arm


def in_body(server: GitServer, part: str, kill: Kill) -> None:
    """Kill in the middle of what a push sends."""
    server.break_body(WRITE, lambda: kill(part))


def in_pack(server: GitServer, part: str, kill: Kill) -> None:
    """Kill in the middle of the pack that a fetch receives."""

    def fault(backend: Backend, _: Event) -> Answer:
        answer = backend()
        if b"packfile" not in answer.body or not kill(part):
            return answer
        return Answer(answer.status, answer.headers, answer.body, cut=len(answer.body) // 2)

    server.break_always(READ, fault)


def once_done(server: GitServer, part: str, kill: Kill) -> None:
    """Kill when a push was accepted, and lose the answer."""
    server.break_always(WRITE, _once_done(part, kill))


def _once_done(part: str, kill: Kill) -> Fault:
    def fault(backend: Backend, _: Event) -> Answer:
        answer = backend()
        return Answer(None) if kill(part) else answer

    return fault


PLACES = {
    "fetch-begins": at_request(READ_REFS),
    "fetch-sent": at_request(READ),
    "fetch-in-pack": in_pack,
    "push-begins": at_request(WRITE_REFS),
    "push-in-pack": in_body,
    "push-sent": at_request(WRITE),
    "push-accepted": once_done,
}


def kill_receiver(remote: Remote, marks: Marks, hook: str) -> None:
    """Have the remote's own git killed in one of its hooks, once for each number of our commits."""
    count = f"git rev-list --count --committer={US} {remote.ref}"
    mark = f'"{marks.folder}/{hook}@"$(printf %02d $({count}))'
    remote.hook(hook, f"set -C\n(: > {mark}) 2>/dev/null && kill -9 $PPID\nexit 0")
