"""The objects that gitcanary writes: which template each one has and what fills it, as Flagger would make them.

Left out on purpose, because the objects lie in Git: owner references, Flux's "hands off" annotations, random ids.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gitcanary.manifests import configs, names, release
from gitcanary.manifests.catalog import Folder, Found, Object, mapping_at
from gitcanary.manifests.primary_template import primary_template, without_tools
from gitcanary.manifests.schema.canary_file import Canary, Metadata
from gitcanary.manifests.text.values import Value
from gitcanary.manifests.text.writer import OneLine

RIDES_ALONG = ("progressDeadlineSeconds", "minReadySeconds", "revisionHistoryLimit", "strategy")
SCALING = ("minReplicas", "maxReplicas", "metrics", "behavior")

_NOTHING = Metadata()


@dataclass(frozen=True, slots=True)
class Piece:
    """One object to write: its kind and name, and what its template is filled with."""

    kind: str
    name: str
    context: Mapping[str, Any] = field(repr=False)

    @property
    def template(self) -> str:
        """The name of its template."""
        return f"manifests/{self.kind.lower()}.yaml.j2"


def workload(source: Folder, canary: Canary, tip: Folder) -> list[Piece]:
    """Return the primary workload with the target's values in `source`, its autoscaler and its ConfigMap copies.

    An autoscaler that came later is taken from `tip`. Raises `Refused` where the target or its autoscaler is missing.
    """
    found = release.required_target(source, canary)
    template = mapping_at(found.value, "spec", "template")
    tracked = configs.tracked(source, template, canary.namespace)
    return [
        _deployment(canary, found, primary_template(template, release.required_label(found), tracked)),
        *([autoscaler(_holding_autoscaler(source, canary, tip), canary)] if canary.autoscaler else []),
        *(_config_copy(canary, name, config) for name, config in tracked.items()),
    ]


def autoscaler(source: Folder, canary: Canary) -> Piece:
    """Return the primary's autoscaler, made from the target's; raises `Refused` where there is none."""
    found = release.required_autoscaler(source, canary)
    spec = mapping_at(found.value, "spec")
    target = {**mapping_at(spec, "scaleTargetRef"), "name": names.primary(canary.target)}
    labels = without_tools(found.value, "labels")
    name = names.primary(str(canary.autoscaler))
    settings = {key: spec[key] for key in SCALING if key in spec}
    return _piece(
        release.AUTOSCALER,
        canary,
        name,
        Metadata(labels),
        api_version=found.value.get("apiVersion"),
        target=target,
        settings=settings,
    )


def _holding_autoscaler(source: Folder, canary: Canary, tip: Folder) -> Folder:
    return source if source.find(release.AUTOSCALER, str(canary.autoscaler), canary.namespace) else tip


def services(canary: Canary, label: tuple[str, str]) -> list[Piece]:
    """Return the apex, primary and canary Services, in this order; `label` is the target's key and value."""
    key, value = label
    name, spec = canary.service.name, canary.service
    return [
        _service(canary, name, spec.apex, {key: names.primary(value)}),
        _service(canary, names.primary(name), spec.primary, {key: names.primary(value)}),
        _service(canary, names.canary(name), spec.canary, {key: value}),
    ]


def destination_rules(canary: Canary) -> list[Piece]:
    """Return the DestinationRules of the primary and the canary Service."""
    return [
        _piece("DestinationRule", canary, name, traffic_policy=canary.service.traffic_policy)
        for name in names.hosts(canary)
    ]


def virtual_service(canary: Canary, label: str | None = None) -> Piece:
    """Return the VirtualService, all traffic to the primary; `label` is the key of its own label, if it gets one."""
    service = canary.service
    apex = service.apex
    primary, second = names.hosts(canary)
    labelled = Metadata(({label: service.name} if label else {}) | dict(apex.labels), apex.annotations)
    metadata = labelled if apex.labels or apex.annotations else _NOTHING
    policies = {
        "retries": OneLine(service.retries) if service.retries else None,
        "timeout": service.timeout,
        "headers": service.headers,
    }
    return _piece(
        "VirtualService",
        canary,
        service.name,
        metadata,
        gateways=list(service.gateways) or ["mesh"],
        hosts=hosts(canary),
        policies={name: policy for name, policy in policies.items() if policy},
        primary=primary,
        canary=second,
    )


def hosts(canary: Canary) -> list[str]:
    """Return the hosts of the routing: those of the spec, and the Service's own unless it is there or `*` is."""
    listed = list(canary.service.hosts)
    return listed if canary.service.name in listed or "*" in listed else [*listed, canary.service.name]


def _piece(kind: str, canary: Canary, name: str, metadata: Metadata = _NOTHING, /, **context: object) -> Piece:
    own = {"labels": dict(metadata.labels), "annotations": dict(metadata.annotations)}
    return Piece(kind, name, {"name": name, "namespace": canary.namespace, **own, **context})


def _service(canary: Canary, name: str, metadata: Metadata, selector: Mapping[str, str]) -> Piece:
    (key,) = selector
    spec = canary.service
    port = {"name": spec.port_name, "port": spec.port, "targetPort": spec.target_port, "protocol": "TCP"}
    labelled = Metadata({key: name} | dict(metadata.labels) | {key: name}, metadata.annotations)
    return _piece("Service", canary, name, labelled, selector=selector, port=port)


def _deployment(canary: Canary, found: Found, template: Value) -> Piece:
    label = release.required_label(found)
    selector = {label[0]: names.primary(label[1])}
    spec = mapping_at(found.value, "spec")
    annotations = without_tools(found.value, "annotations")
    return _piece(
        release.DEPLOYMENT,
        canary,
        names.primary(canary.target),
        Metadata(selector, annotations),
        api_version=found.value.get("apiVersion"),
        replicas=None if canary.autoscaler else release.replicas(found) or 1,
        selector=selector,
        settings={key: spec[key] for key in RIDES_ALONG if key in spec},
        template=template,
    )


def _config_copy(canary: Canary, name: str, config: Object) -> Piece:
    return _piece(configs.CONFIG_MAP, canary, names.primary(name), content=configs.content(config))
