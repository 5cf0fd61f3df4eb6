"""Every command that the documentation shows is there, with its flags."""

import re
from itertools import pairwise
from typing import Any

import pytest
from typer.main import get_command

from docs.pages import ROOT, Command, commands, read, spans
from gitcanary.cli.app import app
from gitcanary.rollout.state import Verb

GROUP: Any = get_command(app)
SHOWN = [command for command in commands("gitcanary") if not command.words[0].startswith("<")]  # a name and an address
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def verbs(command: Command) -> list[str]:
    """Return the verbs that a command names; several are separated by bars."""
    return command.words[0].split("|")


def options(verb: str) -> dict[str, Any]:
    """Return the options of a verb, by every way in which each is spelt."""
    return {flag: param for param in GROUP.commands[verb].params for flag in param.opts if flag.startswith("-")}


def split(words: tuple[str, ...], known: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the flags and the arguments of a command line."""
    takes_value = {flag for flag, param in known.items() if not param.is_flag}
    flags = [word.partition("=")[0] for word in words if word.startswith("-")]
    values = {index + 1 for index, (word, _) in enumerate(pairwise(words)) if word in takes_value}
    arguments = [word for index, word in enumerate(words) if not word.startswith("-") and index not in values]
    return flags, arguments


def test_commands_are_shown():
    assert len(SHOWN) > 20
    assert {"run", "check", "demo"} <= {verb for command in SHOWN for verb in verbs(command)}


@pytest.mark.parametrize("command", SHOWN, ids=str)
def test_a_command_is_there_with_its_flags(command):
    if command.words[0].startswith("-"):
        assert command.words[0] in {"--version", "--help"}
        return
    for verb in verbs(command):
        assert verb in GROUP.commands
        known = options(verb) | {"--help": None}
        flags, arguments = split(command.words[1:], options(verb))
        assert [flag for flag in flags if flag not in known] == []
        taken = [param for param in GROUP.commands[verb].params if param.param_type_name == "argument"]
        given = [argument for argument in arguments if argument not in {"…", "..."}]
        required = 0 if command.is_fragment else sum(param.required for param in taken)
        assert GROUP.commands[verb].hidden or required <= len(given) <= len(taken)


@pytest.mark.parametrize("command", list(commands("make")), ids=str)
def test_a_target_of_make_is_there(command):
    assert {word for word in command.words if "=" not in word and word not in {"&&", "#"}} <= TARGETS


def test_every_verb_that_is_there_is_described():
    told = {word for span in spans(read("docs/cli.md")) for word in span.split()}
    assert [name for name, verb in GROUP.commands.items() if not verb.hidden and name not in told] == []


def test_every_request_is_described():
    table = read("docs/behaviour.md")
    assert [verb for verb in Verb if f"| `{verb}` |" not in table] == []
