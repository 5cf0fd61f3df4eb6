"""Over SSH, on a real sshd: the host's key is checked, nothing is prompted for, nothing is tried in a loop."""

import re
import socket
from datetime import timedelta
from pathlib import Path

import pytest

from gitcanary.adapters.git import Ssh, hardened
from gitcanary.errors import Unauthorized, Unreachable, Usage
from gitcanary.ports import Outcome
from support.fakes import MONDAY
from support.keys import KeyPair, make_key
from support.ssh_server import SshServer

from .conftest import Place


@pytest.fixture
def key(tmp_path) -> KeyPair:
    return make_key(tmp_path, "a key")  # a name that a shell and ssh would both split


@pytest.fixture
def sshd(tmp_path, key):
    with SshServer(tmp_path / "sshd", key) as server:
        yield server


@pytest.fixture
def known(tmp_path, sshd) -> Path:
    file = tmp_path / "known hosts"
    file.write_text(sshd.known)
    return file


def logins(sshd: SshServer) -> int:
    """Return how many connections came as far as to try a login."""
    return len(re.findall(r"^(?:Accepted publickey|Connection closed by authenticating user)", sshd.log, re.MULTILINE))


def test_fetch_and_push_go_over_ssh(remote, sshd, key, known, make_mirror):
    mirror = make_mirror(Place(remote, sshd.url(remote.folder), hardened(ssh=Ssh(key.file, known))))
    tip = mirror.fetch()
    commit = mirror.commit(tip, {"a": b"1"}, "Begin", MONDAY)
    assert mirror.push(tip, commit).outcome is Outcome.LANDED
    assert remote.tip == mirror.fetch() == commit


def test_a_host_that_nobody_knows_is_refused_before_anything_is_sent(remote, sshd, key, tmp_path, make_mirror):
    (tmp_path / "empty").write_text("")
    mirror = make_mirror(Place(remote, sshd.url(remote.folder), hardened(ssh=Ssh(key.file, tmp_path / "empty"))))
    with pytest.raises(Unauthorized, match="SSH host key is not known: nothing was sent"):
        mirror.fetch()
    assert logins(sshd) == 0
    assert (tmp_path / "empty").read_text() == ""


def test_a_host_that_has_another_key_is_refused_before_anything_is_sent(remote, sshd, key, known, make_mirror):
    mirror = make_mirror(Place(remote, sshd.url(remote.folder), hardened(ssh=Ssh(key.file, known))))
    tip = mirror.fetch()
    before = logins(sshd)
    sshd.change_host_key()
    with pytest.raises(Unauthorized, match="SSH host key is not the one that is known"):
        mirror.fetch()
    with pytest.raises(Unauthorized, match="SSH host key is not the one that is known"):
        mirror.push(tip, mirror.commit(tip, {"a": b"1"}, "Begin", MONDAY))
    assert logins(sshd) == before
    assert remote.tip == tip


def test_a_key_that_is_not_let_in_is_tried_once(remote, sshd, known, tmp_path, make_mirror):
    stranger = make_key(tmp_path, "stranger")
    mirror = make_mirror(Place(remote, sshd.url(remote.folder), hardened(ssh=Ssh(stranger.file, known))))
    with pytest.raises(Unauthorized, match=r"Permission denied \(publickey\)"):
        mirror.fetch()
    assert logins(sshd) == 1


def test_a_key_with_a_passphrase_asks_nobody(remote, sshd, known, tmp_path, make_mirror):
    locked = make_key(tmp_path, "locked", passphrase="s3cret")
    mirror = make_mirror(Place(remote, sshd.url(remote.folder), hardened(ssh=Ssh(locked.file, known))))
    with pytest.raises(Unauthorized, match="Permission denied"):
        mirror.fetch()


def test_a_host_that_says_nothing_is_left_at_the_deadline(remote, key, known, make_mirror):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"ssh://git@127.0.0.1:{silent.getsockname()[1]}/x.git"
        place = Place(remote, url, hardened(ssh=Ssh(key.file, known)))
        with pytest.raises(Unreachable, match="no answer before the deadline"):
            make_mirror(place, timedelta(milliseconds=50)).fetch()
        silent.settimeout(5)
        connection, _ = silent.accept()
        with connection:
            connection.settimeout(20)
            while connection.recv(4096):
                pass  # ends only when ssh is gone: nobody else holds the other side


def test_files_that_are_not_there_are_an_error(tmp_path, key):
    """Without them ssh would quietly take what the machine has."""
    with pytest.raises(Usage, match="absent is not there"):
        Ssh(key.file, tmp_path / "absent")
    with pytest.raises(Usage, match="absent is not there"):
        Ssh(tmp_path / "absent")


def test_the_command_leaves_nothing_to_be_asked_or_believed(key, known):
    for ssh in (Ssh(), Ssh(key.file), Ssh(None, known), Ssh(key.file, known)):
        assert "BatchMode=yes" in ssh.command
        assert "StrictHostKeyChecking=yes" in ssh.command
    assert f"'IdentityFile=\"{key.file}\"'" in Ssh(key.file, known).command
