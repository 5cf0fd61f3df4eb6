"""Each kind of commit, as the record after it and the values that move."""

from dataclasses import replace

from gitcanary.rollout.case import Case, observe
from gitcanary.rollout.checks import Check
from gitcanary.rollout.decision import Commit
from gitcanary.rollout.due import passed
from gitcanary.rollout.gates import Gate
from gitcanary.rollout.state import (
    Action,
    Observed,
    Phase,
    Promoted,
    Quarantined,
    Record,
    Request,
    Step,
    Verb,
    Waiting,
)

KEPT = 3
HURRIES = (Verb.PROMOTE, Verb.SKIP_ANALYSIS)
OUTRUN = "another revision came before it could be promoted"


def revise(case: Case, evidence: Observed | None = None) -> Record:
    """Return the record with what every decision notes: the spec it was made from, and what it saw."""
    return replace(case.record, spec=case.spec.blob, evidence=evidence or observe(case))


def rewind(record: Record) -> Record:
    """Return the record without weight, counters, gates and holds: where every rollout begins and a failed one ends."""
    return replace(
        record,
        weight=0,
        iterations=0,
        step=None,
        clean_since=None,
        failed_checks=0,
        restoring=None,
        waiting=None,
        hold=None,
    )


def left_request(case: Case, *done: Verb) -> Request | None:
    """Return the request that still waits after these are done or have lost their sense."""
    return None if any(case.asks_for(verb) for verb in done) else case.record.request


def see(case: Case, check: Check | None, *gates: Gate | None) -> Observed:
    """Return what a decision saw that was made on a check and on gates."""
    asked = tuple(hook for gate in gates if gate is not None for hook in gate.seen)
    if check is None:
        return observe(case, webhooks=asked)
    return observe(case, checked_at=check.beat.at, metrics=check.metrics, webhooks=check.hooks + asked)


def start(case: Case, gate: Gate | None) -> Commit:
    """Scale the canary up, at weight 0."""
    record = replace(
        rewind(revise(case, see(case, None, gate))),
        phase=Phase.PROGRESSING,
        since=case.now,
        revision=case.state.revision.digest,
        source=case.state.revision.source,
        replicas=None,
    )
    weight = 0 if case.weight else None
    canary = Promoted(record.revision, record.source, case.now, case.side) if case.spec.has_source else None
    return Commit(Action.START, record, weight=weight, replicas=starting_replicas(case), canary=canary)


def values_before(case: Case) -> Promoted | None:
    """Return what the canary takes back where its revision came from a place of its own: what the primary runs."""
    promoted = case.record.promoted[0] if case.record.promoted else None
    if not case.spec.has_source or promoted is None or case.state.placed.canary == promoted.revision:
        return None
    return promoted


def starting_replicas(case: Case) -> int | None:
    """Return how many replicas the canary starts with: a person's number, the kept one, the primary's, or 1."""
    if not case.state.is_scalable or case.state.placed.replicas:
        return None
    return case.record.replicas or case.state.primary_replicas or 1


def advance(case: Case, weight: int, check: Check, gate: Gate) -> Commit:
    """Move the canary's weight up."""
    steps = case.spec.steps
    record = replace(
        revise(case, see(case, check, gate)),
        phase=Phase.PROGRESSING,
        weight=weight,
        since=case.now,
        step=Step(1 + sum(step < weight for step in steps), len(steps)),
        clean_since=case.record.clean_since or case.now,
        waiting=None,
    )
    return Commit(Action.ADVANCE, record, weight=weight)


def halt(case: Case, check: Check, count: int, reason: str) -> Commit:
    """Count a failed check."""
    return Commit(Action.HALT, replace(revise(case, see(case, check)), failed_checks=count), reason)


def wait(case: Case, phase: Phase, check: Check | None, gate: Gate, before: Gate | None = None) -> Commit:
    """Note that a gate was found closed, after the one `before` it had opened."""
    record = replace(
        revise(case, see(case, check, before, gate)),
        phase=phase,
        since=case.now if phase is not case.record.phase else case.record.since,
        waiting=Waiting(gate.kind, case.now),
    )
    if phase is Phase.WAITING:
        record = replace(record, revision=case.state.revision.digest, source=case.state.revision.source)
    return Commit(Action.WAIT, record, f"for {gate.kind} ({gate.shut_by})")


def promote(case: Case, evidence: Observed, promoted: Promoted, reason: str = "") -> Commit:
    """Give the promoted values to the primary; weights stay until it is live and ready.

    A canary that was never given them, because they need no analysis, takes them too: it has no weight.
    """
    record = replace(
        revise(case, evidence),
        phase=Phase.PROMOTING,
        since=case.now,
        revision=promoted.revision,
        source=promoted.source,
        waiting=None,
        restoring=None,
        request=left_request(case, *HURRIES),
    )
    is_canary_behind = case.spec.has_source and case.state.placed.canary != promoted.revision
    return Commit(Action.PROMOTE, record, reason, primary=promoted, canary=promoted if is_canary_behind else None)


