"""What is next for a canary: the next decision, foreseen, as a message and a diff. Nothing is pushed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import unified_diff

from gitcanary.adapters.telemetry import Telemetry
from gitcanary.assembly import Loop, surroundings
from gitcanary.cli import outlook
from gitcanary.cli.branch import Branch as Looked
from gitcanary.cli.branch import look
from gitcanary.cli.console import clock, say
from gitcanary.cli.foresight import AssumedHooks, Foreseen, World, foresee
from gitcanary.cli.standing import Standing
from gitcanary.controller.reconcile import decide
from gitcanary.controller.subject import Subject
from gitcanary.errors import Refused
from gitcanary.manifests.evidence_table import number
from gitcanary.manifests.plan import Change
from gitcanary.ports import Signal
from gitcanary.rollout.checks import UNITS
from gitcanary.rollout.decision import Commit, Wait
from gitcanary.rollout.evidence import MetricAnswer
from gitcanary.rollout.spec import Metric
from gitcanary.settings import Settings

STYLES = {"+": "green", "-": "red", "@": "cyan"}


@dataclass(frozen=True, slots=True)
class Prospect:
    """What is next for one canary: the commit, or why there is none, and every metric as it is now."""

    standing: Standing
    foreseen: Foreseen | None
    change: Change | None
    refusal: str
    metrics: dict[Metric, MetricAnswer]
    now: datetime


def prospect(loop: Loop, looked: Looked, standing: Standing) -> Prospect:
    """Return what is next for a canary."""
    now = datetime.now(UTC).replace(microsecond=0)
    if standing.subject is None:
        return Prospect(standing, None, None, outlook.refusal(standing), {}, now)
    metrics = dict(loop.measurements.ask(standing.subject.canary.spec.metrics, now))
    try:
        foreseen = foresee_next(loop, looked, standing.subject, metrics, now)
        decision = foreseen.decision
        change = loop.publisher.plan(standing.subject, decision) if isinstance(decision, Commit) else None
    except Refused as refusal:
        return Prospect(standing, None, None, f"cannot be committed: {refusal}", metrics, now)
    return Prospect(standing, foreseen, change, "", metrics, now)


def foresee_next(
    loop: Loop, looked: Looked, subject: Subject, metrics: dict[Metric, MetricAnswer], now: datetime
) -> Foreseen:
    """Ask the sync gates of a canary what is live, and return its next decision."""
    state = loop.historian.state(subject, looked.tip)
    sightings = [gate.look(now) for gate in loop.gates(subject.canary)]
    live = loop.watcher.judge(subject, state, looked.tip, sightings, now)
    return foresee(lambda evidence: decide(subject, state, evidence), World(live, metrics), now)


def lines(found: Prospect) -> Iterator[str]:
    """Yield what is next as people read it."""
    yield f"{found.standing.title}: {headline(found)}"
    for metric, answer in found.metrics.items():
        yield f"  {metric.name} {value_of(metric, answer)}"
        yield from (f"    {line}" for line in metric.query.splitlines())
    if found.change is not None and found.standing.subject is not None:
        yield ""
        yield from (f"    {line}".rstrip() for line in found.change.message.splitlines())
        yield ""
        yield from (f"    {line}" for line in difference(found.standing.subject, found.change))
    yield ""


def headline(found: Prospect) -> str:
    """Return in one line what is next."""
    if found.foreseen is None:
        return found.refusal
    assumed = f", assuming the present values at {clock(found.foreseen.at)}" if found.foreseen.at != found.now else ""
    match found.foreseen.decision:
        case Commit() if found.change is None:
            return "nothing to commit"
        case Commit(action=action):
            return f"next is {action}{assumed}; webhooks are taken to pass"
        case Wait(until=until) as wait:
            what = outlook.describe_wait(wait)
            return f"nothing to commit: {what}{f', until {clock(until)}' if until else ''}{assumed}"


def value_of(metric: Metric, answer: MetricAnswer) -> str:
    """Return a metric's present value, or why there is none."""
    if answer.trouble is not None:
        return f"could not be asked: {answer.trouble}"
    return "has no data" if answer.value is None else f"{number(answer.value)}{UNITS.get(metric.name, '')}"


def difference(subject: Subject, change: Change) -> Iterator[str]:
    """Yield what a commit would change, as a unified diff."""
    for path, data in sorted(change.files.items()):
        file = subject.folder.files.get(path.removeprefix(f"{subject.folder.path}/"))
        old, new = text_lines(file.data if file else None), text_lines(data)
        yield from unified_diff(old, new, f"a/{path}" if file else "/dev/null", f"b/{path}", lineterm="")


def text_lines(data: bytes | None) -> list[str]:
    """Return the lines of a file; none where there is none."""
    return (data or b"").decode("utf-8", "replace").splitlines()


def rehearse(settings: Settings) -> None:
    """Log what the next decision for each canary would commit, and print the diffs. Raises `Unreachable`, `Usage`.

    As the controller, so with its credentials and nobody's configuration; and as `plan`: metrics and gates are asked,
    no webhook is called.
    """
    telemetry = Telemetry()
    with Loop(settings, surroundings(settings), telemetry, AssumedHooks()) as loop:
        looked = look(loop)
        for each in (prospect(loop, looked, standing) for standing in looked.found):
            decision = each.foreseen.decision if each.foreseen else None
            action = decision.action if isinstance(decision, Commit) and each.change else None
            told = {"path": each.standing.path, "canary": each.standing.title, "action": action, "said": headline(each)}
            told["subject"] = each.change.message.partition("\n")[0] if each.change else None
            telemetry.tell([Signal("dry-run", told)])
            for line in difference(each.standing.subject, each.change) if each.change and each.standing.subject else ():
                say(line)
