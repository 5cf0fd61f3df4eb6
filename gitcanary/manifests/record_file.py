"""The record as text, `<name>.rollout`: made for a person to read on a forge's page."""

from typing import Any

from pydantic import ValidationError

from gitcanary.errors import InvalidFile
from gitcanary.manifests.recent import Recent
from gitcanary.manifests.record_schema import RecordText, write_duration
from gitcanary.manifests.text.documents import Document, line_of, parse
from gitcanary.manifests.text.graft import graft
from gitcanary.manifests.text.values import Place
from gitcanary.manifests.text.writer import OneLine, dump
from gitcanary.rollout.state import Observed, Record, Request, SeenMetric, Verb

VERSION = 1
_HEADER = f"# Written by gitcanary. `request` is yours: {', '.join(Verb)}.\n"
_REMEMBERED = 1024  # records that are kept read: those that a round may have written
_KNOWN: Recent[bytes, Record] = Recent(_REMEMBERED)
_EXACT = 2**53  # above it not every whole number is a float of its own


def read(data: bytes, *, file: str = "") -> Record:
    """Read a record; raises `InvalidFile` with the line where a person broke it."""
    return _KNOWN.get(data, lambda: _read(data, file))


def _read(data: bytes, file: str) -> Record:
    documents = parse(data, file=file)
    if len(documents) != 1 or not isinstance(documents[0].value, dict):
        raise InvalidFile("a record is one mapping", file=file)
    try:
        record = RecordText.model_validate(documents[0].value).built()
    except ValidationError as error:
        raise _refusal(documents[0], error, file) from None
    assert isinstance(record, Record)  # noqa: S101 - for mypy: `built` makes whatever the model says
    return record


def write(record: Record) -> bytes:
    """Write a record; reading it again gives the same record, and the same record always the same bytes."""
    return (_HEADER + dump(_shape(record))).encode()


def remember(data: bytes, record: Record) -> None:
    """Know what was just written: it comes back with the next tip, and need not be read for it."""
    _KNOWN.put(data, record)


def set_request(data: bytes, request: Request | None, *, file: str = "") -> bytes:
    """Put a person's request in the record, every other line kept; raises `InvalidFile`."""
    return graft(data, Place(0, ("request",)), _request(request), file=file)


def _refusal(document: Document, error: ValidationError, file: str) -> InvalidFile:
    first = max(error.errors(include_url=False), key=lambda each: each["type"] == "extra_forbidden")
    path = first["loc"]
    field = ".".join(str(step) for step in path)
    return InvalidFile(f"{field}: {first['msg']}", line=line_of(document, path), file=file)


def _shape(record: Record) -> dict[str, Any]:
    return {
        "version": VERSION,
        "canary": record.canary,
        "phase": str(record.phase),
        "weight": record.weight,
        "iterations": record.iterations,
        "since": record.since,
        "step": record.step and OneLine(index=record.step.index, of=record.step.of),
        "revision": record.revision,
        "source": record.source,
        "cleanSince": record.clean_since,
        "promoted": [
            OneLine(revision=entry.revision, source=entry.source, at=entry.at, side=entry.side)
            for entry in record.promoted
        ],
        "failedChecks": record.failed_checks,
        "restoring": record.restoring,
        "waiting": record.waiting and OneLine(gate=record.waiting.gate, since=record.waiting.since),
        **_people(record),
        "replicas": record.replicas,
        "spec": record.spec,
        "evidence": _evidence(record.evidence),
        "quarantine": [
            OneLine(revision=entry.revision, reason=entry.reason, at=entry.at) for entry in record.quarantine
        ],
        "request": _request(record.request),
        "answer": record.answer,
    }


def _people(record: Record) -> dict[str, Any]:
    hold, paused = record.hold, record.paused
    return {
        "hold": hold and OneLine(reason=hold.reason, commit=hold.commit, by=hold.by, since=hold.since),
        "paused": paused and OneLine(by=paused.by, reason=paused.reason, since=paused.since),
    }


def _evidence(seen: Observed) -> dict[str, Any]:
    live, ready = seen.live, seen.ready
    return {
        "observedAt": seen.observed_at,
        "checkedAt": seen.checked_at,
        "settle": None if seen.settle is None else write_duration(seen.settle),
        "live": live
        and OneLine(commit=live.commit, since=live.since, weight=live.weight, by=live.by, status=live.status),
        "ready": ready and OneLine(primary=ready.primary, canary=ready.canary, notReadySince=ready.not_ready_since),
        "metrics": [_metric(metric) for metric in seen.metrics],
        "webhooks": [
            OneLine(name=hook.name, type=hook.type, status=hook.status, verdict=hook.verdict) for hook in seen.webhooks
        ],
    }


def _metric(metric: SeenMetric) -> OneLine:
    limits = {"min": metric.minimum, "max": metric.maximum}
    return OneLine(
        name=metric.name,
        value=_number(metric.value),
        **{name: _number(limit) for name, limit in limits.items() if limit is not None},
        window=write_duration(metric.window),
        until=metric.until,
        verdict=metric.verdict,
    )


def _number(value: float | None) -> float | None:
    """Write 184.0 as 184, as people do."""
    return int(value) if value is not None and abs(value) < _EXACT and value == int(value) else value


def _request(request: Request | None) -> Any:
    if request is None or request.reason is None:
        return request and request.verb
    return OneLine({request.verb: request.reason})
