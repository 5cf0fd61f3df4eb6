"""SSH signatures (OpenSSH's PROTOCOL.sshsig), made and checked in this process: no program is started for a commit."""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256, sha512
from pathlib import Path
from textwrap import wrap
from typing import Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm

from gitcanary.errors import Usage

NAMESPACE = "git"  # git signs in this one, so that what was signed for something else proves nothing here
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_MAGIC = b"SSHSIG"
_HASHES = {"sha256": sha256, "sha512": sha512}
_RSA: dict[str, HashAlgorithm] = {"rsa-sha2-512": SHA512(), "rsa-sha2-256": SHA256()}
_CURVES: dict[int, HashAlgorithm] = {256: SHA256(), 384: SHA384(), 521: SHA512()}
_SHORTEST_RSA = 2048  # bits
_WIDTH = 70

PrivateKey = ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey = ed25519.Ed25519PublicKey | rsa.RSAPublicKey | ec.EllipticCurvePublicKey


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature as it is read: the key that it claims, as SSH's bytes, and what it covers is not known to it."""

    key: bytes
    namespace: str
    algorithm: str
    blob: bytes

    @classmethod
    def parse(cls, armored: str) -> Self:
        """Read `-----BEGIN SSH SIGNATURE-----`; raises `ValueError` for anything else."""
        lines = armored.strip().splitlines()
        if len(lines) < 3 or lines[0] != _BEGIN or lines[-1] != _END:  # noqa: PLR2004 - both ends, and something
            raise ValueError("no SSH signature")
        try:
            raw = b64decode("".join(lines[1:-1]), validate=True)
        except Base64Error as error:
            raise ValueError("no SSH signature") from error
        if raw[:10] != _MAGIC + b"\0\0\0\1":
            raise ValueError("no SSH signature of version 1")
        key, namespace, _reserved, algorithm, blob = _strings(raw[10:], 5)
        return cls(key, namespace.decode(), algorithm.decode(), blob)

    def covers(self, payload: bytes, key: PublicKey) -> bool:
        """Tell whether the key signed these bytes, for Git."""
        hashed = _HASHES.get(self.algorithm)
        if hashed is None or self.namespace != NAMESPACE:
            return False
        try:
            kind, raw = _strings(self.blob, 2)
            return _is_signed(key, kind.decode(), raw, _covered(self.algorithm, hashed(payload).digest()))
        except ValueError:
            return False


@dataclass(frozen=True, slots=True)
class Key:
    """A key that signs."""

    private: PrivateKey

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read a private key. Raises `Usage` where it cannot be read, asks for a passphrase, or is of another kind."""
        try:
            loaded = serialization.load_ssh_private_key(file.read_bytes(), password=None)
        except OSError as error:
            raise Usage(f"the signing key {file}: {error.strerror}") from error
        except (ValueError, TypeError, UnsupportedAlgorithm):
            # Never the library's own words: what they quote comes out of the key.
            said = "no private SSH key without a passphrase (`ssh-keygen -t ed25519 -N ''` makes one)"
            raise Usage(f"the signing key {file}: {said}") from None
        if isinstance(loaded, rsa.RSAPrivateKey) and loaded.key_size < _SHORTEST_RSA:
            raise Usage(f"the signing key {file}: an RSA key of at least {_SHORTEST_RSA} bits is needed")
        if not isinstance(loaded, PrivateKey):
            raise Usage(f"the signing key {file}: an ed25519, ECDSA or RSA key is needed")
        return cls(loaded)

    @property
    def public(self) -> str:
        """The public key as SSH writes it, `ssh-ed25519 AAAA…`."""
        return spelt(self.private.public_key())

    def sign(self, payload: bytes) -> str:
        """Return the armored signature of these bytes, for Git."""
        covered = _covered("sha512", sha512(payload).digest())
        kind, raw = _sign(self.private, covered)
        head = _MAGIC + b"\0\0\0\1"
        blob = _string(kind.encode()) + _string(raw)
        key = b64decode(self.public.split()[1])
        parts = (key, NAMESPACE.encode(), b"", b"sha512", blob)
        text = b64encode(head + b"".join(map(_string, parts))).decode()
        return "\n".join((_BEGIN, *wrap(text, _WIDTH), _END))


def public_key(kind: str, text: str) -> PublicKey | None:
    """Read a public key, its kind and its base64; None for a kind that cannot be checked here (security keys, DSA)."""
    try:
        loaded = serialization.load_ssh_public_key(f"{kind} {text}".encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    return loaded if isinstance(loaded, PublicKey) else None


def spelt(key: PublicKey) -> str:
    """Return a public key as SSH writes it."""
    return key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()


def _sign(key: PrivateKey, covered: bytes) -> tuple[str, bytes]:
    match key:
        case ed25519.Ed25519PrivateKey():
            return "ssh-ed25519", key.sign(covered)
        case rsa.RSAPrivateKey():
            return "rsa-sha2-512", key.sign(covered, padding.PKCS1v15(), SHA512())
        case ec.EllipticCurvePrivateKey():
            numbers = decode_dss_signature(key.sign(covered, ec.ECDSA(_CURVES[key.curve.key_size])))
            return _ecdsa(key.public_key()), b"".join(_string(_mpint(number)) for number in numbers)


def _is_signed(key: PublicKey, kind: str, raw: bytes, covered: bytes) -> bool:
    try:
        match key:
            case ed25519.Ed25519PublicKey() if kind == "ssh-ed25519":
                key.verify(raw, covered)
            case rsa.RSAPublicKey() if kind in _RSA:
                key.verify(raw, covered, padding.PKCS1v15(), _RSA[kind])
            case ec.EllipticCurvePublicKey() if kind == _ecdsa(key):
                r, s = (int.from_bytes(number) for number in _strings(raw, 2))
                key.verify(encode_dss_signature(r, s), covered, ec.ECDSA(_CURVES[key.curve.key_size]))
            case _:
                return False
    except InvalidSignature:
        return False
    return True


def _ecdsa(key: ec.EllipticCurvePublicKey) -> str:
    return f"ecdsa-sha2-nistp{key.curve.key_size}"


def _covered(algorithm: str, digest: bytes) -> bytes:
    """Return what is really signed: a digest, with what it is for."""
    return _MAGIC + b"".join(map(_string, (NAMESPACE.encode(), b"", algorithm.encode(), digest)))


def _string(value: bytes) -> bytes:
    return len(value).to_bytes(4) + value


def _mpint(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1)


def _strings(raw: bytes, count: int) -> Iterator[bytes]:
    """Read that many strings, which must be all there is; raises `ValueError`."""
    found: list[bytes] = []
    while raw and len(found) <= count:  # somebody's megabytes of nothing cost no more than what is asked for
        length = int.from_bytes(raw[:4])
        if len(raw) < 4 + length:
            raise ValueError("cut short")
        found.append(raw[4 : 4 + length])
        raw = raw[4 + length :]
    if len(found) != count:
        raise ValueError(f"not {count} parts")
    return iter(found)
