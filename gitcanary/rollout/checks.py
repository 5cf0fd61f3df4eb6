"""One check of the canary: what is asked, what the answers mean, and whether they approve."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gitcanary.rollout.case import Case, is_live, told_since
from gitcanary.rollout.decision import Ask
from gitcanary.rollout.evidence import HookAnswer, Live, MetricAnswer, MetricQuestion, Verdict
from gitcanary.rollout.pace import Beat, grid_of
from gitcanary.rollout.questions import ask_hook
from gitcanary.rollout.spec import Hook, HookType, Metric, OnNoData
from gitcanary.rollout.state import SeenHook, SeenMetric

OUTAGES = frozenset({408, 429, 502, 503, 504})
UNITS = {"request-success-rate": " %", "request-duration": " ms"}


@dataclass(frozen=True, slots=True)
class Check:
    """The answers of one check, judged. `approves` where every window saw only the settled weight and all passed.

    `asked_by` is the `rollback` webhook that asks for one.
    """

    beat: Beat
    hooks: tuple[SeenHook, ...]
    metrics: tuple[SeenMetric, ...]
    approves: bool
    failure: str | None = None
    doubt: str | None = None
    asked_by: str | None = None


def judge_hook(kind: HookType, answer: HookAnswer) -> Verdict:
    """Return what a webhook's answer means. `rollback` is the inverted one: 2xx asks for the rollback."""
    if answer.status is None or 300 <= answer.status < 400 or answer.status in OUTAGES:  # noqa: PLR2004 - HTTP's classes
        return Verdict.ERROR
    is_accepted = 200 <= answer.status < 300  # noqa: PLR2004 - HTTP's classes
    return Verdict.PASS if is_accepted is not (kind is HookType.ROLLBACK) else Verdict.FAIL


def judge_metric(metric: Metric, answer: MetricAnswer) -> Verdict:
    """Return what a metric's value means. The limits belong to the range; no value, NaN and infinity are no data."""
    if answer.trouble is not None:
        return Verdict.ERROR
    if answer.value is None or not math.isfinite(answer.value):
        return Verdict.INCONCLUSIVE
    is_low = metric.minimum is not None and answer.value < metric.minimum
    is_high = metric.maximum is not None and answer.value > metric.maximum
    return Verdict.FAIL if is_low or is_high else Verdict.PASS


def hooks_due(case: Case, beat: Beat, live: Live) -> tuple[Hook, ...]:
    """Return the webhooks of this check: those before the first step at weight 0, else those of every check.

    While the rollout is stopped nothing is begun at weight 0, but a rollback may still be asked for.
    """
    rollback = case.spec.hooks_of(HookType.ROLLBACK)
    if live.placed is not None and live.placed.weight:
        return rollback + case.spec.hooks_of(HookType.ROLLOUT)
    if beat.grid.approves and not case.is_stopped and not has_passed_pre_rollout(case):
        return rollback + case.spec.hooks_of(HookType.PRE_ROLLOUT)
    return rollback


def has_passed_pre_rollout(case: Case) -> bool:
    """Tell whether the record already holds the pass, and only a gate after it was closed."""
    waiting = case.record.waiting
    seen = [hook for hook in case.record.evidence.webhooks if hook.type == HookType.PRE_ROLLOUT]
    return (
        waiting is not None
        and waiting.gate == HookType.CONFIRM_TRAFFIC_INCREASE
        and bool(seen)
        and all(hook.verdict == Verdict.PASS for hook in seen)
    )


def metrics_due(case: Case, beat: Beat, live: Live) -> tuple[Metric, ...]:
    """Return the metrics that this check asks: none at weight 0 or at check 0, none that looks back too far."""
    if not (live.placed is not None and live.placed.weight) or beat.number < 1:
        return ()
    clean = clean_since(case, live)
    return tuple(m for m in case.spec.metrics if clean is not None and beat.at - m.window >= clean)


def clean_since(case: Case, live: Live) -> datetime | None:
    """Return how far back a window may reach; None where nothing may be asked yet.

    A weight that a person wrote before this revision was seen clean at 0 counts from when it became live, and so does
    every weight where the record lies in the future.
    """
    clean = case.record.clean_since
    if clean is not None and clean <= case.now:
        return clean
    return told_since(case, live) if clean is not None or is_live(live) else None


def check(case: Case, beat: Beat, live: Live) -> Ask | Check:
    """Ask what this check needs, or judge the answers: webhooks first, then metrics unless a webhook already failed."""
    questions = [ask_hook(case, hook, beat) for hook in hooks_due(case, beat, live)]
    if unanswered := [question for question in questions if question not in case.evidence.hooks]:
        return Ask(frozenset(unanswered))
    hooks = tuple(see_hook(q.hook, case.evidence.hooks[q]) for q in questions)
    if any(hook.verdict == Verdict.FAIL for hook in hooks):
        return judge(case, beat, hooks, ())
    asked = [MetricQuestion(metric, beat.at) for metric in metrics_due(case, beat, live)]
    if missing := [question for question in asked if question not in case.evidence.metrics]:
        return Ask(frozenset(missing))
    return judge(case, beat, hooks, tuple(see_metric(q.metric, case.evidence.metrics[q]) for q in asked))


