"""Decisions become a chain of commits, and the chain one push."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gitcanary.controller.containment import contain
from gitcanary.controller.subject import Folders, Subject
from gitcanary.errors import Refused
from gitcanary.manifests.plan import Change, Past, plan
from gitcanary.ports import Pushed, Repository
from gitcanary.rollout.decision import Commit
from gitcanary.rollout.state import Action

WAY_BACK = frozenset({Action.ROLLBACK, Action.RESTART, Action.FINISH})
URGENT = WAY_BACK | {Action.HALT}  # a failed check that waits is one that a rollback waits for


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision for a canary, and the commit that it became."""

    subject: Subject
    decision: Commit
    commit: str
    change: Change


@dataclass(frozen=True, slots=True)
class Stuck:
    """A decision that cannot be committed, and why."""

    subject: Subject
    decision: Commit
    refusal: Refused


@dataclass(frozen=True, slots=True)
class Chain:
    """Commits on top of a tip, one for each decision; `head` is the tip where nothing is to be committed."""

    tip: str
    head: str
    decided: tuple[Decided, ...]
    stuck: tuple[Stuck, ...]
    idle: tuple[Subject, ...]


def in_order(decisions: Iterable[tuple[Subject, Commit]]) -> list[tuple[Subject, Commit]]:
    """Return decisions as they are committed: those that lead back first."""
    return sorted(decisions, key=lambda each: (each[1].action not in WAY_BACK, each[0].key))


def urgent(decisions: Iterable[tuple[Subject, Commit]], lost: int) -> list[tuple[Subject, Commit]]:
    """Return the decisions that are tried after so many lost races: the way back alone, else half of them each time.

    What is written between the fetch and the push is what makes a push slow, and a slow one loses on a busy branch.
    """
    ordered = in_order(decisions)
    back = [each for each in ordered if each[1].action in WAY_BACK] if lost else []
    chosen = back or ordered
    return chosen[: max(1, len(chosen) >> lost)]


class Publisher:
    """Writes and pushes. No worktree, ever: trees are written from trees."""

    def __init__(self, repository: Repository, folders: Folders, suffix: str = "") -> None:
        self._repository = repository
        self._folders = folders
        self._suffix = suffix

    def chain(self, tip: str, decisions: Iterable[tuple[Subject, Commit]], at: datetime) -> Chain:
        """Write one commit for each decision, those that lead back first. Pushes nothing."""
        head = tip
        decided: list[Decided] = []
        stuck: list[Stuck] = []
        idle: list[Subject] = []
        rooms: set[str] = set()
        with self._repository.batch():
            for subject, decision in in_order(decisions):
                if subject.key.path in rooms:
                    continue  # planned on files that the commit before changed: decided again on top of it
                try:
                    change = self.plan(subject, decision)
                    if change is None:
                        idle.append(subject)
                        continue
                    head = self._commit(head, subject, change, at)
                    decided.append(Decided(subject, decision, head, change))
                    rooms.add(subject.key.path)
                except Refused as refusal:
                    stuck.append(Stuck(subject, decision, refusal))
        return Chain(tip, head, tuple(decided), tuple(stuck), tuple(idle))

    def plan(self, subject: Subject, decision: Commit) -> Change | None:
        """Return what a decision changes; None where that is nothing."""
        further = subject.canary.further
        past = Past(lambda commit: self._folders.at(commit, subject.key.path, further), self._blob)
        return plan(subject.folder, subject.canary, subject.record, decision, past, suffix=self._suffix)

    def _blob(self, blob: str) -> bytes:
        if not self._repository.has(blob):
            raise Refused(f"{blob[:40]} is no file of this repository")
        return self._repository.read(blob)

    def push(self, chain: Chain) -> Pushed:
        """Push the chain, if the branch is still where it began."""
        return self._repository.push(chain.tip, chain.head)

    def _commit(self, parent: str, subject: Subject, change: Change, at: datetime) -> str:
        commit = self._repository.commit(parent, change.files, change.message, at)
        contain(self._repository, parent, commit, subject.key.path, subject.canary.further)
        return commit
