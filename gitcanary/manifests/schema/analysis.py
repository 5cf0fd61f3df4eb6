"""The schema of `spec.analysis`: steps, metrics, webhooks, and the strategies that are not honoured yet."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from gitcanary.errors import Refused
from gitcanary.manifests.schema.terms import NOT_YET, Conflict, NotHonoured, Strict, at_most_one, exactly_one, shown
from gitcanary.manifests.schema.texts import Count, Interval, MessageName, Number, Percent, Timeout, WebAddress, Weight
from gitcanary.manifests.templates import fill
from gitcanary.rollout.spec import Builtin, HookType

VARIABLES = ("name", "namespace", "target", "service", "ingress", "route", "interval")
MOST_METRICS = 64
MOST_WEBHOOKS = 32  # each that is slow holds one of the controller's calls for as long as its timeout
_LONGEST_REFUSAL = 160
_NO_ALERTS = NotHonoured("there are no alerts to mute yet", unless=(False,))
_ALL_PODS = NotHonoured("other shares are not honoured yet", unless=(100,))


def _fillable(query: str) -> str:
    try:
        fill(query, dict.fromkeys(VARIABLES, ""))
    except Refused as refusal:
        says = repr(str(refusal))[1:-1][:_LONGEST_REFUSAL]  # it quotes the query
        raise PydanticCustomError("not_allowed", "{says}", {"says": says}) from None
    return query


class HeaderMatch(Strict):
    """How a header is compared in A/B testing."""

    exact: str | None = None
    prefix: str | None = None
    suffix: str | None = None
    regex: str | None = None

    @classmethod
    def conflicts(cls, given: Mapping[str, Any]) -> Iterator[Conflict]:
        yield from exactly_one(given, "exact", "prefix", "suffix", "regex")


class QueryMatch(Strict):
    """How a query parameter is compared in A/B testing."""

    exact: str | None = None
    prefix: str | None = None
    regex: str | None = None

    @classmethod
    def conflicts(cls, given: Mapping[str, Any]) -> Iterator[Conflict]:
        yield from at_most_one(given, "exact", "prefix", "regex")


class UserMatch(Strict):
    """One group of users of A/B testing."""

    headers: dict[str, HeaderMatch] | None = None
    query_params: dict[str, QueryMatch] | None = None
    source_labels: dict[str, str] | None = None


class ThresholdRange(Strict):
    """The values that are allowed, both ends included."""

    min: Number | None = None
    max: Number | None = None

    @classmethod
    def conflicts(cls, given: Mapping[str, Any]) -> Iterator[Conflict]:
        if not given:
            yield Conflict((), "no limit", "min, max or both")
        match given:
            case {"min": int() | float() as low, "max": int() | float() as high} if low > high:
                yield Conflict((), f"min {shown(low)} above max {shown(high)}", "min at most max, or no value passes")


class TemplateRef(Strict):
    """The MetricTemplate that holds a query."""

    name: str
    namespace: str | None = None


class MetricSpec(Strict):
    """One of `spec.analysis.metrics`."""

    name: MessageName = Field(description="`request-success-rate`, `request-duration`, or your own with `query`")
    interval: Interval = Field("1m", description="the window, `{{ interval }}`; 1m by default")
    threshold_range: ThresholdRange | None = None
    threshold: Number | None = Field(None, description="deprecated; min of the success rate, max of all others")
    query: Annotated[str, AfterValidator(_fillable)] | None = Field(None, description="PromQL")
    template_ref: Annotated[TemplateRef | None, NOT_YET] = None
    template_variables: Annotated[dict[str, str] | None, NotHonoured(unless=({},))] = None

    @classmethod
    def conflicts(cls, given: Mapping[str, Any]) -> Iterator[Conflict]:
        is_builtin = given.get("name") in list(Builtin)
        if is_builtin and "query" in given:
            yield Conflict(("query",), "a query under a builtin metric's name", "another name, or no query")
        if not (is_builtin or {"query", "templateRef"} & given.keys()):
            yield Conflict(("query",), "nothing", f"a query, as only {' and '.join(Builtin)} need none")
        if not {"threshold", "thresholdRange"} & given.keys():
            yield Conflict(("thresholdRange",), "no limit", "a thresholdRange with min, max or both")


class WebhookSpec(Strict):
    """One of `spec.analysis.webhooks`."""

    name: MessageName
    type: Literal[
        "",
        "confirm-rollout",
        "pre-rollout",
        "rollout",
        "confirm-traffic-increase",
        "confirm-promotion",
        "post-rollout",
        "rollback",
        "event",
    ] = Field("", description="one of the eight; `rollout` by default")
    url: WebAddress
    timeout: Timeout = Field("10s", description="of each attempt; 10s by default, at most 1h")
    retries: Annotated[int, Field(ge=0, le=100)] = Field(0, description="attempts after the first")
    disable_tls: bool = Field(default=False, alias="disableTLS", description="does not verify certificates")
    mute_alert: Annotated[bool | None, _NO_ALERTS] = None
    metadata: dict[str, str] = Field({}, description="sent as it is")


class ProviderRef(Strict):
    """The AlertProvider of an alert."""

    name: str
    namespace: str | None = None


class AlertSpec(Strict):
    """One of `spec.analysis.alerts`."""

    name: str
    severity: Literal["", "info", "warn", "error"] | None = None
    provider_ref: ProviderRef


class SessionAffinity(Strict):
    """The cookies that keep a user on one side."""

    cookie_name: str
    primary_cookie_name: str | None = None
    max_age: Count | None = None
    domain: str | None = None
    path: str | None = None
    http_only: bool | None = None
    secure: bool | None = None
    partitioned: bool | None = None
    same_site: Literal["Strict", "Lax", "None"] | None = None

    @classmethod
    def conflicts(cls, given: Mapping[str, Any]) -> Iterator[Conflict]:
        match given:
            case {"cookieName": str(name), "primaryCookieName": str(other)} if name == other:
                yield Conflict(("primaryCookieName",), "the cookieName again", "another name than cookieName")


class AnalysisSpec(Strict):
    """`spec.analysis`."""

    interval: Interval = Field(description="between checks, from 1s")
    iterations: Annotated[Count | None, NOT_YET] = None
    threshold: Annotated[int, Field(ge=-(2**31), le=2**31 - 1)] = Field(
        description="failed checks that roll back; 0 and less mean 1"
    )
    max_weight: Weight | None = Field(None, description="the last step; 100 by default")
    step_weight: Weight | None = Field(None, description="the steps' distance; the last step is `maxWeight`")
    step_weights: list[Weight] | None = Field(None, min_length=1, description="the steps, rising")
    step_weight_promotion: Annotated[Percent | None, NotHonoured(unless=(0, 100))] = None
    mirror: Annotated[bool | None, NotHonoured(unless=(False,))] = None
    mirror_weight: Annotated[Percent | None, NotHonoured(unless=(0,))] = None
    primary_ready_threshold: Annotated[Percent | None, _ALL_PODS] = None
    canary_ready_threshold: Annotated[Percent | None, _ALL_PODS] = None
    match: Annotated[list[UserMatch] | None, NotHonoured(unless=([],))] = None
    session_affinity: Annotated[SessionAffinity | None, NOT_YET] = None
    metrics: list[MetricSpec] = Field([], max_length=MOST_METRICS, description=f"at most {MOST_METRICS}")
    webhooks: list[WebhookSpec] = Field([], max_length=MOST_WEBHOOKS, description=f"at most {MOST_WEBHOOKS}")
    alerts: Annotated[list[AlertSpec] | None, NotHonoured(unless=([],))] = None

    @classmethod
    def conflicts(cls, given: Mapping[str, Any]) -> Iterator[Conflict]:
        yield from exactly_one(given, "stepWeight", "stepWeights", "iterations")
        yield from _falling(given.get("stepWeights"))
        yield from _contradicting(given)
        yield from _repeated("metrics", given.get("metrics"))
        yield from _repeated("webhooks", given.get("webhooks"))


def _falling(weights: object) -> Iterator[Conflict]:
    steps = weights if isinstance(weights, list) else []
    for index, (before, step) in enumerate(pairwise(steps), start=1):
        if isinstance(before, int) and isinstance(step, int) and step <= before:
            yield Conflict(("stepWeights", index), f"{shown(step)} after {shown(before)}", "weights that rise")


def _contradicting(given: Mapping[str, Any]) -> Iterator[Conflict]:
    match given:
        case {"stepWeights": [*_, int(last)], "maxWeight": int(most)} if last != most:
            yield Conflict(("maxWeight",), shown(most), f"{shown(last)} as in stepWeights, or leave it out")


def _repeated(field: str, items: object) -> Iterator[Conflict]:
    """Yield a name that is used twice: among metrics, or among webhooks of one type (evidence is kept by name)."""
    seen: set[tuple[str, str]] = set()
    for index, item in enumerate(items if isinstance(items, list) else []):
        name = item.get("name") if isinstance(item, dict) else None
        if isinstance(name, str):
            kind = shown(item.get("type") or HookType.ROLLOUT.value) if field == "webhooks" else ""
            if (kind, name) in seen:
                yield Conflict((field, index, "name"), f"{shown(name)} a second time", "a name of its own")
            seen.add((kind, name))
