"""What a canary does now, told from Git alone: the rules are considered on what the record says was seen."""

from datetime import datetime

from gitcanary.cli.standing import Standing
from gitcanary.controller.reconcile import AT_REST, decide
from gitcanary.controller.subject import Subject
from gitcanary.errors import InvalidSpec, Refused
from gitcanary.rollout.decision import Ask, Commit, Decision, For, Wait
from gitcanary.rollout.evidence import Evidence, Live, LiveStatus
from gitcanary.rollout.state import Record, State


def look_ahead(subject: Subject, state: State, now: datetime) -> Decision:
    """Return what would be decided if what the record saw live, still is. Nobody is asked."""
    return decide(subject, state, Evidence(now, remembered(state)))


def remembered(state: State) -> Live | None:
    """Return what the last decision saw live, if that is what is awaited still; None where nobody saw it yet."""
    seen = state.record.evidence.live if state.record else None
    ready = state.record.evidence.ready if state.record else None
    if seen is None or state.awaited is None or seen.commit != state.awaited.commit:
        return None
    if seen.status != LiveStatus.APPLIED:
        return None
    return Live(
        status=LiveStatus.APPLIED,
        by=seen.by,
        commit=seen.commit,
        since=seen.since,
        placed=state.placed,
        primary_ready=ready.primary if ready else None,
        canary_ready=ready.canary if ready else None,
        not_ready_since=ready.not_ready_since if ready else None,
    )


def describe(decision: Decision, state: State) -> str:
    """Return in words what is done next, or what is waited for."""
    match decision:
        case Wait():
            return describe_wait(decision)
        case Commit():
            return f"next: {decision.action}{f', {decision.reason}' if decision.reason else ''}"
        case Ask() if remembered(state) is None and state.awaited is not None:
            return f"waiting until {state.awaited.commit[:7]} is seen live"
        case Ask():
            return "a check is due"


def describe_wait(wait: Wait) -> str:
    """Return in words what is waited for."""
    is_noun = wait.what is For.CHECK or wait.why == AT_REST.why
    return f"waiting for {wait.why}" if is_noun else wait.why


def remarks(record: Record | None) -> str:
    """Return what people asked for and were answered, in words that follow others."""
    asked = f"; asked to {record.request.verb}" if record and record.request else ""
    answered = f"; answered: {record.answer}" if record and record.answer else ""
    return asked + answered


def refusal(standing: Standing) -> str:
    """Return why a Canary is not honoured: its first problem, and how many more there are."""
    match standing.refusal:
        case InvalidSpec(problems=problems):
            more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
            return f"refused: {problems[0]}{more}"
        case Refused() as other:
            return f"refused: {other}"
        case _:
            return ""
