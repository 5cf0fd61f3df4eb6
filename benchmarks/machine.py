"""The machine that a table was measured on: its processor and the versions of what took part."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

LIBRARIES = ("pygit2", "GitPython", "dulwich", "PyYAML", "ruamel.yaml", "prometheus-api-client", "pydantic")


def described() -> str:
    """Return one line about the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    parts = [f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB", f"Linux {platform.release().split('-')[0]}"]
    git = subprocess.run(["git", "--version"], check=True, capture_output=True, text=True).stdout.split()[2]
    versions = [f"Python {platform.python_version()}", f"git {git}"]
    return "; ".join([*parts, ", ".join([*versions, *(f"{name} {version(name)}" for name in LIBRARIES)])])


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
