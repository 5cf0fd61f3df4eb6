"""`gitcanary loadtester`: Flagger's load tester protocol, for those who have none."""

import re
from typing import Annotated

import typer

from gitcanary.cli.console import elapsed
from gitcanary.errors import Usage
from gitcanary.loadtester import Limits, serve
from gitcanary.manifests.schema.texts import duration

DEFAULTS = Limits()

Listen = Annotated[str, typer.Option("--listen", help="Where to answer, host:port. Whoever reaches it runs commands.")]
MaxCommands = Annotated[int, typer.Option("--max-commands", min=1, help="How many commands may run at a time.")]
Timeout = Annotated[str, typer.Option("--timeout", help="How long a command may run.")]
MaxOutput = Annotated[
    int, typer.Option("--max-output", min=1, help="How many bytes of what a command prints are kept.")
]
Namespaces = Annotated[
    str | None,
    typer.Option("--namespace-regexp", help="Serve only namespaces in which this is found.", show_default=False),
]


def loadtester(
    *,
    listen: Listen = "127.0.0.1:8080",
    max_commands: MaxCommands = DEFAULTS.commands,
    timeout: Timeout = "1h",
    max_output: MaxOutput = DEFAULTS.output,
    namespace_regexp: Namespaces = None,
) -> None:
    """Answer Flagger's load tester protocol, until it is stopped."""
    serve(listen, limits(max_commands, timeout, max_output), pattern(namespace_regexp))


def limits(commands: int, timeout: str, output: int) -> Limits:
    """Return the limits; raises `Usage` where the time is none."""
    try:
        time = duration(timeout)
    except ValueError as error:
        raise Usage(f"--timeout: {error}") from None
    if not time:
        raise Usage(f"--timeout: {elapsed(time)} is no time to run a command in")
    return Limits(commands=commands, time=time, output=output)


def pattern(text: str | None) -> re.Pattern[str] | None:
    """Return a compiled regular expression; raises `Usage` where it is none."""
    try:
        return re.compile(text) if text is not None else None
    except re.error as error:
        raise Usage(f"--namespace-regexp: {error}") from None
