"""Gates: webhooks that are asked whether a move may be made. Closed is no failure; not reached is no answer."""

from dataclasses import dataclass

from gitcanary.rollout.case import Case
from gitcanary.rollout.checks import see_hook
from gitcanary.rollout.decision import Ask
from gitcanary.rollout.evidence import Verdict
from gitcanary.rollout.pace import Beat
from gitcanary.rollout.questions import ask_hook
from gitcanary.rollout.spec import HookType
from gitcanary.rollout.state import SeenHook


@dataclass(frozen=True, slots=True)
class Gate:
    """What the webhooks of one gate answered."""

    kind: HookType
    seen: tuple[SeenHook, ...]

    @property
    def is_open(self) -> bool:
        return all(hook.verdict == Verdict.PASS for hook in self.seen)

    @property
    def is_closed(self) -> bool:
        """Whether somebody said no; False also where nobody could be asked."""
        return any(hook.verdict == Verdict.FAIL for hook in self.seen)

    @property
    def shut_by(self) -> str:
        """The name of the first webhook that did not pass."""
        return next((hook.name for hook in self.seen if hook.verdict != Verdict.PASS), "")


def ask_gate(case: Case, kind: HookType, beat: Beat) -> Ask | Gate:
    """Ask all webhooks of a gate, or return their answers. A gate without webhooks is open."""
    questions = [ask_hook(case, hook, beat) for hook in case.spec.hooks_of(kind)]
    if unanswered := [question for question in questions if question not in case.evidence.hooks]:
        return Ask(frozenset(unanswered))
    return Gate(kind, tuple(see_hook(question.hook, case.evidence.hooks[question]) for question in questions))
