"""Signatures made and checked in this process mean the same as those of `ssh-keygen`."""

from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitcanary.adapters.git import AllowedSigners, Key
from gitcanary.adapters.git.signers import Signer
from gitcanary.adapters.git.sshsig import Signature, public_key
from gitcanary.errors import Usage
from support.keys import KINDS, KeyPair, allow, make_key, ssh_sign, ssh_verifies

US = "bot@example.com"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PAYLOAD = "tree 4b825dc\ncommitter é <bot@example.com> 0 +0000\n\nBegin\n".encode()


@pytest.fixture(scope="module", params=KINDS, ids="-".join)
def pair(request, tmp_path_factory) -> KeyPair:
    return make_key(tmp_path_factory.mktemp("keys"), "key", *request.param)


@pytest.fixture(scope="module")
def keys(tmp_path_factory) -> list[KeyPair]:
    folder = tmp_path_factory.mktemp("keys")
    return [make_key(folder, "first"), make_key(folder, "second", "ecdsa")]


def test_what_is_signed_here_ssh_keygen_verifies(pair, tmp_path):
    key = Key.load(pair.file)
    assert key.public == pair.public
    for payload in (PAYLOAD, b"", bytes(range(256)) * 100, *(PAYLOAD + bytes([n]) for n in range(12))):
        allowed = allow(tmp_path / "allowed", f"{US} {pair.public}")
        assert ssh_verifies(allowed, US, payload, key.sign(payload), NOON)
        assert not ssh_verifies(allowed, US, payload + b".", key.sign(payload), NOON)


def test_what_ssh_keygen_signs_is_verified_here(pair, tmp_path):
    signers = AllowedSigners.load(allow(tmp_path / "allowed", f"{US} {pair.public} a comment"))
    armored = ssh_sign(pair, PAYLOAD)
    assert signers.verify(armored, PAYLOAD, US, NOON)
    assert not signers.verify(armored, PAYLOAD + b"\n", US, NOON)
    assert not signers.verify(armored, PAYLOAD, "mallory@example.com", NOON)
    assert not signers.verify(ssh_sign(pair, PAYLOAD, "file"), PAYLOAD, US, NOON)  # signed for something else


def test_a_signature_that_was_changed_anywhere_is_not_good(keys, tmp_path):
    signers = AllowedSigners.load(allow(tmp_path / "allowed", *(f"{US} {key.public}" for key in keys)))
    lines = Key.load(keys[0].file).sign(PAYLOAD).splitlines()
    for number in range(1, len(lines) - 1):
        for column in range(0, len(lines[number]), 3):
            letter = "A" if lines[number][column] != "A" else "B"
            changed = [*lines]
            changed[number] = lines[number][:column] + letter + lines[number][column + 1 :]
            assert not signers.verify("\n".join(changed), PAYLOAD, US, NOON)
    for cut in range(len(lines)):
        assert not signers.verify("\n".join(lines[:cut]), PAYLOAD, US, NOON)


def test_a_signature_that_is_megabytes_of_nothing_is_refused_as_fast_as_a_short_one():
    """Whoever may push can hang one below a commit in our name; its parts are counted no further than is asked."""
    parts = b"SSHSIG\0\0\0\1" + bytes(4 * 1_000_000)
    armored = f"-----BEGIN SSH SIGNATURE-----\n{b64encode(parts).decode()}\n-----END SSH SIGNATURE-----"
    with pytest.raises(ValueError, match="not 5 parts"):
        Signature.parse(armored)


PARTS = st.binary(max_size=80)
KIND = st.sampled_from([b"ssh-ed25519", b"ecdsa-sha2-nistp256", b"rsa-sha2-512", b"ssh-rsa", b"\xff"])


