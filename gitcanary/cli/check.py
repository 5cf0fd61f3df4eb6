"""`gitcanary check`: would the controller take these Canaries on? Reads a folder, in Git or not, and asks nobody."""

import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gitcanary.adapters.checkout import NOW, Checkout
from gitcanary.cli.console import printable, say, say_json, say_table
from gitcanary.cli.findings import Finding, Level, Readiness, annotation, as_json, findings
from gitcanary.controller.survey import Survey
from gitcanary.errors import Usage, plainly

COLUMNS = ("CANARY", "FILE", "RESULT")
STYLES = {Level.ERROR: "red", Level.WARNING: "yellow"}


class CheckOutput(StrEnum):
    """How the findings are told."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


Folder = Annotated[Path, typer.Argument(metavar="PATH", help="The folder with Canaries, and all below it.")]
Told = Annotated[CheckOutput, typer.Option("--output", help="How to tell it; `github` is for GitHub Actions.")]


def check(path: Folder = Path(), *, output: Told = CheckOutput.TEXT) -> None:
    """Check every Canary in a folder: 0 if all are ready, 1 if one is refused.

    Takes any folder, in Git or not; links are not followed. A sync gate is the operator's to give, so that one is
    missing is said and refuses nothing.
    """
    found = survey(path)
    match output:
        case CheckOutput.JSON:
            say_json(as_json(found))
        case CheckOutput.GITHUB:
            annotate(found)
        case CheckOutput.TEXT:
            tell(found, path)
    if any(each.readiness is Readiness.REFUSED for each in found):
        raise typer.Exit(1)


def survey(path: Path) -> list[Finding]:
    """Return what is found below a folder; files are named from where the caller stands. Raises `Usage`."""
    if not path.is_dir():
        raise Usage(f"{path} is {'no folder' if path.exists() else 'not there'}: `check` takes a folder")
    surveyed = Survey(checkout(path))
    surveyed.look(NOW)
    return findings(surveyed)


def checkout(path: Path) -> Checkout:
    """Return the files of a folder, named from where the caller stands if it lies below, as editors and CI want it."""
    here, folder = Path.cwd(), Path(os.path.normpath(Path.cwd() / path))
    if not folder.is_relative_to(here):
        return Checkout(folder)
    under = folder.relative_to(here).as_posix()
    return Checkout(here, "" if under == "." else under)


def tell(found: Sequence[Finding], path: Path) -> None:
    """Print the remarks, and then a table."""
    if not found:
        say(f"no Canary below {path}")
        return
    for remark in (remark for each in found for remark in each.remarks):
        say(str(remark), style=STYLES[remark.level])
    if any(each.remarks for each in found):
        say()
    say_table(COLUMNS, ((plainly(each.canary), plainly(each.file), each.readiness) for each in found))
    ungated = sum(not each.has_gate for each in found)
    if ungated:
        names = "one Canary names" if ungated == 1 else f"{ungated} Canaries name"
        say(f"\n{names} no sync gate: the controller needs one from its operator (--sync)")


def annotate(found: Sequence[Finding]) -> None:
    """Print an annotation for each remark."""
    for remark in (remark for each in found for remark in each.remarks):
        print(annotation(remark))  # noqa: T201 - for GitHub, whose own escapes these are
    counts = [f"{sum(each.readiness is kind for each in found)} {kind}" for kind in Readiness]
    print(printable(", ".join(counts)))  # noqa: T201 - for GitHub
