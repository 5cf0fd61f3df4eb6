"""What would follow from a decision, were the answers such."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from gitcanary.rollout.consider import consider
from gitcanary.rollout.decision import Ask, Commit, Decision
from gitcanary.rollout.evidence import Evidence, HookAnswer, HookQuestion, MetricAnswer, MetricQuestion
from gitcanary.rollout.spec import HookType, Spec
from gitcanary.rollout.state import Action, State

Answering = Callable[[MetricQuestion, datetime], MetricAnswer]


def metrics_of(decision: Decision) -> set[MetricQuestion]:
    questions = decision.questions if isinstance(decision, Ask) else ()
    return {question for question in questions if isinstance(question, MetricQuestion)}


def passes(question: MetricQuestion, now: datetime) -> MetricAnswer:
    limit = question.metric.maximum if question.metric.minimum is None else question.metric.minimum
    return MetricAnswer(now, limit)


def fails(question: MetricQuestion, now: datetime) -> MetricAnswer:
    limit = question.metric.maximum if question.metric.minimum is None else question.metric.minimum
    return MetricAnswer(now, limit + (1 if question.metric.minimum is None else -1))


def play(spec: Spec, state: State, evidence: Evidence, answering: Answering) -> Decision:
    """Return what is decided at this instant when every webhook passes and metrics answer so."""
    decision = consider(spec, state, evidence)
    while isinstance(decision, Ask):
        hooks = {
            question: HookAnswer(403 if question.hook.type is HookType.ROLLBACK else 200)
            for question in decision.questions
            if isinstance(question, HookQuestion)
        }
        metrics = {question: answering(question, evidence.now) for question in metrics_of(decision)}
        assert hooks or metrics
        evidence = replace(evidence, hooks={**evidence.hooks, **hooks}, metrics={**evidence.metrics, **metrics})
        decision = consider(spec, state, evidence)
    return decision


def play_on(spec: Spec, state: State, evidence: Evidence, answering: Answering) -> list[Action]:
    """Return the actions that follow one another at this instant, until one moves the canary."""
    actions: list[Action] = []
    while isinstance(decision := play(spec, state, evidence, answering), Commit):
        actions.append(decision.action)
        if decision.action not in {Action.HOLD, Action.PAUSE, Action.ANSWER, Action.RESUME}:
            break
        state = replace(state, record=decision.record, record_touch=None)
        assert len(actions) < 5, actions
    return actions
