"""The questions of one check, put so that the same question is the same value."""

from hashlib import sha256

from gitcanary.rollout.case import Case
from gitcanary.rollout.evidence import HookQuestion
from gitcanary.rollout.pace import Beat
from gitcanary.rollout.spec import Hook, HookType
from gitcanary.rollout.state import Phase


def ask_hook(case: Case, hook: Hook, beat: Beat) -> HookQuestion:
    """Return the question that delivers a webhook in this check."""
    revision = case.state.revision.digest
    # The numbers start again once a pending commit is live, and a receiver must not take the new check for the old.
    number = f"{beat.number}" if beat.grid.approves else f"pending {beat.number}"
    parts = (case.state.path, revision, hook.name, case.state.record_blob or "", number)
    return HookQuestion(
        namespace=case.spec.namespace,
        canary=case.spec.name,
        revision=revision,
        phase=told_phase(case, hook.type),
        hook=hook,
        at=beat.at,
        key=sha256("\0".join(parts).encode()).hexdigest(),
    )


def told_phase(case: Case, kind: HookType) -> Phase:
    """Return the phase that a webhook is told, as Flagger tells it (reference: its webhook types)."""
    if kind in {HookType.CONFIRM_ROLLOUT, HookType.ROLLBACK, HookType.EVENT}:
        return case.record.phase
    if kind is HookType.POST_ROLLOUT:
        return Phase.FAILED if case.record.phase is Phase.FAILED else Phase.SUCCEEDED
    return Phase.PROGRESSING
