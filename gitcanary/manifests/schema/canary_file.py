"""Reading a Canary: some eighty fields at the border, and what the rules and the renderer need of them.

Nothing of the pydantic models leaves this package: `read` answers with frozen data, or with every problem at once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from gitcanary.errors import InvalidFile, InvalidSpec, Problem
from gitcanary.manifests.schema.canary import ANNOTATION, CanaryDocument, CanarySpec
from gitcanary.manifests.schema.conflicts import located, validated
from gitcanary.manifests.schema.declaration import Declaration, declaration, unhonoured
from gitcanary.manifests.schema.gitops import GitopsSpec, SyncSpec
from gitcanary.manifests.schema.meaning import remarks, spec_of
from gitcanary.manifests.schema.service import ServiceMetadata
from gitcanary.manifests.schema.terms import Conflict, Strict, shown
from gitcanary.manifests.schema.texts import LABEL, LABEL_RULE, duration
from gitcanary.manifests.text.documents import Document, parse
from gitcanary.manifests.text.locations import Location, parse_location
from gitcanary.manifests.text.values import Path
from gitcanary.rollout.spec import Spec

_GROUPS = frozenset({"flagger.app", "gitcanary.dev"})


@dataclass(frozen=True, slots=True)
class SyncHttp:
    """An `http` sync gate: the address that answers what is applied."""

    url: str


@dataclass(frozen=True, slots=True)
class SyncDelay:
    """A `delay` sync gate: what was committed this long ago counts as live."""

    delay: timedelta


Sync = SyncHttp | SyncDelay


@dataclass(frozen=True, slots=True)
class Metadata:
    """Labels and annotations that the spec gives one of the Services."""

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Service:
    """What rendering the Services and the routing needs of `spec.service`.

    `name` is the apex (`-primary` and `-canary` are added to it). `target_port` is a container port's number or name.
    `gateways` and `hosts` are as written, empty where the spec has none. `traffic_policy`, `retries` and `headers` are
    plain values that Istio takes as they are, None where the spec has none.
    """

    name: str
    port: int
    port_name: str
    target_port: int | str
    gateways: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    traffic_policy: Mapping[str, Any] | None = None
    retries: Mapping[str, Any] | None = None
    timeout: str | None = None
    headers: Mapping[str, Any] | None = None
    apex: Metadata = Metadata()
    primary: Metadata = Metadata()
    canary: Metadata = Metadata()


@dataclass(frozen=True, slots=True)
class Canary:
    """One Canary of the repository, read and valid.

    `file` is its path from the repository's root and `index` which document of that file it is. `sync` is empty where
    the operator's own gates apply. `warnings` are remarks that stop nothing. The hash leaves `service` out, which holds
    mappings. `declared` is None in the plain layout; `replicas` is where the canary's number stands, None where that is
    the target's own manifest. `gitops` is the field that says all this.
    """

    file: str
    index: int
    namespace: str
    name: str
    target: str
    autoscaler: str | None
    service: Service = field(hash=False)
    spec: Spec
    sync: tuple[Sync, ...] = ()
    warnings: tuple[Problem, ...] = ()
    declared: Declaration | None = None
    replicas: Location | None = None
    gitops: Path = field(default=(), compare=False)

    @property
    def further(self) -> frozenset[str]:
        """The files that its locations name, relative to its folder."""
        read = self.declared.read() if self.declared else ()
        return frozenset(location.file for location in (*read, *self.written))

    @property
    def written(self) -> tuple[Location, ...]:
        """The locations at which values are put in place."""
        written = self.declared.written() if self.declared else ()
        return (*written, *([self.replicas] if self.replicas else []))


def is_canary(value: object) -> bool:
    """Tell whether a document is a Canary of Flagger's or gitcanary's, of whatever version.

    `read` refuses all versions but two, by name. Other groups have a Canary too, which is not ours.
    """
    match value:
        case {"kind": "Canary", "apiVersion": str(version)}:
            return version.partition("/")[0] in _GROUPS
        case _:
            return False


def read(document: Document, file: str, blob: str, namespace_fallback: str | None = None) -> Canary:
    """Read one document as a Canary.

    `file` is its path from the repository's root, `blob` its Git object id, `namespace_fallback` the namespace that the
    kustomization beside it gives. Raises `InvalidSpec` with every problem, each with file, line, field, found, allowed.
    """
    model, conflicts = validated(CanaryDocument, document.value)
    annotated, more = _annotated(document.value)
    every = (*conflicts, *more, *_namespace_conflicts(document.value, namespace_fallback))
    if model is None or every:
        raise InvalidSpec(located(document, file, every))
    namespace = model.metadata.namespace or namespace_fallback or ""
    gitops = annotated or model.spec.gitops or GitopsSpec.model_validate({})
    target = model.spec.target_ref.name
    declared = declaration(gitops, target, model.spec.service.name or target)
    if further := tuple(unhonoured(declared, model.spec.service)):
        raise InvalidSpec(located(document, file, further))
    return Canary(
        file=file,
        index=document.index,
        namespace=namespace,
        name=model.metadata.name,
        target=target,
        autoscaler=model.spec.autoscaler_ref.name if model.spec.autoscaler_ref else None,
        service=_service(model.spec),
        spec=spec_of(model, gitops, declared, namespace, blob),
        sync=tuple(_sync(gate) for gate in gitops.sync),
        warnings=located(document, file, remarks(model.spec)),
        declared=declared,
        replicas=parse_location(gitops.replicas) if gitops.replicas is not None else None,
        gitops=("metadata", "annotations", ANNOTATION) if annotated else ("spec", "gitops"),
    )


def _annotated(value: object) -> tuple[GitopsSpec | None, tuple[Conflict, ...]]:
    """Return what the annotation says, None if there is none, and what is wrong in it."""
    match value:
        case {"metadata": {"annotations": {"gitcanary.dev/gitops": str(text)}}}:
            model, conflicts = _gitops(text)
            return model, tuple(conflict.below("metadata", "annotations", ANNOTATION) for conflict in conflicts)
        case _:
            return None, ()


def _gitops(text: str) -> tuple[GitopsSpec | None, tuple[Conflict, ...]]:
    try:
        documents = parse(text.encode(errors="surrogatepass"))
    except InvalidFile as refusal:
        return None, (Conflict((), f"{shown(refusal.reason)} on its line {refusal.line}", "YAML"),)
    if len(documents) > 1:
        return None, (Conflict((), f"{len(documents)} documents", "one"),)
    value = documents[0].value if documents else None
    return validated(GitopsSpec, {} if value is None else value)


def _namespace_conflicts(value: object, fallback: str | None) -> Iterator[Conflict]:
    metadata = value.get("metadata") if isinstance(value, dict) else None
    stated = metadata.get("namespace") if isinstance(metadata, dict) else None
    path = ("metadata", "namespace")
    if stated is None and fallback is None:
        yield Conflict(path, "nothing", "a namespace here, or in the kustomization beside this file")
    elif stated is None and not LABEL.fullmatch(fallback or ""):
        yield Conflict(path, f"{shown(fallback)} in the kustomization", LABEL_RULE)
    elif stated is not None and fallback is not None and stated != fallback:
        yield Conflict(path, shown(stated), f"{shown(fallback)}, as in the kustomization")


def _service(spec: CanarySpec) -> Service:
    service = spec.service
    return Service(
        name=service.name or spec.target_ref.name,
        port=service.port,
        port_name=service.port_name,
        target_port=service.target_port if service.target_port is not None else service.port,
        gateways=tuple(service.gateways),
        hosts=tuple(service.hosts),
        traffic_policy=_plain(service.traffic_policy),
        retries=_plain(service.retries),
        timeout=service.timeout,
        headers=_plain(service.headers),
        apex=_metadata(service.apex),
        primary=_metadata(service.primary),
        canary=_metadata(service.canary),
    )


def _plain(model: Strict | None) -> Mapping[str, Any] | None:
    """Return a part of the spec as Istio takes it: only what is written there, in the schema's order."""
    return None if model is None else model.model_dump(by_alias=True, exclude_unset=True)


def _metadata(metadata: ServiceMetadata | None) -> Metadata:
    return Metadata() if metadata is None else Metadata(metadata.labels or {}, metadata.annotations or {})


def _sync(gate: SyncSpec) -> Sync:
    return SyncDelay(duration(gate.delay)) if gate.delay is not None else SyncHttp(gate.http or "")
