"""The history that is walked once for all canaries: it says the same as Git, whoever asks first."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pygit2
import pytest

from gitcanary.adapters.git import Identity, Mirror, hardened
from gitcanary.controller.history import History
from support.environment import US
from support.repositories import Remote, make_remote

FOLDERS = ("", "apps", "apps/a", "apps/b", "apps/b/deep", "other", "nowhere")


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return make_remote(tmp_path / "remote")


@pytest.fixture
def mirror(remote: Remote, tmp_path: Path) -> Iterator[Mirror]:
    with Mirror(remote.url, "main", tmp_path / "cache", Identity(US, US), hardened()) as mirror:
        yield mirror


def grow(remote: Remote, random: Random, commits: int) -> list[str]:
    """Commit to some folders, and now and then take a file away again."""
    made = []
    for number in range(commits):
        path = f"{random.choice(FOLDERS[1:-1])}/{random.choice('xy')}.yaml"
        is_removed = path in remote.files() and random.random() < 0.3
        made.append(remote.commit({path: None if is_removed else f"{number}: {random.random()}"}))
    return made


def merge(remote: Remote, first: str, second: str) -> str:
    """Merge two commits, with the tree of the second, and make that the branch."""
    repository = pygit2.Repository(remote.folder)
    who = pygit2.Signature("Mia", "mia@example.com", 1_800_000_000, 0)
    tree = repository[second].peel(pygit2.Tree).id
    ref = remote.ref if first == remote.tip else None
    return str(repository.create_commit(ref, who, who, "Merge", tree, [first, second]))


def believe(walked: History, mirror: Mirror, commits: list[str]) -> None:
    for commit in commits:
        for folder in FOLDERS:
            expected = [found.commit for found in mirror.history(commit, [folder])]
            assert [found.commit for found in walked.touching(commit, folder)] == expected
            assert walked.newest(commit, folder) == next(iter(expected), None)
        for other in commits:
            assert walked.is_ancestor(commit, other) == mirror.is_ancestor(commit, other)


@pytest.mark.parametrize("seed", range(3))
def test_it_says_the_same_as_git_whoever_asks_first(remote: Remote, mirror: Mirror, seed: int) -> None:
    random = Random(seed)
    commits, walked = grow(remote, random, 8), History(mirror)
    for _ in range(4):
        walked.follow(mirror.fetch())
        believe(walked, mirror, random.sample(commits, 4))
        commits += grow(remote, random, 3)


def test_a_merge_that_makes_our_chain_the_second_parent_is_read_anew(remote: Remote, mirror: Mirror) -> None:
    begin = remote.tip
    ours = grow(remote, Random(0), 3)
    walked = History(mirror)
    walked.follow(mirror.fetch())
    believe(walked, mirror, [begin, *ours])
    theirs = merge(remote, begin, ours[0])
    remote.rewind(merge(remote, theirs, ours[-1]))
    walked.follow(mirror.fetch())
    believe(walked, mirror, [begin, *ours, theirs, remote.tip])


def test_it_forgets_what_came_long_ago_and_reads_it_again_where_somebody_asks(remote: Remote, mirror: Mirror) -> None:
    commits, walked = [remote.tip], History(mirror, kept=4)
    for _ in range(12):
        commits += grow(remote, Random(len(commits)), 1)
        walked.follow(mirror.fetch())
        assert len(walked) <= 4
    believe(walked, mirror, [commits[0], commits[-1]])


def test_a_commit_that_nobody_has_is_no_ancestor(remote: Remote, mirror: Mirror) -> None:
    walked = History(mirror)
    walked.follow(mirror.fetch())
    assert not walked.is_ancestor("0" * 40, remote.tip)
