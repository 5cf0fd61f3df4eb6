"""`gitcanary status`, `history` and `why`: told from Git alone. No controller, no metric and no gate is asked."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from gitcanary.cli import account, history_table, status_table
from gitcanary.cli.account import Account
from gitcanary.cli.branch import Branch as Looked
from gitcanary.cli.branch import looked_at, read_settings
from gitcanary.cli.chronicle import decisions, entry_of, read_rollouts, rollout_of
from gitcanary.cli.console import Output, say, say_json, say_table
from gitcanary.cli.labels import Labels
from gitcanary.cli.options import AnyName, Branch, Name, Paths, Repository, SettingsFile, Told
from gitcanary.cli.standing import Standing, choose
from gitcanary.errors import Usage

Decided = Annotated[
    str | None,
    typer.Argument(help="A commit that touched the record; the newest decision without.", show_default=False),
]


def status(
    name: AnyName = None,
    *,
    repository: Repository = None,
    branch: Branch = None,
    path: Paths = None,
    settings: SettingsFile = None,
    output: Told = Output.TEXT,
) -> None:
    """Show where every canary stands, and what it does now."""
    given = read_settings({"repository": repository, "branch": branch, "path": path}, settings)
    with looked_at(given) as looked:
        shown = [choose(looked.found, name)] if name else looked.found
        now = datetime.now(UTC)
        if output is Output.JSON:
            say_json([status_table.as_json(looked, each, now) for each in shown])
        elif shown:
            say_table(status_table.COLUMNS, (status_table.row(looked, each, now) for each in shown))
        else:
            say(f"no canary on {looked.reading.repository.branch} of {looked.reading.repository.url}")


def history(
    name: Name,
    *,
    repository: Repository = None,
    branch: Branch = None,
    path: Paths = None,
    settings: SettingsFile = None,
    output: Told = Output.TEXT,
) -> None:
    """Show the rollouts of a canary, newest first."""
    given = read_settings({"repository": repository, "branch": branch, "path": path}, settings)
    with looked_at(given) as looked:
        standing = choose(looked.found, name)
        rollouts = list(reversed(read_rollouts(looked.entries(standing))))
        labels, now = looked.labels(standing), datetime.now(UTC)
        if output is Output.JSON:
            say_json([history_table.as_json(each, labels, now) for each in rollouts])
        elif rollouts:
            say_table(history_table.COLUMNS, (history_table.row(each, labels, now) for each in rollouts))
        else:
            say(f"{standing.title} has no history: gitcanary committed nothing for it yet")


def why(  # noqa: PLR0913 - one parameter a flag
    name: Name,
    commit: Decided = None,
    *,
    repository: Repository = None,
    branch: Branch = None,
    path: Paths = None,
    settings: SettingsFile = None,
    output: Told = Output.TEXT,
) -> None:
    """Explain one decision: what it did, on which values, and who committed it."""
    given = read_settings({"repository": repository, "branch": branch, "path": path}, settings)
    with looked_at(given) as looked:
        explained = explain(looked, choose(looked.found, name), commit)
        if output is Output.JSON:
            say_json(account.as_json(explained))
        else:
            for line in account.lines(explained):
                say(line)


def explain(looked: Looked, standing: Standing, commit: str | None) -> Account:
    """Return the account of a commit, or of the newest decision. Raises `Usage` where there is none."""
    entries = looked.entries(standing)
    entry = entry_of(entries, commit) if commit else next(decisions(reversed(entries)), None)
    if entry is None:
        what = f"{commit} changed nothing in {standing.record_file}" if commit else "there is no decision yet"
        raise Usage(f"{standing.title}: {what}")
    rollout = rollout_of(read_rollouts(entries), entry)
    canary = looked.canary_of(standing, entry)
    labels = Labels(canary, looked.folder_at(standing))
    return Account(entry, rollout, canary, labels, str(looked.reading.committer))
