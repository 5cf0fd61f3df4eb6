"""Calls over HTTP: pooled connections, one deadline for all of a call, an answer no longer than asked for."""

import ssl
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from importlib.metadata import version
from time import monotonic
from typing import Any

import httpcore
import httpx

from gitcanary import errors
from gitcanary.egress.allowed import SCHEMES, Allowed
from gitcanary.egress.lookup import Lookups, resolve
from gitcanary.egress.text import shown

CONNECTIONS = 256  # at a time: slow receivers hold theirs, and others must not wait for them
IDLE_CONNECTIONS = 8
IDLE_SECONDS = 5.0
STATUSES = range(HTTPStatus.OK, 600)

FAULTS: dict[type[Exception], str] = {
    httpx.RemoteProtocolError: "the connection was closed in the middle of an answer, or what came is not HTTP",
    httpx.LocalProtocolError: "the request cannot be sent as HTTP",
}

_SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What answered: the HTTP status (redirects are not followed) and the whole body.

    `at` is when, by the server's own clock; None where it does not say.
    """

    status: int
    body: bytes
    at: datetime | None = field(default=None, compare=False)


class Sender:
    """Sends calls over pooled connections.

    With `allowed`, each connection goes to an address that the rule just approved: a name that later resolves to
    another one gains nothing. Without, it goes wherever the URL says, which is for addresses that the operator gave.
    """

    def __init__(self, allowed: Allowed | None = None, *, verifies_tls: bool = True) -> None:
        """Open nothing yet; `verifies_tls` False accepts any certificate."""
        # Authorities: `SSL_CERT_FILE` or `SSL_CERT_DIR` where set, else certifi's.
        self._transport = _Transport(httpx.create_ssl_context(verify=verifies_tls), allowed)

    def send(self, call: Call, within: timedelta, at_most: int) -> Answer:
        """Send a call and return its answer, both within one deadline; the body has `at_most` bytes.

        Raises `errors.TimedOut`, `errors.Unreachable` (also for an answer that is too long, and for a status that is
        none of HTTP's) and `errors.Refused` for a URL that cannot be called; their texts are one short line without the
        URL.
        """
        try:
            return self._exchange(_request(call, within), at_most)
        except httpx.TimeoutException as error:
            raise errors.TimedOut(f"no answer within {within.total_seconds():g} s") from error
        except httpx.TransportError as error:
            raise errors.Unreachable(_said(error)) from error
        except UnicodeError as error:
            raise errors.Refused("the address, or a header, cannot be sent as HTTP") from error

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def _exchange(self, request: httpx.Request, at_most: int) -> Answer:
        response = self._transport.handle_request(request)
        try:
            if response.status_code not in STATUSES:
                raise errors.Unreachable(f"answered {response.status_code}, which is no status of HTTP")
            return Answer(response.status_code, _bounded(response.iter_raw(), at_most), _date(response))
        finally:
            response.close()


def _request(call: Call, within: timedelta) -> httpx.Request:
    # The transport takes timeouts of single reads and writes, which a peer can stretch without end. So the deadline
    # itself travels in their place, as an instant of the monotonic clock, and `_left` makes of it what is left.
    until = monotonic() + within.total_seconds()
    timeouts = {"connect": until, "read": until, "write": until, "pool": within.total_seconds()}
    url = _url(call.url)
    headers = {**_credentials(url), **OWN_HEADERS, **call.headers}
    return httpx.Request(call.method, url, headers=headers, content=call.body, extensions={"timeout": timeouts})


def _url(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise errors.Refused("the address is not a URL") from error
    if url.scheme not in SCHEMES or not url.raw_host:  # `host` would be decoded, and not every name can be
        raise errors.Refused("only http:// and https:// addresses are called")
    return url


def _credentials(url: httpx.URL) -> dict[str, str]:
    """Return what the URL itself holds, as any client sends it."""
    if not url.userinfo:
        return {}
    return {"Authorization": "Basic " + b64encode(f"{url.username}:{url.password}".encode()).decode()}


# Nothing compressed: a bound on what is read would not be one on what comes out.
OWN_HEADERS = {"User-Agent": f"gitcanary/{version('gitcanary')}", "Accept-Encoding": "identity"}


def _bounded(chunks: Iterable[bytes], at_most: int) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > at_most:
            raise errors.Unreachable(f"the answer is longer than {at_most} bytes")
    return bytes(body)


def _date(response: httpx.Response) -> datetime | None:
    try:
        told = parsedate_to_datetime(response.headers.get("Date", ""))
    except (ValueError, OverflowError):
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)  # `-0000` is UTC too


def _said(error: Exception) -> str:
    """Return the reason below a library's error: the system's words where there are some."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {shown(cause.verify_message)}"
        if isinstance(cause, OSError) and cause.strerror:
            return shown(cause.strerror)
        cause = cause.__cause__ or cause.__context__
    # No other text: what a library says of a malformed header or URL repeats it, and with it what it holds.
    return FAULTS.get(type(error), "the connection failed")


class _Transport(httpx.HTTPTransport):
    """httpx's transport over connections of our own."""

    def __init__(self, context: ssl.SSLContext, allowed: Allowed | None) -> None:
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=CONNECTIONS,
            max_keepalive_connections=IDLE_CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=_Network(Lookups(allowed.addresses if allowed else _anywhere)),
        )


def _anywhere(host: str, port: int) -> tuple[str, ...]:
    return tuple(str(address) for address in resolve(host, port))


class _Network(httpcore.NetworkBackend):
    """Connects to the first address that answers, of those that a host has."""

    def __init__(self, lookups: Lookups) -> None:
        self._lookups = lookups
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[_SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        options = list(socket_options or ())
        failure: Exception = httpcore.ConnectError("no address")
        addresses = self._find(host, port, timeout)
        for others, address in zip(reversed(range(len(addresses))), addresses, strict=True):
            try:
                left = _left(timeout, httpcore.ConnectTimeout)
                share = left / (others + 1) if left is not None else None  # one that is silent leaves time for the next
                return _Stream(self._sockets.connect_tcp(address, port, share, local_address, options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def _find(self, host: str, port: int, until: float | None) -> tuple[str, ...]:
        try:
            return self._lookups.find(host, port, _left(until, httpcore.ConnectTimeout) or 0)
        except TimeoutError:
            raise httpcore.ConnectTimeout from None


class _Stream(httpcore.NetworkStream):
    """A connection on which timeouts are instants."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(until: float | None, expired: type[httpcore.TimeoutException]) -> float | None:
    if until is None:
        return None
    left = until - monotonic()
    if left <= 0:
        raise expired
    return left
