"""The command line as one: its verbs, and what becomes of an error."""

import sys

import typer
from rich.console import Console

from gitcanary.cli import run
from gitcanary.errors import GitcanaryError, Usage

app = typer.Typer(
    name="gitcanary",
    help="Progressive delivery that commits: Flagger's Canary, rolled out and rolled back through Git.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("run")(run.run)

BAD_INPUT = 2
NO = 1


def main() -> None:
    """Run the command line. An error that gitcanary raises itself is one line, never a trace."""
    try:
        app()
    except Usage as error:
        stop(error, BAD_INPUT)
    except GitcanaryError as error:
        stop(error, NO)


def stop(error: GitcanaryError, code: int) -> None:
    """Say what is wrong on standard error, and exit."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"gitcanary: {error}", markup=False)
    sys.exit(code)
