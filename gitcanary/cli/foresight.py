"""The next decision, foreseen: the rules are asked as time passes, on what the world says now. Nothing is committed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus

from gitcanary.rollout.decision import Ask, Commit, Decision, For, Wait
from gitcanary.rollout.evidence import (
    Evidence,
    HookAnswer,
    HookQuestion,
    Live,
    LiveQuestion,
    MetricAnswer,
    MetricQuestion,
    Question,
)
from gitcanary.rollout.spec import HookType, Metric

MOST_TURNS = 200  # questions and waits; far more than a step has


class AssumedHooks:
    """Hooks (`ports.Hooks`) that call nobody: every webhook is taken to pass, and nobody asks for a rollback."""

    def call(self, question: HookQuestion) -> HookAnswer:
        """Return the status that lets the rollout go on."""
        status = HTTPStatus.FORBIDDEN if question.hook.type is HookType.ROLLBACK else HTTPStatus.OK
        return HookAnswer(status.value)

    def notify(self, question: HookQuestion, metadata: Mapping[str, str]) -> None:
        """Tell nobody."""


@dataclass(frozen=True, slots=True)
class World:
    """What is known of the world now, and taken to stay so: what is live, and every metric's value."""

    live: Live
    metrics: Mapping[Metric, MetricAnswer]
    hooks: AssumedHooks = field(default_factory=AssumedHooks)

    def answered(self, evidence: Evidence, questions: Iterable[Question]) -> Evidence:
        """Return the evidence with the answers to these questions, as of its own instant."""
        for question in questions:
            match question:
                case LiveQuestion():
                    evidence = replace(evidence, live=self.live)
                case HookQuestion():
                    evidence = replace(evidence, hooks={**evidence.hooks, question: self.hooks.call(question)})
                case MetricQuestion(metric=metric):
                    answer = replace(self.metrics[metric], until=evidence.now)
                    evidence = replace(evidence, metrics={**evidence.metrics, question: answer})
        return evidence


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The next decision, and the instant at which it would be made."""

    decision: Commit | Wait
    at: datetime


def foresee(consider: Callable[[Evidence], Decision], world: World, now: datetime) -> Foreseen:
    """Return the next commit, or the wait that more than time has to end.

    Where only time is missing, it passes: the world is taken to stay as it is now.
    """
    evidence, decision = Evidence(now), consider(Evidence(now))
    for _ in range(MOST_TURNS):
        match decision:
            case Ask(questions=questions):
                evidence = world.answered(evidence, questions)
            case Wait(what=For.CHECK, until=until) if until is not None and until > evidence.now:
                evidence = replace(evidence, now=until)
            case Commit() | Wait():
                return Foreseen(decision, evidence.now)
        decision = consider(evidence)
    return Foreseen(Wait(For.CHECK, "no end of this wait is in sight"), evidence.now)
