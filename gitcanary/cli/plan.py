"""`gitcanary plan`: what the next decision would commit. Asks metrics and gates, calls no webhook, pushes nothing."""

from gitcanary.adapters.telemetry import Telemetry
from gitcanary.assembly import Loop
from gitcanary.cli.branch import caller, look, read_settings
from gitcanary.cli.console import Output, say, say_json
from gitcanary.cli.foresight import AssumedHooks
from gitcanary.cli.options import (
    AllowHost,
    AnyName,
    Branch,
    Paths,
    Prometheus,
    Repository,
    SettingsFile,
    Sync,
    Told,
    flags_of_loop,
)
from gitcanary.cli.prospects import Prospect, difference, headline, lines, prospect
from gitcanary.cli.standing import choose
from gitcanary.rollout.decision import Commit, Wait
from gitcanary.rollout.evidence import MetricAnswer
from gitcanary.rollout.spec import Metric

STYLES = {"+": "green", "-": "red", "@": "cyan"}


def plan(  # noqa: PLR0913 - one parameter a flag
    name: AnyName = None,
    *,
    repository: Repository = None,
    branch: Branch = None,
    path: Paths = None,
    prometheus: Prometheus = None,
    sync: Sync = None,
    allow_host: AllowHost = None,
    settings: SettingsFile = None,
    output: Told = Output.TEXT,
) -> None:
    """Show what the next decision would commit, as a message and a diff. Pushes nothing.

    Metrics and sync gates are asked; webhooks are not called and taken to pass. Where only time is missing, it is told
    what would be committed if everything stayed as it is now.
    """
    given = read_settings(flags_of_loop(repository, branch, path, prometheus, sync, allow_host), settings)
    with Loop(given, caller(given), Telemetry(), AssumedHooks()) as loop:
        looked = look(loop)
        shown = [choose(looked.found, name)] if name else looked.found
        prospects = [prospect(loop, looked, each) for each in shown]
    if output is Output.JSON:
        say_json([as_json(each) for each in prospects])
    for line in (line for each in prospects for line in lines(each)) if output is Output.TEXT else ():
        say(line, style=STYLES.get(line[4:5], "") if line.startswith("    ") else "")


def as_json(found: Prospect) -> dict[str, object]:
    """Return what is next, for programs."""
    decision = found.foreseen.decision if found.foreseen else None
    told: dict[str, object] = {
        "canary": found.standing.title,
        "path": found.standing.path,
        "said": headline(found),
        "action": decision.action if isinstance(decision, Commit) and found.change else None,
        "at": found.foreseen.at if found.foreseen else None,
        "waitsFor": decision.what if isinstance(decision, Wait) else None,
        "message": found.change.message if found.change else None,
        "files": sorted(found.change.files) if found.change else [],
    }
    subject = found.standing.subject
    told["diff"] = "\n".join(difference(subject, found.change)) if subject and found.change else None
    told["metrics"] = [metric_json(metric, answer) for metric, answer in found.metrics.items()]
    return told


def metric_json(metric: Metric, answer: MetricAnswer) -> dict[str, object]:
    """Return a metric for programs: its PromQL as Flagger would send it, and its present value."""
    told = {"name": metric.name, "query": metric.query, "min": metric.minimum, "max": metric.maximum}
    return {**told, "value": answer.value, "until": answer.until, "trouble": answer.trouble}
