"""`gitcanary audit`: every decision of the history taken again, from its own evidence. Git alone is asked."""

from collections.abc import Sequence

import typer

from gitcanary.cli.branch import Branch as Looked
from gitcanary.cli.branch import looked_at, read_settings
from gitcanary.cli.console import Output, day_and_second, say, say_json
from gitcanary.cli.options import AnyName, Branch, Paths, Repository, SettingsFile, Told
from gitcanary.cli.standing import choose
from gitcanary.controller.audit import Audit, Finding
from gitcanary.controller.subject import Key

NO = 1


def audit(
    name: AnyName = None,
    *,
    repository: Repository = None,
    branch: Branch = None,
    path: Paths = None,
    settings: SettingsFile = None,
    output: Told = Output.TEXT,
) -> None:
    """Take every decision of the history again from its own evidence, and show what the rules did not make."""
    given = read_settings({"repository": repository, "branch": branch, "path": path}, settings)
    with looked_at(given) as looked:
        only = None
        if name is not None:
            standing = choose(looked.found, name)
            only = Key(standing.path, standing.name)
        looking = Audit(looked.reading.repository, looked.reading.survey, looked.reading.historian, looked.tip, only)
        findings = list(looking.findings())
        tell(looked, findings, looking.decisions, output)
    if findings:
        raise typer.Exit(NO)


def tell(looked: Looked, findings: Sequence[Finding], decisions: int, output: Output) -> None:
    """Print what was found."""
    if output is Output.JSON:
        say_json({"tip": looked.tip, "decisions": decisions, "findings": [as_json(each) for each in findings]})
        return
    for each in findings:
        say(line(each))
    commits = len({each.revised.commit for each in findings})
    found = f"{commits} commit{'' if commits == 1 else 's'} with findings" if findings else "all as the rules say"
    say(f"{decisions} decision{'' if decisions == 1 else 's'} taken again up to {looked.tip[:7]}: {found}")


def line(finding: Finding) -> str:
    """Return a finding as one line."""
    revised = finding.revised
    where = f" {finding.canary.path or '.'}/{finding.canary.name}" if finding.canary else ""
    return f"{revised.commit[:7]} {day_and_second(revised.committed_at)}{where} {finding.fault}: {finding.problem}"


def as_json(finding: Finding) -> dict[str, object]:
    """Return a finding for programs."""
    revised, canary = finding.revised, finding.canary
    return {
        "commit": revised.commit,
        "at": revised.committed_at,
        "path": canary.path if canary else None,
        "name": canary.name if canary else None,
        "fault": finding.fault,
        "problem": finding.problem,
        "committer": f"{revised.committer} <{revised.committer_email}>",
    }
