"""One canary at one instant, put together by hand: for tables of single decisions.

`mid_run` is a canary at 20 % that has been live for long enough; every function takes what is otherwise.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from gitcanary.rollout.consider import consider
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
)
from gitcanary.rollout.spec import HookType, Spec
from gitcanary.rollout.state import (
    Awaited,
    Observed,
    Phase,
    Placed,
    Promoted,
    Record,
    Revision,
    State,
    Touch,
)
from support.canaries import at, digest

OURS = Touch("0" * 40, "gitcanary", is_ours=True)
MIAS = Touch("a" * 40, "Mia", is_ours=False)


def make_record(**changes: object) -> Record:
    """Return the record of r2 at 20 % since second 0; r1 is promoted."""
    fields = {
        "canary": "test/podinfo",
        "phase": Phase.PROGRESSING,
        "weight": 20,
        "since": at(0),
        "revision": digest("r2"),
        "source": "2" * 40,
        "spec": "spec-1",
        "evidence": Observed(at(0), settle=timedelta(seconds=15)),
        "clean_since": at(-100),
        "promoted": (Promoted(digest("r1"), "1" * 40, at(-1000)),),
    }
    return Record(**(fields | changes))


def make_state(record: Record | None = None, **changes: object) -> State:
    """Return the tip that belongs to a record, where nobody else changed anything."""
    record = record or make_record()
    fields = {
        "path": "apps/podinfo",
        "revision": Revision(record.revision, record.source),
        "placed": Placed(record.weight, record.revision, record.promoted[0].revision, 2),
        "awaited": Awaited("c" * 40, record.since),
        "record": record,
        "record_blob": "b" * 40,
        "is_scalable": True,
        "primary_replicas": 2,
        "record_touch": OURS,
        "weight_touch": OURS,
        "request_touch": MIAS,
    }
    return State(**(fields | changes))


def make_live(state: State, **changes: object) -> Live:
    """Return that the tip is live since ten seconds after the awaited commit, and ready."""
    fields = {
        "status": LiveStatus.APPLIED,
        "by": "world",
        "commit": state.awaited.commit,
        "since": state.awaited.committed_at + timedelta(seconds=10),
        "placed": state.placed,
        "primary_ready": True,
        "canary_ready": True,
    }
    return Live(**(fields | changes))


def decide(
    spec: Spec,
    state: State,
    evidence: Evidence,
    *,
    says: Mapping[str, float | str | None] | None = None,
    answers: Mapping[str, int | None] | None = None,
    live: Live | None = None,
) -> tuple[Decision, Evidence]:
    """Return the decision once everything that is asked was answered, and the evidence that it was made on.

    A metric answers what `says` has for its name, else its limit; a webhook what `answers` has, else a pass.
    """
    decision = consider(spec, state, evidence)
    while isinstance(decision, Ask):
        hooks, metrics = dict(evidence.hooks), dict(evidence.metrics)
        for question in decision.questions:
            match question:
                case HookQuestion(hook=hook):
                    usual = 403 if hook.type is HookType.ROLLBACK else 200
                    hooks[question] = HookAnswer((answers or {}).get(hook.name, usual))
                case MetricQuestion(metric=metric):
                    limit = metric.maximum if metric.minimum is None else metric.minimum
                    said = (says or {}).get(metric.name, limit)
                    trouble = said if isinstance(said, str) else None
                    metrics[question] = MetricAnswer(evidence.now, None if trouble else said, trouble)
                case LiveQuestion():
                    evidence = replace(evidence, live=live or make_live(state))
        assert (hooks, metrics) != (evidence.hooks, evidence.metrics) or LiveQuestion() in decision.questions
        evidence = replace(evidence, hooks=hooks, metrics=metrics)
        decision = consider(spec, state, evidence)
    return decision, evidence


def questions_of(decision: Decision, kind: Callable[..., object]) -> set[str]:
    """Return the names of the webhooks or metrics that are asked."""
    asked = decision.questions if isinstance(decision, Ask) else ()
    found = [question for question in asked if isinstance(question, kind)]
    return {question.hook.name if isinstance(question, HookQuestion) else question.metric.name for question in found}
