"""Whether people's own Services and VirtualService can carry a rollout, told before anything is written."""

from collections.abc import Iterator

from gitcanary.errors import Problem
from gitcanary.manifests import names, weights
from gitcanary.manifests.catalog import Folder, Found, list_at, mapping_at, text_at
from gitcanary.manifests.pieces import hosts
from gitcanary.manifests.problems import problem, unspliceable
from gitcanary.manifests.release import selector_label
from gitcanary.manifests.schema.canary_file import Canary
from gitcanary.manifests.schema.terms import shown
from gitcanary.manifests.text.values import Path
from gitcanary.manifests.weights import WHOLE, Side, Split

SERVICE = "Service"
DESTINATION_RULE = "DestinationRule"
_SELECTOR: Path = ("spec", "selector")
_DEFAULT_GATEWAY = "mesh"


def problems(folder: Folder, canary: Canary, target: Found) -> Iterator[Problem]:
    """Yield why the routing that people brought cannot be used, or collides with the one that is made."""
    label = selector_label(target.value)
    brought = [found for found in weights.candidates(folder, canary) if not weights.is_owned(found, canary)]
    if label is not None:
        yield from _services(folder, canary, label, brought)
    yield from _virtual_services(folder, canary, brought)
    yield from _rivals(folder, canary)
    yield from _destination_rules(folder, canary)


def problems_of_routes(folder: Folder, canary: Canary) -> Iterator[Problem]:
    """Yield why routes between two Services that people have cannot be used, or collide with those that are made."""
    brought = [found for found in weights.candidates(folder, canary) if not weights.is_owned(found, canary)]
    yield from _virtual_services(folder, canary, brought)
    yield from _rivals(folder, canary)
    yield from _destination_rules(folder, canary)


def _services(folder: Folder, canary: Canary, label: tuple[str, str], brought: list[Found]) -> Iterator[Problem]:
    key, value = label
    name = canary.service.name
    if any(weights.uses_subsets(found, canary) for found in brought):
        yield from _shared_service(folder, canary, key)
    else:
        yield from _service(folder, canary, name, key, {value, names.primary(value)})
    yield from _service(folder, canary, names.primary(name), key, {names.primary(value)})
    yield from _service(folder, canary, names.canary(name), key, {value})


def _service(folder: Folder, canary: Canary, name: str, key: str, values: set[str]) -> Iterator[Problem]:
    services = list(folder.find_all(SERVICE, canary.namespace, name))
    if not services:
        return
    found, *others = services
    for other in others:
        yield problem(folder, other, ("metadata", "name"), seen=f"again, as in {found.file}", allowed="one manifest")
    selected = mapping_at(found.value, *map(str, _SELECTOR)).get(key)
    if selected not in values:
        allowed = " or ".join(f"{key}: {value}" for value in sorted(values))
        yield problem(folder, found, (*_SELECTOR, key), seen=str(selected or "no such label"), allowed=allowed)
    elif found.file not in names.owned_files(canary):  # what we wrote ourselves is edited otherwise
        yield from unspliceable(folder, found, {(*_SELECTOR, key): "another"})


def _shared_service(folder: Folder, canary: Canary, key: str) -> Iterator[Problem]:
    """Subsets are parts of one Service: it has to select the pods of both."""
    found = folder.find(SERVICE, canary.service.name, canary.namespace)
    if found is None:
        for brought in weights.candidates(folder, canary):
            seen = f"subsets of {canary.service.name}, which is not in the folder"
            yield problem(folder, brought, ("spec", "http"), seen=seen, allowed="subsets of a Service beside it")
    elif key in mapping_at(found.value, *map(str, _SELECTOR)):
        seen = f"{key}, which selects one of the two alone"
        yield problem(folder, found, (*_SELECTOR, key), seen=seen, allowed="labels that primary and canary share")


def _virtual_services(folder: Folder, canary: Canary, brought: list[Found]) -> Iterator[Problem]:
    ours = [found for found in weights.candidates(folder, canary) if weights.is_owned(found, canary)]
    for other in brought if ours else brought[1:]:
        yield problem(folder, other, ("metadata", "name"), seen="another VirtualService for it", allowed="one of them")
    for found in brought:
        yield from _brought(folder, canary, found)


