"""The commands that run now: how many may, which of them are the same, and their end with the load tester's own."""

import asyncio
from dataclasses import dataclass, field

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from gitcanary.errors import LoadTesterStopping, TooManyCommands
from gitcanary.loadtester.limits import Limits
from gitcanary.loadtester.process import Outcome, execute
from gitcanary.loadtester.protocol import Canary, TaskType

log = structlog.get_logger()

SHELLS = {TaskType.CMD: "sh", TaskType.BASH: "bash"}


@dataclass(frozen=True, slots=True)
class Command:
    """A command for a Canary; two are the same if both are, and the shell."""

    canary: Canary
    type: TaskType
    text: str
    logs_output: bool = field(default=False, compare=False)


class Commands:
    """Runs commands side by side, up to `limits.commands`, and counts them in the registry."""

    def __init__(self, limits: Limits, registry: CollectorRegistry) -> None:
        self._limits = limits
        self._running: set[asyncio.Task[Outcome]] = set()
        self._queued: set[Command] = set()
        self._stopping = False
        self._started, self._failed, self._rejected = (
            Counter(f"gitcanary_loadtester_commands_{what}", f"Commands {what}, by type.", ["type"], registry=registry)
            for what in ("started", "failed", "rejected")
        )
        gauge = Gauge("gitcanary_loadtester_commands_running", "Commands running now.", registry=registry)
        gauge.set_function(lambda: len(self._running))

    def launch(self, command: Command) -> asyncio.Task[Outcome]:
        """Start a command. Cancelling the task stops it, and all of its processes.

        Raises TooManyCommands at the limit and LoadTesterStopping after `stop`.
        """
        self._admit(command)
        task = asyncio.create_task(self._watch(command))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def queue(self, command: Command) -> None:
        """Start a command that nobody waits for, unless the same is still running; raises as `launch`."""
        if command in self._queued:
            return
        task = self.launch(command)
        self._queued.add(command)
        task.add_done_callback(lambda _: self._queued.discard(command))

    async def stop(self) -> None:
        """Stop every command and start no other."""
        self._stopping = True
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _admit(self, command: Command) -> None:
        if self._stopping:
            raise LoadTesterStopping("the load tester is stopping")
        if len(self._running) >= self._limits.commands:
            self._rejected.labels(command.type).inc()
            raise TooManyCommands(f"{self._limits.commands} commands are running, which is the limit")

    async def _watch(self, command: Command) -> Outcome:
        self._started.labels(command.type).inc()
        bound = log.bind(canary=str(command.canary), type=command.type.value, cmd=command.text)
        bound.info("command started")
        outcome = await execute((SHELLS[command.type], "-c", command.text), self._limits)
        shown = {"output": outcome.output} if command.logs_output or outcome.problem else {}
        if outcome.problem:
            self._failed.labels(command.type).inc()
            bound.warning("command failed", problem=outcome.problem, **shown)
        else:
            bound.info("command succeeded", **shown)
        return outcome
