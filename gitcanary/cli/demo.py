"""`gitcanary demo`: a mesh on one machine. Imported only when it is asked for: the rest works without its extra."""

from enum import StrEnum
from importlib import import_module
from typing import Annotated

import typer


class Fault(StrEnum):
    """What is wrong with the revision that is rolled out."""

    LATENCY = "latency"
    ERRORS = "errors"
    NONE = "none"


Chosen = Annotated[
    Fault | None,
    typer.Option(
        "--fault", help="The one rollout to show.  [default: a good one, then one with errors]", show_default=False
    ),
]
Keep = Annotated[bool, typer.Option("--keep", help="Leave the repository and the logs in place afterwards.")]


def demo(*, fault: Chosen = None, keep: Keep = False) -> None:
    """Show two rollouts on this machine, on real parts: Git, Envoy, Prometheus, a load tester and `gitcanary run`."""
    rollouts, seed = import_module("gitcanary.demo.rollouts"), import_module("gitcanary.demo.seed")
    raise typer.Exit(rollouts.run(seed.Fault(fault) if fault else None, keep=keep))
