"""One decision explained: what it did, why, on which values, and who committed it. Computation only."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gitcanary.cli.chronicle import Entry, Rollout
from gitcanary.cli.console import clock, day_and_second
from gitcanary.cli.labels import Labels
from gitcanary.manifests.evidence_table import number
from gitcanary.manifests.record_schema import write_duration
from gitcanary.manifests.schema.canary_file import Canary
from gitcanary.ports import Signed
from gitcanary.rollout.checks import UNITS
from gitcanary.rollout.evidence import LiveStatus, Verdict
from gitcanary.rollout.state import Action, Observed, Quarantined, SeenHook, SeenMetric

_COUNTED = re.compile(r"\((\d+) of (\d+)\)")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_EARLIER = 5  # checks that are told
_DEEDS = {
    Action.INITIALIZE: "created the primary of {who} from {new}",
    Action.ROUTE: "routed {who} through its primary",
    Action.START: "started {new} on {who}",
    Action.ADVANCE: "advanced {who} from {before} % to {weight} %",
    Action.HALT: "halted {who} at {weight} %",
    Action.WAIT: "let {who} wait at {weight} %",
    Action.PROMOTE: "promoted {new} on {who}",
    Action.FINISH: "sent all traffic of {who} to its primary",
    Action.SCALE_DOWN: "scaled {who} down",
    Action.ROLLBACK: "rolled {who} back from {before} %",
    Action.RESTART: "restarted {who} with {new}",
    Action.RESUME: "resumed {who}",
    Action.PAUSE: "paused {who}",
    Action.HOLD: "held {who}",
    Action.ADOPT: "adopted {who}",
    Action.ANSWER: "answered a request about {who}",
}
_WORTH_OF_OURS = {
    Signed.UNCHECKED: "the configured committer",
    Signed.GOOD: "signature good",
    Signed.MISSING: "from before commits were signed",
    Signed.WRONG: "from before the present keys",
}
_GIVES_REASON = frozenset({Action.ROLLBACK, Action.RESUME, Action.HOLD, Action.ANSWER, Action.PAUSE})


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of one commit. `canary` is the spec that it was decided on, None where that cannot be read.

    `rollout` is the one that it belongs to; `us` is the configured committer.
    """

    entry: Entry
    rollout: Rollout | None
    canary: Canary | None
    labels: Labels
    us: str

    @property
    def evidence(self) -> Observed | None:
        return self.entry.record.evidence if self.entry.record else None

    @property
    def queries(self) -> dict[str, str]:
        """The PromQL of each metric, as Flagger would send it."""
        return {metric.name: metric.query for metric in self.canary.spec.metrics} if self.canary else {}

    @property
    def earlier(self) -> list[Entry]:
        """The failed checks of the same rollout before this one, oldest first."""
        is_check = self.rollout is not None and self.entry.has_passed is not None
        entries = self.rollout.entries if self.rollout and is_check else ()
        before = entries[: entries.index(self.entry)] if entries else ()
        return [entry for entry in before if entry.action is Action.HALT][-_EARLIER:]

    @property
    def quarantined(self) -> list[Quarantined]:
        """The revisions that this decision put in the quarantine."""
        known = self.entry.before.quarantine if self.entry.before else ()
        now = self.entry.record.quarantine if self.entry.record else ()
        return [each for each in now if each not in known]


def lines(account: Account) -> Iterator[str]:
    """Yield the account as people read it."""
    evidence = account.evidence
    if account.entry.action is None or evidence is None:
        yield stranger(account.entry)
        yield from _signed(account)
        return
    tables = [*_metrics(account, evidence), *(f"  {hook_line(hook)}" for hook in evidence.webhooks)]
    yield f"{sentence(account)}{':' if tables else ''}"
    yield ""
    yield from tables
    yield from _measured(account, evidence)
    yield from _before(account.earlier, first_metric(evidence))
    yield from _people(account)
    yield from _signed(account)


def sentence(account: Account) -> str:
    """Return what the decision did, when, and why."""
    entry = account.entry
    record, action = entry.record, entry.action
    if record is None or action is None:
        return stranger(entry)
    deed = _DEEDS[action].format(
        who=record.canary, new=account.labels.of(record.source), weight=record.weight, before=entry.weight_before
    )
    why = because(entry)
    return f"{entry.short} {deed} on {day_and_second(entry.revised.committed_at)}{f', because {why}' if why else ''}"


def because(entry: Entry) -> str:
    """Return why something was decided; empty where the deed says it all."""
    counted = _COUNTED.search(entry.reason)
    if counted is not None and entry.has_passed is False:
        return f"the {ordinal(int(counted[1]))} of {counted[2]} checks failed"
    if entry.action is Action.WAIT and entry.record and entry.record.waiting:
        return f"the gate {entry.record.waiting.gate} was closed"
    if entry.action in _GIVES_REASON:
        return entry.reason
    return "its check passed" if entry.has_passed else ""


def stranger(entry: Entry) -> str:
    """Return what there is to say of a commit that is no decision of gitcanary's."""
    when = day_and_second(entry.revised.committed_at)
    return f"{entry.short} is no decision of gitcanary's: {entry.revised.author} wrote {entry.subject!r} on {when}"


def ordinal(count: int) -> str:
    """Return a number as a place in an order, `third`."""
    return _ORDINALS[count - 1] if 0 < count <= len(_ORDINALS) else f"{count}th"


def metric_line(metric: SeenMetric) -> str:
    """Return a metric's value with its limits and its window."""
    return f"{metric.name} {value_of(metric)}, {limits_of(metric)}over {write_duration(metric.window)} until " + clock(
        metric.until
    )


def value_of(metric: SeenMetric) -> str:
    """Return a metric's value with its unit."""
    if metric.value is None:
        return f"without a value ({metric.verdict})"
    return f"{number(metric.value)}{UNITS.get(metric.name, '')}"


