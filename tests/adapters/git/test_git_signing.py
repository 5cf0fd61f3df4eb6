"""Commits carry signatures that git itself verifies, and what carries none of ours is told apart."""

import subprocess
from dataclasses import replace
from datetime import UTC, datetime

import pygit2
import pytest

from gitcanary.adapters.git import AllowedSigners, Identity, Key, Mirror, hardened
from gitcanary.adapters.git.objects import Objects
from gitcanary.adapters.git.signing import parted, signed
from gitcanary.ports import Outcome, Signed
from support.keys import KINDS, KeyPair, allow, make_key
from support.repositories import Remote

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MESSAGES = ("Begin", "Begin\n", "Ä\n\nbody — with more\n\nGitcanary-Action: start\n", "a\n\n\n\nb\n\n")


def signing(identity: Identity, pair: KeyPair, *allowed: str) -> Identity:
    """Return the identity with a key, and those that may sign in its name: the key alone, or by these lines."""
    lines = allowed or (f"{identity.committer.email} {pair.public}",)
    file = allow(pair.file.with_name("allowed"), *lines)
    return replace(identity, key=Key.load(pair.file), signers=AllowedSigners.load(file))


def git_says(remote: Remote, commit: str, allowed: str) -> tuple[int, str]:
    """Return how `git verify-commit` ends, and the letter that `git log` prints for the signature."""
    settings = ("-c", "gpg.format=ssh", "-c", f"gpg.ssh.allowedSignersFile={allowed}")
    command = ["git", "--git-dir", str(remote.folder), *settings]
    ran = subprocess.run([*command, "verify-commit", commit], check=False, capture_output=True)
    letter = subprocess.run([*command, "log", "-1", "--format=%G?", commit], check=True, capture_output=True, text=True)
    return ran.returncode, letter.stdout.strip()


@pytest.fixture
def pair(tmp_path) -> KeyPair:
    return make_key(tmp_path)


@pytest.fixture
def opened(tmp_path, remote, identity):
    """Return a function that opens a mirror with an identity."""
    mirrors = []

    def open_(who: Identity = identity) -> Mirror:
        mirrors.append(Mirror(remote.url, "main", tmp_path / "cache", who, hardened()))
        mirrors[-1].fetch()
        return mirrors[-1]

    yield open_
    for mirror in mirrors:
        mirror.close()


@pytest.mark.parametrize("kind", KINDS, ids="-".join)
def test_git_verifies_what_was_signed(kind, tmp_path, remote, identity, opened):
    pair = make_key(tmp_path, "key", *kind)
    mirror = opened(signing(identity, pair))
    tip = mirror.fetch()
    for number, message in enumerate(MESSAGES):
        commit = mirror.commit(tip, {"a": str(number).encode()}, message, NOON)
        assert mirror.push(tip, commit).outcome is Outcome.LANDED
        assert git_says(remote, commit, str(tmp_path / "allowed")) == (0, "G")
        assert mirror.signature(commit) is Signed.GOOD
        assert mirror.revised(commit).message.startswith(message.rstrip("\n"))
        tip = commit
    remote.git("fsck", "--strict")


def test_without_a_key_nothing_is_signed(opened):
    mirror = opened()
    commit = mirror.commit(mirror.fetch(), {"a": b"1"}, "Begin", NOON)
    assert mirror.signature(commit) is Signed.UNCHECKED
    assert "gpgsig" not in pygit2.Repository(mirror._folder)[commit].read_raw().decode()


@pytest.fixture
def forge(remote):
    """Return a function that puts a commit on the branch as raw bytes, and returns its id."""
    repository = pygit2.Repository(remote.folder)

    def put(raw: bytes) -> str:
        commit = str(repository.write(pygit2.enums.ObjectType.COMMIT, raw))
        repository.references.create(remote.ref, commit, force=True)
        return commit

    return put


