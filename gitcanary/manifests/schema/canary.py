"""The schema of a Canary: Flagger's `flagger.app/v1beta1`, and gitcanary's own `spec.gitops`.

Facts: Flagger 1.44's CustomResourceDefinition. Where that accepts what it then ignores or misreads, this refuses.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from gitcanary.manifests.schema.analysis import AnalysisSpec
from gitcanary.manifests.schema.gitops import GitopsSpec
from gitcanary.manifests.schema.service import ServiceSpec
from gitcanary.manifests.schema.terms import Conflict, NotHonoured, Strict, shown
from gitcanary.manifests.schema.texts import SERVICE_NAME, SERVICE_NAME_RULE, Label, Subdomain, WebAddress, WorkloadName

FLAGGER = "flagger.app/v1beta1"
GITCANARY = "gitcanary.dev/v1beta1"
ANNOTATION = "gitcanary.dev/gitops"

_NO_MEANING = Field(description="means nothing here")
_RENAMED = NotHonoured("renamed: write analysis")
_ISTIO = NotHonoured("other providers are not honoured yet", unless=("istio",))
_DEPLOYMENT = NotHonoured("other kinds are not honoured yet", unless=("Deployment",))
_APPS = NotHonoured("others are not honoured yet", unless=("apps/v1",))
_HPA = NotHonoured("other scalers are not honoured yet", unless=("HorizontalPodAutoscaler",))
_HPA_V2 = NotHonoured("other versions are not honoured", unless=("autoscaling/v2",))
_NO_OTHER = NotHonoured("for other providers, which are not honoured yet")
_PROVIDERS = Literal[
    "apisix",
    "appmesh",
    "appmesh:v1beta2",
    "contour",
    "gatewayapi:v1",
    "gatewayapi:v1beta1",
    "gloo",
    "istio",
    "knative",
    "kubernetes",
    "kuma",
    "linkerd",
    "nginx",
    "osm",
    "skipper",
    "smi:v1alpha1",
    "smi:v1alpha2",
    "smi:v1alpha3",
    "traefik",
]


Unread: TypeAlias = Annotated[Any, _NO_MEANING]


class TargetRef(Strict):
    """The workload whose revisions are rolled out."""

    api_version: Annotated[str, _APPS]
    kind: Annotated[Literal["DaemonSet", "Deployment", "Service"], _DEPLOYMENT]
    name: WorkloadName


class ScalerReplicas(Strict):
    """The primary scaler's own bounds."""

    min_replicas: Annotated[int, Field(ge=1)] | None = None
    max_replicas: Annotated[int, Field(ge=1)] | None = None


class AutoscalerRef(Strict):
    """The target's autoscaler."""

    api_version: Annotated[str, _HPA_V2]
    kind: Annotated[Literal["HorizontalPodAutoscaler", "ScaledObject"], _HPA]
    name: WorkloadName
    primary_scaler_queries: Annotated[dict[str, str] | None, NotHonoured(unless=({},))] = None
    primary_scaler_replicas: Annotated[ScalerReplicas | None, NotHonoured(unless=({},))] = None


class IngressRef(Strict):
    """An Ingress."""

    api_version: str
    kind: Literal["Ingress"]
    name: str


class RouteRef(Strict):
    """A route of APISIX."""

    api_version: str
    kind: Literal["ApisixRoute"]
    name: str


class UpstreamRef(Strict):
    """An Upstream of Gloo."""

    api_version: str
    kind: Literal["Upstream"]
    name: str
    namespace: str | None = None


class CanarySpec(Strict):
    """`spec`."""

    provider: Annotated[_PROVIDERS | None, _ISTIO] = None
    metrics_server: WebAddress | None = Field(None, description="the operator's own by default")
    progress_deadline_seconds: Annotated[int, Field(ge=1, le=2**31 - 1)] = Field(600, description="600 by default")
    target_ref: TargetRef
    autoscaler_ref: AutoscalerRef | None = None
    ingress_ref: Annotated[IngressRef | None, _NO_OTHER] = None
    route_ref: Annotated[RouteRef | None, _NO_OTHER] = None
    upstream_ref: Annotated[UpstreamRef | None, _NO_OTHER] = None
    service: ServiceSpec
    analysis: AnalysisSpec | None = Field(None, description="may be missing where `skipAnalysis` is true")
    canary_analysis: Annotated[Any, _RENAMED] = None
    skip_analysis: bool = False
    revert_on_deletion: Annotated[bool | None, NotHonoured(unless=(False,))] = None
    suspend: bool = False
    gitops: GitopsSpec | None = Field(None, description=f"in `{GITCANARY}` alone; else the annotation `{ANNOTATION}`")

    @classmethod
    def conflicts(cls, given: Mapping[str, Any]) -> Iterator[Conflict]:
        if not ({"analysis", "canaryAnalysis"} & given.keys() or given.get("skipAnalysis") is True):
            yield Conflict(("analysis",), "nothing", "an analysis, or skipAnalysis: true")
        match given:
            case {"service": {"name": str()}}:
                return
            case {"targetRef": {"name": str(name)}} if not SERVICE_NAME.fullmatch(name):
                yield Conflict(("service", "name"), f"nothing beside the target {shown(name)}", SERVICE_NAME_RULE)
            case _:
                return


class CanaryMetadata(Strict):
    """`metadata`: Kubernetes' own fields, of which three mean something here."""

    name: Subdomain
    namespace: Label | None = Field(None, description="or the one of the kustomization beside the file")
    labels: Annotated[dict[str, str] | None, _NO_MEANING] = None
    annotations: dict[str, str] | None = Field(None, description=f"`{ANNOTATION}` is read")
    finalizers: Unread = None
    owner_references: Unread = None
    generate_name: Unread = None
    creation_timestamp: Unread = None
    deletion_timestamp: Unread = None
    deletion_grace_period_seconds: Unread = None
    generation: Unread = None
    managed_fields: Unread = None
    resource_version: Unread = None
    self_link: Unread = None
    uid: Unread = None


class CanaryDocument(Strict):
    """A whole Canary."""

    api_version: Literal["flagger.app/v1beta1", "gitcanary.dev/v1beta1"]
    kind: Literal["Canary"]
    metadata: CanaryMetadata
    spec: CanarySpec
    status: Unread = None

    @classmethod
    def conflicts(cls, given: Mapping[str, Any]) -> Iterator[Conflict]:
        match given:
            case {"metadata": {"annotations": {"gitcanary.dev/gitops": str()}}, "spec": {"gitops": dict()}}:
                yield Conflict(("spec", "gitops"), f"it beside the annotation {ANNOTATION}", "one of the two")
            case {"apiVersion": "flagger.app/v1beta1", "spec": {"gitops": dict()}}:
                yield Conflict(
                    ("spec", "gitops"), f"it in {FLAGGER}", f"the annotation {ANNOTATION}, or apiVersion {GITCANARY}"
                )
            case _:
                return
