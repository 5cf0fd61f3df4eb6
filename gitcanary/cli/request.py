"""`gitcanary pause`, `resume`, `promote` and the other requests: the caller's own line in the record."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gitcanary.adapters.git import find_identity
from gitcanary.assembly import Reading
from gitcanary.cli import asking
from gitcanary.cli.branch import Branch as Looked
from gitcanary.cli.branch import caller, look, read_settings
from gitcanary.cli.console import say
from gitcanary.cli.options import Branch, Name, Paths, Repository, SettingsFile
from gitcanary.cli.standing import Standing, choose
from gitcanary.errors import Refused, Unreachable
from gitcanary.manifests import record_file
from gitcanary.manifests.catalog import RECORD
from gitcanary.ports import Outcome
from gitcanary.rollout.state import Request, Verb
from gitcanary.settings import Settings

RACES = 10

Reason = Annotated[
    str | None, typer.Option("--reason", help="Why, for everybody who reads the log.", show_default=False)
]


def asking_to(verb: Verb, summary: str) -> Callable[..., None]:
    """Return the function of a verb; its docstring is the verb's help."""

    def verb_function(
        name: Name,
        *,
        reason: Reason = None,
        repository: Repository = None,
        branch: Branch = None,
        path: Paths = None,
        settings: SettingsFile = None,
    ) -> None:
        given = read_settings({"repository": repository, "branch": branch, "path": path}, settings)
        ask(given, name, Request(verb, asking.checked_reason(reason)), verb)

    verb_function.__doc__ = summary
    return verb_function


def ask(settings: Settings, name: str, request: Request, verb: Verb) -> None:
    """Push a commit that asks for something, again on a newer tip where somebody was faster. Raises `Refused`."""
    identity = find_identity(Path.cwd())
    with Reading(settings, caller(settings), identity=identity) as reading:
        for _ in range(RACES):
            looked = look(reading)
            standing = choose(looked.found, name)
            refuse_nonsense(looked, standing, request, identity.author.name)
            commit = push(looked, standing, request, verb)
            if commit is not None:
                say(f"{commit[:7]} asks gitcanary to {verb} {standing.title}: {asking.outcome(standing, verb)}")
                return
    raise Unreachable(f"the branch moved {RACES} times: nothing was pushed; try again")


def refuse_nonsense(looked: Looked, standing: Standing, request: Request, by: str) -> None:
    """Raise `Refused` where gitcanary would only answer that the request makes no sense."""
    if standing.subject is None or standing.record is None:
        return
    state = looked.reading.historian.state(standing.subject, looked.tip)
    reason = asking.objection(standing.subject, state, request, by, datetime.now(UTC))
    if reason is not None:
        raise Refused(f"{standing.title}: {reason}")


def push(looked: Looked, standing: Standing, request: Request, verb: Verb) -> str | None:
    """Commit and push the request; return the commit, None where somebody was faster. Raises `Refused`."""
    repository, tip = looked.reading.repository, looked.tip
    present = looked.folder_at(standing)(tip).files.get(f"{standing.name}{RECORD}")
    data = record_file.set_request(record_to_ask_in(looked, standing, verb), request, file=standing.record_file)
    if present is not None and data == present.data:
        raise Refused(f"{standing.title} is asked to {verb} already: {asking.NEXT[verb]}")
    message = asking.message(verb, standing.title, request.reason)
    commit = repository.commit(tip, {standing.record_file: data}, message, datetime.now(UTC))
    pushed = repository.push(tip, commit)
    match pushed.outcome:
        case Outcome.LANDED:
            return commit
        case Outcome.RACED:
            return None
        case _:
            raise Refused(f"the remote declined: {pushed.said}")


def record_to_ask_in(looked: Looked, standing: Standing, verb: Verb) -> bytes:
    """Return the record that takes the request: to adopt where none can be read, the newest that gitcanary wrote."""
    if standing.record is None and verb is Verb.ADOPT:
        return newest_record(looked, standing)
    asking.required_record(standing)
    return looked.folder_at(standing)(looked.tip).files[f"{standing.name}{RECORD}"].data


def newest_record(looked: Looked, standing: Standing) -> bytes:
    """Return the newest record that gitcanary wrote. Raises `Refused` where history holds none."""
    for entry in reversed(looked.entries(standing)):
        if entry.is_ours and entry.record is not None:
            return looked.folder_at(standing)(entry.revised.commit).files[f"{standing.name}{RECORD}"].data
    raise Refused(f"{standing.title}: no record of gitcanary's in the history of this branch, so nothing to adopt")
