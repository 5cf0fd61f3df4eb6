"""1,000 canaries in a rollout, on a real clock: how late what is decided reaches the remote, and what a check costs.

A real controller process, Git over smart HTTP; sync tool, Prometheus' answers and webhooks are another process. Each
canary is checked every 10 s, and each check that passes is a commit. A person starts them, spread over some seconds.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.request import urlopen

from benchmarks.fleet import Fleet, fleet, folder_of, names, scratch
from benchmarks.measuring import Goal, Measured, Row
from benchmarks.world import is_slow
from gitcanary.manifests import record_file
from support.environment import US
from support.git_server import GitServer
from support.prometheus import free_port

CANARIES = 1_000
STARTING = 20  # seconds over which the person commits the new versions
WARMING = 60  # seconds after which it is measured
MEASURED = 90  # seconds
FAILING_ONE_OF = 12
FAILING_EVERY = 1.0  # seconds after which another one's metrics turn bad
PATIENCE = 300.0
CHECKED = frozenset({"advance", "halt", "rollback"})
CANARY = """\
apiVersion: flagger.app/v1beta1
kind: Canary
metadata:
  name: podinfo
  namespace: test
spec:
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}
  service: {port: 9898}
  analysis:
    interval: 10s
    threshold: 2
    stepWeight: 1
    maxWeight: 99
    metrics:
    - {name: request-success-rate, interval: 10s, thresholdRange: {min: 99}}
    - {name: request-duration, interval: 10s, thresholdRange: {max: 500}}
    webhooks:
    - {name: load, type: rollout, url: "WORLD/hook", timeout: 60s}
"""


@dataclass(frozen=True, slots=True)
class Late:
    """How late each decision was, in seconds, by its action; and the process' CPU in the time that was measured."""

    decisions: tuple[float, ...]
    rollbacks: tuple[float, ...]
    checks: int
    cpu: float
    git: float


def lateness(_: Path) -> Measured:
    """Compare when a decision's commit arrived with when its check was due."""
    found = _run()
    whole = sorted((*found.decisions, *found.rollbacks))
    words = f"{_share(whole, 0.5):.2f} s in the median, {whole[-1]:.2f} s at most", "Flagger 1.44: 6 s and more"
    remark = (
        f"{CANARIES:,} canaries for {MEASURED} s: {len(whole):,} decisions where hooks are quick, "
        f"{len(found.rollbacks)} of them rollbacks (the latest {max(found.rollbacks, default=0):.2f} s late). From "
        "when the check was due, a whole second, to the remote's post-receive hook. The figure is the 99th percentile. "
        "Another process and the remote share the machine."
    )
    return Measured(_share(whole, 0.99), *words, remark=remark)


def cpu(_: Path) -> Measured:
    """Divide the controller's own CPU by the checks that it made."""
    found = _run()
    each = found.cpu / found.checks * 1000
    words = f"{found.cpu:.1f} s for {found.checks:,} checks", f"{found.git:.1f} s of Git's own processes, not counted"
    decided = len(found.decisions) + len(found.rollbacks)
    remark = (
        f"Of the whole process in the same {MEASURED} s: sync gate, webhooks over HTTP, two queries, "
        f"{decided:,} commits, the rounds between. Flagger: 10 to 19 s."
    )
    return Measured(each, *words, remark=remark)


ROWS = (
    Row("lateness", "1,000 canaries checked every 10 s, 5 % with webhooks of 30 s", Goal(1, "s"), lateness),
    Row("checks", "CPU of 1,000 checks", Goal(1, "s"), cpu),
)


@cache
def _run() -> Late:
    folder = scratch("pace")
    port = free_port()
    started = fleet(
        folder / "served" / "fleet.git", CANARIES, rolling=0, canary=CANARY.replace("WORLD", f"http://127.0.0.1:{port}")
    )
    arrivals = folder / "arrivals"
    started.remote.hook("post-receive", f'read old new ref; echo "$old $new $(date +%s.%N)" >> {arrivals}')
    world = [
        sys.executable,
        "-m",
        "benchmarks.world",
        str(folder),
        str(started.remote.folder),
        str(CANARIES),
        str(port),
    ]
    with (
        GitServer(folder / "served") as git,
        _running(world, folder / "world"),
        _running(_controller(git.url, port, folder), folder / "log") as controller,
    ):
        _await(f"http://127.0.0.1:{port}/counts")
        return _watch(folder, started, controller, f"http://127.0.0.1:{port}/counts")