def _brought(folder: Folder, canary: Canary, found: Found) -> Iterator[Problem]:
    splits = list(weights.splits(found, canary))
    if not splits:
        primary, second = names.hosts(canary)
        allowed = f"a route with two weighted destinations, {primary} and {second}, or subsets primary and canary"
        yield problem(folder, found, ("spec", "http"), seen="no route that splits between the two", allowed=allowed)
    for split in splits:
        yield from _split(folder, found, split)
        yield from _policies(folder, canary, found, split)
    yield from _reach(folder, canary, found)
    if splits and all(weights.weight_at(found, split, side) is not None for split in splits for side in Side):
        other = {Side.PRIMARY: 63, Side.CANARY: 37}
        yield from unspliceable(folder, found, {split.path(side): other[side] for split in splits for side in Side})


def _split(folder: Folder, found: Found, split: Split) -> Iterator[Problem]:
    destinations = list_at(list_at(found.value, "spec", "http")[split.route], "route")
    if len(destinations) > len(Side):
        path: Path = ("spec", "http", split.route, "route")
        yield problem(folder, found, path, seen=f"{len(destinations)} destinations", allowed="the two alone")
    for side in Side:
        if weights.weight_at(found, split, side) is None:
            path = split.path(side)
            yield problem(folder, found, path, seen="no whole number", allowed=f"a weight, 0 to {WHOLE}")


def _policies(folder: Folder, canary: Canary, found: Found, split: Split) -> Iterator[Problem]:
    """Yield what the spec says of a route and people's VirtualService says otherwise: it is not edited."""
    service = canary.service
    route = mapping_at(list_at(found.value, "spec", "http")[split.route])
    for key, wanted in {"retries": service.retries, "timeout": service.timeout, "headers": service.headers}.items():
        if wanted is not None and route.get(key) != wanted:
            allowed = f"what spec.service.{key} says, or nothing said there"
            path: Path = ("spec", "http", split.route, key)
            yield problem(folder, found, path, seen=shown(route.get(key)), allowed=allowed)


def _reach(folder: Folder, canary: Canary, found: Found) -> Iterator[Problem]:
    """Yield gateways and hosts of the spec that the VirtualService that people brought does not have."""
    for key, wanted in {"gateways": canary.service.gateways, "hosts": canary.service.hosts}.items():
        missing = [each for each in wanted if each not in list_at(found.value, "spec", key)]
        if missing:
            allowed = f"{', '.join(missing)} too, as spec.service.{key} says"
            seen = shown(list_at(found.value, "spec", key))
            yield problem(folder, found, ("spec", key), seen=seen, allowed=allowed)


def _rivals(folder: Folder, canary: Canary) -> Iterator[Problem]:
    """Yield other VirtualServices that claim one of the hosts on one of the gateways."""
    meant = {(found.file, found.document.index) for found in weights.candidates(folder, canary)}
    gateways = set(canary.service.gateways) or {_DEFAULT_GATEWAY}
    for found in folder.find_all(weights.VIRTUAL_SERVICE, canary.namespace):
        theirs = set(list_at(found.value, "spec", "gateways")) or {_DEFAULT_GATEWAY}
        shared = [host for host in list_at(found.value, "spec", "hosts") if host in hosts(canary)]
        if (found.file, found.document.index) not in meant and shared and gateways & theirs:
            name = text_at(found.value, "metadata", "name")
            seen, allowed = f"{shared[0]}, in VirtualService {name}", "one VirtualService for a host and gateway"
            yield problem(folder, found, ("spec", "hosts"), seen=seen, allowed=allowed)


def _destination_rules(folder: Folder, canary: Canary) -> Iterator[Problem]:
    """Yield people's DestinationRules for one of the two hosts: Istio takes one for a host, and it is not edited."""
    wanted = canary.service.traffic_policy
    made = canary.declared is None or wanted is not None
    ours = names.hosts(canary)
    for found in folder.find_all(DESTINATION_RULE, canary.namespace) if made else ():
        host = weights.short_host(text_at(found.value, "spec", "host") or "", canary.namespace)
        if found.file in names.owned_files(canary) or host not in ours:
            continue
        if text_at(found.value, "metadata", "name") != host:
            allowed = f"the name {host}: gitcanary makes one of that name where there is none"
            yield problem(
                folder, found, ("metadata", "name"), seen=f"another DestinationRule for {host}", allowed=allowed
            )
        elif wanted is not None and mapping_at(found.value, "spec").get("trafficPolicy") != wanted:
            seen = shown(mapping_at(found.value, "spec").get("trafficPolicy"))
            allowed = "what spec.service.trafficPolicy says, or nothing said there"
            yield problem(folder, found, ("spec", "trafficPolicy"), seen=seen, allowed=allowed)