def see_hook(hook: Hook, answer: HookAnswer) -> SeenHook:
    """Return a webhook's answer with its verdict, as the record keeps it."""
    return SeenHook(hook.name, hook.type, answer.status, judge_hook(hook.type, answer))


def see_metric(metric: Metric, answer: MetricAnswer) -> SeenMetric:
    """Return a metric's value with its verdict, as the record keeps it."""
    value = answer.value if answer.value is not None and math.isfinite(answer.value) else None
    verdict = judge_metric(metric, answer)
    return SeenMetric(metric.name, value, metric.minimum, metric.maximum, metric.window, answer.until, verdict)


def judge(case: Case, beat: Beat, hooks: tuple[SeenHook, ...], metrics: tuple[SeenMetric, ...]) -> Check:
    """Return the check with what it means."""
    counts = [verdict_of(case, metric) for metric in metrics] + [Verdict(hook.verdict) for hook in hooks]
    return Check(
        beat=beat,
        hooks=hooks,
        metrics=metrics,
        approves=all(verdict is Verdict.PASS for verdict in counts) and has_full_windows(case, beat, metrics),
        failure=first_failure(case, hooks, metrics),
        doubt=first_doubt(troubles(case), hooks, metrics),
        asked_by=next((h.name for h in hooks if h.type == HookType.ROLLBACK and h.verdict == Verdict.FAIL), None),
    )


def verdict_of(case: Case, metric: SeenMetric) -> Verdict:
    """Return a metric's verdict; where the spec wants Flagger's rule, no answer is a failure."""
    verdict = Verdict(metric.verdict)
    is_unknown = verdict in {Verdict.INCONCLUSIVE, Verdict.ERROR}
    return Verdict.FAIL if is_unknown and case.spec.on_no_data is OnNoData.FAIL else verdict


def has_full_windows(case: Case, beat: Beat, metrics: tuple[SeenMetric, ...]) -> bool:
    """Tell whether this check may approve: all metrics asked, each over nothing but the settled weight."""
    live = case.evidence.live
    if not beat.grid.approves or live is None or live.placed is None:
        return False
    if not live.placed.weight:
        return True
    settled = grid_of(case, live)
    return (
        beat.number >= 1
        and settled is not None
        and len(metrics) == len(case.spec.metrics)
        and all(metric.until - metric.window >= settled.origin for metric in metrics)
    )


def first_failure(case: Case, hooks: tuple[SeenHook, ...], metrics: tuple[SeenMetric, ...]) -> str | None:
    """Return the first failure in words, webhooks before metrics."""
    for hook in hooks:
        if hook.verdict == Verdict.FAIL:
            return f"{hook.name} answered {hook.status}"
    for metric in metrics:
        if verdict_of(case, metric) is Verdict.FAIL:
            return describe_metric(metric)
    return None


def first_doubt(told: Mapping[str, str], hooks: tuple[SeenHook, ...], metrics: tuple[SeenMetric, ...]) -> str | None:
    """Return the first answer that is none, in words; `told` is what was said instead, by name."""
    unknown = {Verdict.INCONCLUSIVE, Verdict.ERROR}
    seen = [(hook.name, hook.verdict) for hook in hooks] + [(metric.name, metric.verdict) for metric in metrics]
    doubted = (
        (name, f"{verdict}: {told[name]}" if name in told else verdict) for name, verdict in seen if verdict in unknown
    )
    return next((f"{name} is without a verdict ({why})" for name, why in doubted), None)


def troubles(case: Case) -> dict[str, str]:
    """Return why something could not be asked, by the name of the metric or webhook. It reaches no commit."""
    answers = [(question.metric.name, answer.trouble) for question, answer in case.evidence.metrics.items()]
    answers += [(question.hook.name, answer.trouble) for question, answer in case.evidence.hooks.items()]
    return {name: trouble for name, trouble in answers if trouble}


def describe_metric(metric: SeenMetric) -> str:
    """Return a metric that failed in words, such as `request-duration 612 ms > 500`."""
    if metric.value is None:
        return f"{metric.name} has no data ({metric.verdict})"
    told = f"{metric.name} {format_number(metric.value)}{UNITS.get(metric.name, '')}"
    if metric.minimum is not None and metric.value < metric.minimum:
        return f"{told} < {format_number(metric.minimum)}"
    return f"{told} > {format_number(metric.maximum or 0)}"


def format_number(value: float) -> str:
    """Return a number as people write it: at most two decimals, more only where it would vanish."""
    if value and abs(value) < 0.01:  # noqa: PLR2004 - two decimals
        return f"{value:.3g}"
    return f"{value:.2f}".rstrip("0").rstrip(".")
