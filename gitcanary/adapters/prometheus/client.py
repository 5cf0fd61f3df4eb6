"""One Prometheus server, asked through prometheus-api-client, and what its answers are for us.

The library brings the API and the shapes of its results. The session below it is ours, because the library's own has no
deadline, repeats failed requests for seconds, follows redirects, drops warnings and loses what the server said.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from io import BytesIO
from typing import Any, assert_never
from urllib.parse import urlsplit

import requests
from prometheus_api_client.exceptions import PrometheusApiClientException
from prometheus_api_client.prometheus_connect import PrometheusConnect
from requests.adapters import BaseAdapter

from gitcanary import errors
from gitcanary.egress import Answer, Call, Sender
from gitcanary.egress.text import shown

LONGEST_ANSWER = 8 * 1024 * 1024

# The server gives up a little before we do, so that it can say so: silence then means that it is gone.
SERVER_SHARE = 0.8

# How far the server's clock may be from ours: it is asked for what happened up to an instant by ours.
MOST_APART = timedelta(seconds=40)
MINUTE = timedelta(minutes=1)

# How old a sample may be that an instant vector takes for the present one, where the window is not shorter.
LOOKBACK = timedelta(minutes=5)

_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|Inf)|NaN", re.ASCII)

# The statuses that are about the query, not about the server; a smaller query may do better.
QUERY_REFUSED = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.REQUEST_URI_TOO_LONG,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)


NO_NUMBER = "the query does not give a number"
NO_INSTANT = "the query does not give one number for each series"


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token for the operator's Prometheus."""

    token: str = field(repr=False)

    def __post_init__(self) -> None:
        """Raise `errors.Usage` for a token that no header can hold, such as one with the line end of its file."""
        if not self.token or not self.token.isascii() or not self.token.isprintable():
            raise errors.Usage("the token for Prometheus is empty, or holds more than printable ASCII")


@dataclass(frozen=True, slots=True)
class Basic:
    """A user's name and password for the operator's Prometheus."""

    username: str
    password: str = field(repr=False)


Credentials = Bearer | Basic


@dataclass(frozen=True, slots=True)
class Sample:
    """One series' labels and its value at the instant that was asked; a scalar has no labels."""

    labels: Mapping[str, str]
    value: float


class Server:
    """One Prometheus at one address, with the credentials that belong to it and to no other."""

    def __init__(self, address: str, sender: Sender, within: timedelta, credentials: Credentials | None = None) -> None:
        """Connect to nothing yet. Raises `errors.Refused` if the address is none of a Prometheus server."""
        url = normal(address)
        session = requests.Session()
        # Nothing from the environment: a netrc would bring credentials that were not given for this address.
        session.trust_env = False
        self._connection = PrometheusConnect(url, headers=_authorization(credentials), session=session, method="POST")
        # After the library mounted its own: only this way out exists.
        session.adapters.clear()
        session.mount(url, _WayOut(sender, within))
        self._limit = f"{within.total_seconds() * SERVER_SHARE:g}s"

    def query(self, promql: str, at: datetime, window: timedelta = LOOKBACK) -> tuple[Sample, ...]:
        """Return what a query evaluates to at one instant; no series are an empty tuple.

        No sample counts that is older than the window, where Prometheus by itself would take one of five minutes ago.
        Raises `errors.Refused` if it is the query that the server does not take, else `errors.Unreachable`; their texts
        are one short line.
        """
        try:
            params = {"time": f"{at.timestamp():.3f}", "timeout": self._limit}
            if window < LOOKBACK:
                params["lookback_delta"] = f"{window.total_seconds():g}s"
            return _samples(self._connection.custom_query(promql, params))
        except (requests.RequestException, PrometheusApiClientException) as error:
            raise errors.Unreachable(f"cannot be asked: {type(error).__name__}") from error

    def close(self) -> None:
        """Let go of the session; the sender's connections stay."""
        self._connection.close()


def normal(address: str) -> str:
    """Return an address as it is compared: no slash at its end, no default port, its host in lower case.

    Raises `errors.Refused` if it is no address of a Prometheus server.
    """
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise errors.Refused("the address is not a URL") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise errors.Refused("only http:// and https:// addresses are called")
    if parts.query or parts.fragment or parts.username is not None:
        raise errors.Refused("an address has no user, query or fragment")
    host = f"[{host}]" if ":" in host else host
    is_default = port in {None, {"http": 80, "https": 443}[parts.scheme]}
    return f"{parts.scheme}://{host}{'' if is_default else f':{port}'}{parts.path.rstrip('/')}"


