"""One branch of one remote: fetched into a bare clone of this process's own, pushed to without force.

The clone is full: history and ancestry are asked of it. It has no worktree, its only ref is a private one that follows
the branch, and it is a cache: thrown away when it cannot be read, and when the process ends.
"""

import shutil
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Event, RLock
from time import monotonic
from typing import BinaryIO, Self

import structlog
from pygit2 import GitError, init_repository, reference_is_valid_name

from gitcanary.adapters.git.address import remote_address
from gitcanary.adapters.git.cache import Claim
from gitcanary.adapters.git.command import Answer, Leash, run
from gitcanary.adapters.git.environment import Environment
from gitcanary.adapters.git.identity import Identity
from gitcanary.adapters.git.objects import Objects
from gitcanary.adapters.git.outcome import has_raced, judge, said, turned_away
from gitcanary.adapters.git.upkeep import Upkeep
from gitcanary.errors import Refused, Rewound, Stopped, Unreachable, Usage
from gitcanary.ports import Outcome, Pushed

_FOLLOWED = "refs/gitcanary/upstream"
_NO_SUCH_REF = 2  # git-ls-remote(1), --exit-code
_CLONING = 10  # a first fetch brings the whole history: so many times the deadline of a later one
_LAST_PUSH = 5.0  # seconds that a push gets to end when the process is asked to
_REPLACED_LATELY = 600.0  # seconds in which a clone is not replaced again for the same tip
_REMAINS = ("*.lock", "refs/**/*.lock", "objects/pack/tmp_*", "objects/pack/.tmp*", "objects/??/tmp_obj_*")

_log = structlog.get_logger()


