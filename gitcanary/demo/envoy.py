"""Runs Envoy, and tells it by renamed files where to send what: obeyed by the next request, within milliseconds.

One listener is the mesh's public gateway, one more stands for each Service that somebody addresses directly. Clusters
are named `workload~namespace`, so that Prometheus can make Istio's labels of them.
"""

import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from gitcanary.demo.desired import Identity
from gitcanary.demo.loopback import free_ports, get
from gitcanary.demo.processes import Child, Processes
from gitcanary.demo.programs import find_envoy
from gitcanary.demo.routes import Config, route_configuration
from gitcanary.demo.waiting import wait_until
from gitcanary.errors import DemoError

GATEWAY = "gateway"
_TYPES = "type.googleapis.com/envoy"
_ROUTER = {"@type": f"{_TYPES}.extensions.filters.http.router.v3.Router"}
_MANAGER = f"{_TYPES}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"


def cluster_name(workload: Identity) -> str:
    """Return the name of a workload's cluster."""
    return f"{workload.name}~{workload.namespace}"


@dataclass(slots=True)
class Envoy:
    """One Envoy: where it listens, and the files that it obeys."""

    folder: Path
    admin: int
    listeners: dict[str, int]
    clusters: tuple[str, ...]
    _versions: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def admin_address(self) -> str:
        return f"127.0.0.1:{self.admin}"

    def address(self, listener: str) -> str:
        """Return `host:port` of the gateway or of a Service."""
        return f"127.0.0.1:{self.listeners[listener]}"

    def set_routes(self, configuration: Config) -> None:
        """Have the listener of the same name use these routes.

        Envoy takes a route to a cluster that it does not know and answers 503, hence: raises DemoError for one.
        """
        if unknown := _clusters_of(configuration) - set(self.clusters):
            raise DemoError(f"no workload {', '.join(sorted(unknown))} in the mesh, only {', '.join(self.clusters)}")
        self._publish(_routes_file(configuration["name"]), "config.route.v3.RouteConfiguration", configuration)

    def set_endpoint(self, cluster: str, port: int | None) -> None:
        """Have a cluster served by the process at a port of loopback, or by none."""
        address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
        endpoints = [] if port is None else [{"lb_endpoints": [{"endpoint": {"address": address}}]}]
        assignment = {"cluster_name": cluster, "endpoints": endpoints}
        self._publish(_endpoints_file(cluster), "config.endpoint.v3.ClusterLoadAssignment", assignment)

    def _publish(self, name: str, kind: str, resource: Config) -> None:
        response = {"version_info": str(next(self._versions)), "resources": [{"@type": f"{_TYPES}.{kind}", **resource}]}
        draft = self.folder / f"{name}.draft"
        draft.write_text(json.dumps(response))
        draft.rename(self.folder / name)  # Envoy watches for renames, and never reads half a file

    def bootstrap(self) -> Config:
        """Return the configuration that Envoy starts with."""
        return {
            "node": {"id": "demo", "cluster": "demo"},
            "admin": {"address": _socket(self.admin)},
            # Envoy merges histograms every 5 s; scraped each second, most rates over them would be 0/0.
            "stats_flush_on_admin": True,
            "static_resources": {
                "listeners": [self._listener(name, port) for name, port in self.listeners.items()],
                "clusters": [self._cluster(name) for name in self.clusters],
            },
        }

    def _listener(self, name: str, port: int) -> Config:
        manager = {
            "@type": _MANAGER,
            "stat_prefix": name,
            "strip_any_host_port": True,
            "rds": {"route_config_name": name, "config_source": self._watched(_routes_file(name))},
            "http_filters": [{"name": "envoy.filters.http.router", "typed_config": _ROUTER}],
        }
        chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        return {"name": name, "address": _socket(port), "filter_chains": [chain]}

    def _cluster(self, name: str) -> Config:
        source = {"eds_config": self._watched(_endpoints_file(name)), "service_name": name}
        return {"name": name, "type": "EDS", "connect_timeout": "1s", "eds_cluster_config": source}

    def _watched(self, name: str) -> Config:
        return {
            "resource_api_version": "V3",
            "path_config_source": {
                "path": str(self.folder / name),
                "watched_directory": {"path": str(self.folder)},
            },
        }


def start_envoy(processes: Processes, folder: Path, services: Iterable[str], clusters: Iterable[str]) -> Envoy:
    """Start Envoy with a gateway and a listener for each Service, which answer 404 until they are given routes."""
    folder.mkdir(parents=True)
    names = (GATEWAY, *services)
    admin, *ports = free_ports(len(names) + 1)
    envoy = Envoy(folder, admin, dict(zip(names, ports, strict=True)), tuple(clusters))
    for name in names:
        envoy.set_routes(route_configuration(name, ["*"], []))
    for cluster in envoy.clusters:
        envoy.set_endpoint(cluster, None)
    _run(processes, envoy)
    return envoy


def _run(processes: Processes, envoy: Envoy) -> None:
    config = envoy.folder / "bootstrap.json"
    config.write_text(json.dumps(envoy.bootstrap(), indent=2))
    flags = ["--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"]
    child = processes.start("envoy", [str(find_envoy()), "--config-path", str(config), *flags])
    child.await_answer(f"http://{envoy.admin_address}/ready")
    _await_routes(child, envoy)


def _await_routes(child: Child, envoy: Envoy) -> None:
    url = f"http://{envoy.admin_address}/stats?filter=rds.*update_success&format=json"

    def has_read_all() -> bool:
        stats = get(url).json()["stats"]
        return len([stat for stat in stats if stat.get("value", 0)]) >= len(envoy.listeners)

    wait_until(has_read_all, timedelta(seconds=10), lambda: f"Envoy read no routes:\n{child.last_words()}")


def _socket(port: int) -> Config:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _routes_file(listener: str) -> str:
    return f"{listener}.routes.json"


def _endpoints_file(cluster: str) -> str:
    return f"{cluster}.endpoints.json"


def _clusters_of(part: Any) -> set[str]:
    """Return the clusters that a route configuration names, wherever in it."""
    match part:
        case list():
            return set().union(*map(_clusters_of, part))
        case {"clusters": [*weighted]}:
            return {each["name"] for each in weighted}
        case dict():
            named = {part["cluster"]} if "cluster" in part else set()
            return named.union(*map(_clusters_of, part.values()))
        case _:
            return set()
