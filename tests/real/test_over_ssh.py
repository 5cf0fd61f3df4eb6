"""A whole rollout over SSH, on a real sshd whose host key is checked: onboarded, promoted, rolled back."""

import signal
from pathlib import Path

import pytest

from support.fleet import ROLLOUTS, open_fleet
from support.keys import make_key
from support.ssh_server import SshServer

pytestmark = pytest.mark.real


def test_a_rollout_over_ssh(start, tmp_path: Path) -> None:
    key = make_key(tmp_path)
    with open_fleet(tmp_path) as fleet, SshServer(tmp_path / "sshd", key) as sshd:
        known = tmp_path / "known_hosts"
        known.write_text(sshd.known)
        flags = [sshd.url(fleet.remote.folder) if word.endswith("/fleet.git") else word for word in fleet.flags]
        variables = {"GITCANARY_SSH_KEY": str(key.file), "GITCANARY_SSH_KNOWN_HOSTS": str(known)}
        with (tmp_path / "log").open("w") as log:
            process = start(*flags, stdout=log, **variables)

        def is_alive() -> None:
            assert process.poll() is None, (tmp_path / "log").read_text()

        fleet.roll_out(is_alive)
        process.send_signal(signal.SIGTERM)
        assert process.wait(300) == 0
        said = (tmp_path / "log").read_text()
        assert fleet.steps() == ROLLOUTS, said
        assert "Accepted publickey" in sshd.log
        assert not fleet.git.requests, "nothing went another way"
        assert not any(line in said for line in key.file.read_text().splitlines()[1:-1])
        sshd.change_host_key()
        refused = start(*flags, "--once", **variables)
        complaint, _ = refused.communicate(timeout=300)
        assert refused.returncode == 1
        assert "SSH host key is not the one that is known for it: nothing was sent" in complaint
