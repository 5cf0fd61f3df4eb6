"""The page on the command line names every verb and every flag, and none that is not there."""

import re
from pathlib import Path

import typer
from typer.main import get_command

from gitcanary.cli.app import app

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
GROUP = get_command(app)
VERBS = {name: verb for name, verb in GROUP.commands.items() if not verb.hidden}  # type: ignore[attr-defined]  # a group


def flags_of(verb: object) -> set[str]:
    return {flag for each in verb.params for flag in each.opts if flag.startswith("--")}  # type: ignore[attr-defined]


def test_every_verb_is_named() -> None:
    named = set(re.findall(r"`(?:gitcanary )?([a-z-]+)[^`]*`", PAGE))
    assert VERBS.keys() <= named


def test_every_command_that_is_shown_is_there() -> None:
    shown = set(re.findall(r"gitcanary ([a-z][a-z-]+)", PAGE))
    assert shown <= VERBS.keys()


def test_the_flags_that_are_named_are_those_that_there_are() -> None:
    named = set(re.findall(r"--[a-z][a-z-]*", PAGE))
    assert named == {flag for verb in VERBS.values() for flag in flags_of(verb)} - {"--help"}


def test_every_verb_says_what_it_does() -> None:
    for name, verb in VERBS.items():
        assert (verb.help or "").partition("\n")[0].endswith((".", ":")), name
    assert isinstance(app, typer.Typer)
