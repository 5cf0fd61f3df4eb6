"""Runs Prometheus, which sees Envoy's statistics as the metrics that Istio's sidecars report.

So the queries that the controller asks everywhere are asked here unchanged: `istio_requests_total` and
`istio_request_duration_milliseconds_bucket` with Istio's labels, as reported by the destination.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from gitcanary.demo.loopback import free_ports, get
from gitcanary.demo.processes import Processes
from gitcanary.demo.waiting import wait_until

SCRAPE_INTERVAL = "1s"
_RENAMED = {
    "envoy_cluster_upstream_rq": "istio_requests_total",
    "envoy_cluster_upstream_rq_time_bucket": "istio_request_duration_milliseconds_bucket",
}


def configuration(envoy_admin: str) -> dict[str, Any]:
    """Return Prometheus' configuration for scraping an Envoy whose clusters are named `workload~namespace`."""
    return {
        "global": {"scrape_interval": SCRAPE_INTERVAL, "scrape_timeout": SCRAPE_INTERVAL},
        "scrape_configs": [
            {
                "job_name": "envoy",
                "metrics_path": "/stats/prometheus",
                "params": {"filter": ["upstream_rq"], "usedonly": [""]},
                "static_configs": [{"targets": [envoy_admin]}],
                "metric_relabel_configs": _relabelling(),
            },
        ],
    }


def start_prometheus(processes: Processes, folder: Path, envoy_admin: str) -> str:
    """Start Prometheus with storage of its own and return its address, `http://host:port`."""
    folder.mkdir(parents=True)
    config = folder / "prometheus.yml"
    config.write_text(yaml.safe_dump(configuration(envoy_admin), sort_keys=False))
    (port,) = free_ports(1)
    flags = {
        "config.file": str(config),
        "storage.tsdb.path": str(folder / "data"),
        "web.listen-address": f"127.0.0.1:{port}",
        "log.level": "warn",
    }
    child = processes.start("prometheus", ["prometheus", *(f"--{name}={value}" for name, value in flags.items())])
    address = f"http://127.0.0.1:{port}"
    child.await_answer(f"{address}/-/ready")
    return address


def ask(prometheus: str, query: str) -> list[float]:
    """Return the value of each series that answers an instant query."""
    answer = get(f"{prometheus}/api/v1/query", {"query": query}).raise_for_status()
    return [float(series["value"][1]) for series in answer.json()["data"]["result"]]


def await_scraping(prometheus: str) -> None:
    """Return once Envoy is scraped: Prometheus takes its first targets up to five seconds after it started."""
    wait_until(lambda: ask(prometheus, "up") == [1], timedelta(seconds=15), lambda: "Prometheus does not scrape Envoy")


def _relabelling() -> list[dict[str, Any]]:
    keep = {"source_labels": ["__name__"], "regex": "|".join(_RENAMED), "action": "keep"}
    rename = [
        {"source_labels": ["__name__"], "regex": old, "target_label": "__name__", "replacement": new}
        for old, new in _RENAMED.items()
    ]
    cluster = {"source_labels": ["envoy_cluster_name"], "regex": "(.+)~(.+)"}
    code = {"source_labels": ["envoy_response_code"], "regex": "(.+)", "target_label": "response_code"}
    return [
        keep,
        *rename,
        {**cluster, "target_label": "destination_workload", "replacement": "$1"},
        {**cluster, "target_label": "destination_workload_namespace", "replacement": "$2"},
        code,
        {"target_label": "reporter", "replacement": "destination"},
        {"regex": "envoy_.*", "action": "labeldrop"},
    ]
