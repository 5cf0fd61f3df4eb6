"""What `consider` answers: questions, one commit, or until when to wait and why."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gitcanary.rollout.asked import Asked
from gitcanary.rollout.evidence import Question
from gitcanary.rollout.state import Action, Promoted, Record


@dataclass(frozen=True, slots=True)
class Ask:
    """Questions that are asked side by side before the rules are considered again."""

    questions: frozenset[Question]


@dataclass(frozen=True, slots=True)
class Commit:
    """The intent of one commit; `manifests.plan` makes the edits.

    `record` is the record after it. `weight` (percent) and `replicas` are None where they stay as they are;
    `primary` and `canary` name the revisions whose values go to the one and to the other, None where they stay.
    `reason` ends the subject: one line, safe to print. `asked` is the person's request that it answers.
    """

    action: Action
    record: Record
    reason: str = ""
    weight: int | None = None
    primary: Promoted | None = None
    canary: Promoted | None = None
    replicas: int | None = None
    asked: Asked | None = None


class For(StrEnum):
    """What a canary waits for."""

    REVISION = "revision"
    LIVE = "live"
    READY = "ready"
    CHECK = "check"
    ANSWER = "answer"
    GATE = "gate"
    DATA = "data"
    PERSON = "person"
    BUDGET = "budget"


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before `until`; None where only a change in Git or an answer can change that.

    `is_overdue` says that it has lasted longer than the spec's `syncTimeout`, or needs a person: worth an alert.
    """

    what: For
    why: str
    until: datetime | None = None
    is_overdue: bool = False


Decision = Ask | Commit | Wait
