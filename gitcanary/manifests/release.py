"""What a release is, and where it was placed: in the plain layout the target's pod template with its ConfigMaps.

Everything here is a fact about one folder of one commit.
"""

import re

from gitcanary.errors import InvalidFile
from gitcanary.manifests import configs, declared, names, weights
from gitcanary.manifests.catalog import Folder, Found, list_at, mapping_at, text_at
from gitcanary.manifests.digest import hashed
from gitcanary.manifests.schema.canary_file import Canary
from gitcanary.manifests.schema.declaration import Declaration, Role
from gitcanary.manifests.text.values import Value
from gitcanary.rollout.state import Placed

DEPLOYMENT = "Deployment"
AUTOSCALER = "HorizontalPodAutoscaler"

_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)


def required_target(folder: Folder, canary: Canary) -> Found:
    """Return the target; raises `InvalidFile` where it is not in the folder, naming the files that cannot be read."""
    found = folder.find(DEPLOYMENT, canary.target, canary.namespace)
    if found is not None:
        return found
    unreadable = "".join(f"; not read: {trouble}" for trouble in folder.unreadable())
    missing = f"the Deployment {canary.namespace}/{canary.target} is not in the Canary's folder{unreadable}"
    raise InvalidFile(missing, file=canary.file)


def required_autoscaler(folder: Folder, canary: Canary) -> Found:
    """Return the target's autoscaler; raises `InvalidFile` where it is not in the folder."""
    found = folder.find(AUTOSCALER, str(canary.autoscaler), canary.namespace)
    if found is not None:
        return found
    name = f"{canary.namespace}/{canary.autoscaler}"
    raise InvalidFile(f"the {AUTOSCALER} {name} is not in the Canary's folder", file=canary.file)


def revision(folder: Folder, canary: Canary) -> str:
    """Return the digest of what the target runs, `sha256:…`; raises `InvalidFile` where there is no target."""
    return digest(folder, canary, required_target(folder, canary))


def digest(folder: Folder, canary: Canary, workload: Found) -> str:
    """Return the digest of a workload's pod template, the ConfigMaps that it uses and the names of its Secrets."""
    template = mapping_at(workload.value, "spec", "template")
    tracked = configs.tracked(folder, template, canary.namespace)
    values = {
        "template": template,
        "configMaps": {name: configs.content(config) for name, config in tracked.items()},
        "secrets": configs.secrets(template),
    }
    return hashed(values)


def wanted(folder: Folder, canary: Canary) -> str | None:
    """Return the revision that people want next: what the target holds, or what was written at a place of its own."""
    if canary.declared is not None:
        return declared.digest(folder, canary.declared, Role.SOURCE)
    target = find_target(folder, canary)
    return digest(folder, canary, target) if target else None


def placed(folder: Folder, canary: Canary) -> Placed:
    """Return the values that gitcanary places, as this folder holds them; what is missing is None."""
    if canary.declared is not None:
        return _placed_where_declared(folder, canary, canary.declared)
    target, primary = find_target(folder, canary), find_primary(folder, canary)
    return Placed(
        weight=routed_weight(folder, canary),
        canary=digest(folder, canary, target) if target else None,
        primary=digest(folder, canary, primary) if primary else None,
        replicas=target_replicas(folder, canary),
    )


def _placed_where_declared(folder: Folder, canary: Canary, declaration: Declaration) -> Placed:
    return Placed(
        weight=routed_weight(folder, canary),
        canary=declared.digest(folder, declaration, Role.CANARY),
        primary=declared.digest(folder, declaration, Role.PRIMARY),
        replicas=target_replicas(folder, canary),
    )


def routed_weight(folder: Folder, canary: Canary) -> int | None:
    """Return the canary's weight; None while nothing goes through a generated primary."""
    is_sent = canary.declared is not None or is_routed(folder, canary)
    return weights.canary_weight(folder, canary) if is_sent else None


