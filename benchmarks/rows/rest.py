"""10,000 canaries at rest: what a round costs in which nothing moved, what starting costs, what they take of memory."""

import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from statistics import median
from time import process_time

import yaml

from benchmarks.fleet import Fleet, fleet, scratch
from benchmarks.loop import Address, Loop
from benchmarks.measuring import Goal, Measured, Row, Stopwatch, against
from benchmarks.resident import MARK
from gitcanary.adapters.git import Mirror, hardened

ROUNDS = 40


def idle(measured: Path) -> Measured:
    """Measure the CPU of rounds in which nothing moved, beside that of their fetches alone."""
    loop = _started(measured)
    rounds = [_cpu(loop.process.rounds.run) for _ in range(ROUNDS)]
    fetches = [_cpu(loop.process.mirror.fetch) for _ in range(ROUNDS)]
    asked = len(loop.prometheus.asked) + len(loop.hooks.called)
    loop.close()
    if asked:
        raise RuntimeError(f"{asked} questions were asked of canaries at rest")
    beyond = (median(rounds) - median(fetches)) * 1000
    words = f"{median(rounds) * 1000:.2f} ms of CPU for a round", f"{median(fetches) * 1000:.2f} ms for its fetch"
    remark = f"CPU of this process alone, the median of {ROUNDS}; no query and no webhook was sent."
    return Measured(beyond, *words, remark=remark)


def start(measured: Path) -> Measured:
    """Measure clone and first round beside a clone and one parse of each blob with libyaml."""
    ours, theirs = Stopwatch(), Stopwatch()
    loop = Loop(measured, _resting(), Address(_resting().remote.url, "main"), fetches=False)
    with ours.timing("cloning"):
        loop.fetch()
    with ours.timing("reading and considering every canary"):
        loop.process.rounds.run()
    found, unfit = len(loop.process.survey.subjects), len(loop.process.survey.unfit)
    loop.close()
    if unfit or found != len(_resting().resting):
        raise RuntimeError(f"{found} canaries, {unfit} unfit")
    with theirs.timing("cloning"):
        mirror = Mirror(_resting().remote.url, "main", measured / "beside", loop.identity, hardened())
        tip = mirror.fetch()
    with theirs.timing("parsing"):
        _parse_all(mirror, tip)
    mirror.close()
    words = ("from nothing to the end of the first round", "for a clone and one parse of each blob")
    return against(ours.total, theirs.total, words=words, parts=tuple(ours.parts.items()))


def memory(measured: Path) -> Measured:
    """Measure what a process has resident after its first rounds, beside the same process before them."""
    command = [sys.executable, "-m", "benchmarks.resident", str(_resting().remote.folder), str(measured)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    empty, full = (float(line.split()[1]) for line in printed.splitlines() if line.startswith(MARK))
    remark = "Resident memory of a process of its own, in MB, before its first fetch and after three rounds."
    return Measured(full - empty, f"{full:.0f} MB", f"{empty:.0f} MB with nothing read", remark=remark)


ROWS = (
    Row("idle", "a round in which nothing moved, 10,000 canaries, beyond the fetch", Goal(1, "ms"), idle),
    Row("start", "first start on 10,000 canaries, and every restart", Goal(2), start),
    Row("memory", "10,000 canaries at rest, above an empty process", Goal(200, "MB"), memory),
)


@cache
def _resting() -> Fleet:
    return fleet(scratch("rest") / "fleet.git", rolling=0)


def _started(folder: Path) -> Loop:
    loop = Loop(folder, _resting(), Address(_resting().remote.url, "main"))
    loop.process.rounds.run()
    return loop


def _cpu(call: Callable[[], object]) -> float:
    began = process_time()
    call()
    return process_time() - began


def _parse_all(mirror: Mirror, tip: str) -> None:
    for _, entry in mirror.files(tip):
        for _ in yaml.load_all(mirror.read(entry.blob), Loader=yaml.CSafeLoader):
            pass
