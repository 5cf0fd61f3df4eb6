"""Who may sign in whose name: an allowed signers file (ssh-keygen(1), ALLOWED SIGNERS), read as `git` reads it."""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import translate
from pathlib import Path
from typing import Self

from gitcanary.adapters.git import sshsig
from gitcanary.adapters.git.sshsig import PublicKey, Signature
from gitcanary.errors import Usage

_WORD = re.compile(r'(?:"[^"]*"|[^"\s])+')
_TIMES = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_OPTION = re.compile(r'(?P<name>[a-z-]+)(?:="(?P<value>[^"]*)")?', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Signer:
    """One line: a key, for whom it signs, in which namespaces and when."""

    principals: tuple[str, ...]
    key: PublicKey
    blob: bytes
    namespaces: tuple[str, ...] = ()
    valid_after: datetime | None = None
    valid_before: datetime | None = None

    def may_sign(self, email: str, at: datetime) -> bool:
        """Tell whether the key signs commits of this committer at this instant, by the line."""
        is_early = self.valid_after is not None and at < self.valid_after
        is_late = self.valid_before is not None and at > self.valid_before
        is_for_git = not self.namespaces or matches(self.namespaces, sshsig.NAMESPACE)
        return not is_early and not is_late and is_for_git and matches(self.principals, email)


@dataclass(frozen=True, slots=True)
class AllowedSigners:
    """The keys of an allowed signers file, several for one name while they are exchanged."""

    signers: tuple[Signer, ...]

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read the file; raises `Usage`, with the line, where it is none."""
        try:
            lines = file.read_text("utf-8").splitlines()
        except OSError as error:
            raise Usage(f"the allowed signers {file}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise Usage(f"the allowed signers {file}: not in UTF-8") from error
        try:
            return cls(tuple(found for number, line in enumerate(lines, 1) for found in _line(line, number)))
        except ValueError as error:
            raise Usage(f"the allowed signers {file}: {error}") from error

    def verify(self, armored: str, payload: bytes, email: str, at: datetime) -> bool:
        """Tell whether a key that may sign for this committer signed these bytes."""
        try:
            signature = Signature.parse(armored)
        except ValueError:
            return False
        fitting = (one for one in self.signers if one.blob == signature.key and one.may_sign(email, at))
        return any(signature.covers(payload, one.key) for one in fitting)


def matches(patterns: tuple[str, ...], text: str) -> bool:
    """Tell whether a list of patterns takes a text in; one that begins with `!` takes it out again (ssh_config(5))."""
    is_out = any(pattern.startswith("!") and _fits(pattern[1:], text) for pattern in patterns)
    return not is_out and any(_fits(pattern, text) for pattern in patterns if not pattern.startswith("!"))


def _fits(pattern: str, text: str) -> bool:
    return re.match(translate(pattern.replace("[", "[[]")), text) is not None


def _line(line: str, number: int) -> list[Signer]:
    """Read one line; one that cannot speak for us is passed over: an authority's, a security key's, a comment."""
    words = _WORD.findall(line.split("#", 1)[0] if line.lstrip().startswith("#") else line)
    if not words:
        return []
    options = words[1] if len(words) > 3 and not _is_key(words[1], words[2]) else ""  # noqa: PLR2004 - who, what, key
    kind, text = words[2:4] if options else (words[1:3] if len(words) > 2 else ("", ""))  # noqa: PLR2004 - who, key
    if not _is_key(kind, text):
        raise ValueError(f"line {number}: principals, options, the kind of a key and the key are needed")
    key, known = sshsig.public_key(kind, text), _options(options, number)
    after, before = (_time(known.get(name), number) for name in ("valid-after", "valid-before"))
    if after is not None and before is not None and before <= after:
        raise ValueError(f"line {number}: is over before it begins to be valid")
    if key is None or "cert-authority" in known:
        return []
    return [
        Signer(
            principals=tuple(words[0].strip('"').split(",")),
            key=key,
            blob=b64decode(text),
            namespaces=tuple(known["namespaces"].split(",")) if "namespaces" in known else (),
            valid_after=after,
            valid_before=before,
        )
    ]


def _is_key(kind: str, text: str) -> bool:
    """Tell whether these two words are a public key: its bytes repeat its kind."""
    try:
        return bool(kind) and b64decode(text, validate=True)[4 : 4 + len(kind)] == kind.encode()
    except (Base64Error, ValueError):
        return False


def _options(text: str, number: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in re.findall(r'(?:"[^"]*"|[^",])+', text):
        option = _OPTION.fullmatch(part)
        if option is None or option["name"].lower() not in {
            "cert-authority",
            "namespaces",
            "valid-after",
            "valid-before",
        }:
            raise ValueError(f"line {number}: {part!r} is no option")
        found[option["name"].lower()] = option["value"] or ""
    return found


def _time(text: str | None, number: int) -> datetime | None:
    """Read `YYYYMMDD`, with hours, minutes and seconds if need be; in local time unless a `Z` ends it."""
    if text is None:
        return None
    digits = text.removesuffix("Z")
    form = _TIMES.get(len(digits))
    if form is None or not digits.isdigit():
        raise ValueError(f"line {number}: {text!r} is no time")
    instant = datetime.strptime(digits, form)  # noqa: DTZ007 - the zone follows
    return instant.replace(tzinfo=UTC) if text.endswith("Z") else instant.astimezone(UTC)
