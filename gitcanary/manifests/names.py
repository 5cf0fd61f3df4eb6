"""Every name that gitcanary gives: Flagger's for objects, the Canary's own for files."""

from gitcanary.manifests.catalog import RECORD
from gitcanary.manifests.schema.canary_file import Canary

SELECTOR_LABELS = ("app", "name", "app.kubernetes.io/name")  # the first that a selector has, as in Flagger


def primary_file(canary: Canary) -> str:
    """Return the name of the file with the primary workload, its autoscaler and its ConfigMap copies."""
    return f"{canary.name}.primary.yaml"


def routing_file(canary: Canary) -> str:
    """Return the name of the file with the Services, DestinationRules and the VirtualService."""
    return f"{canary.name}.routing.yaml"


def record_file(canary: Canary) -> str:
    """Return the name of the record's file."""
    return f"{canary.name}{RECORD}"


def owned_files(canary: Canary) -> tuple[str, str]:
    """Return the names of the manifests that gitcanary writes."""
    return primary_file(canary), routing_file(canary)


def workloads(canary: Canary) -> tuple[str, str]:
    """Return the names of the primary and the canary workload."""
    declared = canary.declared
    if declared is not None:
        return declared.workloads.primary, declared.workloads.canary
    return primary(canary.target), canary.target


def hosts(canary: Canary) -> tuple[str, str]:
    """Return the hosts of the primary and the canary Service, as routing names them."""
    declared = canary.declared
    if declared is not None:
        return declared.services.primary, declared.services.canary
    return primary(canary.service.name), f"{canary.service.name}-canary"


def primary(name: str) -> str:
    """Return the name of the primary's counterpart of an object, or of a label's value."""
    return f"{name}-primary"


def canary(name: str) -> str:
    """Return the name of the Service or host that reaches the canary."""
    return f"{name}-canary"