def _watch(folder: Path, started: Fleet, controller: subprocess.Popen[bytes], counts: str) -> Late:
    """Start the rollouts, let some fail, and read what arrived in the meantime."""
    apps = names(CANARIES)
    for second in range(STARTING):
        time.sleep(1)
        moved = apps[second::STARTING]
        _bump(started, moved)
    _pass(WARMING, folder, [], controller)
    begin, before, used = time.time(), _called(counts), _cpu(controller.pid)
    failing = [name for name in apps[1::FAILING_ONE_OF] if not is_slow(name)]
    _pass(MEASURED, folder, failing, controller)
    after, now = _called(counts), _cpu(controller.pid)
    found = list(_lateness(started, folder / "arrivals", begin))
    decisions = tuple(late for action, late in found if action != "rollback")
    rollbacks = tuple(late for action, late in found if action == "rollback")
    if not decisions:
        raise RuntimeError(f"no decision arrived: {(folder / 'log').read_text(encoding='utf-8')[-2000:]}")
    return Late(decisions, rollbacks, after - before, now[0] - used[0], now[1] - used[1])


def _bump(started: Fleet, apps: list[str]) -> None:
    paths = [f"{folder_of(name)}/app.yaml" for name in apps]
    texts = {path: started.remote.read(path).replace("podinfo:6.0.0", "podinfo:6.0.1") for path in paths}
    started.remote.commit(texts, "6.0.1")


def _pass(seconds: float, folder: Path, failing: list[str], controller: subprocess.Popen[bytes]) -> None:
    """Let time pass; one canary after the other turns bad."""
    begin = time.monotonic()
    while (passed := time.monotonic() - begin) < seconds:
        if controller.poll() is not None:
            raise RuntimeError(f"the controller ended: {(folder / 'log').read_text(encoding='utf-8')[-2000:]}")
        if failing:
            (folder / "bad.new").write_text("\n".join(failing[: int(passed / FAILING_EVERY)]), encoding="utf-8")
            (folder / "bad.new").rename(folder / "bad")
        time.sleep(FAILING_EVERY)


def _lateness(started: Fleet, arrivals: Path, begin: float) -> Iterator[tuple[str, float]]:
    """Yield action and lateness of what was decided by a check and arrived since `begin`, where webhooks are quick."""
    for line in arrivals.read_text(encoding="utf-8").splitlines():
        old, new, at = line.split()
        if float(at) < begin:
            continue
        printed = started.remote.git(
            "log", "--first-parent", "--format=%H %(trailers:only,unfold,separator=%x00)", f"{old}..{new}"
        )
        for entry in printed.splitlines():
            commit, _, trailers = entry.partition(" ")
            told = dict(each.split(": ", 1) for each in trailers.split("\0") if ": " in each)
            path = told.get("Gitcanary-Path", "")
            name = path.rpartition("/")[2]
            if told.get("Gitcanary-Action") not in CHECKED or is_slow(name):
                continue
            record = record_file.read(started.remote.git("show", f"{commit}:{path}/{name}.rollout").encode())
            checked = record.evidence.checked_at
            if checked is not None and record.evidence.metrics:
                yield told["Gitcanary-Action"], float(at) - checked.timestamp()


def _controller(url: str, port: int, folder: Path) -> list[str]:
    world = f"http://127.0.0.1:{port}"
    flags = ["--repository", f"{url}/fleet.git", "--prometheus", world, "--sync", f"http={world}/live"]
    variables = {"CACHE": folder / "cache", "AUTHOR": US, "COMMITTER": US}
    given = [f"GITCANARY_{name}={value}" for name, value in variables.items()]
    return [
        "env",
        *given,
        sys.executable,
        "-m",
        "gitcanary",
        "run",
        *flags,
        "--allow-host",
        "127.0.0.1",
        "--poll",
        "1s",
    ]


@contextmanager
def _running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as said, subprocess.Popen(command, stdout=said, stderr=said) as process:
        try:
            yield process
        finally:
            process.terminate()


def _await(url: str) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            _called(url)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


def _called(url: str) -> int:
    with urlopen(url) as answer:  # noqa: S310 - our own server on loopback
        return int(json.load(answer)["called"])


def _cpu(pid: int) -> tuple[float, float]:
    """Return the seconds of CPU that a process has used, and those of its children that ended."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    ticks = os.sysconf("SC_CLK_TCK")
    return (int(fields[11]) + int(fields[12])) / ticks, (int(fields[13]) + int(fields[14])) / ticks


def _share(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