def test_what_is_not_ours_is_told_apart(tmp_path, remote, identity, opened, pair, forge):
    stranger = Key.load(make_key(tmp_path, "stranger").file)
    mirror = opened(signing(identity, pair))
    tip = mirror.fetch()
    ours = mirror.commit(tip, {"a": b"1"}, "Begin", NOON)
    assert mirror.push(tip, ours).outcome is Outcome.LANDED
    raw = pygit2.Repository(remote.folder)[ours].read_raw()
    payload, armored = parted(raw)
    on_top = payload.replace(f"parent {tip}".encode(), f"parent {ours}".encode())
    forged = {
        on_top: Signed.MISSING,
        on_top.replace(b"\n\n", b"\ngpgsig " + armored.replace("\n", "\n ").encode() + b"\n\n", 1): Signed.WRONG,
        signed(on_top, stranger): Signed.WRONG,
        signed(signed(on_top, stranger), Key.load(pair.file)): Signed.MISSING,  # two signatures: of which bytes?
        signed(on_top.replace(b"bot@", b"mia@"), Key.load(pair.file)): Signed.WRONG,  # the key signs for another name
        on_top.replace(b"\n\n", b"\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n\n", 1): Signed.WRONG,
    }
    judge = Objects(remote.folder, signing(identity, pair))
    for commit, worth in forged.items():
        made = forge(commit)
        assert judge.signature(made) is worth
        assert git_says(remote, made, str(tmp_path / "allowed"))[1] != "G" or b"mia@" in commit
    assert judge.signature(ours) is Signed.GOOD
    assert judge.signature(tip) is Signed.MISSING


def test_a_good_key_is_good_for_its_line_alone(tmp_path, remote, identity, opened, pair, forge):
    """Keys that are in the file, for somebody or something else, or another time, sign nothing in our name."""
    mia, late, early, files = (make_key(tmp_path, name) for name in ("mia", "late", "early", "files"))
    email = identity.committer.email
    lines = (
        f"{email} {pair.public}",
        f"mia@example.com {mia.public}",
        f'{email} valid-after="20261123120001Z" {late.public}',
        f'{email} valid-before="20261123115959Z" {early.public}',
        f'{email} namespaces="file" {files.public}',
    )
    who = signing(identity, pair, *lines)
    mirror = opened(who)
    tip = mirror.fetch()
    payload, _ = parted(pygit2.Repository(mirror._folder)[mirror.commit(tip, {"a": b"1"}, "Begin", NOON)].read_raw())
    other = signed(payload.replace(b"bot@", b"BOT@"), Key.load(pair.file))
    second = signed(payload, Key.load(pair.file)).replace(b"\n\n", b"\ngpgsig-sha256 x\n\n", 1)
    judge = Objects(remote.folder, who)
    for raw in (*(signed(payload, Key.load(key.file)) for key in (mia, late, early, files)), other, second):
        assert judge.signature(forge(raw)) is Signed.WRONG
    assert judge.signature(forge(signed(payload, Key.load(pair.file)))) is Signed.GOOD


def test_keys_are_exchanged_one_after_the_other(tmp_path, remote, identity, opened, pair):
    """Both keys are allowed while they are exchanged; one that was withdrawn counts no longer."""
    newer, email = make_key(tmp_path, "newer"), identity.committer.email
    both = (f"{email} {pair.public}", f"{email} {newer.public}")
    tip, commits = remote.tip, []
    for key in (pair, newer):
        mirror = opened(signing(identity, key, *both))
        commits.append(mirror.commit(mirror.fetch(), {"a": key.file.read_bytes()[:9] + str(key).encode()}, "A", NOON))
        assert mirror.push(tip, commits[-1]).outcome is Outcome.LANDED
        tip = commits[-1]
    assert [opened(signing(identity, newer, *both)).signature(each) for each in commits] == [Signed.GOOD] * 2
    withdrawn = opened(signing(identity, newer, both[1]))
    assert [withdrawn.signature(each) for each in commits] == [Signed.WRONG, Signed.GOOD]
