"""The rollouts of a canary, as a table and for programs."""

from datetime import datetime

from gitcanary.cli.chronicle import Result, Rollout
from gitcanary.cli.console import day_and_minute, elapsed
from gitcanary.cli.labels import Labels
from gitcanary.rollout.state import Action

COLUMNS = ("WHEN", "FROM", "TO", "RESULT", "TOOK", "WHY")


def row(rollout: Rollout, labels: Labels, now: datetime) -> tuple[str, ...]:
    """Return a rollout as a row of the table."""
    old, new = labels_of(rollout, labels)
    took = elapsed(ended(rollout, now) - rollout.began)
    return day_and_minute(rollout.began), old, new, rollout.result, took, reason(rollout)


def labels_of(rollout: Rollout, labels: Labels) -> tuple[str, str]:
    """Return from and to; nothing of what a stranger's commit claims."""
    return ("-", "-") if rollout.result is Result.FOREIGN else labels.pair(rollout.old, rollout.new)


def ended(rollout: Rollout, now: datetime) -> datetime:
    """Return when a rollout ended; now while it is under way."""
    return now if rollout.result is Result.UNDER_WAY else rollout.last.revised.committed_at


def reason(rollout: Rollout) -> str:
    """Return why a rollout ended as it did."""
    last = rollout.last
    match rollout.result:
        case Result.ROLLED_BACK:
            return f"{last.reason} at {last.weight_before} %"
        case Result.FOREIGN:
            return f"{last.subject!r} by {last.committer}"
        case Result.TERMINATED | Result.SET_BACK:
            return last.reason
        case Result.UNDER_WAY if last.record:
            return f"{last.record.phase} at {last.record.weight} %"
        case Result.PROMOTED:
            return checked(rollout) or skipped(rollout)
        case _:
            return checked(rollout)


def checked(rollout: Rollout) -> str:
    """Return how many checks passed and failed; empty where nothing was checked."""
    if not rollout.passed and not rollout.failed:
        return ""
    return f"{rollout.passed} check{'' if rollout.passed == 1 else 's'} passed, {rollout.failed} failed"


def skipped(rollout: Rollout) -> str:
    """Return why a promoted revision was not checked."""
    promotions = (entry.reason.partition(", ")[2] for entry in rollout.entries if entry.action is Action.PROMOTE)
    return next(promotions, "") or "nothing was checked"


def as_json(rollout: Rollout, labels: Labels, now: datetime) -> dict[str, object]:
    """Return a rollout for programs."""
    old, new = labels_of(rollout, labels)
    return {
        "began": rollout.began,
        "from": old,
        "to": new,
        "source": rollout.new,
        "revision": rollout.revision,
        "result": rollout.result,
        "seconds": (ended(rollout, now) - rollout.began).total_seconds(),
        "why": reason(rollout),
        "passed": rollout.passed,
        "failed": rollout.failed,
        "commits": [entry.revised.commit for entry in rollout.entries],
    }
