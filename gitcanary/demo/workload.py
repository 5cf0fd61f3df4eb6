"""One pod of the demo's application: `python -m gitcanary.demo.workload`, told what to be by its environment.

`PORT` to listen on, `WORKLOAD` and `VERSION` to name in each answer, `LATENCY_MS` to wait and `ERROR_RATE` (0 to 1) to
fail with. `/token` and `/readyz` stay healthy whatever the fault: errors come under load, after the acceptance test.
"""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

WORKLOAD_HEADER = "x-workload"
VERSION_HEADER = "x-version"


@dataclass(slots=True)
class Workload:
    """What a pod answers: its version after a latency, or an error at a rate."""

    name: str
    version: str
    latency: timedelta
    error_rate: float
    _asked: int = 0

    def owes_error(self) -> bool:
        """Tell whether this request fails: errors are spread evenly, so that a rate holds over any few requests."""
        self._asked += 1
        return int(self._asked * self.error_rate) > int((self._asked - 1) * self.error_rate)

    async def answer(self, _request: Request) -> Response:
        await asyncio.sleep(self.latency.total_seconds())
        status = 500 if self.owes_error() else 200
        headers = {WORKLOAD_HEADER: self.name, VERSION_HEADER: self.version}
        return JSONResponse({"hostname": self.name, "version": self.version}, status, headers)

    async def token(self, _request: Request) -> Response:
        return JSONResponse({"token": f"{self.name}-{self.version}"})

    async def ready(self, _request: Request) -> Response:
        return PlainTextResponse("ok")

    def application(self) -> Starlette:
        anything = Route("/{path:path}", self.answer, methods=["GET", "POST", "PUT", "DELETE", "PATCH"])
        return Starlette(
            routes=[Route("/token", self.token, methods=["GET", "POST"]), Route("/readyz", self.ready), anything],
        )


def read_workload(environment: Mapping[str, str]) -> Workload:
    """Return the workload that the variables describe; raises ValueError for a number that is none."""
    error_rate = float(environment.get("ERROR_RATE", "0"))
    if not 0 <= error_rate <= 1:
        raise ValueError(f"ERROR_RATE is {error_rate}, allowed: 0 to 1")
    latency = timedelta(milliseconds=float(environment.get("LATENCY_MS", "0")))
    return Workload(environment["WORKLOAD"], environment["VERSION"], latency, error_rate)


def serve(environment: Mapping[str, str]) -> None:
    """Serve on loopback until told to stop; requests in flight are answered first."""
    uvicorn.run(
        read_workload(environment).application(),
        host="127.0.0.1",
        port=int(environment["PORT"]),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    serve(os.environ)
