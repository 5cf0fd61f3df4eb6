"""The command line as one: its verbs, and what becomes of an error."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from gitcanary.adapters.telemetry import configure_logs
from gitcanary.cli import audit, check, demo, inspect, loadtester, plan, request, run
from gitcanary.cli.console import complain, say
from gitcanary.errors import GitcanaryError, Usage
from gitcanary.rollout.state import Verb

BAD_INPUT = 2
NO = 1
ABSENT = ("init", "doctor", "eject")
REQUESTS = {
    Verb.PAUSE: "Stop every move of a canary but the way back.",
    Verb.RESUME: "End a pause or a hold, from where things are.",
    Verb.PROMOTE: "Skip the remaining steps and gates; the current check must pass.",
    Verb.ABORT: "Roll a canary back, as if by failed checks.",
    Verb.RETRY: "Take a revision out of the quarantine and start it again.",
    Verb.SKIP_ANALYSIS: "Promote a canary by readiness alone.",
    Verb.ADOPT: "Go on from what stands in Git: a record that is missing or was edited, a weight by hand.",
}


class Verbs(TyperGroup):
    """The verbs. An error that gitcanary raises itself is one line, never a trace."""

    def invoke(self, ctx: Any) -> Any:  # the library's own type is private
        """Run a verb, and turn an error into the exit code: 2 where the caller can correct it, else 1."""
        try:
            return super().invoke(ctx)
        except GitcanaryError as error:
            complain(f"gitcanary: {error}")
            raise typer.Exit(BAD_INPUT if isinstance(error, Usage) else NO) from error


app = typer.Typer(
    name="gitcanary",
    cls=Verbs,
    help="Progressive delivery that commits: Flagger's Canary, rolled out and rolled back through Git.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def tell_version(is_asked: bool) -> None:  # noqa: FBT001 - the library's signature
    """Print the version and stop, where it is asked for."""
    if is_asked:
        say(f"gitcanary {version('gitcanary')}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=tell_version, is_eager=True, help="Show the version and exit.")
]


@app.callback()
def prepare(*, _version: Version = False) -> None:
    """Progressive delivery that commits: Flagger's Canary, rolled out and rolled back through Git."""
    configure_logs()


def absent(verb: str) -> Callable[[], None]:
    """Return the function of a verb that is not there yet: it says so, whatever is asked of it."""

    def refuse() -> None:
        raise Usage(f"`{verb}` is not there yet")

    return refuse


app.command("run")(run.run)
app.command("demo")(demo.demo)
app.command("check")(check.check)
app.command("plan")(plan.plan)
app.command("status")(inspect.status)
app.command("history")(inspect.history)
app.command("why")(inspect.why)
app.command("audit")(audit.audit)
app.command("loadtester")(loadtester.loadtester)
for verb, summary in REQUESTS.items():
    app.command(verb.value)(request.asking_to(verb, summary))
for name in ABSENT:
    anything = {"allow_extra_args": True, "ignore_unknown_options": True}
    app.command(name, hidden=True, context_settings=anything)(absent(name))


def main() -> None:
    """Run the command line."""
    app()