class Mirror(Objects):
    """A branch of a remote repository, as `ports.Repository` has it.

    `fetch` and `push` exclude each other, whatever the thread; everything else may be called at any time. Nothing is
    asked of the remote before the first `fetch`, which clones. `deadline` bounds each later talk with the remote.
    """

    def __init__(
        self,
        url: str,
        branch: str,
        cache: Path,
        identity: Identity,
        environment: Environment,
        deadline: timedelta = timedelta(seconds=60),
    ) -> None:
        """Claim a folder below `cache`. Raises `Usage` for an address or a branch that cannot be one."""
        self.url, embedded = remote_address(url)
        self.branch = _valid(branch)
        self._environment = environment.falling_back_to(embedded)
        self._deadline = deadline
        self._turn = RLock()
        self._tip: str | None = None
        self._rewound: str | None = None
        self._replaced: tuple[str | None, float] | None = None
        self._leash = Leash()
        self._is_stopping = False
        self._may_stop = Event()
        self._may_stop.set()
        self._claim = Claim(cache)
        super().__init__(self._empty_clone(), identity)
        self._upkeep = Upkeep(self._folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the clone."""
        self._claim.release()

    def stop(self) -> None:
        """Have no further talk with the remote, from any thread: each raises `Stopped`. A push may end in a moment."""
        self._is_stopping = True
        self._may_stop.wait(_LAST_PUSH)
        self._leash.cut()

    def fetch(self) -> str:
        """Fetch the branch and return its tip.

        Raises `Usage` if there never was such a branch, `Unauthorized`, `Unreachable`, and `Rewound` if the old tip is
        no ancestor of the new one: then at every later call too, until somebody looked and started the process again.
        """
        with self._turn:
            self._stop_if_rewound()
            tip = self._follow()
            self._shrink()
            return tip

    def push(self, tip: str, new: str) -> Pushed:
        """Push the chain `tip..new` to the branch if its tip still is `tip`; never forces.

        Raises what `fetch` raises, as what is uncertain is settled by fetching; `Unreachable` also where the remote did
        not take it. Whatever is raised, it may have landed: the next fetch tells. Raises `ValueError` if `new` is no
        chain of single-parent commits on `tip`.
        """
        with self._turn:
            self._stop_if_rewound()
            self._require_chain(tip, new)
            answer = self._send(tip, new)
            pushed = judge(answer, self._environment.secrets) or self._settle(tip, new, answer)
            if pushed.outcome is Outcome.LANDED:
                self._note(new)
            return pushed

    def _send(self, tip: str, new: str) -> Answer:
        # The lease compares; it would also permit a force, which is why the chain was looked at before.
        lease = f"--force-with-lease={self._ref}:{tip}"
        self._may_stop.clear()
        try:
            return self._ask("push", "--porcelain", "--no-verify", lease, "--", self.url, f"{new}:{self._ref}")
        finally:
            self._may_stop.set()

    def _settle(self, tip: str, new: str, answer: Answer) -> Pushed:
        """Find out what became of a push whose end nobody saw."""
        now = self._follow()
        if self.is_ancestor(new, now):
            return Pushed(Outcome.LANDED)
        if now != tip or has_raced(answer):
            return Pushed(Outcome.RACED)
        raise Unreachable(f"the push did not arrive: {self._said(answer)}")

    def _require_chain(self, tip: str, new: str) -> None:
        step = self._commit(new)
        while len(step.parent_ids) == 1:
            if str(step.parent_ids[0]) == tip:
                return
            step = self._commit(str(step.parent_ids[0]))
        raise ValueError(f"{new} is no chain of commits on {tip}")

    def _follow(self) -> str:
        """Bring the clone up to date and return the tip, replacing a clone that cannot be used."""
        try:
            tip = None if self._damaged == self._folder else self._fetch_once() or self._fetch_once()
            tip = tip or self._fetch_anew() or self._fetch_once()
        except (OSError, GitError) as error:
            raise Unreachable(f"the clone cannot be used: {error}") from error
        if tip is None:
            raise Unreachable(f"fetching {self.branch} from {self.url} fails, although the remote answers")
        self._require_descent(tip)
        self._tip = tip
        return tip

    def _fetch_once(self) -> str | None:
        """Fetch and return the tip; None if that failed although the remote answers: the clone is the trouble."""
        refspec = f"+{self._ref}:{_FOLLOWED}"
        options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--no-recurse-submodules")
        answer = self._ask("fetch", *options, "--", self.url, refspec)
        if answer.is_success:
            self._tidy()
            return self._read_tip()
        self._remove_remains()
        self._explain(answer)
        return None

    def _explain(self, failed: Answer) -> None:
        """Raise what a failed fetch means, unless the remote shows the branch when asked."""
        turned_away(failed, self._environment.secrets)
        answer = failed if failed.status is None else self._list_remote()
        if answer.is_success:
            return
        if answer.status == _NO_SUCH_REF:
            raise self._missing()
        turned_away(answer, self._environment.secrets)
        raise Unreachable(f"{self.url} cannot be reached: {self._said(answer)}")

    def _list_remote(self) -> Answer:
        """Ask the remote for the branch, from where no clone is that could be the trouble itself."""
        return self._ask("ls-remote", "--exit-code", "--", self.url, self._ref, within=self._claim.folder)

    def _missing(self) -> Usage | Unreachable:
        if self._tip is None:
            return Usage(f"no branch {self.branch!r} at {self.url}")
        return Unreachable(f"branch {self.branch!r} is gone from {self.url}")

    def _read_tip(self) -> str | None:
        try:
            with self._reading():
                return str(self._commit(str(self._repository.references[_FOLLOWED].target)).id)
        except (Refused, Unreachable):
            return None

    def _require_descent(self, tip: str) -> None:
        if self._tip is not None and not self.is_ancestor(self._tip, tip):
            self._rewound = f"{self.branch} was rewound: {tip} does not descend from {self._tip}, the tip known before"
            self._stop_if_rewound()

    def _stop_if_rewound(self) -> None:
        if self._rewound is not None:
            raise Rewound(self._rewound)

    def _note(self, tip: str) -> None:
        """Take a tip that was pushed for known, so that losing it again is seen as a rewind."""
        if self._tip is None or self.is_ancestor(self._tip, tip):
            self._tip = tip
            with suppress(GitError, OSError):  # the next fetch moves it, or finds the clone damaged
                self._repository.references.create(_FOLLOWED, tip, force=True)

    def _fetch_anew(self) -> str | None:
        """Clone again beside the clone that is there, which goes only when the new one has come.

        Not twice for one tip within some minutes: what a fresh clone cannot read either is not the clone's fault.
        """
        tried = self._replaced
        if tried is not None and tried[0] == self._tip and monotonic() - tried[1] < _REPLACED_LATELY:
            return None
        self._replaced = (self._tip, monotonic())
        _log.warning("clone replaced", url=self.url, tip=self._tip)
        old, tip = self._folder, None
        self._folder = self._empty_clone()
        try:
            tip = self._fetch_once()
        finally:
            unused, self._folder = (old, self._folder) if tip else (self._folder, old)
            shutil.rmtree(unused, ignore_errors=True)
            if unused.is_file():  # somebody put one in its place
                unused.unlink()
        return tip

    def _remove_remains(self) -> None:
        """Remove what a git that was killed left behind: nobody else writes here, and its locks would stay for ever."""
        for pattern in _REMAINS:
            for path in self._folder.glob(pattern):
                path.unlink(missing_ok=True)

    def _empty_clone(self) -> Path:
        folder = Path(tempfile.mkdtemp(suffix=".git", dir=self._claim.folder))
        init_repository(folder, bare=True)
        return folder

    def index_pack(self, pack: BinaryIO) -> None:
        """Take a pack into the clone. Raises `Unreachable` where that cannot be."""
        answer = self._ask("index-pack", "--stdin", given=pack)
        if not answer.is_success:
            raise Unreachable(f"the commits cannot be written: {self._said(answer)}")

    def _tidy(self) -> None:
        """Put small packs and loose objects together now and then: git's own maintenance would run beside us.

        First by a walk through history, which knows the names of files and so finds what is alike. Then only packs that
        are small beside the others are written again, and none of their objects is left out, so this is quick and loses
        nothing that was not pushed.
        """
        if Upkeep(self._folder).is_scattered():
            self._remove_remains()
            self._ask("repack", "-d", "-q")
            self._ask("repack", "-d", "-q", "--geometric=2")

    def _shrink(self) -> None:
        """Once the clone has grown, pack it whole without what no ref reaches: chains that lost a race.

        Only between rounds, when no chain waits for its push; one whose end nobody saw was fetched if it landed.
        """
        if self._upkeep.folder != self._folder:
            self._upkeep = Upkeep(self._folder)
        with suppress(OSError):  # a clone that is damaged is the next fetch's to find
            if self._upkeep.has_grown():
                self._ask("repack", "-a", "-d", "-q")
                self._upkeep.note_compact()

    def _ask(self, *arguments: str, within: Path | None = None, given: BinaryIO | None = None) -> Answer:
        is_cloned = (self._folder / _FOLLOWED).exists()
        patience = self._deadline if is_cloned else self._deadline * _CLONING
        variables = self._environment.variables_for(self.url)
        if self._is_stopping:
            raise Stopped("this process was asked to end")
        folder = within or self._folder
        withheld = self._environment.withheld
        answer = run(folder, arguments, variables, withheld, patience, leash=self._leash, given=given)
        if self._leash.is_cut and not answer.is_success:
            raise Stopped("this process was asked to end")
        return answer

    def _said(self, answer: Answer) -> str:
        return said(answer, self._environment.secrets)

    @property
    def _ref(self) -> str:
        return f"refs/heads/{self.branch}"


def _valid(branch: str) -> str:
    if branch.startswith("-") or not reference_is_valid_name(f"refs/heads/{branch}"):
        raise Usage(f"not the name of a branch: {branch!r}")
    return branch
