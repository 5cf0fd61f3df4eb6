"""Plays Argo CD with Istio: pulls the branch, applies what it says, and answers what was applied and what is ready.

Deployments become processes, the VirtualService and the Services become Envoy's routes. Like Argo CD it applies
workloads before routes, all of a commit or nothing of it, and does not wait for pods before it says that it applied.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pygit2
import yaml

from gitcanary.demo.desired import Desired, Identity, read_desired
from gitcanary.demo.envoy import GATEWAY, Envoy, cluster_name
from gitcanary.demo.pods import Pods
from gitcanary.demo.processes import Processes
from gitcanary.demo.routes import Config, Resolve, canary_weight, gateway_routes, plain_routes
from gitcanary.demo.seed import APP, BRANCH, FOLDER, NAMESPACE
from gitcanary.errors import DemoError

POLL = timedelta(milliseconds=300)
# What a manifest that is none, or that says something unknown here, ends in.
_UNUSABLE = (DemoError, yaml.YAMLError, LookupError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True, slots=True)
class Applied:
    """A commit that went live, with the weight on the canary that it brought."""

    commit: str
    committed_at: datetime
    at: datetime
    weight: int

    @property
    def took(self) -> timedelta:
        """The time from commit to live, too long by up to a second: Git knows whole seconds only."""
        return self.at - self.committed_at


@dataclass(slots=True)
class Agent:
    """Applies the newest commit of a branch, again and again, in a thread of its own while in its context."""

    repository: Path
    pods: Pods
    envoy: Envoy
    applied: list[Applied] = field(default_factory=list)
    refusal: str = ""
    _ready: dict[str, bool] = field(default_factory=dict)
    _not_ready_since: datetime | None = None
    _refused: str = ""
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, name="agent", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopping.set()
        if self._thread:
            self._thread.join()

    def is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def has_applied(self, commit: str) -> bool:
        """Tell whether a commit, or one that came with it, is live."""
        return any(each.commit == commit for each in self.applied)

    def are_ready(self) -> bool:
        """Tell whether every workload is available in its newest revision."""
        return bool(self._ready) and all(self._ready.values())

    def status(self) -> dict[str, Any] | None:
        """Return what the `http` sync gate reads, or None as long as nothing was applied."""
        if not self.applied:
            return None
        newest, since = self.applied[-1], self._not_ready_since
        return {
            "revision": newest.commit,
            "at": newest.at.isoformat(),
            "ready": self._ready,
            "notReadySince": since and since.isoformat(),
        }

    def _run(self) -> None:
        repository = pygit2.Repository(str(self.repository))
        while not self._stopping.wait(POLL.total_seconds()):
            self._pull(repository)
            self.pods.tend()
            self._not_ready_since, self._ready = self.pods.not_ready_since(), self.pods.ready()

    def _pull(self, repository: pygit2.Repository) -> None:
        tip = str(repository.references[f"refs/heads/{BRANCH}"].target)
        if tip == self._refused or (self.applied and tip == self.applied[-1].commit):
            return
        try:
            self._apply(repository, tip)
        except _UNUSABLE as error:
            self._refused, self.refusal = tip, f"{tip[:7]} is not applied: {error}"

    def _apply(self, repository: pygit2.Repository, tip: str) -> None:
        desired = read_desired(repository, tip, FOLDER)
        routes = plan_routes(desired, self.envoy)
        self.pods.want(desired.deployments)
        self.pods.tend()
        for configuration in routes:
            self.envoy.set_routes(configuration)
        self._not_ready_since, self._ready = self.pods.not_ready_since(), self.pods.ready()
        self._note(repository, tip, _weight(desired))
        self.refusal = ""

    def _note(self, repository: pygit2.Repository, tip: str, weight: int) -> None:
        """Remember every commit that went live with the tip: several may come in one push."""
        now = datetime.now(UTC)
        last = self.applied[-1].commit if self.applied else None
        arrived = list(_first_parents(repository, tip, last))
        self.applied += [Applied(str(each.id), _committed_at(each), now, weight) for each in reversed(arrived)]


def run_agent(repository: Path, processes: Processes, envoy: Envoy) -> Agent:
    """Return an agent for a repository, to be entered."""
    return Agent(repository, Pods(processes, envoy), envoy)


def plan_routes(desired: Desired, envoy: Envoy) -> list[Config]:
    """Return the routes of each listener; raises DemoError for what cannot be routed."""
    resolve = _resolver(desired)
    services = [name for name in envoy.listeners if Identity(NAMESPACE, name) in desired.services]
    return [_gateway(desired, resolve), *(plain_routes(name, ["*"], resolve(name)) for name in services)]


def _gateway(desired: Desired, resolve: Resolve) -> Config:
    match desired.virtual_services:
        case [virtual_service]:
            return gateway_routes(virtual_service, resolve)
        case []:
            # Before the onboarding: users reach the apex Service, or the workload itself where there is none yet.
            apex = Identity(NAMESPACE, APP)
            return plain_routes(GATEWAY, ["*"], resolve(APP) if apex in desired.services else cluster_name(apex))
        case several:
            raise DemoError(f"{len(several)} VirtualServices for one gateway")


def _resolver(desired: Desired) -> Resolve:
    def resolve(host: str) -> str:
        name, _, domain = host.partition(".")
        service = desired.services.get(Identity(domain.partition(".")[0] or NAMESPACE, name))
        if service is None:
            raise DemoError(f"no Service {host}")
        return cluster_name(desired.selected(service).identity)

    return resolve


def _weight(desired: Desired) -> int:
    return max((canary_weight(each, f"{APP}-canary") for each in desired.virtual_services), default=0)


def _first_parents(repository: pygit2.Repository, tip: str, last: str | None) -> Iterator[pygit2.Commit]:
    commit = repository[tip].peel(pygit2.Commit)
    while str(commit.id) != last:
        yield commit
        if not commit.parents:
            return
        commit = commit.parents[0]


def _committed_at(commit: pygit2.Commit) -> datetime:
    return datetime.fromtimestamp(commit.commit_time, UTC)
