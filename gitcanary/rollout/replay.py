"""A decision taken again, from the evidence that its record keeps. An `Ask` then means that the record lacks some."""

from collections.abc import Callable
from dataclasses import replace

from gitcanary.rollout.decision import Ask, Decision
from gitcanary.rollout.evidence import (
    Evidence,
    HookAnswer,
    HookQuestion,
    Live,
    LiveQuestion,
    LiveStatus,
    MetricAnswer,
    MetricQuestion,
    Question,
    Verdict,
)
from gitcanary.rollout.state import Observed, Placed, Record

NOBODY = "nobody"
MOST_TURNS = 8


def replay(
    consider: Callable[[Evidence], Decision], before: Record | None, seen: Observed, placed_at: Callable[[str], Placed]
) -> Decision:
    """Return what the rules decide on the evidence of a record; `before` is the record that they found.

    Questions are answered only as they are put, as they were then: what a record kept from an earlier decision, though
    nobody asked, helps nobody. `placed_at` tells the values that a commit holds.
    """
    checked = before.evidence.checked_at if before else None
    evidence = Evidence(seen.observed_at, begun=seen.checked_at if seen.checked_at != checked else None)
    decision = consider(evidence)
    for _ in range(MOST_TURNS):
        if not isinstance(decision, Ask):
            break
        known = evidence
        for question in decision.questions:
            evidence = answered(evidence, question, seen, placed_at)
        if evidence == known:
            break
        decision = consider(evidence)
    return decision


def answered(evidence: Evidence, question: Question, seen: Observed, placed_at: Callable[[str], Placed]) -> Evidence:
    """Return the evidence with what the record holds about a question; as it is where the record holds nothing."""
    match question:
        case LiveQuestion():
            return replace(evidence, live=recalled_live(seen, placed_at))
        case MetricQuestion(metric=metric):
            value = next((each for each in seen.metrics if each.name == metric.name), None)
            if value is None:
                return evidence
            answer = MetricAnswer(value.until, value.value, trouble_of(value.verdict))
            return replace(evidence, metrics={**evidence.metrics, question: answer})
        case HookQuestion(hook=hook):
            told = next((each for each in seen.webhooks if (each.name, each.type) == (hook.name, hook.type)), None)
            if told is None:
                return evidence
            return replace(evidence, hooks={**evidence.hooks, question: HookAnswer(told.status)})


def recalled_live(seen: Observed, placed_at: Callable[[str], Placed]) -> Live:
    """Return what was seen live; the values are those that the repository holds, not those that the record claims."""
    ready = seen.ready
    live = Live(
        status=LiveStatus.PENDING,
        by=NOBODY,
        primary_ready=ready.primary if ready else None,
        canary_ready=ready.canary if ready else None,
        not_ready_since=ready.not_ready_since if ready else None,
    )
    if seen.live is None:
        return live
    told = seen.live
    status = LiveStatus(told.status)
    return replace(live, status=status, by=told.by, commit=told.commit, since=told.since, placed=placed_at(told.commit))


def trouble_of(verdict: str) -> str | None:
    """Return the trouble of a metric that could not be asked; the record keeps no more of it than its verdict."""
    return "could not be asked" if verdict == Verdict.ERROR else None
