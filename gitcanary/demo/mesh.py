"""The mesh on one machine: repository, Envoy, Prometheus, agent and users, started and stopped together."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gitcanary.demo.agent import Agent, run_agent
from gitcanary.demo.desired import Identity
from gitcanary.demo.envoy import GATEWAY, Envoy, cluster_name, start_envoy
from gitcanary.demo.http_service import serving
from gitcanary.demo.loopback import free_ports
from gitcanary.demo.processes import Processes
from gitcanary.demo.prometheus import start_prometheus
from gitcanary.demo.seed import APP, HOST, NAMESPACE, Addresses, Person, seed_repository
from gitcanary.demo.traffic import Traffic
from gitcanary.demo.waiting import wait_until

PRIMARY = f"{APP}-primary"
CANARY_SERVICE = f"{APP}-canary"


@dataclass(frozen=True, slots=True)
class Mesh:
    """Everything that a rollout needs but the controller and the load tester; addresses as those two take them."""

    folder: Path
    repository: Path
    processes: Processes
    person: Person
    envoy: Envoy
    prometheus: str
    sync_gate: str
    loadtester: str
    agent: Agent
    traffic: Traffic


@contextmanager
def running_mesh(folder: Path) -> Iterator[Mesh]:
    """Start a mesh in an empty folder, ready for users; leaving the context stops all of it."""
    with ExitStack() as stack:
        processes = stack.enter_context(Processes(folder / "logs"))
        clusters = [cluster_name(Identity(NAMESPACE, name)) for name in (APP, PRIMARY)]
        envoy = start_envoy(processes, folder / "envoy", [PRIMARY, CANARY_SERVICE], clusters)
        prometheus = start_prometheus(processes, folder / "prometheus", envoy.admin_address)
        loadtester = f"127.0.0.1:{free_ports(1)[0]}"
        repository = folder / "repository.git"
        addresses = Addresses(loadtester, envoy.address(CANARY_SERVICE))
        person = seed_repository(repository, folder / "mia", addresses)
        agent = stack.enter_context(run_agent(repository, processes, envoy))
        gate = stack.enter_context(serving(gate_of(agent)))
        wait_until(agent.are_ready, timedelta(seconds=20), lambda: f"nothing runs yet. {agent.refusal}")
        traffic = Traffic(envoy.address(GATEWAY), HOST)
        yield Mesh(
            folder, repository, processes, person, envoy, prometheus, f"{gate}/applied", loadtester, agent, traffic
        )


def gate_of(agent: Agent) -> Starlette:
    """Return the application that answers the `http` sync gate: 503 until something was applied."""

    async def answer(_request: Request) -> Response:
        status = agent.status()
        return JSONResponse(status, 200 if status else 503)

    return Starlette(routes=[Route("/applied", answer)])
