"""The record at the border: a file that a person may have edited, checked field by field, and the rules' `Record`."""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from gitcanary.rollout import state

YEARS = range(1970, 3000)  # nothing can be computed with times at the calendar's ends
_DURATION = re.compile(r"(?=\d)(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?")


def read_instant(value: object) -> object:
    """Return the instant that a text such as `2026-11-22T10:04:37Z` names, in UTC."""
    if isinstance(value, str):
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is not None and instant.year in YEARS:
            return instant.astimezone(UTC)
    raise ValueError("an instant such as 2026-11-22T10:04:37Z is needed")


def read_duration(value: object) -> object:
    """Return the time that a text such as `1m30s` stands for."""
    if isinstance(value, str) and (found := _DURATION.fullmatch(value)):
        hours, minutes, seconds, milliseconds = (float(count or 0) for count in found.groups())
        with suppress(OverflowError):  # longer than any calendar
            return timedelta(hours=hours, minutes=minutes, seconds=seconds, milliseconds=milliseconds)
    raise ValueError("a duration such as 30s or 1m30s is needed")


def write_duration(duration: timedelta) -> str:
    """Write a time as `read_duration` reads it: `15s`, `1m`, `1h0m30s` is `1h30s`."""
    minutes, seconds = divmod(duration.total_seconds(), 60)
    hours, minutes = divmod(int(minutes), 60)
    parts = ((hours, "h"), (minutes, "m"), (_plain(seconds), "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count not in {0, "0"}) or "0s"


def _plain(seconds: float) -> str:
    return f"{seconds:.6f}".rstrip("0").rstrip(".")


def _read_request(value: object) -> object:
    match value:
        case str():
            return {"verb": value}
        case dict() if len(value) == 1:
            ((verb, reason),) = value.items()
            return {"verb": verb, "reason": reason}
        case _:
            raise ValueError("one word such as `pause`, or with its reason `{pause: lunch}`, is needed")


def _read_phase(value: object) -> object:
    if value in set(state.Phase):
        return state.Phase(str(value))
    raise ValueError(f"one of {', '.join(state.Phase)} is needed")


def _read_list(value: object) -> object:
    return [] if value is None else value


Instant = Annotated[datetime, BeforeValidator(read_instant)]
Duration = Annotated[timedelta, BeforeValidator(read_duration)]
_MANY = BeforeValidator(_read_list)  # an empty list may be written as nothing at all


class Entry(BaseModel):
    """A mapping of the record's file; `into` is what the rules have for it."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel)
    into: ClassVar[Callable[..., Any]]

    def built(self) -> Any:
        """Return what the rules have for this entry."""
        return self.into(**{name: _built(getattr(self, name)) for name in type(self).model_fields})


class _Step(Entry):
    into = state.Step
    index: int
    of: int


class _Promoted(Entry):
    into = state.Promoted
    revision: str
    source: str
    at: Instant
    side: Literal["canary", "primary", "source"] = "canary"


class _Quarantined(Entry):
    into = state.Quarantined
    revision: str
    reason: str
    at: Instant


class _Waiting(Entry):
    into = state.Waiting
    gate: str
    since: Instant


class _Hold(Entry):
    into = state.Hold
    reason: str
    commit: str | None
    by: str | None
    since: Instant


class _Pause(Entry):
    into = state.Pause
    by: str
    reason: str | None
    since: Instant


class _Request(Entry):
    into = state.Request
    verb: Annotated[str, Field(max_length=64)]
    reason: Annotated[str | None, Field(max_length=1000)] = None


class _SeenLive(Entry):
    into = state.SeenLive
    commit: str
    since: Instant | None
    weight: int | None
    by: str
    status: str


class _SeenReady(Entry):
    into = state.SeenReady
    primary: bool | None
    canary: bool | None
    not_ready_since: Instant | None = None


class _SeenMetric(Entry):
    into = state.SeenMetric
    name: str
    value: float | None
    minimum: Annotated[float | None, Field(alias="min")] = None
    maximum: Annotated[float | None, Field(alias="max")] = None
    window: Duration
    until: Instant
    verdict: str


class _SeenHook(Entry):
    into = state.SeenHook
    name: str
    type: str
    status: int | None
    verdict: str


class _Observed(Entry):
    into = state.Observed
    observed_at: Instant
    checked_at: Instant | None = None
    settle: Duration | None = None
    live: _SeenLive | None = None
    ready: _SeenReady | None = None
    metrics: Annotated[list[_SeenMetric], _MANY] = []
    webhooks: Annotated[list[_SeenHook], _MANY] = []


def _record(*, version: int, **fields: Any) -> state.Record:  # noqa: ARG001 - the model checked the version
    return state.Record(**fields)


class RecordText(Entry):
    """The whole file, version 1."""

    into = staticmethod(_record)
    version: Literal[1]
    canary: str
    phase: Annotated[state.Phase, BeforeValidator(_read_phase)]
    weight: Annotated[int, Field(ge=0, le=100)]
    iterations: Annotated[int, Field(ge=0)] = 0
    since: Instant
    step: _Step | None = None
    revision: str
    source: str
    clean_since: Instant | None = None
    promoted: Annotated[list[_Promoted], _MANY] = []
    failed_checks: Annotated[int, Field(ge=0)] = 0
    restoring: str | None = None
    waiting: _Waiting | None = None
    hold: _Hold | None = None
    paused: _Pause | None = None
    replicas: Annotated[int | None, Field(ge=0)] = None
    spec: str
    evidence: _Observed
    quarantine: Annotated[list[_Quarantined], _MANY] = []
    request: Annotated[_Request | None, BeforeValidator(lambda value: value and _read_request(value))] = None
    answer: str | None = None


def _built(value: object) -> object:
    match value:
        case Entry():
            return value.built()
        case list():
            return tuple(_built(item) for item in value)
        case _:
            return value
