"""Addresses of remotes: what may be one, and a secret that somebody wrote into it taken out again."""

import re
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from gitcanary.adapters.git.environment import Credentials
from gitcanary.adapters.git.redaction import holds_token
from gitcanary.errors import Usage

_SCHEMES = frozenset({"file", "http", "https", "ssh"})
_SCP_LIKE = re.compile(r"(?:[\w.-]+@)?(?:[\w.-]+|\[[\da-fA-F:]+\]):(?![/:]{2})[^-].*")


def remote_address(url: str) -> tuple[str, Credentials | None]:
    """Return a remote's address without password, and the credentials that stood in it.

    Takes `file://`, `http://`, `https://` and `ssh://` addresses, `host:path` as SSH's, and the path of a local folder.
    Raises `Usage` for anything else, helpers of other transports among it.
    """
    parts = _split(url)
    if parts.scheme and "://" in url:
        return _without_password(parts)
    if "::" not in url and _SCP_LIKE.fullmatch(url):
        return url, None
    if url.startswith(("/", "./", "../")):
        return str(Path(url).absolute()), None
    raise Usage(f"not the address of a repository: {url!r}; file, http, https, ssh and local paths are understood")


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise Usage(f"not the address of a repository: {error}") from error


def _without_password(parts: SplitResult) -> tuple[str, Credentials | None]:
    if parts.scheme not in _SCHEMES:
        raise Usage(f"a repository at {parts.scheme}:// is not understood: file, http, https or ssh")
    if parts.password is None and not holds_token(parts.username or ""):
        return parts.geturl(), None
    host = parts.netloc.rpartition("@")[2]
    credentials = Credentials(unquote(parts.username or ""), unquote(parts.password or ""))
    return parts._replace(netloc=host).geturl(), credentials
