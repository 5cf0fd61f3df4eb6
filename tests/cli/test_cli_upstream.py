"""The caller's checkout: what it follows, and who they are."""

import subprocess
from pathlib import Path

import pytest

from gitcanary.adapters.git import Person, Upstream, find_identity, find_upstream
from gitcanary.errors import Usage
from support.repositories import Remote, make_remote


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return make_remote(tmp_path / "origin.git", {"apps/README.md": "x"}, branch="live")


@pytest.fixture
def checkout(remote: Remote, tmp_path: Path) -> Path:
    remote.git("clone", "--quiet", remote.url, str(tmp_path / "checkout"))
    return tmp_path / "checkout"


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


def test_a_clone_follows_its_remotes_branch_from_any_folder_in_it(checkout: Path, remote: Remote) -> None:
    assert find_upstream(checkout / "apps") == Upstream(remote.url, "live")


def test_the_branch_may_have_another_name_there(checkout: Path, remote: Remote) -> None:
    git(checkout, "switch", "--quiet", "--create", "mine", "--track", "origin/live")
    assert find_upstream(checkout) == Upstream(remote.url, "live")


def test_a_path_beside_the_checkout_is_found_from_anywhere(checkout: Path, remote: Remote) -> None:
    git(checkout, "remote", "set-url", "origin", "../origin.git")
    assert find_upstream(checkout / "apps") == Upstream(str(remote.folder), "live")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("switch", "--quiet", "--detach"), "no branch is checked out"),
        (("switch", "--quiet", "--create", "alone"), "follows none"),
        (("branch", "--unset-upstream"), "follows none"),
        (("remote", "remove", "origin"), "follows none"),
    ],
)
def test_what_follows_nothing_is_told_what_to_give(checkout: Path, words: tuple[str, ...], said: str) -> None:
    git(checkout, *words)
    with pytest.raises(Usage, match=f"{said}.*--repository"):
        find_upstream(checkout)


def test_the_callers_identity_is_what_their_git_would_write(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_COMMITTER_NAME", "A Committer, Jr. ")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "committer@example.com")
    monkeypatch.delenv("GIT_AUTHOR_NAME", raising=False)
    monkeypatch.delenv("GIT_AUTHOR_EMAIL", raising=False)
    git(checkout, "config", "user.name", "Bob van der Berg")
    git(checkout, "config", "user.email", "bob@example.com")
    found = find_identity(checkout)
    assert found.author == Person("Bob van der Berg", "bob@example.com")
    assert found.committer.email == "committer@example.com"