def limits_of(metric: SeenMetric) -> str:
    """Return what is allowed of a metric, and a comma; empty where all is."""
    limits = (("≥", metric.minimum), ("≤", metric.maximum))
    told = " and ".join(f"{sign} {number(limit)}" for sign, limit in limits if limit is not None)
    return f"allowed {told}, " if told else ""


def hook_line(hook: SeenHook) -> str:
    """Return a webhook's answer."""
    answered = "did not answer" if hook.status is None else f"answered {hook.status}"
    return f"{hook.name} ({hook.type}) {answered}{'' if hook.verdict == Verdict.PASS else f': {hook.verdict}'}"


def first_metric(evidence: Observed) -> SeenMetric | None:
    """Return the metric that matters most: the first that failed, else the first."""
    failed = (metric for metric in evidence.metrics if metric.verdict == Verdict.FAIL)
    return next(failed, evidence.metrics[0] if evidence.metrics else None)


def _metrics(account: Account, evidence: Observed) -> Iterator[str]:
    queries = account.queries
    for metric in sorted(evidence.metrics, key=lambda each: each.verdict != Verdict.FAIL):
        yield f"  {metric_line(metric)}"
        yield from (f"    {line}" for line in queries.get(metric.name, "").splitlines())


def _measured(account: Account, evidence: Observed) -> Iterator[str]:
    live, record = evidence.live, account.entry.record
    if live is None or record is None:
        return
    weight = "it" if live.weight is None else f"{live.weight} %"
    ahead = "" if live.status == LiveStatus.APPLIED else ", the newest commit not yet"
    since = f" since {clock(live.since)}" if live.since else ""
    began = "measured on" if evidence.metrics else "decided on"
    yield (
        f"  {began} {account.labels.of(record.source)} ({record.source[:7]}) while {weight} was live"
        f" as {live.commit[:7]}{ahead}, seen by {live.by}{since}"
    )


def _before(earlier: Sequence[Entry], metric: SeenMetric | None) -> Iterator[str]:
    if earlier:
        yield f"  before it: {', '.join(earlier_check(entry, metric) for entry in earlier)}"


def earlier_check(entry: Entry, metric: SeenMetric | None) -> str:
    """Return an earlier check: when, the value of the same metric where it was asked, and in which commit."""
    seen = entry.record.evidence.metrics if entry.record else ()
    same = next((each for each in seen if metric is not None and each.name == metric.name), None)
    told = value_of(same) if same is not None and same.verdict == Verdict.FAIL else entry.reason
    return f"{clock(entry.revised.committed_at)} {told} ({entry.short})"


def _people(account: Account) -> Iterator[str]:
    record = account.entry.record
    for each in account.quarantined:
        yield f"  {each.revision} is in quarantine; `gitcanary retry {record.canary if record else ''}` tries it again"
    if record and record.hold and account.entry.action is Action.HOLD:
        found = f"  found in {record.hold.commit[:7]} by {record.hold.by}" if record.hold.commit else "  found"
        yield f"{found}; `gitcanary resume {record.canary}` goes on from there, `abort` rolls back"


def _signed(account: Account) -> Iterator[str]:
    entry = account.entry
    if entry.is_ours:
        yield f"  committed by {entry.committer}, {_WORTH_OF_OURS[entry.signed]}"
    elif entry.is_claimed:
        found = f"committed by {entry.committer}, {doubt(entry, account.us)}"
        yield f"  not by gitcanary: {found}; its trailers prove nothing"
    else:
        yield f"  committed by {entry.committer}"


def doubt(entry: Entry, us: str) -> str:
    """Return why a commit that looks like one of ours is none."""
    if entry.committer != us or entry.signed in {Signed.UNCHECKED, Signed.GOOD}:
        return f"not by {us}"
    return "which is not signed" if entry.signed is Signed.MISSING else "with a signature that is not gitcanary's"


def as_json(account: Account) -> dict[str, object]:
    """Return the account for programs."""
    entry, evidence = account.entry, account.evidence
    record = entry.record
    return {
        "commit": entry.revised.commit,
        "at": entry.revised.committed_at,
        "canary": record.canary if record else None,
        "action": entry.action,
        "subject": entry.subject,
        "because": because(entry) or None,
        "weight": {"before": entry.weight_before, "after": record.weight if record else None},
        "phase": record.phase if record else None,
        "revision": record.revision if record else None,
        "source": record.source if record else None,
        "label": account.labels.of(record.source) if record else None,
        "metrics": [_metric_json(each, account.queries) for each in evidence.metrics] if evidence else [],
        "webhooks": [_hook_json(each) for each in evidence.webhooks] if evidence else [],
        "live": _live_json(evidence),
        "before": [each.revised.commit for each in account.earlier],
        "quarantined": [each.revision for each in account.quarantined],
        "committer": entry.committer,
        "isOurs": entry.is_ours,
        "signature": entry.signed,
    }


def _metric_json(metric: SeenMetric, queries: dict[str, str]) -> dict[str, object]:
    return {
        "name": metric.name,
        "value": metric.value,
        "min": metric.minimum,
        "max": metric.maximum,
        "window": metric.window,
        "until": metric.until,
        "verdict": metric.verdict,
        "query": queries.get(metric.name),
    }


def _hook_json(hook: SeenHook) -> dict[str, object]:
    return {"name": hook.name, "type": hook.type, "status": hook.status, "verdict": hook.verdict}


def _live_json(evidence: Observed | None) -> dict[str, object] | None:
    live = evidence.live if evidence else None
    if live is None:
        return None
    return {"commit": live.commit, "since": live.since, "weight": live.weight, "by": live.by, "status": live.status}