def finish(case: Case, reason: str, *, promoted: Promoted | None = None) -> Commit:
    """Send all traffic to the primary, and note what it runs."""
    kept = case.record.promoted
    if promoted is not None:
        kept = (promoted, *(entry for entry in kept if entry.revision != promoted.revision))[:KEPT]
    record = replace(
        revise(case, see(case, passed(case))),
        phase=Phase.FINALISING if case.has_pods_to_take else Phase.SUCCEEDED,
        weight=0,
        since=case.now,
        step=None,
        clean_since=None,
        promoted=kept,
        revision=kept[0].revision,
        source=kept[0].source,
        waiting=None,
        hold=None,
    )
    return Commit(Action.FINISH, record, reason, weight=0, canary=None if promoted else values_before(case))


def scale_down(case: Case, answered: Gate | None) -> Commit:
    """Take the canary's pods away; its number of replicas is kept in the record."""
    has_failed = case.record.phase is Phase.FAILED
    done = Phase.INITIALIZED if case.record.phase is Phase.INITIALIZING else Phase.SUCCEEDED
    record = replace(
        revise(case, see(case, None, answered)),
        phase=Phase.FAILED if has_failed else done,
        since=case.record.since if has_failed else case.now,
        replicas=case.state.placed.replicas or case.record.replicas,
    )
    return Commit(Action.SCALE_DOWN, record, replicas=0 if case.has_pods_to_take else None)


def roll_back(case: Case, reason: str, check: Check | None = None) -> Commit:
    """Take the canary's traffic away, or, while it is being promoted, first put the previous values back."""
    if case.record.phase is Phase.PROMOTING and case.record.restoring is None:
        return restore(case, reason, check)
    record = quarantine(case, fail(case, check), reason)
    return Commit(Action.ROLLBACK, record, reason, weight=0, canary=values_before(case))


def fail(case: Case, check: Check | None) -> Record:
    """Return the record of a failed rollout: no weight, nothing counted, no request that was about it."""
    record = rewind(revise(case, see(case, check)))
    request = left_request(case, Verb.ABORT, Verb.RETRY, *HURRIES)
    return replace(record, phase=Phase.FAILED, since=case.now, request=request)


def abandon(case: Case, reason: str) -> Commit:
    """Take the canary's traffic away because the target now holds a revision that failed before."""
    record = replace(fail(case, None), revision=case.state.revision.digest, source=case.state.revision.source)
    return Commit(Action.ROLLBACK, record, reason, weight=0, canary=values_before(case))


def restore(case: Case, reason: str, check: Check | None = None) -> Commit:
    """Put the values that the primary ran before back: the first of the two commits of a failed promotion."""
    record = revise(case, see(case, check))
    request = left_request(case, Verb.ABORT, Verb.RETRY, *HURRIES)
    record = replace(record, since=case.now, restoring=reason, waiting=None, request=request)
    return Commit(Action.ROLLBACK, quarantine(case, record, reason), reason, primary=case.record.promoted[0])


def give_back(case: Case, reason: str) -> Commit:
    """Put the previous values back without blame: the target was set back to them while its successor was promoted."""
    record = replace(revise(case), since=case.now, restoring=reason, waiting=None)
    return Commit(Action.ROLLBACK, record, reason, primary=case.record.promoted[0])


def end_restoring(case: Case) -> Commit:
    """Take the canary's traffic away once the restored primary serves: the second commit of a failed promotion."""
    reason = case.record.restoring or ""
    return Commit(Action.ROLLBACK, fail(case, None), reason, weight=0, canary=values_before(case))


def quarantine(case: Case, record: Record, reason: str) -> Record:
    """Return the record with its revision in the quarantine."""
    if record.is_quarantined(record.revision):
        return record
    return replace(record, quarantine=(*record.quarantine, Quarantined(record.revision, reason, case.now)))


def restart(case: Case, reason: str = "") -> Commit:
    """Take the weight to 0 for a new revision, which begins at the first step."""
    record = replace(
        rewind(revise(case)),
        phase=Phase.PROGRESSING,
        since=case.now,
        revision=case.state.revision.digest,
        source=case.state.revision.source,
        request=left_request(case, *HURRIES),
        answer=OUTRUN if any(case.asks_for(verb) for verb in HURRIES) else case.record.answer,
    )
    return Commit(Action.RESTART, record, reason, weight=0)


def clear_weight(case: Case) -> Commit:
    """Take the weight to 0 for a new revision while its predecessor is still being promoted, which goes on."""
    record = replace(revise(case), weight=0, since=case.now, step=None, clean_since=None, hold=None)
    return Commit(Action.RESTART, record, "a new revision while this one is promoted", weight=0)


def terminate(case: Case, reason: str) -> Commit:
    """Take the canary's traffic away because its Canary is gone; nobody is to blame."""
    record = replace(rewind(revise(case)), phase=Phase.TERMINATED, since=case.now, request=None)
    return Commit(Action.ROLLBACK, record, reason, weight=None if case.state.placed.weight is None else 0)