def _authorization(credentials: Credentials | None) -> dict[str, str]:
    match credentials:
        case None:
            return {}
        case Bearer(token):
            return {"Authorization": f"Bearer {token}"}
        case Basic(username, password):
            return {"Authorization": "Basic " + b64encode(f"{username}:{password}".encode()).decode()}
        case _:
            assert_never(credentials)


class _WayOut(BaseAdapter):
    """Carries a session's requests over a sender's connections; only what a Prometheus answered well comes back."""

    def __init__(self, sender: Sender, within: timedelta) -> None:
        super().__init__()
        self._sender = sender
        self._within = within

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        answer = self._sender.send(_call(request), self._within, LONGEST_ANSWER)
        response = requests.Response()
        response.status_code, response.raw = answer.status, BytesIO(answer.body)
        _check(response, _secrets(request))
        _check_clock(answer)
        return response

    def close(self) -> None:
        """Leave the connections to whoever made the sender."""


def _secrets(request: requests.PreparedRequest) -> tuple[str, ...]:
    """Return the credentials of a request, the longer first: servers and proxies repeat what they were sent."""
    kind, _, presented = str(request.headers.get("Authorization") or "").partition(" ")
    password = b64decode(presented).decode().partition(":")[2] if kind == "Basic" else ""
    return tuple(filter(None, (presented, password)))


def _told(text: str, secrets: tuple[str, ...]) -> str:
    """Return what a server said as one short line, without the credentials that it was sent."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return shown(text)


def _call(request: requests.PreparedRequest) -> Call:
    # The library leaves the parameters in the URL even with POST, where proxies cut them.
    url, _, form = (request.url or "").partition("?")
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if (credentials := request.headers.get("Authorization")) is not None:
        headers["Authorization"] = credentials
    return Call("POST", url, headers, form.encode())


def _check(response: requests.Response, secrets: tuple[str, ...]) -> None:
    body = _body(response)
    status = response.status_code
    if status in QUERY_REFUSED:
        raise errors.Refused(f"the query was refused ({status}){_explained(body, secrets)}")
    if status != HTTPStatus.OK:
        raise errors.Unreachable(f"answered {status}{_explained(body, secrets)}")
    _check_kind(body, secrets)
    if warnings := body.get("warnings"):
        # A part of the stores did not answer: what is missing may be the errors.
        said = "; ".join(str(each) for each in warnings) if isinstance(warnings, list) else str(warnings)
        raise errors.Unreachable(f"answered in part: {_told(said, secrets)}")


def _check_kind(body: Mapping[str, Any], secrets: tuple[str, ...]) -> None:
    data = _dictionary(body.get("data"))
    kind = data.get("resultType") if body.get("status") == "success" and "result" in data else None
    match kind:
        case "vector" | "scalar":
            return
        case "string":
            raise errors.Refused(NO_NUMBER)
        case "matrix":
            raise errors.Refused(NO_INSTANT)
        case _:
            raise errors.Unreachable(f"an answer that is none of Prometheus{_explained(body, secrets)}")


def _check_clock(answer: Answer) -> None:
    apart = answer.at - datetime.now(UTC) if answer.at is not None else timedelta()
    if abs(apart) > MOST_APART:
        direction = "ahead of" if apart > timedelta() else "behind"
        raise errors.Unreachable(f"its clock is {abs(apart) / MINUTE:.0f} min {direction} ours")


def _body(response: requests.Response) -> dict[str, Any]:
    try:
        return _dictionary(response.json())
    except (ValueError, RecursionError):  # no JSON, no UTF-8, or a number that is too long for Python
        return {}


def _dictionary(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _explained(body: Mapping[str, Any], secrets: tuple[str, ...]) -> str:
    said = body.get("error")
    return f": {_told(said, secrets)}" if isinstance(said, str) and said else ""


def _samples(result: object) -> tuple[Sample, ...]:
    """Return the samples of a vector or of a scalar, the two shapes that hold one value for each series."""
    match result:
        case [int() | float(), str() as value]:
            return (Sample({}, _number(value)),)
        case list():
            return tuple(_sample(each) for each in result)
        case _:
            raise errors.Unreachable("an answer that is none of Prometheus")


def _sample(series: object) -> Sample:
    match series:
        case {"metric": dict() as labels, "value": [int() | float(), str() as value]}:
            return Sample({str(name): str(label) for name, label in labels.items()}, _number(value))
        case {"values": _} | {"histogram": _} | {"histograms": _}:
            raise errors.Refused(NO_INSTANT)
        case _:
            raise errors.Unreachable("an answer that is none of Prometheus")


def _number(value: str) -> float:
    if _NUMBER.fullmatch(value) is None:
        raise errors.Refused(NO_NUMBER)
    return float(value)
