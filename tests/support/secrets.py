"""Secrets that can be recognised wherever they turn up, and the places where they must not."""

import os
import shutil
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from support.keys import KeyPair

MARK = "pl4nted"  # stands in every secret that is no key
GIT = f"{MARK}-git/p+ss"
TOKEN = f"{MARK}-prometheus-token"
HOOK = f"{MARK}-hook-secret"
ECHOES = f"{MARK}-echo"  # what receivers and sync tools answer, which is nobody's to read

WRAPPER = """\
#!/bin/sh
export GIT_TRACE2_EVENT={trace} GIT_TRACE_REDACT=0
exec {git} "$@"
"""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What must not be seen, in every spelling in which it could be."""

    spellings: frozenset[bytes]

    @classmethod
    def planted(cls, *keys: KeyPair) -> "Secrets":
        """Return all that is planted, with the lines of private keys."""
        pair = cls.basic().rstrip("=").encode()
        encoded = (b64encode(text.encode()).rstrip(b"=") for text in (GIT, TOKEN, HOOK))
        lines = (line.encode() for key in keys for line in key.file.read_text().splitlines()[1:-1])
        return cls(frozenset({MARK.encode(), pair, quote(GIT, safe="").encode(), *encoded, *lines}))

    @staticmethod
    def basic() -> str:
        """Return how HTTP presents the credentials for Git."""
        return b64encode(f"ci:{GIT}".encode()).decode()

    def found_in(self, text: str | bytes) -> list[bytes]:
        """Return what of them stands in a text."""
        data = text.encode() if isinstance(text, str) else text
        return [spelling for spelling in self.spellings if spelling in data]

    def files_with(self, folder: Path) -> list[str]:
        """Return which files below a folder hold one, in their content or in their name."""
        found = []
        for path in folder.rglob("*"):
            try:
                data = path.read_bytes() if path.is_file() else b""
            except FileNotFoundError:  # git's own, which come and go
                continue
            if self.found_in(data + os.fsencode(path.relative_to(folder))):
                found.append(str(path))
        return found


def watched_git(folder: Path) -> tuple[dict[str, str], Path]:
    """Return variables with which every git writes down its own arguments and those of its children, and where."""
    folder.mkdir()
    trace, git = folder / "trace", shutil.which("git")
    wrapper = folder / "git"
    wrapper.write_text(WRAPPER.format(trace=trace, git=git))
    wrapper.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}, trace
