"""Where the weights stand: in the VirtualService that gitcanary owns, in one that people brought, or at locations."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from gitcanary.manifests import declared, names
from gitcanary.manifests.catalog import Folder, Found, list_at, mapping_at, text_at
from gitcanary.manifests.schema.canary_file import Canary
from gitcanary.manifests.text.splice import Edit, splice
from gitcanary.manifests.text.values import Path, Value

VIRTUAL_SERVICE = "VirtualService"
WHOLE = 100


class Side(Enum):
    """Which workload a destination leads to."""

    PRIMARY = "primary"
    CANARY = "canary"


@dataclass(frozen=True, slots=True)
class Split:
    """One http route that splits between the two: its position, and where its destinations stand in its `route`."""

    route: int
    primary: int
    canary: int

    def position(self, side: Side) -> int:
        """Return where one side's destination stands among the route's."""
        return self.primary if side is Side.PRIMARY else self.canary

    def path(self, side: Side) -> Path:
        """Return the path of one side's weight in the VirtualService."""
        return ("spec", "http", self.route, "route", self.position(side), "weight")


def find(folder: Folder, canary: Canary) -> Found | None:
    """Return the VirtualService that splits the traffic: ours, or people's; None while nothing is routed."""
    return next(iter(candidates(folder, canary)), None)


def candidates(folder: Folder, canary: Canary) -> list[Found]:
    """Return every VirtualService of the folder that is meant: named as the Service, or splitting between the two.

    None is, where the weights are declared values and nothing else.
    """
    if canary.declared is not None and not canary.declared.has_routes:
        return []
    return [
        found
        for found in folder.find_all(VIRTUAL_SERVICE, canary.namespace)
        if text_at(found.value, "metadata", "name") == canary.service.name or any(splits(found, canary))
    ]


def is_owned(found: Found, canary: Canary) -> bool:
    """Tell whether an object stands in a file that gitcanary writes."""
    return found.file in names.owned_files(canary)


def splits(found: Found, canary: Canary) -> Iterator[Split]:
    """Walk the http routes that lead to both, the primary and the canary."""
    for index, route in enumerate(list_at(found.value, "spec", "http")):
        sides = [side(destination, canary) for destination in list_at(route, "route")]
        if Side.PRIMARY in sides and Side.CANARY in sides:
            yield Split(index, sides.index(Side.PRIMARY), sides.index(Side.CANARY))


def side(weighted: Value, canary: Canary) -> Side | None:
    """Tell which workload a weighted destination leads to, by its host or by its subset of the Service."""
    host = text_at(weighted, "destination", "host") or ""
    subset = mapping_at(weighted, "destination").get("subset")
    if subset is None:
        by_host = zip(names.hosts(canary), Side, strict=True)
        short = short_host(host, canary.namespace)
        return next((side for name, side in by_host if short_host(name, canary.namespace) == short), None)
    if short_host(host, canary.namespace) == canary.service.name and subset in {each.value for each in Side}:
        return Side(subset)
    return None


def uses_subsets(found: Found, canary: Canary) -> bool:
    """Tell whether a VirtualService tells the two apart by subsets of one Service."""
    return any(
        "subset" in mapping_at(destination, "destination")
        for split in splits(found, canary)
        for destination in list_at(list_at(found.value, "spec", "http")[split.route], "route")
    )


def short_host(host: str, namespace: str) -> str:
    """Return a host without its namespace and cluster domain, where they are the ones that Istio would add."""
    name, *rest = host.split(".", 1)
    ours = (namespace, f"{namespace}.svc", f"{namespace}.svc.cluster.local")
    return name if not rest or rest[0] in ours else host


def canary_weight(folder: Folder, canary: Canary) -> int | None:
    """Return the canary's share in percent, None while nothing is routed; the largest, where routes differ.

    Weights that do not add up to 100 are read as Istio reads them, in proportion.
    """
    found = find(folder, canary)
    pairs = [_weights(found, split) for split in splits(found, canary)] if found else []
    if canary.declared is not None and canary.declared.has_routes and not pairs:
        return None  # where both carry it, the routes come last
    stated = declared.weight(folder, canary)
    return max((_share(*pair) for pair in [*pairs, *([stated] if stated else [])]), default=None)


def weight_at(found: Found, split: Split, side: Side) -> int | None:
    """Return one destination's literal weight, None where there is no number."""
    destinations = list_at(list_at(found.value, "spec", "http")[split.route], "route")
    weight = mapping_at(destinations[split.position(side)]).get("weight")
    return weight if isinstance(weight, int) and not isinstance(weight, bool) else None


def with_weight(folder: Folder, canary: Canary, weight: int) -> Folder:
    """Return the folder with these weights, the canary's in percent, in every route that splits.

    Raises `Unspliceable` where they cannot be put in place exactly.
    """
    folder = declared.with_weights(folder, canary, WHOLE - weight, weight)
    found = find(folder, canary)
    if found is None:
        return folder
    new = {Side.PRIMARY: WHOLE - weight, Side.CANARY: weight}
    edits = [
        Edit(found.place(*split.path(side)), value) for split in splits(found, canary) for side, value in new.items()
    ]
    file = folder.files[found.file]
    return folder.holding(found.file, splice(file.data, edits, file=folder.full(found.file)))


def _weights(found: Found, split: Split) -> tuple[int, int]:
    return weight_at(found, split, Side.PRIMARY) or 0, weight_at(found, split, Side.CANARY) or 0


def _share(primary: int, canary: int) -> int:
    total = primary + canary
    return round(WHOLE * canary / total) if total else 0
