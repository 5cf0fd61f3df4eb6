"""The schema of what gitcanary adds to Flagger's spec: the annotation `gitcanary.dev/gitops`, or `spec.gitops`."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from gitcanary.manifests.schema.terms import NOT_YET, Conflict, NotHonoured, Strict, exactly_one
from gitcanary.manifests.schema.texts import Interval, Pause, WebAddress


class ReleasePair(Strict):
    """Where one value of a release stands on either side."""

    canary: str
    primary: str
    source: str | None = None


class Sides(Strict):
    """One text for the primary and one for the canary."""

    primary: str
    canary: str


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

    release: Annotated[list[ReleasePair] | None, NOT_YET] = None
    weights: Annotated[Sides | None, NOT_YET] = None
    replicas: Annotated[str | None, NOT_YET] = None
    services: Annotated[Sides | None, NOT_YET] = None
    sync: list[SyncSpec] = Field([], description="the operator's own gates by default")
    settle: Pause | None = Field(None, description="the smaller of 15s and `interval` by default")
    on_no_data: Literal["wait", "fail"] = Field("wait", description="`fail` is Flagger's rule; `wait` by default")
    on_revert: Literal["promote", "analyse"] = Field("promote", description="`promote` by default")
    sync_timeout: Interval = Field("10m", description="10m by default")
    delivery: Annotated[
        Literal["push", "gate", "pull-request"], NotHonoured("the others are not honoured yet", unless=("push",))
    ] = "push"