def is_routed(folder: Folder, canary: Canary) -> bool:
    """Tell whether the traffic goes through the primary: by our routing, or by people's once the apex selects it."""
    routing, primary = weights.find(folder, canary), find_primary(folder, canary)
    if routing is None or primary is None:
        return False
    if weights.is_owned(routing, canary) or weights.uses_subsets(routing, canary):
        return True
    apex, label = folder.find("Service", canary.service.name, canary.namespace), selector_label(primary.value)
    if apex is None or label is None:
        return False
    return mapping_at(apex.value, "spec", "selector").get(label[0]) == label[1]


def find_target(folder: Folder, canary: Canary) -> Found | None:
    """Return the target, None where it is not in the folder."""
    return folder.find(DEPLOYMENT, canary.target, canary.namespace)


def is_doubled(folder: Folder, canary: Canary) -> bool:
    """Tell whether the folder holds the target several times, so that nobody can say which one is meant."""
    return len(list(folder.find_all(DEPLOYMENT, canary.namespace, canary.target))) > 1


def find_primary(folder: Folder, canary: Canary) -> Found | None:
    """Return the primary workload, None where it is not in the folder."""
    return folder.find(DEPLOYMENT, names.primary(canary.target), canary.namespace)


def replicas(workload: Found | None) -> int | None:
    """Return the literal number of a workload's replicas, None where there is none."""
    number = mapping_at(workload.value, "spec").get("replicas") if workload else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def target_replicas(folder: Folder, canary: Canary) -> int | None:
    """Return the canary's number of replicas where gitcanary may change it: at its location, else a literal one.

    None where there is no such number, or an autoscaler has it.
    """
    if canary.replicas is not None:
        return declared.number(folder, canary.replicas)
    if canary.autoscaler is not None or canary.declared is not None:
        return None
    return replicas(find_target(folder, canary))


def primary_replicas(folder: Folder, canary: Canary) -> int | None:
    """Return the literal number of a generated primary's replicas, None where there is none."""
    if canary.declared is not None:
        return None
    return replicas(find_primary(folder, canary))


def is_scalable(folder: Folder, canary: Canary) -> bool:
    """Tell whether the canary has a number of replicas that gitcanary may change."""
    return target_replicas(folder, canary) is not None


def label(folder: Folder, canary: Canary, revision: str | None = None) -> str | None:
    """Return what people call a revision: the tag, where it has exactly one. Without one given, the folder's own."""
    if canary.declared is not None:
        digest = revision or wanted(folder, canary)
        found = declared.tag(folder, canary.declared, digest) if digest else None
        return found if found and _TAG.fullmatch(found) else None
    target = find_target(folder, canary)
    template = mapping_at(target.value, "spec", "template") if target else {}
    tags = [tag for image in _images(template) if _TAG.fullmatch(tag := _tag(image))]
    return tags[0] if len(tags) == 1 else None


def selector_label(workload: Value) -> tuple[str, str] | None:
    """Return the label, and its value, that tells the target's pods from the primary's; None where there is none."""
    labels = mapping_at(workload, "spec", "selector", "matchLabels")
    found = ((key, labels[key]) for key in names.SELECTOR_LABELS if key in labels)
    return next(((key, value) for key, value in found if isinstance(value, str)), None)


def required_label(workload: Found) -> tuple[str, str]:
    """Return `selector_label`; raises `InvalidFile` where there is none."""
    label = selector_label(workload.value)
    if label is None:
        line = workload.line("spec", "selector", "matchLabels")
        known = ", ".join(names.SELECTOR_LABELS)
        raise InvalidFile(f"the selector has none of the labels {known}", line=line, file=workload.file)
    return label


def _tag(image: str) -> str:
    """Return an image's tag, "" where it has none: a registry's port and a digest are none."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2]


def _images(template: Value) -> list[str]:
    containers = [*list_at(template, "spec", "containers"), *list_at(template, "spec", "initContainers")]
    return [image for container in containers if (image := text_at(container, "image"))]
