"""The person at the terminal: who they are to Git, and what the checkout in which they stand follows."""

import os
from dataclasses import dataclass
from pathlib import Path

import git

from gitcanary.adapters.git.identity import Identity, Person
from gitcanary.errors import Usage

_HEADS = "refs/heads/"


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where a branch is pushed to: the address of its remote, and the branch there."""

    url: str
    branch: str


def find_upstream(folder: Path) -> Upstream:
    """Return what the branch that is checked out follows; raises `Usage`, naming what to give instead, if nothing."""
    top = _ask(folder, "rev-parse", "--show-toplevel")
    if top is None:
        raise Usage(f"{folder} is in no Git checkout: give --repository")
    branch = _ask(folder, "symbolic-ref", "--quiet", "--short", "HEAD")
    if branch is None:
        raise Usage(f"no branch is checked out in {top}: give --repository and --branch")
    remote = _ask(folder, "config", f"branch.{branch}.remote")
    merged = _ask(folder, "config", f"branch.{branch}.merge")
    url = top if remote == "." else _ask(folder, "remote", "get-url", remote) if remote else None
    if url is None or merged is None or not merged.startswith(_HEADS):
        raise Usage(f"the branch {branch} of {top} follows none: set its upstream, or give --repository and --branch")
    return Upstream(_located(url, Path(top)), merged.removeprefix(_HEADS))


def find_identity(folder: Path) -> Identity:
    """Return the caller's own author and committer, as `git commit` in this folder would write them.

    Raises `Usage` where Git would have to guess.
    """
    return Identity(_person(folder, "GIT_AUTHOR_IDENT"), _person(folder, "GIT_COMMITTER_IDENT"))


def _person(folder: Path, variable: str) -> Person:
    # Guessing from the machine's name would put a person into the history whom nobody knows.
    said = _ask(folder, "-c", "user.useConfigOnly=true", "var", variable)
    if said is None:
        raise Usage("Git does not know who you are: set user.name and user.email with `git config --global`")
    return Person.parse(said.rsplit(" ", 2)[0])


def _located(url: str, top: Path) -> str:
    """Return a remote's address; Git takes a path for one from the top of the checkout."""
    is_path = "://" not in url and not url.startswith("/") and (top / url).exists()
    return str((top / url).resolve()) if is_path else url


def _ask(folder: Path, *arguments: str) -> str | None:
    """Return what git prints, without the line's end; None where it fails."""
    try:
        status, printed, _ = git.Git(folder).execute(
            ["git", *arguments], env={**os.environ, "LC_ALL": "C"}, with_extended_output=True, with_exceptions=False
        )
    except git.GitCommandNotFound as error:
        raise Usage("git is not installed, or not on the PATH") from error
    return str(printed) if status == 0 and printed else None
