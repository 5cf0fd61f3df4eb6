"""Whether a canary can be rolled out in its folder: what the plain layout allows, told before anything is written."""

from collections.abc import Iterable, Iterator

from gitcanary.errors import InvalidSpec, Problem, RefusedText
from gitcanary.manifests import (
    configs,
    declared_layout,
    kustomization,
    names,
    onboarded,
    owned,
    release,
    routing_layout,
    weights,
)
from gitcanary.manifests.catalog import Folder, Found, mapping_at, text_at
from gitcanary.manifests.pieces import RIDES_ALONG
from gitcanary.manifests.problems import problem, problem_of_spec, unspliceable
from gitcanary.manifests.schema.canary_file import Canary
from gitcanary.manifests.text.documents import find_template
from gitcanary.manifests.text.values import Path, value_at

CHART = "Chart.yaml"
_HPA_VERSION = "autoscaling/v2"
_PLAIN = "plain text: what waits for a template engine is no value yet; declare `release` in gitcanary.dev/gitops"


def check(folder: Folder, canary: Canary) -> None:
    """Raise `InvalidSpec` with every reason why this canary cannot be rolled out in its folder."""
    if found := problems(folder, canary):
        raise InvalidSpec(found)


def problems(folder: Folder, canary: Canary) -> tuple[Problem, ...]:
    """Return every reason why this canary cannot be rolled out in its folder; none is the best answer."""
    if canary.declared is not None:
        declared = declared_layout.problems(folder, canary, canary.declared)
        replicas = declared_layout.problems_of_replicas(folder, canary)
        files = (*_file_names(folder, canary), *declared_layout.problems_of_files(folder, canary))
        return (*files, *declared, *replicas, *onboarded.problems(folder, canary))
    target = release.find_target(folder, canary)
    if target is None:
        return tuple(_absent_target(folder, canary))
    return (
        *_between(folder, canary, target),
        *_file_names(folder, canary),
        *declared_layout.problems_of_files(folder, canary),
        *_target(folder, canary, target),
        *_autoscaler(folder, canary),
        *_taken(folder, canary, target),
        *routing_layout.problems(folder, canary, target),
        *onboarded.problems(folder, canary),
    )


def _absent_target(folder: Folder, canary: Canary) -> Iterator[Problem]:
    try:
        release.required_target(folder, canary)
    except RefusedText as refusal:
        path: Path = ("spec", "targetRef", "name")
        yield problem_of_spec(folder, canary, path, seen=refusal.reason, allowed="a Deployment beside the Canary")


def _between(folder: Folder, canary: Canary, target: Found) -> Iterator[Problem]:
    """Yield what stands between the files and the cluster: Kustomize's transformers, a chart, templates."""
    template = mapping_at(target.value, "spec", "template")
    tracked = configs.tracked(folder, template, canary.namespace)
    applied = {target.file, *_files_of_routing(folder, canary), *_files_beside(folder, canary, tracked)}
    yield from kustomization.problems(folder, sorted(applied))
    if CHART in folder.files:
        yield Problem(folder.full(CHART), 1, "chart", "a Helm chart", "plain manifests, or a declared `release`")
    yield from _templated(folder, target, ("spec", "template"))
    yield from (each for key in ("selector", *RIDES_ALONG) for each in _templated(folder, target, ("spec", key)))
    for name in tracked:
        config = folder.find(configs.CONFIG_MAP, name, canary.namespace)
        for key in ("data", "binaryData"):
            yield from _templated(folder, config, (key,)) if config else ()


def _files_of_routing(folder: Folder, canary: Canary) -> Iterator[str]:
    """Yield the files whose objects carry the traffic: our own that are there, people's Service and VirtualService."""
    yield from (name for name in names.owned_files(canary) if name in folder.files)
    for kind in (routing_layout.SERVICE, weights.VIRTUAL_SERVICE):
        yield from (found.file for found in folder.find_all(kind, canary.namespace, canary.service.name))
    yield from (found.file for found in weights.candidates(folder, canary))


