"""Somebody who commits what a controller would, and ways to look at what comes of it."""

import subprocess
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx

from gitcanary.demo.envoy import GATEWAY
from gitcanary.demo.loopback import get
from gitcanary.demo.mesh import CANARY_SERVICE, PRIMARY, Mesh
from gitcanary.demo.seed import APP, HOST
from gitcanary.demo.waiting import wait_until
from gitcanary.demo.workload import WORKLOAD_HEADER

SERVICE = """\
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: test}}
spec: {{selector: {{app: {selected}}}, ports: [{{name: http, port: 9898, targetPort: 9898}}]}}
"""
VIRTUAL_SERVICE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: podinfo, namespace: test}}
spec:
  gateways: [istio-system/public-gateway]
  hosts: [app.example.com, podinfo]
  http:
  - retries: {{attempts: 3, perTryTimeout: 1s, retryOn: "gateway-error,connect-failure,refused-stream"}}
    route:
    - destination: {{host: podinfo-primary}}
      weight: {primary}
    - destination: {{host: podinfo-canary}}
      weight: {canary}
"""
PATIENCE = timedelta(seconds=20)


@dataclass(frozen=True)
class PlayedController:
    """Commits what the controller would, as gitcanary, from a checkout of its own."""

    mesh: Mesh
    checkout: Path

    @property
    def app(self) -> Path:
        return self.checkout / "apps/podinfo"

    def git(self, *words: str) -> str:
        identity = ["-c", "user.name=gitcanary", "-c", "user.email=gitcanary@example.com"]
        command = ["git", "-C", str(self.checkout), *identity, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, subject: str, files: dict[str, str | None]) -> str:
        """Push one commit that writes the files, or removes those that are None; return it."""
        self.git("pull", "--quiet", "--rebase", "origin", "main")
        for name, text in files.items():
            (self.app / name).write_text(text) if text is not None else (self.app / name).unlink()
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", subject)
        self.git("push", "--quiet", "origin", "HEAD:main")
        return self.git("rev-parse", "HEAD")

    def primary(self) -> str:
        """Return the primary's Deployment: the target's present template under its own name and labels."""
        return (self.app / "deployment.yaml").read_text().replace("podinfo\n", "podinfo-primary\n")

    def routing(self, canary: int) -> str:
        services = [(APP, PRIMARY), (PRIMARY, PRIMARY), (CANARY_SERVICE, APP)]
        documents = [SERVICE.format(name=name, selected=selected) for name, selected in services]
        return "---\n".join([*documents, VIRTUAL_SERVICE.format(primary=100 - canary, canary=canary)])

    def onboard(self) -> None:
        self.git("pull", "--quiet", "--rebase", "origin", "main")
        self.apply("Initialize", {"podinfo.primary.yaml": self.primary()})
        self.apply("Route", {"podinfo.routing.yaml": self.routing(0)})

    def weigh(self, canary: int) -> str:
        return self.apply(f"Weigh {canary}", {"podinfo.routing.yaml": self.routing(canary)})

    def apply(self, subject: str, files: dict[str, str | None]) -> str:
        """Commit, and return once it is live and ready."""
        commit = self.commit(subject, files)
        self.await_ready(commit)
        return commit

    def await_ready(self, commit: str) -> None:
        agent = self.mesh.agent
        wait_until(lambda: agent.has_applied(commit) and agent.are_ready(), PATIENCE, lambda: agent.refusal)


def ask_users(mesh: Mesh, count: int) -> list[str]:
    """Return who answered each of some requests through the gateway; "" where nobody did."""
    with httpx.Client(headers={"host": HOST}, trust_env=False) as client:
        url = f"http://{mesh.envoy.address(GATEWAY)}/"
        return [client.get(url).headers.get(WORKLOAD_HEADER, "") for _ in range(count)]


def gate_answer(mesh: Mesh) -> dict[str, object]:
    """Return what the http sync gate says now."""
    answer: dict[str, object] = get(mesh.sync_gate).raise_for_status().json()
    return answer
