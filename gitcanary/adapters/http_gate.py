"""The sync gate that asks a URL: for sync tools without an adapter of their own, and for the demo."""

import re
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from gitcanary import errors
from gitcanary.egress import Call, Sender
from gitcanary.egress.text import shown
from gitcanary.ports import Sighting

DEADLINE = timedelta(seconds=5)
LONGEST_ANSWER = 1024 * 1024

# A whole object id of Git, SHA-1 or SHA-256.
OBJECT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
YEARS = range(1970, 3000)  # of times that a clock may show; those at the calendar's ends cannot be computed with

# A time further ahead than this says nothing, whoever's clock it is that is wrong.
AHEAD = timedelta(minutes=1)


def _whole(revision: str) -> str:
    if OBJECT_ID.fullmatch(revision) is None:
        raise PydanticCustomError("revision", "a whole commit id of 40 or 64 characters")
    return revision


def _plausible(at: datetime) -> datetime:
    if at.year not in YEARS:
        raise PydanticCustomError("time", "a time of the years 1970 to 2999")
    return at.astimezone(UTC)


Revision = Annotated[str, AfterValidator(_whole)]
Instant = Annotated[AwareDatetime, AfterValidator(_plausible)]


class Applied(BaseModel):
    """What the URL answers: which commit is applied, since when, and which workloads (`namespace/name`) are ready."""

    model_config = ConfigDict(strict=True, extra="ignore")

    revision: Revision | None
    at: Instant | None = None
    ready: dict[str, bool] | None = None
    not_ready_since: Instant | None = Field(default=None, alias="notReadySince")


class HttpGate:
    """A sync gate (`ports.Gate`) behind a URL. The sender decides whether the URL may be called."""

    def __init__(self, url: str, sender: Sender, within: timedelta = DEADLINE) -> None:
        """Connect to nothing yet."""
        self._call = Call("GET", url, {"Accept": "application/json"})
        self._sender = sender
        self._within = within
        self._by = _name(url)

    def look(self, now: datetime) -> Sighting:
        """Ask once. Never raises: an answer that is none is a sighting with its trouble.

        A time that lies ahead of `now` is left out: it would keep what is live from being checked until it has come.
        """
        try:
            answer = self._sender.send(self._call, self._within, LONGEST_ANSWER)
        except errors.GitcanaryError as error:
            return Sighting(self._by, trouble=str(error))
        if answer.status != HTTPStatus.OK:
            return Sighting(self._by, trouble=f"answered {answer.status}")
        return self._sighting(answer.body, now + AHEAD)

    def _sighting(self, body: bytes, latest: datetime) -> Sighting:
        try:
            applied = Applied.model_validate_json(body)
        except ValidationError as error:
            return Sighting(self._by, trouble=f"not what a gate answers: {_first(error)}")
        if applied.revision is None:
            return Sighting(self._by, trouble="nothing is applied yet")
        return Sighting(
            self._by,
            revision=applied.revision,
            at=_not_after(latest, applied.at),
            ready=applied.ready,
            not_ready_since=_not_after(latest, applied.not_ready_since),
        )


def _not_after(latest: datetime, at: datetime | None) -> datetime | None:
    return at if at is None or at <= latest else None


def _name(url: str) -> str:
    """Return what commits call this gate: its host, in characters that mean nothing to a forge."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    return f"http/{re.sub(r'[^a-z0-9.-]+', '-', host)[:57]}" if host else "http"


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    # The field alone: what is below it is the answer's own text.
    return shown(": ".join([*(str(part) for part in problem["loc"][:1]), problem["msg"]]))
