"""What the loop needs of the world, on one page.

Adapters implement these with one library each; the controller knows nothing else. Every method blocks, has a
deadline of its own, and raises `errors.Unreachable` (or what its docstring names) rather than a library's error.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from gitcanary.rollout.evidence import HookAnswer, HookQuestion, MetricAnswer
from gitcanary.rollout.spec import Metric


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a tree: its object's id and its Git mode.

    A file's is 0o100644 or 0o100755, a symlink's 0o120000, a submodule's 0o160000, a folder's 0o040000.
    """

    blob: str
    mode: int


@dataclass(frozen=True, slots=True)
class Revised:
    """One commit of the branch: who, when (committer date), its parents and its whole message.

    `parent` is the first parent, `merged` are the others.
    """

    commit: str
    parent: str | None
    author: str
    author_email: str
    committer: str
    committer_email: str
    committed_at: datetime
    message: str
    merged: tuple[str, ...] = ()


class Signed(StrEnum):
    """What a commit's signature is worth: whether a key signed it that may sign for its committer.

    `unchecked` where the operator says of no key that it may.
    """

    UNCHECKED = "unchecked"
    GOOD = "good"
    MISSING = "missing"
    WRONG = "wrong"


class Outcome(StrEnum):
    """How a push ended. `unknown` never leaves the repository adapter: it asks the remote by ancestry."""

    LANDED = "landed"
    RACED = "raced"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Pushed:
    """The outcome of a push and, where it was declined, what the remote said (redacted, one line)."""

    outcome: Outcome
    said: str = ""


class Files(Protocol):
    """The files of commits, as a survey reads them."""

    def entries(self, commit: str, folder: str = "") -> Mapping[str, Entry]:
        """Return what lies directly in a folder, folders too, by name ('' is the root; no folder, nothing)."""
        ...

    def files(self, commit: str, under: str = "") -> Iterator[tuple[str, Entry]]:
        """Walk all files of a commit below a folder, as (path from the root, entry)."""
        ...

    def changes(self, old: str, new: str) -> frozenset[str]:
        """Return the paths whose entry differs between two commits, without reading any blob."""
        ...

    def has(self, blob: str) -> bool:
        """Tell whether there is such a blob; any text may be asked for."""
        ...

    def read(self, blob: str) -> bytes:
        """Return a blob's content."""
        ...


class Repository(Files, Protocol):
    """One branch of one remote repository, mirrored in a bare clone. No worktree, ever."""

    def fetch(self) -> str:
        """Fetch the branch and return its tip. Raises `errors.Rewound` if the old tip is no ancestor of the new one."""
        ...

    def revised(self, commit: str) -> Revised:
        """Return one commit's facts."""
        ...

    def history(self, tip: str, paths: Iterable[str]) -> Iterator[Revised]:
        """Walk first parents from the tip, newest first: the commits that changed any of the paths."""
        ...

    def signature(self, commit: str) -> Signed:
        """Tell what a commit's signature is worth."""
        ...

    def is_ancestor(self, old: str, new: str) -> bool:
        """Tell whether `old` is `new` or an ancestor of it; False where either is not known here."""
        ...

    def commit(self, parent: str, files: Mapping[str, bytes | None], message: str, at: datetime) -> str:
        """Write a commit on top of `parent` that changes these files, None removes one; moves no ref."""
        ...

    def batch(self) -> AbstractContextManager[None]:
        """Write the commits made inside together, when it ends; until then only `commit` and `changes` know them."""
        ...

    def push(self, tip: str, new: str) -> Pushed:
        """Push the chain `tip..new` to the branch if its tip still is `tip`; never forces."""
        ...


class Measurements(Protocol):
    """The metrics provider."""

    def ask(self, metrics: Iterable[Metric], at: datetime) -> Mapping[Metric, MetricAnswer]:
        """Answer every metric at one instant; identical and builtin ones are asked together. Never raises."""
        ...


class Hooks(Protocol):
    """Webhooks out."""

    def call(self, question: HookQuestion) -> HookAnswer:
        """Deliver one webhook and return its answer, after its retries. Never raises."""
        ...

    def notify(self, question: HookQuestion, metadata: Mapping[str, str]) -> None:
        """Deliver an `event` webhook once, with further metadata; failures are logged. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a sync gate says is applied.

    Either `revision`, a commit, since `at`; or `committed_until`: everything committed up to that instant (`delay`
    is then added to a committer date to get when it became live). `ready` is by `namespace/workload`, None where
    the gate cannot tell. `trouble` says why nothing is known; `blocked` why the sync tool will not apply anything.
    """

    by: str
    revision: str | None = None
    at: datetime | None = None
    committed_until: datetime | None = None
    delay: timedelta | None = None
    ready: Mapping[str, bool] | None = None
    not_ready_since: datetime | None = None
    trouble: str | None = None
    blocked: str | None = None


class Gate(Protocol):
    """A sync gate: what did the sync tool apply?"""

    def look(self, now: datetime) -> Sighting:
        """Return what is applied. Never raises: not knowing is a sighting with its trouble."""
        ...


class Clock(Protocol):
    """The time, and waiting for it."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class Signal:
    """What happened in a round, for logs and metrics: a name and its fields."""

    name: str
    fields: Mapping[str, object] = field(default_factory=dict)


class Telemetry(Protocol):
    """Logs and metrics out: told what happened, after it happened."""

    def tell(self, signals: Sequence[Signal]) -> None:
        """Take note of what happened. Never raises."""
        ...
