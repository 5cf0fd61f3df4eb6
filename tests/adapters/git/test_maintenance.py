"""The clone of a process that runs for long: packed now and then, and hardly larger than a fresh one."""

import subprocess
from datetime import timedelta
from pathlib import Path

from gitcanary.adapters.git import Identity, Mirror, hardened
from gitcanary.ports import Outcome
from support.environment import US
from support.fakes import MONDAY
from support.repositories import make_remote

APPS = 40
PUSHES = 21
CHAIN = 20
LOOSE = 2_048  # the most that may lie about: what one push leaves above the number at which it is packed
TEXT = "".join(f"line {number}: what does not change from one commit to the next\n" for number in range(40))


def paths(app: int) -> tuple[str, str]:
    return f"apps/t{app // 10}/app-{app}/routing.yaml", f"apps/t{app // 10}/app-{app}/app.rollout"


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def push_much(mirror: Mirror) -> None:
    """Push chain after chain; each commit changes two files of one folder."""
    tip = mirror.fetch()
    for push in range(PUSHES):
        head = tip
        for number in range(push * CHAIN, (push + 1) * CHAIN):
            files: dict[str, bytes | None] = {
                path: f"{path}\n{TEXT}weight: {number}\n".encode() for path in paths(number * 7 % APPS)
            }
            head = mirror.commit(head, files, f"Advance to {number}", MONDAY + timedelta(seconds=number))
        assert mirror.push(tip, head).outcome is Outcome.LANDED
        tip = mirror.fetch()


def test_after_many_commits_the_clone_is_hardly_larger_than_a_fresh_one(tmp_path: Path) -> None:
    remote = make_remote(tmp_path / "remote", {path: TEXT for app in range(APPS) for path in paths(app)})
    with Mirror(remote.url, remote.branch, tmp_path / "cache", Identity(US, US), hardened()) as mirror:
        push_much(mirror)
        [objects] = (tmp_path / "cache").glob("mirror-*/*.git/objects")
        loose, packs = list(objects.glob("??/*")), list(objects.glob("pack/*.pack"))
        assert packs
        assert len(packs) <= 16
        assert len(loose) < LOOSE
        clone, fresh = tmp_path / "fresh", ["git", "clone", "--quiet", "--bare", "--no-local", remote.url]
        subprocess.run([*fresh, str(clone)], check=True)
        packed = sum(path.stat().st_size for path in packs)
        assert packed <= 1.2 * size(clone / "objects")
