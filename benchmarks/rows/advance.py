"""One advance by itself: from the evidence to the accepted push, beside `git push` of the same commit."""

import subprocess
from pathlib import Path
from statistics import median

from benchmarks.fleet import shared_fleet
from benchmarks.loop import Address, Loop
from benchmarks.measuring import Goal, Measured, Row, Stopwatch, against
from benchmarks.rows.writing import round_of
from support.git_server import GitServer

TIMES = 15


def one(measured: Path) -> Measured:
    """Advance one canary after another, and push each commit again from a plain clone to another remote."""
    fleet = shared_fleet()
    ours_at, theirs_at = fleet.copied(measured / "ours.git"), fleet.copied(measured / "theirs.git")
    clone = str(measured / "clone.git")
    _git("clone", "--quiet", "--bare", str(fleet.remote.folder), clone)
    ours: list[Stopwatch] = []
    theirs: list[float] = []
    with GitServer(measured) as server:
        loop = Loop(measured, fleet, Address(f"{server.url}/ours.git", ours_at.branch))
        for known in loop.known(fleet.rolling[:TIMES]):
            ours.append(round_of(loop, [known])[0])
            loop.tip = loop.process.mirror.fetch()
            _git("-C", clone, "fetch", "--quiet", str(ours_at.folder), "+main:main")
            watch = Stopwatch()
            with watch.timing("push"):
                _git("-C", clone, "push", "--quiet", f"{server.url}/theirs.git", "main:main")
            theirs.append(watch.total)
        loop.close()
    assert ours_at.tip == theirs_at.tip
    words = (f"from evidence to accepted push (median of {TIMES})", "for `git push` of the same commit")
    parts = [(part, median(watch.parts[part] for watch in ours)) for part in ours[0].parts]
    return against(median(watch.total for watch in ours), median(theirs), words=words, parts=parts)


ROWS = (Row("advance", "one advance, over HTTP", Goal(1.5), one),)


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True)
