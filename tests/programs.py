"""Installs what the tests start and Python's packages do not bring, from the system's packages."""

import os
import shutil
import subprocess
import sys

PACKAGES = {
    "curl": "curl",
    "git": "git",
    "hey": "hey",
    "openssl": "openssl",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "ssh": "openssh-client",
    "sshd": "openssh-server",
}


def is_there(program: str) -> bool:
    """Tell whether a program is installed, a server's too: its folder is on few people's path."""
    return shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") is not None


def main() -> None:
    """Install what is missing, or say what to run."""
    missing = sorted({package for program, package in PACKAGES.items() if not is_there(program)})
    if not missing:
        return
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *missing]
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.exit(f"the tests need {', '.join(missing)}: sudo {' '.join(command)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "--quiet"], check=True, env=environment, stdout=subprocess.DEVNULL)
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


main()
