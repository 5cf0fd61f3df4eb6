"""Reads what the branch says should run, as Argo CD does with a folder of plain manifests. Computation only."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import pygit2
import yaml

from gitcanary.demo.routes import Manifest
from gitcanary.errors import DemoError


class Identity(NamedTuple):
    """Which object of its kind."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class PodTemplate:
    """What a Deployment's pods run. Any other `content` is another revision, as in Kubernetes."""

    version: str
    environment: tuple[tuple[str, str], ...]
    content: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """A workload, `template` being None while it is scaled to 0."""

    identity: Identity
    labels: Mapping[str, str]
    template: PodTemplate | None


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything in a folder that the demo's mesh acts on."""

    deployments: tuple[Deployment, ...]
    services: Mapping[Identity, Manifest]
    virtual_services: tuple[Manifest, ...]

    def selected(self, service: Manifest) -> Deployment:
        """Return the Deployment whose pods a Service selects; raises DemoError unless it is exactly one."""
        selector = service["spec"]["selector"].items()
        near = [each for each in self.deployments if each.identity.namespace == service["metadata"]["namespace"]]
        found = [each for each in near if selector <= each.labels.items()]
        if len(found) != 1:
            names = ", ".join(each.identity.name for each in found) or "none"
            raise DemoError(f"Service {service['metadata']['name']} must select one Deployment, it selects {names}")
        return found[0]


def read_desired(repository: pygit2.Repository, commit: str, folder: str) -> Desired:
    """Return what the manifests directly in a folder say at a commit.

    Raises DemoError for a folder that is missing, yaml.YAMLError and LookupError for manifests that are none.
    """
    return sort_manifests(list(_manifests(repository, commit, folder)))


def sort_manifests(manifests: Iterable[Manifest]) -> Desired:
    """Return the manifests by their kinds; those of other kinds need nothing done here.

    Raises DemoError for two manifests of one object, as nobody could say which one counts.
    """
    of_kind: dict[str, dict[Identity, Manifest]] = defaultdict(dict)
    for manifest in manifests:
        kind, identity = manifest["kind"], _identity(manifest)
        if identity in of_kind[kind]:
            raise DemoError(f"two manifests for {kind} {identity.namespace}/{identity.name}")
        of_kind[kind][identity] = manifest
    deployments = tuple(_deployment(each) for each in of_kind["Deployment"].values())
    return Desired(deployments, of_kind["Service"], tuple(of_kind["VirtualService"].values()))


def _manifests(repository: pygit2.Repository, commit: str, folder: str) -> Iterator[Manifest]:
    tree = repository[commit].peel(pygit2.Tree)
    if folder not in tree:
        raise DemoError(f"no folder {folder} at {commit[:7]}")
    for entry in tree[folder].peel(pygit2.Tree):
        if isinstance(entry, pygit2.Blob) and str(entry.name).endswith((".yaml", ".yml")):
            yield from filter(None, yaml.load_all(entry.data, Loader=yaml.CSafeLoader))


def _deployment(manifest: Manifest) -> Deployment:
    identity = _identity(manifest)
    pod = manifest["spec"]["template"]
    # Without `replicas` an autoscaler has the say, or Kubernetes' default of 1: either way something runs.
    is_wanted = manifest["spec"].get("replicas", 1) > 0
    return Deployment(identity, pod["metadata"]["labels"], _template(pod) if is_wanted else None)


def _template(pod: Any) -> PodTemplate:
    container = pod["spec"]["containers"][0]
    environment = tuple((each["name"], each["value"]) for each in container.get("env", []))
    version = container["image"].rpartition(":")[2]
    return PodTemplate(version, environment, json.dumps(pod, sort_keys=True, default=str))


def _identity(manifest: Manifest) -> Identity:
    return Identity(manifest["metadata"]["namespace"], manifest["metadata"]["name"])
