"""The paths and status codes of Flagger's load tester."""

import asyncio
import re
from functools import partial

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from gitcanary.errors import (
    Declined,
    ForbiddenCaller,
    LoadTesterStopping,
    MalformedRequest,
    OversizedRequest,
    TooManyCommands,
)
from gitcanary.loadtester.commands import Command, Commands
from gitcanary.loadtester.gates import Gates
from gitcanary.loadtester.process import Outcome
from gitcanary.loadtester.protocol import Payload, Task, TaskType, parse

ANY_METHOD = ("GET", "POST")  # Flagger asks by POST and people by GET; its load tester looks at neither
STATUS: dict[type[Exception], int] = {
    MalformedRequest: 400,
    ForbiddenCaller: 403,
    OversizedRequest: 413,
    TooManyCommands: 429,
    LoadTesterStopping: 503,
}


class Door:
    """Lets payloads in: of a bounded size, well formed, from no web page, and of a namespace that is served."""

    def __init__(self, body_limit: int, namespaces: re.Pattern[str] | None) -> None:
        self._body_limit = body_limit
        self._namespaces = namespaces

    async def payload(self, request: Request) -> Payload:
        """Read a request; raises a Declined that says why not."""
        if "origin" in request.headers:
            # A page in a browser on this machine reaches loopback too, and must not run commands by that.
            raise ForbiddenCaller("requests from web pages are not answered")
        payload = parse(await self._body(request))
        if self._namespaces and not self._namespaces.search(payload.namespace):
            raise ForbiddenCaller(f"namespace {payload.namespace!r} does not match {self._namespaces.pattern!r}")
        return payload

    async def _body(self, request: Request) -> bytes:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._body_limit:
                raise OversizedRequest(f"the body is longer than {self._body_limit} bytes")
        return bytes(body)


def application(commands: Commands, door: Door, registry: CollectorRegistry) -> Starlette:
    """Build the load tester's application; its gates live as long as it does."""
    routes = [
        Route("/healthz", partial(_say, "OK", 200)),
        Route("/metrics", partial(_metrics, registry)),
        Mount("/gate", routes=[*_fixed_gates(), *_gates(door)]),
        Mount("/rollback", routes=_gates(door)),
        Route("/{path:path}", partial(_task, commands, door), methods=["POST"]),
    ]
    return Starlette(routes=routes, exception_handlers={Declined: _decline})


def _fixed_gates() -> list[BaseRoute]:
    return [
        Route("/approve", partial(_say, "Approved", 200), methods=ANY_METHOD),
        Route("/halt", partial(_say, "Forbidden", 403), methods=ANY_METHOD),
    ]


def _gates(door: Door) -> list[BaseRoute]:
    gates = Gates()

    async def open_gate(request: Request) -> Response:
        gates.open((await door.payload(request)).gate())
        return PlainTextResponse("open", 202)

    async def close_gate(request: Request) -> Response:
        gates.close((await door.payload(request)).gate())
        return PlainTextResponse("closed", 202)

    async def check_gate(request: Request) -> Response:
        is_open = gates.is_open((await door.payload(request)).gate())
        return PlainTextResponse("Approved") if is_open else PlainTextResponse("Forbidden", 403)

    named = {"/open": open_gate, "/close": close_gate, "/check": check_gate}
    return [Route(path, endpoint, methods=ANY_METHOD) for path, endpoint in named.items()]


async def _task(commands: Commands, door: Door, request: Request) -> Response:
    payload = await door.payload(request)
    task = payload.task()
    command = Command(payload.canary, task.type, task.cmd, task.logs_output)
    match task.type:
        case TaskType.CMD:
            commands.queue(command)
            return PlainTextResponse("queued", 202)
        case TaskType.BASH:
            return _answer(task, await _attended(request, commands.launch(command)))


async def _attended(request: Request, running: asyncio.Task[Outcome]) -> Outcome:
    """Wait for a command while its caller does: nobody reads the answer for one who hung up, and a retry runs anew."""
    hung_up = asyncio.ensure_future(request.receive())  # after the body, the one message left is the disconnection
    try:
        await asyncio.wait({running, hung_up}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        running.cancel()
        hung_up.cancel()
    await asyncio.wait({running, hung_up})
    if running.cancelled():
        raise LoadTesterStopping("the command was stopped before its end")
    return running.result()


def _answer(task: Task, outcome: Outcome) -> Response:
    if outcome.problem is not None:
        return PlainTextResponse(f"{outcome.problem}\n{outcome.output}", 500)
    return PlainTextResponse(outcome.output if task.returns_output else "")


async def _say(text: str, status: int, _: Request) -> Response:
    return PlainTextResponse(text, status)


async def _metrics(registry: CollectorRegistry, _: Request) -> Response:
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


async def _decline(_: Request, error: Exception) -> Response:
    return PlainTextResponse(str(error), STATUS[type(error)])
