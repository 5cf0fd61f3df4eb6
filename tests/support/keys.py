"""SSH keys as `ssh-keygen` makes them, and its word on signatures."""

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

KINDS = (("ed25519", "256"), ("ecdsa", "256"), ("ecdsa", "384"), ("ecdsa", "521"), ("rsa", "2048"))


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key's file; the public one lies beside it."""

    file: Path

    @property
    def public(self) -> str:
        """The kind and the key, without the comment."""
        return " ".join(self.file.with_suffix(".pub").read_text().split()[:2])


def make_key(
    folder: Path, name: str = "key", kind: str = "ed25519", bits: str = "256", passphrase: str = ""
) -> KeyPair:
    """Make a key pair."""
    file = folder / name
    command = ["ssh-keygen", "-q", "-t", kind, "-b", bits, "-N", passphrase, "-C", "planted comment", "-f", str(file)]
    subprocess.run(command, check=True)
    return KeyPair(file)


def allow(file: Path, *lines: str) -> Path:
    """Write an allowed signers file."""
    file.write_text("".join(f"{line}\n" for line in lines))
    return file


def ssh_verifies(allowed: Path, email: str, payload: bytes, armored: str, at: datetime, namespace: str = "git") -> bool:
    """Ask `ssh-keygen` whether a signature is good."""
    signature = allowed.with_suffix(".sig")
    signature.write_text(armored)
    time = at.astimezone(UTC).strftime("%Y%m%d%H%M%SZ")
    command = ["ssh-keygen", "-Y", "verify", "-f", str(allowed), "-I", email, "-n", namespace, "-s", str(signature)]
    ran = subprocess.run([*command, f"-Overify-time={time}"], input=payload, capture_output=True, check=False)
    return ran.returncode == 0


def ssh_sign(key: KeyPair, payload: bytes, namespace: str = "git") -> str:
    """Have `ssh-keygen` sign."""
    command = ["ssh-keygen", "-Y", "sign", "-q", "-n", namespace, "-f", str(key.file), "-"]
    return subprocess.run(command, input=payload, check=True, capture_output=True).stdout.decode()
