"""Where canaries stand, as a table and for programs."""

from datetime import datetime

from gitcanary.cli import outlook
from gitcanary.cli.branch import Branch
from gitcanary.cli.console import bar, elapsed
from gitcanary.cli.standing import Standing
from gitcanary.errors import GitcanaryError
from gitcanary.rollout.state import Record

COLUMNS = ("CANARY", "PHASE", "WEIGHT", "STEP", "CHECKS", "SINCE", "NOW")


def row(branch: Branch, standing: Standing, now: datetime) -> tuple[str, ...]:
    """Return where a canary stands as a row of the table."""
    record, said = standing.record, now_of(branch, standing, now)
    if record is None:
        return standing.title, "-", "-", "-", "-", "-", said
    step = f"{record.step.index}/{record.step.of}" if record.step else "-"
    threshold = standing.subject.canary.spec.threshold if standing.subject else "?"
    checks = f"{record.failed_checks}/{threshold}"
    return standing.title, record.phase, bar(record.weight), step, checks, elapsed(now - record.since), said


def now_of(branch: Branch, standing: Standing, now: datetime) -> str:
    """Return in words what a canary does now."""
    if standing.subject is None:
        return outlook.refusal(standing)
    try:
        state = branch.reading.historian.state(standing.subject, branch.tip)
        decision = outlook.look_ahead(standing.subject, state, now)
    except GitcanaryError as trouble:
        return str(trouble)
    return outlook.describe(decision, state) + outlook.remarks(standing.record)


def as_json(branch: Branch, standing: Standing, now: datetime) -> dict[str, object]:
    """Return where a canary stands, for programs."""
    told = {"canary": standing.title, "path": standing.path, "now": now_of(branch, standing, now)}
    told["refused"] = str(standing.refusal) if standing.refusal else ""
    return {**told, **(record_json(standing.record) if standing.record else {"phase": None})}


def record_json(record: Record) -> dict[str, object]:
    """Return what the record says, for programs."""
    hold, paused, request = record.hold, record.paused, record.request
    return {
        "phase": record.phase,
        "weight": record.weight,
        "step": record.step and {"index": record.step.index, "of": record.step.of},
        "failedChecks": record.failed_checks,
        "since": record.since,
        "revision": record.revision,
        "source": record.source,
        "hold": hold and {"reason": hold.reason, "commit": hold.commit, "by": hold.by, "since": hold.since},
        "paused": paused and {"by": paused.by, "reason": paused.reason, "since": paused.since},
        "request": request and {"verb": request.verb, "reason": request.reason},
        "answer": record.answer,
        "quarantine": [{"revision": each.revision, "reason": each.reason} for each in record.quarantine],
    }
