"""Runs what the Deployments say: a process for each, replaced without losing a request when its template changes."""

import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from gitcanary.demo.desired import Deployment, Identity, PodTemplate
from gitcanary.demo.envoy import Envoy, cluster_name
from gitcanary.demo.loopback import free_ports, is_answering
from gitcanary.demo.processes import Child, Processes

FIRST_BACKOFF = timedelta(seconds=1)
LONGEST_BACKOFF = timedelta(seconds=10)
DRAIN = timedelta(seconds=2)  # what is in flight ends before the process does


@dataclass(frozen=True, slots=True)
class Pod:
    """A process that runs a template."""

    child: Child
    port: int
    template: PodTemplate

    def is_ready(self) -> bool:
        return is_answering(f"http://127.0.0.1:{self.port}/readyz")


@dataclass(slots=True)
class Workload:
    """One Deployment's pods: the one that serves, and the one that is about to."""

    deployment: Deployment
    processes: Processes
    envoy: Envoy
    not_ready_since: datetime | None = None
    _serving: Pod | None = None
    _starting: Pod | None = None
    _retiring: list[tuple[float, Pod]] = field(default_factory=list)
    _backoff: timedelta = FIRST_BACKOFF
    _starts_at: float = 0.0

    def want(self, deployment: Deployment) -> None:
        """Take over what the Deployment says from now on."""
        if deployment.template != self.deployment.template:
            self._backoff, self._starts_at = FIRST_BACKOFF, 0.0
        self.deployment = deployment

    def tend(self) -> None:
        """Bring the processes one step nearer to what is wanted; never waits for one."""
        self._forget_crashed()
        self._drop_outdated_start()
        if self.deployment.template is None:
            self._serve(None)
        elif not self._is_up_to_date():
            self._roll_out(self.deployment.template)
        self._stop_drained()
        self._note_readiness()

    def is_gone(self) -> bool:
        """Tell whether no process of it is left."""
        return not (self._serving or self._starting or self._retiring)

    def _is_up_to_date(self) -> bool:
        """Nothing wanted counts: as in Kubernetes, all of its no pods are available."""
        return (self._serving.template if self._serving else None) == self.deployment.template

    def _roll_out(self, template: PodTemplate) -> None:
        if self._starting is None:
            if time.monotonic() >= self._starts_at:
                self._starting = self._start(template)
        elif self._starting.is_ready():
            self._serve(self._starting)
            self._starting, self._backoff = None, FIRST_BACKOFF

    def _start(self, template: PodTemplate) -> Pod:
        (port,) = free_ports(1)
        name = self.deployment.identity.name
        environment = {**dict(template.environment), "PORT": str(port), "WORKLOAD": name, "VERSION": template.version}
        command = [sys.executable, "-m", "gitcanary.demo.workload"]
        return Pod(self.processes.start(name, command, environment), port, template)

    def _serve(self, pod: Pod | None) -> None:
        if pod is self._serving:
            return
        cluster = cluster_name(self.deployment.identity)
        self.envoy.set_endpoint(cluster, pod.port if pod else None)
        if self._serving:
            self._retiring.append((time.monotonic() + DRAIN.total_seconds(), self._serving))
        self._serving = pod

    def _forget_crashed(self) -> None:
        if self._starting and not self._starting.child.is_running():
            self.processes.stop(self._starting.child)
            self._starting = None
            self._starts_at = time.monotonic() + self._backoff.total_seconds()
            self._backoff = min(2 * self._backoff, LONGEST_BACKOFF)
        if self._serving and not self._serving.child.is_running():
            self._serve(None)

    def _drop_outdated_start(self) -> None:
        if self._starting and self._starting.template != self.deployment.template:
            self.processes.stop(self._starting.child)
            self._starting = None

    def _stop_drained(self) -> None:
        now = time.monotonic()
        for until, pod in [(until, pod) for until, pod in self._retiring if until <= now]:
            self.processes.stop(pod.child)
            self._retiring.remove((until, pod))

    def _note_readiness(self) -> None:
        if self._is_up_to_date():
            self.not_ready_since = None
        elif self.not_ready_since is None:
            self.not_ready_since = datetime.now(UTC)


@dataclass(slots=True)
class Pods:
    """The pods of every Deployment. Used by one thread."""

    processes: Processes
    envoy: Envoy
    _workloads: dict[Identity, Workload] = field(default_factory=dict)
    _leaving: list[Workload] = field(default_factory=list)

    def want(self, deployments: Iterable[Deployment]) -> None:
        """Run these Deployments and no other, from the next `tend` on."""
        wanted = {deployment.identity: deployment for deployment in deployments}
        for identity in self._workloads.keys() - wanted.keys():
            leaving = self._workloads.pop(identity)
            leaving.want(replace(leaving.deployment, template=None))
            self._leaving.append(leaving)
        for identity, deployment in wanted.items():
            self._workloads.setdefault(identity, Workload(deployment, self.processes, self.envoy)).want(deployment)

    def tend(self) -> None:
        """Bring every workload one step nearer to what is wanted."""
        for workload in (*self._leaving, *self._workloads.values()):
            workload.tend()
        self._leaving = [workload for workload in self._leaving if not workload.is_gone()]

    def ready(self) -> dict[str, bool]:
        """Tell of each workload whether all that it should run is available in its newest revision."""
        return {"/".join(identity): each.not_ready_since is None for identity, each in self._workloads.items()}

    def not_ready_since(self) -> datetime | None:
        """Return since when the one that is not ready for longest is not, or None."""
        return min((since for each in self._workloads.values() if (since := each.not_ready_since)), default=None)
