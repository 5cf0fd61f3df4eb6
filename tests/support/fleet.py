"""What real processes of gitcanary need around them: a remote over HTTP, a Prometheus, receivers and a sync tool.

The last three are one small HTTP server. Everything is as fast as it may be: checks every second, a sync tool that
applies at once. What is bad is so by its tag, whoever asks, whenever.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from support.apps import DEPLOYMENT
from support.git_server import GitServer
from support.http_server import Handler, Received, Server, reply, serve
from support.repositories import Remote, make_remote

APP = "apps/podinfo"
BAD = "6.0.2"
PATIENCE = 120.0
Step = tuple[str, str, str]
"""One commit of ours: action, weight (`10 -> 20`, empty where it stays) and the revision's letter."""

CANARY = """\
apiVersion: flagger.app/v1beta1
kind: Canary
metadata:
  name: podinfo
  namespace: test
  annotations:
    gitcanary.dev/gitops: |
      settle: 0s
spec:
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}
  service: {port: 9898}
  analysis:
    interval: 1s
    threshold: 2
    stepWeights: [20, 50]
    metrics:
    - name: errors
      interval: 1s
      query: errors
      thresholdRange: {max: 1}
    webhooks:
    - {name: load, type: rollout, url: "WORLD/load"}
    - {name: news, type: event, url: "WORLD/news"}
"""
ROLLOUTS: tuple[Step, ...] = (
    ("initialize", "", "a"),
    ("route", "", "a"),
    ("scale-down", "", "a"),
    ("start", "", "b"),
    ("advance", "0 -> 20", "b"),
    ("advance", "20 -> 50", "b"),
    ("promote", "", "b"),
    ("finish", "50 -> 0", "b"),
    ("scale-down", "", "b"),
    ("start", "", "c"),
    ("advance", "0 -> 20", "c"),
    ("halt", "", "c"),
    ("rollback", "20 -> 0", "c"),
    ("scale-down", "", "c"),
)
"""Onboarded, a good revision promoted, a bad one rolled back."""


@dataclass
class Fleet:
    """A repository and everything around it that controllers ask."""

    remote: Remote
    git: GitServer
    world: Server
    said: list[str] = field(default_factory=list)

    @property
    def flags(self) -> list[str]:
        """The command line of a controller of this fleet."""
        return [
            *("run", "--repository", f"{self.git.url}/fleet.git", "--poll", "1s", "--allow-host", "127.0.0.1"),
            *("--prometheus", self.world.url, "--sync", f"http={self.world.url}/live"),
        ]

    def set_image(self, tag: str, app: str = APP) -> None:
        """Commit another image, as a person."""
        path = f"{app}/deployment.yaml"
        self.remote.edit(path, lambda text: re.sub(r"podinfo:[\d.]+", f"podinfo:{tag}", text), f"podinfo {tag}")

    def steps(self, app: str = APP) -> tuple[Step, ...]:
        """Return our commits for a folder, oldest first."""
        letters: dict[str, str] = {}
        steps = []
        for line in reversed(self.remote.log()):
            trailers = dict(re.findall(r"^Gitcanary-(\w+): (.*)$", line.message, re.MULTILINE))
            if trailers.get("Path") == app:
                letter = letters.setdefault(trailers["Revision"], "abcdefgh"[len(letters)])
                steps.append((trailers["Action"], trailers.get("Weight", ""), letter))
        return tuple(steps)

    def roll_out(self, is_alive: Callable[[], object], app: str = APP) -> None:
        """Be the person: a good revision once it is onboarded, a bad one once that is promoted; wait for the end."""
        for count, tag in ((3, "6.0.1"), (9, BAD), (14, None)):
            self.await_steps(count, is_alive, app)
            if tag:
                self.set_image(tag, app)

    def await_steps(self, count: int, is_alive: Callable[[], object], app: str = APP) -> None:
        """Wait for so many commits of ours."""
        tip, end = "", time.monotonic() + PATIENCE
        while True:
            is_alive()
            if tip != self.remote.tip:
                tip = self.remote.tip
                if len(self.steps(app)) >= count:
                    return
            assert time.monotonic() < end, f"no step {count} in time: {self.steps(app)}"
            time.sleep(0.1)  # what is waited for is another process's

    def answer(self, handler: Handler, received: Received, number: int) -> None:
        """Be Prometheus, every receiver and the sync tool."""
        if received.path == "/live":
            body = self._live()
        elif "/query" in received.path:
            body = self._measured()
        else:
            self.said.append(received.headers.get("idempotency-key", ""))
            body = {}
        reply(200, json.dumps(body), Content_Type="application/json")(handler, received, number)

    def _live(self) -> dict[str, Any]:
        [tip, seconds] = self.remote.git("log", "-1", "--format=%H %ct", self.remote.ref).split()
        workloads = [f"test/{name}{end}" for name in ("podinfo", "other") for end in ("", "-primary")]
        at = datetime.fromtimestamp(int(seconds), UTC).isoformat()
        return {"revision": tip, "at": at, "ready": dict.fromkeys(workloads, True)}

    def _measured(self) -> dict[str, Any]:
        is_bad = BAD in self.remote.read(f"{APP}/deployment.yaml")
        result = [{"metric": {}, "value": [time.time(), "50" if is_bad else "0"]}]
        return {"status": "success", "data": {"resultType": "vector", "result": result}}


@contextmanager
def open_fleet(folder: Path) -> Iterator[Fleet]:
    """Serve a fleet of one canary for the length of a block."""
    remote = make_remote(folder / "served" / "fleet.git")

    def answer(handler: Handler, received: Received, number: int) -> None:
        fleet.answer(handler, received, number)

    with GitServer(folder / "served") as git, serve(answer) as world:
        fleet = Fleet(remote, git, world)
        canary = CANARY.replace("WORLD", world.url)
        remote.commit({f"{APP}/canary.yaml": canary, f"{APP}/deployment.yaml": DEPLOYMENT}, "Add podinfo")
        yield fleet
