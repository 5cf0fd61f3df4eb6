"""What the rules need of a valid Canary: steps, metrics with their queries, webhooks, and Flagger's defaults."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from gitcanary.manifests.schema.analysis import AnalysisSpec, MetricSpec, WebhookSpec
from gitcanary.manifests.schema.canary import CanaryDocument, CanarySpec
from gitcanary.manifests.schema.declaration import Declaration
from gitcanary.manifests.schema.gitops import GitopsSpec
from gitcanary.manifests.schema.terms import Conflict, shown
from gitcanary.manifests.schema.texts import duration
from gitcanary.manifests.templates import fill, match_exactly, query
from gitcanary.rollout.spec import Builtin, Hook, HookType, Metric, OnNoData, OnRevert, Spec

_LONGEST_SETTLE = timedelta(seconds=15)
_WHOLE = 100
# Without `analysis`, which only `skipAnalysis` allows: Flagger's own defaults.
_NO_ANALYSIS = AnalysisSpec.model_validate({"interval": "1m", "threshold": 1, "stepWeight": _WHOLE})


def spec_of(
    document: CanaryDocument, gitops: GitopsSpec, declared: Declaration | None, namespace: str, blob: str
) -> Spec:
    """Return a Canary as the rules see it; `blob` is its file's Git object id."""
    canary, name = document.spec, document.metadata.name
    target = declared.workloads.canary if declared else canary.target_ref.name
    analysis = canary.analysis or _NO_ANALYSIS
    interval = duration(analysis.interval)
    return Spec(
        namespace=namespace,
        name=name,
        target=target,
        blob=blob,
        steps=_steps(analysis),
        interval=interval,
        threshold=max(1, analysis.threshold),
        settle=duration(gitops.settle) if gitops.settle is not None else min(_LONGEST_SETTLE, interval),
        sync_timeout=duration(gitops.sync_timeout),
        progress_deadline=timedelta(seconds=canary.progress_deadline_seconds),
        metrics=tuple(_metrics(canary, analysis, _variables(canary, target, namespace, name))),
        hooks=tuple(_hook(webhook) for webhook in analysis.webhooks),
        skips_analysis=canary.skip_analysis,
        is_suspended=canary.suspend,
        on_no_data=OnNoData(gitops.on_no_data),
        on_revert=OnRevert(gitops.on_revert),
        is_declared=declared is not None,
        has_source=declared is not None and declared.has_source,
    )


def remarks(canary: CanarySpec) -> Iterator[Conflict]:
    """Yield what is honoured but may not be what its author means."""
    for remark in _analysis_remarks(canary.analysis) if canary.analysis and not canary.skip_analysis else ():
        yield remark.below("spec", "analysis")


def _analysis_remarks(analysis: AnalysisSpec) -> Iterator[Conflict]:
    if analysis.threshold < 1:
        yield Conflict(("threshold",), shown(analysis.threshold), "1 or more; it is taken as 1")
    if not analysis.metrics:
        yield Conflict(("metrics",), "no metric", "metrics, else nothing is measured before a step")
    for index, metric in enumerate(analysis.metrics):
        for remark in _metric_remarks(metric):
            yield remark.below("metrics", index)


def _metric_remarks(metric: MetricSpec) -> Iterator[Conflict]:
    if metric.threshold is not None:
        says = "thresholdRange alone, which wins" if metric.threshold_range else "thresholdRange with min or max"
        yield Conflict(("threshold",), shown(metric.threshold), f"{says} (threshold is deprecated)")
    if metric.name == Builtin.DURATION:
        for limit in _written_limits(metric):
            if limit is not None and limit != int(limit):
                yield Conflict(("thresholdRange",), shown(limit), f"whole milliseconds; it is taken as {int(limit)}")


def _steps(analysis: AnalysisSpec) -> tuple[int, ...]:
    if analysis.step_weights is not None:
        return tuple(analysis.step_weights)
    most = analysis.max_weight or _WHOLE
    step = analysis.step_weight or most
    return (*range(step, most, step), most)


def _variables(canary: CanarySpec, target: str, namespace: str, name: str) -> dict[str, str]:
    """Return Flagger's template variables, all but `interval`; without their references, two stand for the target.

    `target` is the canary's workload, whose traffic is measured.
    """
    service = canary.service.name or canary.target_ref.name
    return {
        "namespace": namespace,
        "name": name,
        "target": target,
        "service": service,
        "ingress": target,
        "route": target,
    }


def _metrics(canary: CanarySpec, analysis: AnalysisSpec, variables: Mapping[str, str]) -> Iterator[Metric]:
    for metric in analysis.metrics:
        low, high = _limits(metric)
        yield Metric(
            name=metric.name,
            query=_query(metric, {**variables, "interval": metric.interval}),
            window=duration(metric.interval),
            minimum=low,
            maximum=high,
            namespace=variables["namespace"],
            workload=variables["target"],
            builtin=_builtin(metric),
            server=canary.metrics_server,
        )


def _builtin(metric: MetricSpec) -> Builtin | None:
    return Builtin(metric.name) if metric.name in set(Builtin) else None


def _query(metric: MetricSpec, variables: Mapping[str, str]) -> str:
    """Return the PromQL; a builtin one with its white space collapsed, as Flagger sends it.

    Flagger collapses people's queries too, which breaks their text literals and lets a comment swallow the rest.
    """
    if metric.query is not None:
        return fill(metric.query, variables).strip()
    text = fill(query(f"istio/{metric.name}"), {**variables, "target": match_exactly(variables["target"])})
    return " ".join(text.split())


def _written_limits(metric: MetricSpec) -> tuple[float | None, float | None]:
    if metric.threshold_range is not None:
        return metric.threshold_range.min, metric.threshold_range.max
    is_least = metric.name == Builtin.SUCCESS_RATE
    return (metric.threshold, None) if is_least else (None, metric.threshold)


def _limits(metric: MetricSpec) -> tuple[float | None, float | None]:
    low, high = _written_limits(metric)
    return (_whole(low), _whole(high)) if metric.name == Builtin.DURATION else (low, high)


def _whole(limit: float | None) -> float | None:
    """Cut a limit of milliseconds to whole ones, as Flagger does."""
    return None if limit is None else float(int(limit))


def _hook(webhook: WebhookSpec) -> Hook:
    return Hook(
        name=webhook.name,
        type=HookType(webhook.type or HookType.ROLLOUT),
        url=webhook.url,
        timeout=duration(webhook.timeout),
        retries=webhook.retries,
        metadata=tuple(webhook.metadata.items()),
        verifies_tls=not webhook.disable_tls,
    )
