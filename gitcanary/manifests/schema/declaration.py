"""A declared layout: where the values of a release stand, and what people's own objects are called."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from gitcanary.manifests.schema.gitops import GitopsSpec
from gitcanary.manifests.schema.service import ServiceSpec
from gitcanary.manifests.schema.terms import Conflict
from gitcanary.manifests.text.locations import Location, parse_location

_OF_SERVICES = ("primary", "canary")
_OF_ROUTING = ("gateways", "hosts", "retries", "timeout", "headers", "traffic_policy", "apex")


class Role(StrEnum):
    """On which side a value of a release stands; `source` is where it is written before either side has it."""

    SOURCE = "source"
    CANARY = "canary"
    PRIMARY = "primary"


@dataclass(frozen=True, slots=True)
class Pair:
    """One value of a release, by its locations."""

    canary: Location
    primary: Location
    source: Location | None = None

    def at(self, role: Role) -> Location:
        """Return the location on one side; without a source, the canary's is the first that knows a value."""
        match role:
            case Role.PRIMARY:
                return self.primary
            case Role.SOURCE if self.source is not None:
                return self.source
            case _:
                return self.canary


@dataclass(frozen=True, slots=True)
class Names:
    """One name for the primary and one for the canary."""

    primary: str
    canary: str


@dataclass(frozen=True, slots=True)
class Weights:
    """Where the two weights stand."""

    primary: Location
    canary: Location


@dataclass(frozen=True, slots=True)
class Declaration:
    """What `release` declares, with all that stands beside it.

    `workloads` are the Deployments and `services` the hosts, as people have them; `has_routes` tells that a
    VirtualService of the folder carries the weights: people's, or one that is made.
    """

    release: tuple[Pair, ...]
    workloads: Names
    services: Names
    weights: Weights | None = None
    has_routes: bool = True

    @property
    def has_source(self) -> bool:
        """Whether a value is written at a place of its own before the canary gets it."""
        return self.release[0].source is not None

    def written(self) -> Iterator[Location]:
        """Walk the locations at which values are put in place."""
        for pair in self.release:
            yield pair.primary
            if pair.source is not None:
                yield pair.canary
        if self.weights is not None:
            yield from (self.weights.primary, self.weights.canary)

    def read(self) -> Iterator[Location]:
        """Walk the locations that are only read: where people write a release."""
        return (pair.at(Role.SOURCE) for pair in self.release)


def declaration(gitops: GitopsSpec, target: str, service: str) -> Declaration | None:
    """Return what a valid spec declares, None in the plain layout; `service` is the apex' name."""
    if gitops.release is None:
        return None
    workloads, services, weights = gitops.workloads, gitops.services, gitops.weights
    return Declaration(
        release=tuple(
            Pair(
                parse_location(pair.canary),
                parse_location(pair.primary),
                parse_location(pair.source) if pair.source is not None else None,
            )
            for pair in gitops.release
        ),
        workloads=Names(workloads.primary, workloads.canary) if workloads else Names(target, f"{target}-canary"),
        services=Names(services.primary, services.canary) if services else Names(service, f"{service}-canary"),
        weights=Weights(parse_location(weights.primary), parse_location(weights.canary)) if weights else None,
        has_routes=weights is None or services is not None,
    )


def unhonoured(declared: Declaration | None, service: ServiceSpec) -> Iterator[Conflict]:
    """Yield what `spec.service` says of objects that a declared layout leaves to people."""
    if declared is None:
        return
    for key in _OF_SERVICES:
        if getattr(service, key) is not None:
            yield Conflict(("spec", "service", key), "it beside release", "nothing: the Services are your own")
    if declared.has_routes:
        return
    for name in _OF_ROUTING:
        if getattr(service, name):
            key = "trafficPolicy" if name == "traffic_policy" else name
            yield Conflict(
                ("spec", "service", key), "it beside weights", "nothing: the routing is your own; or services too"
            )
