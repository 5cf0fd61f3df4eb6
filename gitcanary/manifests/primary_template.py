"""The primary's pod template, made from the target's: other labels, other ConfigMaps, and everything else as it is."""

from collections.abc import Iterator, Mapping

from gitcanary.manifests import configs, names
from gitcanary.manifests.catalog import Object, list_at, mapping_at
from gitcanary.manifests.digest import hashed
from gitcanary.manifests.text.values import Path, Value, replaced

CONFIG_DIGEST = "gitcanary.dev/config"  # a pod annotation: without it, other content of a ConfigMap would roll nothing

_TOOLKIT = "toolkit.fluxcd.io"
_OF_THE_CLUSTER = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        "deployment.kubernetes.io/revision",
        "argocd.argoproj.io/tracking-id",
    }
)


def primary_template(template: Object, label: tuple[str, str], tracked: Mapping[str, Object]) -> Value:
    """Return the template for the primary; `label` tells the two apart, of the ConfigMaps `tracked` it has copies.

    Anti-affinity and spread constraints follow the label, so that the primary keeps away from itself.
    """
    renamed = configs.with_names(template, names.primary, frozenset(tracked))
    for path, name in [*_matched_labels(renamed, label), *_matched_expressions(renamed, label)]:
        renamed = replaced(renamed, path, names.primary(name))
    return replaced(renamed, ("metadata",), _metadata(mapping_at(template, "metadata"), label, tracked))


def without_tools(value: Value, entries: str) -> dict[str, str]:
    """Return an object's labels or annotations without those that Flux, Argo CD and the cluster give to one alone."""
    given = mapping_at(value, "metadata", entries).items()
    return {key: str(text) for key, text in given if _TOOLKIT not in key and key not in _OF_THE_CLUSTER}


def _metadata(metadata: Object, label: tuple[str, str], tracked: Mapping[str, Object]) -> Value:
    contents = {name: configs.content(config) for name, config in tracked.items()}
    digest: Object = {CONFIG_DIGEST: hashed(contents)} if tracked else {}
    annotations: Object = {**without_tools({"metadata": metadata}, "annotations"), **digest}
    others = {key: value for key, value in metadata.items() if key != "annotations"}
    labels = {**mapping_at(metadata, "labels"), label[0]: names.primary(label[1])}
    return {**others, "labels": labels, **({"annotations": annotations} if annotations else {})}


def _matched_labels(template: Value, label: tuple[str, str]) -> Iterator[tuple[Path, str]]:
    key, value = label
    for path, selector in _selectors(template):
        if mapping_at(selector, "matchLabels").get(key) == value:
            yield (*path, "matchLabels", key), value


def _matched_expressions(template: Value, label: tuple[str, str]) -> Iterator[tuple[Path, str]]:
    key, value = label
    for path, selector in _selectors(template):
        for index, expression in enumerate(list_at(selector, "matchExpressions")):
            values = list_at(expression, "values")
            if mapping_at(expression).get("key") == key and value in values:
                yield (*path, "matchExpressions", index, "values", values.index(value)), value


def _selectors(template: Value) -> Iterator[tuple[Path, Value]]:
    for index, constraint in enumerate(list_at(template, "spec", "topologySpreadConstraints")):
        path: Path = ("spec", "topologySpreadConstraints", index, "labelSelector")
        yield path, mapping_at(constraint, "labelSelector")
    anti: Path = ("spec", "affinity", "podAntiAffinity")
    affinity = mapping_at(template, "spec", "affinity", "podAntiAffinity")
    required, preferred = (f"{rule}DuringSchedulingIgnoredDuringExecution" for rule in ("required", "preferred"))
    for index, term in enumerate(list_at(affinity, required)):
        yield (*anti, required, index, "labelSelector"), mapping_at(term, "labelSelector")
    for index, term in enumerate(list_at(affinity, preferred)):
        path = (*anti, preferred, index, "podAffinityTerm", "labelSelector")
        yield path, mapping_at(term, "podAffinityTerm", "labelSelector")