def _files_beside(folder: Folder, canary: Canary, tracked: Iterable[str]) -> Iterator[str]:
    """Yield the files of the target's autoscaler and of the ConfigMaps that it uses."""
    wanted = [(configs.CONFIG_MAP, name) for name in tracked]
    wanted += [(release.AUTOSCALER, canary.autoscaler)] if canary.autoscaler else []
    for kind, name in wanted:
        yield from (found.file for found in folder.find_all(kind, canary.namespace, name))


def _templated(folder: Folder, found: Found, path: Path) -> Iterator[Problem]:
    try:
        value = value_at(found.value, path)
    except LookupError:
        return
    inner = find_template(value)
    if inner is not None:
        yield problem(folder, found, (*path, *inner), seen="`{{` or `${`", allowed=_PLAIN)


def _file_names(folder: Folder, canary: Canary) -> Iterator[Problem]:
    for name in (*names.owned_files(canary), names.record_file(canary)):
        if name in folder.links:
            yield Problem(folder.full(name), 0, "file", "a symlink, submodule or folder", "an ordinary file, or none")
    is_onboarded = names.record_file(canary) in folder.files
    for name in () if is_onboarded else names.owned_files(canary):
        if name in folder.files and not owned.is_ours(folder.files[name].data, canary):
            seen = f"a file that does not begin with {owned.mark(canary)!r}"
            yield Problem(folder.full(name), 1, "file", seen, "gitcanary's own file, or none: it needs this name")


def _target(folder: Folder, canary: Canary, target: Found) -> Iterator[Problem]:
    same = list(folder.find_all(release.DEPLOYMENT, canary.namespace, canary.target))
    for other in same[1:]:
        yield problem(folder, other, ("metadata", "name"), seen=f"again, as in {same[0].file}", allowed="one manifest")
    if release.selector_label(target.value) is None:
        known = ", ".join(names.SELECTOR_LABELS)
        path: Path = ("spec", "selector", "matchLabels")
        yield problem(folder, target, path, seen="none of the labels", allowed=f"one of {known}")
    if canary.replicas is not None:
        yield from declared_layout.problems_of_replicas(folder, canary)
        return
    if canary.autoscaler and release.replicas(target) == 0:
        path = ("spec", "replicas")
        yield problem(folder, target, path, seen="0", allowed="none or more: its autoscaler starts no pod from 0")
    if release.is_scalable(folder, canary):
        yield from unspliceable(folder, target, {("spec", "replicas"): 1 + (release.replicas(target) or 0)})


def _autoscaler(folder: Folder, canary: Canary) -> Iterator[Problem]:
    if canary.autoscaler is None:
        return
    found = folder.find(release.AUTOSCALER, canary.autoscaler, canary.namespace)
    if found is None:
        path: Path = ("spec", "autoscalerRef", "name")
        seen = f"{canary.autoscaler}, which is not in the folder"
        yield problem_of_spec(folder, canary, path, seen=seen, allowed=f"a {release.AUTOSCALER} beside the Canary")
        return
    if found.value.get("apiVersion") != _HPA_VERSION:
        yield problem(folder, found, ("apiVersion",), seen=str(found.value.get("apiVersion")), allowed=_HPA_VERSION)
    scaled = text_at(found.value, "spec", "scaleTargetRef", "name")
    if scaled != canary.target:
        yield problem(folder, found, ("spec", "scaleTargetRef", "name"), seen=str(scaled), allowed=canary.target)
    yield from _templated(folder, found, ("spec",))


def _taken(folder: Folder, canary: Canary, target: Found) -> Iterator[Problem]:
    """Yield people's objects that have the name of one which gitcanary writes."""
    tracked = configs.tracked(folder, mapping_at(target.value, "spec", "template"), canary.namespace)
    wanted = [(release.DEPLOYMENT, canary.target), *((configs.CONFIG_MAP, name) for name in tracked)]
    wanted += [(release.AUTOSCALER, canary.autoscaler)] if canary.autoscaler else []
    for kind, name in wanted:
        for found in folder.find_all(kind, canary.namespace, names.primary(name)):
            if found.file != names.primary_file(canary):
                seen, allowed = f"{kind} {names.primary(name)}", "another name: gitcanary makes this one"
                yield problem(folder, found, ("metadata", "name"), seen=seen, allowed=allowed)
