"""What is printed at the end: what each weight was in requests, how fast commits went live, what users felt."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gitcanary.demo.agent import Applied
from gitcanary.demo.ledger import Entry, Ledger
from gitcanary.demo.mesh import Mesh
from gitcanary.demo.seed import APP, BRANCH, FOLDER, NAMESPACE, PERSON
from gitcanary.demo.show import Outcome
from gitcanary.demo.traffic import Share, Traffic


@dataclass(frozen=True, slots=True)
class Stage:
    """A weight while it was live, and the share of the users' requests that the canary answered meanwhile."""

    weight: int
    commit: str
    lasted: timedelta
    share: Share


def print_report(console: Console, mesh: Mesh, ledger: Ledger, outcomes: Iterable[Outcome]) -> None:
    """Print each rollout's weights and end, the log, and what it was like for users and for those who wait."""
    for outcome in outcomes:
        _print_outcome(console, mesh, outcome)
    log = ledger.log()
    _print_log(console, log)
    gitcanary = {entry.commit for entry in log if entry.author != PERSON}
    _print_summary(console, mesh.traffic, [each for each in mesh.agent.applied if each.commit in gitcanary])


def stages(applied: Sequence[Applied], traffic: Traffic, since: datetime, until: datetime) -> list[Stage]:
    """Return the weights that went live in a time; commits that changed no weight join the one before."""
    within = [each for each in applied if since <= each.at < until]
    firsts = [next(group) for _, group in groupby(within, key=lambda each: each.weight)]
    ends = [*(later.at for later in firsts[1:]), until]
    return [
        Stage(first.weight, first.commit, end - first.at, traffic.share(APP, first.at, end))
        for first, end in zip(firsts, ends, strict=True)
    ]


def _print_outcome(console: Console, mesh: Mesh, outcome: Outcome) -> None:
    took = (outcome.until - outcome.since).total_seconds()
    ended = f"not as announced: {outcome.surprise}" if outcome.surprise else "as announced"
    console.print(Text(f"\n{outcome.title}; ended {ended}, after {took:.0f} s", style="bold"), soft_wrap=True)
    console.print(_table(stages(mesh.agent.applied, mesh.traffic, outcome.since, outcome.until)))


def _table(live: Iterable[Stage]) -> Table:
    table = Table("committed", "live as", "for", "observed", "of requests", box=None, pad_edge=False, padding=(0, 2))
    for stage in live:
        observed = "-" if stage.share.percent is None else f"{stage.share.percent:.1f} %"
        lasted = f"{stage.lasted.total_seconds():.0f} s"
        table.add_row(f"{stage.weight} %", stage.commit[:7], lasted, observed, str(stage.share.requests))
    return table


def _print_log(console: Console, log: Iterable[Entry]) -> None:
    console.print(Text("\n$ git log --format='%h %an  %s' --reverse", style="bold"))
    for entry in log:
        console.print(Text(f"{entry.commit[:7]} {entry.author}  {entry.subject}"), soft_wrap=True)


def _print_summary(console: Console, traffic: Traffic, applied: Sequence[Applied]) -> None:
    versions = ", ".join(f"{count} by {version}" for version, count in sorted(traffic.by_version().items()))
    took = [each.took.total_seconds() for each in applied]
    lines = (
        f"\nUser requests failed: {traffic.failures()} of {len(traffic.answers)}; answered: {versions}.",
        f"Commit to live: median {statistics.median(took):.1f} s, worst {max(took):.1f} s, of which up to 1 s each",
        "is Git's clock, which counts whole seconds.",
    )
    for line in lines:
        console.print(Text(line), soft_wrap=True)


def print_directions(console: Console, folder: Path, *, kept: bool) -> None:
    """Print where to look further."""
    repository = folder / "repository.git"
    if not kept:
        console.print(
            "Everything is stopped and gone; --keep leaves the repository and the logs to look at.", soft_wrap=True
        )
        return
    flags = f"--repository {repository.as_uri()} --branch {BRANCH} --path {FOLDER.partition('/')[0]}"
    lines = (
        f"Everything is stopped; kept in {folder}:",
        f"  git -C {repository} log -p {BRANCH}",
        f"  git -C {repository} log {BRANCH} -- {FOLDER}/{APP}.rollout",
        f"  gitcanary history {NAMESPACE}/{APP} {flags}",
        f"  gitcanary why {NAMESPACE}/{APP} {flags}",
        f"  {folder}/logs: what each process printed",
    )
    for line in lines:
        console.print(Text(line), soft_wrap=True)