@settings(max_examples=150, deadline=None)
@given(namespace=st.sampled_from([b"git", b"file", b"\xff"]), kind=KIND, raw=PARTS, cut=st.integers(0, 40))
def test_whatever_stands_in_a_signature_is_an_answer_and_never_a_yes(namespace, kind, raw, cut, keys):
    def string(value: bytes) -> bytes:
        return len(value).to_bytes(4) + value

    for pair in keys:
        blob = b64decode(pair.public.split()[1])
        both = string(raw[: len(raw) // 2]) + string(raw[len(raw) // 2 :])
        for signed in (raw, both, b"", bytes(64)):
            inner = string(kind) + string(signed)
            whole = b"SSHSIG\0\0\0\1" + b"".join(map(string, (blob, namespace, b"", b"sha512", inner)))
            text = b64encode(whole[: len(whole) - cut]).decode()
            armored = f"-----BEGIN SSH SIGNATURE-----\n{text}\n-----END SSH SIGNATURE-----"
            signer = Signer((US,), public_key(*pair.public.split()), blob)
            assert not AllowedSigners((signer,)).verify(armored, PAYLOAD, US, NOON)


def test_another_key_inside_the_signature_helps_nobody(keys, tmp_path):
    """A signature names a key; that of another one under an allowed name is worth nothing."""
    signers = AllowedSigners.load(allow(tmp_path / "allowed", f"{US} {keys[0].public}"))
    mine = Signature.parse(Key.load(keys[1].file).sign(PAYLOAD))
    assert not signers.verify(Key.load(keys[1].file).sign(PAYLOAD), PAYLOAD, US, NOON)
    assert not Signature(keys[0].file.read_bytes(), "git", "sha512", mine.blob).covers(PAYLOAD, signers.signers[0].key)


WHO = st.sampled_from([US, "*", "*@example.com", "b?t@example.com", "*,!bot@example.com", "eve@example.com", "[b]ot@*"])
WORDS = st.sampled_from(["", 'namespaces="git"', 'namespaces="file"', 'namespaces="file,g*"', "cert-authority"])
TIMES = st.sampled_from(["", "20261123Z", "202611231200Z", "20261123120001Z", "20261122Z", "20261124Z"])
_numbers = count()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.tuples(WHO, WORDS, TIMES, TIMES, st.booleans()), min_size=1, max_size=3),
    email=st.sampled_from([US, "eve@example.com", "BOT@example.com"]),
    late=st.integers(-1, 2),
    is_changed=st.booleans(),
)
def test_allowed_signers_are_read_as_ssh_keygen_reads_them(lines, email, late, is_changed, keys, tmp_path):
    written = []
    for who, word, after, before, is_first in lines:
        options = [word, f'valid-after="{after}"' if after else "", f'valid-before="{before}"' if before else ""]
        said = ",".join(option for option in options if option)
        written.append(" ".join(filter(None, (who, said, keys[0 if is_first else 1].public))))
    allowed = allow(tmp_path / f"allowed-{next(_numbers)}", "# who may sign", "", *written)
    at = NOON + timedelta(seconds=late)
    armored, payload = Key.load(keys[0].file).sign(PAYLOAD), PAYLOAD[: -1 if is_changed else None]
    try:
        verified = AllowedSigners.load(allowed).verify(armored, payload, email, at)
    except Usage:
        return  # the one line that the other test has: over before it begins; ssh-keygen says so and goes on
    assert verified is ssh_verifies(allowed, email, payload, armored, at)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("bot@example.com", "line 2"),
        ("bot@example.com ssh-ed25519", "line 2"),
        ("bot@example.com ssh-ed25519 AAAA", "line 2"),
        ('bot@example.com valid-after="monday" {key}', "'monday' is no time"),
        ('bot@example.com valid-after="20261124",valid-before="20261123" {key}', "is over before it begins"),
        ("bot@example.com verify-required {key}", "'verify-required' is no option"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(line, said, keys, tmp_path):
    with pytest.raises(Usage, match=said):
        AllowedSigners.load(allow(tmp_path / "allowed", "# ours", line.format(key=keys[0].public)))


def test_a_key_that_cannot_sign_by_itself_is_refused(tmp_path):
    with pytest.raises(Usage, match="without a passphrase"):
        Key.load(make_key(tmp_path, "locked", passphrase="s3cret").file)
    with pytest.raises(Usage, match="No such file"):
        Key.load(tmp_path / "absent")
    (tmp_path / "text").write_text("no key\n")
    with pytest.raises(Usage, match="no private SSH key"):
        Key.load(tmp_path / "text")
    with pytest.raises(Usage, match="2048 bits"):
        Key.load(make_key(tmp_path, "short", "rsa", "1024").file)
