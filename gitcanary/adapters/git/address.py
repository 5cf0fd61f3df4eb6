"""Addresses of remotes: what may be one, and a secret that somebody wrote into it taken out again."""

import re
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from gitcanary.adapters.git.environment import Credentials
from gitcanary.adapters.git.redaction import holds_token
from gitcanary.errors import Usage

_SCHEMES = frozenset({"file", "http", "https", "ssh"})
_WEB = frozenset({"http", "https"})
_SPELL = "a password belongs into `git_password`; in an address, / ? # @ are %2F %3F %23 %40"
_TOKEN_LIKE = re.compile(r"(?=.*\d)[\w.~-]{20,}")  # forges differ; whoever has such a name gives it by `git_username`
_SCP_LIKE = re.compile(r"(?:[\w.-]+@)?(?!(?:file|https?|ssh):)(?:[\w.-]+|\[[\da-fA-F:]+\]):(?![/:]{2})(?!-)[^@]+")


def remote_address(url: str) -> tuple[str, Credentials | None]:
    """Return a remote's address without password, and the credentials that stood in it.

    Takes `file://`, `http://`, `https://` and `ssh://` addresses, `host:path` as SSH's, and the path of a local folder.
    Raises `Usage` for anything else, helpers of other transports among it, and without repeating it: what cannot be
    read may hold a password where none is looked for.
    """
    parts = _split(url)
    if parts.scheme and "://" in url:
        return _without_password(parts)
    if "::" not in url and _SCP_LIKE.fullmatch(url):
        return url, None
    if url.startswith(("/", "./", "../")):
        return str(Path(url).absolute()), None
    raise Usage("not the address of a repository: file, http, https, ssh and local paths are understood")


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise Usage(f"not the address of a repository: host and port cannot be told apart; {_SPELL}") from None
    return parts


def _without_password(parts: SplitResult) -> tuple[str, Credentials | None]:
    if parts.scheme not in _SCHEMES:
        raise Usage(f"a repository at {parts.scheme}:// is not understood: file, http, https or ssh")
    if parts.scheme in _WEB and (parts.query or parts.fragment or "@" in parts.path):
        raise Usage(f"the address of a repository has no query, no fragment and no @ in its path; {_SPELL}")
    if parts.password is None and not _may_be_token(parts.username or ""):
        return parts.geturl(), None
    host = parts.netloc.rpartition("@")[2]
    credentials = Credentials(unquote(parts.username or ""), unquote(parts.password or ""))
    return parts._replace(netloc=host).geturl(), credentials


def _may_be_token(username: str) -> bool:
    """Tell whether a name without a password is one, or a token: arguments of processes are seen by anybody."""
    return holds_token(username) or _TOKEN_LIKE.fullmatch(username) is not None
