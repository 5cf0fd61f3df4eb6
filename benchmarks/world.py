"""What a fleet's controller asks, as a process of its own: a sync tool, Prometheus and webhooks, 5 % of them slow.

Printed on start: the address. Which canary answers badly is written, name by name, to the file `bad` in the folder.
"""

import asyncio
import json
import re
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import pygit2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

SLOW = 30.0  # seconds
SLOW_ONE_OF = 20
LAG = 1.0  # seconds between two looks of the sync tool at the branch
GOOD = {"requests_total": "99.8", "duration": "184"}
BAD = "50"
_NAMES = re.compile(r"app-\d{5}")


@dataclass
class World:
    """The sync tool's state, and how many webhooks were called."""

    folder: Path
    repository: pygit2.Repository
    ready: dict[str, bool]
    applied: str = ""
    at: float = 0.0
    called: int = 0
    slow: int = 0
    bad: frozenset[str] = field(default=frozenset())

    async def live(self, _: Request) -> Response:
        """Apply the tip now and then, and tell what is applied."""
        if time.time() - self.at > LAG:
            tip = str(self.repository.references["refs/heads/main"].target)
            if tip != self.applied:
                self.applied, self.at = tip, time.time()
        at = datetime.fromtimestamp(self.at, UTC).isoformat()
        return JSONResponse({"revision": self.applied, "at": at, "ready": self.ready})

    async def query(self, request: Request) -> Response:
        """Answer a builtin query with a sample for each workload that it names, or with one for a single workload."""
        query = parse_qs((await request.body()).decode())["query"][0]
        asked, kind = sorted(set(_NAMES.findall(query))), "duration" if "duration" in query else "requests_total"
        bad = self._bad() if kind == "requests_total" else frozenset()
        is_grouped = ", destination_workload)" in query
        result = [
            {
                "metric": {"destination_workload_namespace": "test", "destination_workload": name}
                if is_grouped
                else {},
                "value": [time.time(), BAD if name in bad else GOOD[kind]],
            }
            for name in asked
        ]
        return JSONResponse({"status": "success", "data": {"resultType": "vector", "result": result}})

    async def hook(self, request: Request) -> Response:
        """Take a webhook; one in twenty canaries' takes its time."""
        self.called += 1
        name = json.loads(await request.body())["name"]
        if is_slow(name):
            self.slow += 1
            await asyncio.sleep(SLOW)
        return Response()

    async def counts(self, _: Request) -> Response:
        """Tell how many webhooks were called."""
        return JSONResponse({"called": self.called, "slow": self.slow})

    def _bad(self) -> frozenset[str]:
        path = self.folder / "bad"
        return frozenset(path.read_text(encoding="utf-8").split()) if path.exists() else frozenset()


def is_slow(name: str) -> bool:
    """Tell whether a canary's webhook is one of the slow ones."""
    return int(name[-5:]) % SLOW_ONE_OF == 0


def main() -> None:
    folder, remote, count, port = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    workloads = (f"test/app-{number:05}{end}" for number in range(count) for end in ("", "-primary"))
    world = World(folder, pygit2.Repository(remote), dict.fromkeys(workloads, True))
    routes = [
        Route("/live", world.live),
        Route("/api/v1/query", world.query, methods=["POST"]),
        Route("/hook", world.hook, methods=["POST"]),
        Route("/counts", world.counts),
    ]
    uvicorn.run(Starlette(routes=routes), port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
