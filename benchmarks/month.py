"""A month in a minute: canaries released day by day on a real repository, with the clock of the tests.

Run as a process of its own, as its memory is what is asked about: it prints what it has resident after each quarter,
and how large its clone is beside a fresh one.
"""

import gc
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from benchmarks.fleet import Fleet, fleet, folder_of, names
from benchmarks.loop import Address, Loop
from benchmarks.resident import resident

MARK = "month"
QUARTERS = 4
DAY = timedelta(days=1)
POLL = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Month:
    """What a month left behind: MB resident after each quarter, bytes of the clone and of a fresh one, our commits."""

    resident: tuple[float, ...]
    clone: int
    fresh: int
    commits: int

    @property
    def growth(self) -> float:
        """How many times as large the clone is as a fresh one."""
        return self.clone / self.fresh


def live(folder: Path, canaries: int, days: int) -> Month:
    """Release every canary once, some of them each day, and let each rollout come to its end."""
    begun = fleet(folder / "fleet.git", canaries, rolling=0)
    loop = Loop(folder, begun, Address(begun.remote.url, begun.remote.branch))
    loop.sync.workloads = tuple(f"test/{name}{end}" for name in names(canaries) for end in ("", "-primary"))
    before = len(begun.remote.subjects())
    measured = tuple(_days(loop, begun, canaries, days))
    commits = len(begun.remote.subjects()) - before - days
    clone = _size(next((folder / "cache").glob("mirror-*/*.git")) / "objects")
    subprocess.run(["git", "clone", "--quiet", "--bare", begun.remote.url, str(folder / "fresh")], check=True)
    month = Month(measured, clone, _size(folder / "fresh" / "objects"), commits)
    loop.close()
    return month


def _days(loop: Loop, begun: Fleet, canaries: int, days: int) -> Iterator[float]:
    """Live day after day, and yield what is resident at the end of each quarter."""
    start = loop.clock.now()
    for day in range(days):
        loop.clock.at = start + day * DAY
        _release(loop, begun, names(canaries)[day::days], f"6.1.{day}")
        _settle(loop, begun)
        _forget(loop)
        if (day + 1) % max(1, days // QUARTERS) == 0:
            gc.collect()
            yield resident()


def _release(loop: Loop, begun: Fleet, apps: list[str], tag: str) -> None:
    paths = [f"{folder_of(name)}/app.yaml" for name in apps]
    texts = {path: begun.remote.read(path).replace("podinfo:6.0.0", f"podinfo:{tag}") for path in paths}
    begun.remote.commit(texts, tag, at=loop.clock.now())


def _settle(loop: Loop, begun: Fleet) -> None:
    """Let time pass until nothing is waited for."""
    while True:
        loop.tip = begun.remote.tip
        loop.sync.notice()
        loop.process.settle()
        due = loop.process.rounds.next_due()
        is_over = due is None and not loop.process.rounds.agenda.due(loop.clock.now())
        if is_over:
            return
        loop.clock.pass_(max(min(POLL, due - loop.clock.now()) if due else POLL, timedelta(seconds=1)))


def _forget(loop: Loop) -> None:
    """Have the doubles forget what they were asked and told, as nobody asks them for it here."""
    for noted in (loop.told.told, loop.hooks.called, loop.hooks.notified, loop.prometheus.asked):
        noted.clear()


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> None:
    month = live(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    print(MARK, month.clone, month.fresh, month.commits, *month.resident)


if __name__ == "__main__":
    main()
