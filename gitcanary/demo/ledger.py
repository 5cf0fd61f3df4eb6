"""Reads the repository as anybody could: its log, and the record in which the controller says where it stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import pygit2
import yaml

from gitcanary.demo.seed import APP, BRANCH, FOLDER

RECORD = f"{FOLDER}/{APP}.rollout"


@dataclass(frozen=True, slots=True)
class Check:
    """A metric as the last decision saw it."""

    name: str
    value: float | None
    limit: str
    window: str
    verdict: str

    @classmethod
    def read(cls, metric: dict[str, Any]) -> Self:
        bounds = (("min", "≥"), ("max", "≤"))
        limit = " ".join(f"{sign} {metric[bound]}" for bound, sign in bounds if metric.get(bound) is not None)
        return cls(metric["name"], metric.get("value"), limit, metric.get("window", ""), metric.get("verdict", ""))


@dataclass(frozen=True, slots=True)
class Record:
    """What the record says, as far as it is shown."""

    phase: str
    weight: int
    step: str
    failed_checks: int
    revision: str
    source: str
    checks: tuple[Check, ...]
    quarantine: frozenset[str]
    hold: str

    @classmethod
    def read(cls, document: dict[str, Any]) -> Self:
        step, evidence = document.get("step") or {}, document.get("evidence") or {}
        return cls(
            phase=document["phase"],
            weight=document.get("weight") or 0,
            step=f"{step['index']} of {step['of']}" if step else "-",
            failed_checks=document.get("failedChecks") or 0,
            revision=document.get("revision") or "",
            source=document.get("source") or "",
            checks=tuple(Check.read(metric) for metric in evidence.get("metrics") or []),
            quarantine=frozenset(entry["revision"] for entry in document.get("quarantine") or []),
            hold=(document.get("hold") or {}).get("reason", ""),
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """A commit of the log."""

    commit: str
    author: str
    subject: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Ledger:
    """The demo's branch."""

    repository: pygit2.Repository

    def tip(self) -> str:
        return str(self.repository.references[f"refs/heads/{BRANCH}"].target)

    def log(self, after: str | None = None) -> list[Entry]:
        """Return the commits after one, or all, oldest first."""
        return list(_entries(self.repository, self.tip(), after))[::-1]

    def record(self, commit: str | None = None) -> Record | None:
        """Return what the record says at a commit, by default the newest, or None before there is one."""
        tree = self.repository[commit or self.tip()].peel(pygit2.Tree)
        if RECORD not in tree:
            return None
        return Record.read(yaml.load(tree[RECORD].peel(pygit2.Blob).data, Loader=yaml.CSafeLoader))


def open_ledger(repository: Path) -> Ledger:
    """Return the ledger of a repository on this machine."""
    return Ledger(pygit2.Repository(str(repository)))


def _entries(repository: pygit2.Repository, tip: str, after: str | None) -> Iterator[Entry]:
    commit = repository[tip].peel(pygit2.Commit)
    while str(commit.id) != after:
        subject = commit.message.partition("\n")[0]
        yield Entry(str(commit.id), commit.author.name, subject, datetime.fromtimestamp(commit.commit_time, UTC))
        if not commit.parents:
            return
        commit = commit.parents[0]
