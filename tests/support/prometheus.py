"""A real Prometheus on a loopback port over samples that a test wrote: every value is known, nothing is scraped."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic

import httpx

READY_WITHIN = 30.0


def is_installed() -> bool:
    """Tell whether Prometheus and its tool are there."""
    return shutil.which("prometheus") is not None and shutil.which("promtool") is not None


@contextmanager
def serve(samples: str, folder: Path) -> Iterator[str]:
    """Serve samples, in OpenMetrics' text with times, and yield the address."""
    (folder / "samples").write_text(samples, encoding="utf-8")
    (folder / "prometheus.yml").write_text("{}", encoding="utf-8")
    paths = [str(folder / "samples"), str(folder / "data")]
    subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", *paths], check=True, capture_output=True)
    port = free_port()
    with (folder / "log").open("wb") as log, subprocess.Popen(_command(folder, port), stderr=log) as process:
        try:
            _await_ready(process, port, folder / "log")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _command(folder: Path, port: int) -> list[str]:
    return [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
    ]


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    pause, until = Event(), monotonic() + READY_WITHIN
    while process.poll() is None and monotonic() < until:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/-/ready", trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        pause.wait(0.05)
    raise AssertionError(f"Prometheus is not ready: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
