"""A real sshd on loopback, which serves repositories as any account on a machine would."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

from support.keys import KeyPair, make_key

PATIENCE = 20.0  # seconds for it to listen
CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {host_key}
AuthorizedKeysFile {authorized}
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
LogLevel VERBOSE
AcceptEnv GIT_PROTOCOL
"""


class SshServer:
    """One sshd with a host key of its own; `log` is what it wrote. Whoever's public key it was given may log in."""

    def __init__(self, folder: Path, *authorized: KeyPair) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.host_key = make_key(folder, "host")
        (folder / "authorized").write_text("".join(f"{key.public}\n" for key in authorized))
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen, at the same port as before."""
        config = self.folder / "sshd_config"
        authorized = self.folder / "authorized"
        config.write_text(CONFIG.format(port=self.port, host_key=self.host_key.file, authorized=authorized))
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # where it drops privileges, as the package's service makes it
        program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
        assert program is not None, "sshd is not installed"
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen([program, "-D", "-e", "-f", str(config)], stderr=log)
        deadline = time.monotonic() + PATIENCE
        while not is_listening(self.port):
            assert self._process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.02)

    def stop(self) -> None:
        """Listen no longer."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=PATIENCE)
            self._process = None

    def change_host_key(self) -> None:
        """Become another host at the same address."""
        self.stop()
        self.host_key = make_key(self.folder, "other-host")
        self.start()

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    @property
    def known(self) -> str:
        """The line for this host in a file of known hosts."""
        return f"[127.0.0.1]:{self.port} {self.host_key.public}\n"

    def url(self, repository: Path) -> str:
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{repository.absolute()}"


def free_port() -> int:
    """Return a port at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port: int = held.getsockname()[1]
        return port


def is_listening(port: int) -> bool:
    """Tell whether anybody answers at a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
