"""A branch as a list of commits: what one canary's files hold after each, and who touched what."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from gitcanary.rollout.state import Awaited, Placed, Touch

US = "gitcanary"
MIA = "Mia"


@dataclass(frozen=True, slots=True)
class Pushed:
    """One commit: when, by whom, what is placed after it, and whether it touched the record or only a request in it."""

    commit: str
    at: datetime
    by: str
    placed: Placed
    changes_record: bool = False
    changes_request: bool = False

    @property
    def touch(self) -> Touch:
        return Touch(self.commit, self.by, self.by == US)


@dataclass
class Branch:
    """The commits, oldest first. There is always one."""

    commits: list[Pushed] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.commits)

    @property
    def tip(self) -> Pushed:
        return self.commits[-1]

    @property
    def awaited(self) -> Awaited:
        """The newest commit that changed a placed value."""
        pushed = self.changed(lambda placed: placed)
        return Awaited(pushed.commit, pushed.at)

    def push(self, at: datetime, by: str, placed: Placed, **touched: bool) -> None:
        """Add a commit."""
        commit = sha256(f"{len(self) + 1} by {by}".encode()).hexdigest()[:40]
        self.commits.append(Pushed(commit, at, by, placed, **touched))

    def after(self, pushed: Pushed | None) -> Iterator[Pushed]:
        """Walk the commits after one, oldest first."""
        yield from self.commits[self.commits.index(pushed) + 1 if pushed else 0 :]

    def changed(self, aspect: Callable[[Placed], object], until: Pushed | None = None) -> Pushed:
        """Return the newest commit, at or before `until`, that changed an aspect of what is placed."""
        commits = self.commits if until is None else self.commits[: self.commits.index(until) + 1]
        found = commits[-1]
        for pushed in reversed(commits):
            if aspect(pushed.placed) != aspect(found.placed):
                break
            found = pushed
        return found

    def touch(self, has_touched: Callable[[Pushed], bool]) -> Touch | None:
        """Return the newest commit that touched something."""
        return next((pushed.touch for pushed in reversed(self.commits) if has_touched(pushed)), None)
