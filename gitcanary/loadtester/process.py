"""One command in a process group of its own, bounded in time and in what is kept of its output.

A command is over when its shell has ended and nobody holds its output any more, so what a shell left in the background
counts. Nothing of its group outlives it, however it ends: by itself, by the limit, or by cancellation.
"""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from gitcanary.loadtester.limits import Limits

GRACE = timedelta(seconds=2)  # between asking a process group to end and killing it


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended: its problem, None where it succeeded, and the end of what it printed."""

    problem: str | None
    output: str


class Output(asyncio.Protocol):
    """The last `limit` bytes that a command printed. All of it is read, so that no command blocks on a full pipe."""

    def __init__(self, limit: int) -> None:
        self.closed = asyncio.Event()
        self._limit = limit
        self._kept = bytearray()
        self._left_out = 0

    def data_received(self, data: bytes) -> None:
        self._kept += data
        excess = max(0, len(self._kept) - self._limit)
        del self._kept[:excess]
        self._left_out += excess

    def connection_lost(self, exc: Exception | None) -> None:
        del exc  # a pipe that broke is as closed as any
        self.closed.set()

    def text(self) -> str:
        kept = self._kept.decode(errors="replace")
        return f"[{self._left_out} bytes left out]\n{kept}" if self._left_out else kept


async def execute(argv: Sequence[str], limits: Limits) -> Outcome:
    """Run a program until it is over, or for `limits.time`."""
    output = Output(limits.output)
    try:
        async with _process_group(argv, output) as process, asyncio.timeout(limits.time.total_seconds()):
            status = await _over(process, output)
    except TimeoutError:
        return Outcome(f"stopped after {limits.time.total_seconds():g}s, the limit", output.text())
    except OSError as error:
        return Outcome(f"could not be started: {error}", "")
    return Outcome(_problem(status), output.text())


def _problem(status: int) -> str | None:
    if status < 0:
        return f"ended by {signal.Signals(-status).name}"
    return f"exit status {status}" if status else None


async def _over(process: Process, output: Output) -> int:
    await output.closed.wait()
    return await process.wait()


@asynccontextmanager
async def _process_group(argv: Sequence[str], output: Output) -> AsyncIterator[Process]:
    # The pipe is ours, not asyncio's: one that left the group may hold its other end, and must not hold us.
    reading, writing = os.pipe()
    loop = asyncio.get_running_loop()
    pipe, _ = await loop.connect_read_pipe(lambda: output, os.fdopen(reading, "rb", buffering=0))
    try:
        process = await _start(argv, writing)
        try:
            yield process
        finally:
            await _end(process, output)
    finally:
        pipe.close()


async def _start(argv: Sequence[str], writing: int) -> Process:
    try:
        return await asyncio.create_subprocess_exec(
            *argv, stdin=DEVNULL, stdout=writing, stderr=STDOUT, start_new_session=True
        )
    finally:
        os.close(writing)


async def _end(process: Process, output: Output) -> None:
    _signal(process, signal.SIGTERM)
    try:
        with suppress(TimeoutError):
            await asyncio.wait_for(_over(process, output), GRACE.total_seconds())
    finally:
        _signal(process, signal.SIGKILL)
    await process.wait()


def _signal(process: Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
