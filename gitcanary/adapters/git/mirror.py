"""One branch of one remote: fetched into a bare clone of this process's own, pushed to without force.

The clone is full: history and ancestry are asked of it. It has no worktree, its only ref is a private one that follows
the branch, and it is a cache: thrown away when it cannot be read, and when the process ends.
"""

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from threading import RLock
from typing import Self

import structlog
from pygit2 import init_repository, reference_is_valid_name

from gitcanary.adapters.git.address import remote_address
from gitcanary.adapters.git.cache import Claim
from gitcanary.adapters.git.command import Answer, run
from gitcanary.adapters.git.environment import Environment
from gitcanary.adapters.git.identity import Identity
from gitcanary.adapters.git.objects import Objects
from gitcanary.adapters.git.outcome import has_raced, judge, refuse_credentials, said
from gitcanary.errors import Refused, Rewound, Unreachable, Usage
from gitcanary.ports import Outcome, Pushed

_FOLLOWED = "refs/gitcanary/upstream"
_NO_SUCH_REF = 2  # git-ls-remote(1), --exit-code
_CLONING = 10  # a first fetch brings the whole history: so many times the deadline of a later one
_LOOSE_IN_ONE_OF_256 = 27  # the number at which git's own gc would pack them

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
        self._replaced_at: str | None = None
        self._claim = Claim(cache)
        super().__init__(self._empty_clone(), identity)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the clone."""
        self._claim.release()

    def fetch(self) -> str:
        """Fetch the branch and return its tip.

        Raises `Usage` if there never was such a branch, `Unauthorized`, `Unreachable`, and `Rewound` if the old tip is
        no ancestor of the new one: then at every later call too, until somebody looked and started the process again.
        """
        with self._turn:
            self._stop_if_rewound()
            return self._follow()

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
        return self._ask("push", "--porcelain", "--no-verify", lease, "--", self.url, f"{new}:{self._ref}")

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
        if self._damaged == self._folder:
            self._replace_clone()
        tip = self._fetch_once() or self._fetch_once() or self._fetch_anew()
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
        self._explain(answer)
        return None

    def _explain(self, failed: Answer) -> None:
        """Raise what a failed fetch means, unless the remote shows the branch when asked."""
        answer = failed if failed.status is None else self._ask("ls-remote", "--exit-code", "--", self.url, self._ref)
        if answer.is_success:
            return
        if answer.status == _NO_SUCH_REF:
            raise self._missing()
        refuse_credentials(answer, self._environment.secrets)
        raise Unreachable(f"{self.url} cannot be reached: {self._said(answer)}")

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
            self._repository.references.create(_FOLLOWED, tip, force=True)

    def _fetch_anew(self) -> str | None:
        return self._fetch_once() if self._replace_clone() else None

    def _replace_clone(self) -> bool:
        """Throw the clone away, once for each tip: what cannot be read in a fresh one is not the clone's fault."""
        if self._replaced_at == self._tip:
            return False
        _log.warning("clone replaced", url=self.url, tip=self._tip)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = self._empty_clone()
        self._replaced_at = self._tip
        return True

    def _empty_clone(self) -> Path:
        folder = Path(tempfile.mkdtemp(suffix=".git", dir=self._claim.folder))
        init_repository(folder, bare=True)
        return folder

    def _tidy(self) -> None:
        """Pack loose objects now and then: git's own maintenance is off, as it would run beside us."""
        sample = self._folder / "objects" / "17"
        if sample.is_dir() and len(list(sample.iterdir())) > _LOOSE_IN_ONE_OF_256:
            self._ask("repack", "-d", "-q")

    def _ask(self, *arguments: str) -> Answer:
        is_cloned = (self._folder / _FOLLOWED).exists()
        patience = self._deadline if is_cloned else self._deadline * _CLONING
        variables = self._environment.variables_for(self.url)
        return run(self._folder, arguments, variables, self._environment.withheld, patience)

    def _said(self, answer: Answer) -> str:
        return said(answer, self._environment.secrets)

    @property
    def _ref(self) -> str:
        return f"refs/heads/{self.branch}"


def _valid(branch: str) -> str:
    if branch.startswith("-") or not reference_is_valid_name(f"refs/heads/{branch}"):
        raise Usage(f"not the name of a branch: {branch!r}")
    return branch
