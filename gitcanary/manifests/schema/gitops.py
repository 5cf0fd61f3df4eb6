"""The schema of what gitcanary adds to Flagger's spec: the annotation `gitcanary.dev/gitops`, or `spec.gitops`."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from gitcanary.manifests.schema.terms import NOT_YET, Conflict, NotHonoured, Strict, exactly_one
from gitcanary.manifests.schema.texts import Interval, LocationText, Pause, ServiceHost, WebAddress, WorkloadName

_BESIDE_RELEASE = frozenset({"weights", "services", "workloads"})


class ReleasePair(Strict):
    """Where one value of a release stands on either side."""

    canary: LocationText = Field(description="where the canary takes it from, as `file#key.key[name=x].key`")
    primary: LocationText = Field(description="where the primary takes it from")
    source: LocationText | None = Field(
        None, description="where it is written first, which nobody applies: copied to `canary` at weight 0"
    )


class WeightPair(Strict):
    """Where the two weights stand."""

    primary: LocationText
    canary: LocationText


class HostPair(Strict):
    """The hosts of the two Services."""

    primary: ServiceHost
    canary: ServiceHost


class WorkloadPair(Strict):
    """The names of the two Deployments."""

    primary: WorkloadName
    canary: WorkloadName


class SyncSpec(Strict):
    """One sync gate: an item such as `{delay: 30s}`."""

    http: WebAddress | None = Field(None, description="answers the applied revision and readiness as JSON")
    delay: Pause | None = Field(None, description="a fixed time after the commit")
    argocd: Annotated[str | None, NOT_YET] = None
    flux: Annotated[str | None, NOT_YET] = None
    live: Annotated[bool | None, NOT_YET] = None

    @classmethod
    def conflicts(cls, given: Mapping[str, Any]) -> Iterator[Conflict]:
        yield from exactly_one(given, "http", "delay", "argocd", "flux", "live")


class GitopsSpec(Strict):
    """What gitcanary adds."""

    release: list[ReleasePair] | None = Field(
        None, description="the values of a release, where they are declared; else the target's pod template is one"
    )
    weights: WeightPair | None = Field(None, description="weights that are values of a file; beside `release` alone")
    replicas: LocationText | None = Field(
        None, description="where the canary's number of replicas stands; `spec.replicas` of the target by default"
    )
    services: HostPair | None = Field(
        None, description="the hosts of routing that is made; beside `release` alone, NAME and NAME-canary by default"
    )
    workloads: WorkloadPair | None = Field(
        None, description="the Deployments; beside `release` alone, TARGET and TARGET-canary by default"
    )
    sync: list[SyncSpec] = Field([], description="the operator's own gates by default")
    settle: Pause | None = Field(None, description="the smaller of 15s and `interval` by default")
    on_no_data: Literal["wait", "fail"] = Field("wait", description="`fail` is Flagger's rule; `wait` by default")
    on_revert: Literal["promote", "analyse"] = Field("promote", description="`promote` by default")
    sync_timeout: Interval = Field("10m", description="10m by default")
    delivery: Annotated[
        Literal["push", "gate", "pull-request"], NotHonoured("the others are not honoured yet", unless=("push",))
    ] = "push"

    @classmethod
    def conflicts(cls, given: Mapping[str, Any]) -> Iterator[Conflict]:
        if "release" not in given:
            for key in _BESIDE_RELEASE & given.keys():
                yield Conflict((key,), "it without release", "release beside it")
            return
        pairs = given["release"] if isinstance(given["release"], list) else [None]
        if not pairs:
            yield Conflict(("release",), "an empty list", "at least one value")
        have_source = [isinstance(pair, dict) and pair.get("source") is not None for pair in pairs]
        if any(have_source) and not all(have_source):
            index = have_source.index(False)
            yield Conflict(("release", index, "source"), "nothing", "a source for each value, or for none")
