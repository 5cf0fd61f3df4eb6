"""Turns an Istio VirtualService into the Envoy routes that Istio would make of it.

What a VirtualService says and this module does not know is refused: to obey a route in part would be a lie to watch.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gitcanary.errors import DemoError

Manifest = Mapping[str, Any]
Config = dict[str, Any]
# From the host of a destination to the Envoy cluster of the workload that its Service selects.
Resolve = Callable[[str], str]

ROUTE_FIELDS = {"name", "match", "route", "retries", "timeout", "headers", "mirror", "mirrorPercentage"}
MATCH_FIELDS = {"name", "uri", "method", "headers"}
DESTINATION_FIELDS = {"destination", "weight", "headers"}
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def gateway_routes(virtual_service: Manifest, resolve: Resolve) -> Config:
    """Return the RouteConfiguration of a gateway that serves the hosts of a VirtualService, and no other.

    Raises DemoError for a field that is not known here, a weight of zero everywhere, or what `resolve` raises.
    """
    spec = virtual_service["spec"]
    routes = [route for http in spec["http"] for route in _http_routes(http, resolve)]
    return route_configuration("gateway", spec["hosts"], routes)


def plain_routes(name: str, hosts: Iterable[str], cluster: str) -> Config:
    """Return the RouteConfiguration that sends everything for the hosts to one cluster, as a Service does."""
    return route_configuration(name, hosts, [{"match": {"prefix": "/"}, "route": _to_cluster(cluster)}])


def route_configuration(name: str, hosts: Iterable[str], routes: list[Config]) -> Config:
    """Return a RouteConfiguration with one virtual host; without routes, Envoy answers 404."""
    return {"name": name, "virtual_hosts": [{"name": name, "domains": list(hosts), "routes": routes}]}


def canary_weight(virtual_service: Manifest, canary_host: str) -> int:
    """Return the weight of the canary's destination in the first route that has one, else 0."""
    for http in virtual_service["spec"]["http"]:
        for route in http["route"]:
            if _short_host(route["destination"]["host"]) == canary_host:
                return int(route.get("weight", 0))
    return 0


def _to_cluster(cluster: str) -> Config:
    # Istio's default is no timeout, Envoy's is 15 s.
    return {"cluster": cluster, "timeout": "0s"}


def _http_routes(http: Manifest, resolve: Resolve) -> list[Config]:
    _refuse_unknown("http route", http, ROUTE_FIELDS)
    action = _action(http, resolve)
    changes = _header_changes(http.get("headers", {}))
    return [{"match": _match(match), "route": action, **changes} for match in http.get("match") or [{}]]


def _action(http: Manifest, resolve: Resolve) -> Config:
    action: Config = {
        "weighted_clusters": {"clusters": _weighted(http["route"], resolve)},
        "timeout": _duration(http.get("timeout", "0s")),
    }
    if retries := http.get("retries"):
        action["retry_policy"] = _retry_policy(retries)
    if mirror := http.get("mirror"):
        action["request_mirror_policies"] = [_mirror(resolve(mirror["host"]), http.get("mirrorPercentage", {}))]
    return action


def _weighted(destinations: list[Manifest], resolve: Resolve) -> list[Config]:
    for destination in destinations:
        _refuse_unknown("destination", destination, DESTINATION_FIELDS)
    # A sole destination gets everything, whatever its weight (Istio's HTTPRouteDestination).
    weights = [100] if len(destinations) == 1 else [each.get("weight", 0) for each in destinations]
    if sum(weights) == 0:
        raise DemoError("every weight is 0: the traffic has nowhere to go")
    return [
        {"name": resolve(each["destination"]["host"]), "weight": weight, **_header_changes(each.get("headers", {}))}
        for each, weight in zip(destinations, weights, strict=True)
    ]


def _retry_policy(retries: Manifest) -> Config:
    policy: Config = {"num_retries": retries["attempts"]}
    if conditions := retries.get("retryOn"):
        policy["retry_on"] = conditions
    if timeout := retries.get("perTryTimeout"):
        policy["per_try_timeout"] = _duration(timeout)
    return policy


def _mirror(cluster: str, percentage: Manifest) -> Config:
    millionths = round(float(percentage.get("value", 100)) * 10_000)
    return {
        "cluster": cluster,
        "runtime_fraction": {"default_value": {"numerator": millionths, "denominator": "MILLION"}},
    }


def _match(match: Manifest) -> Config:
    _refuse_unknown("match", match, MATCH_FIELDS)
    headers = [{"name": name, "string_match": _string(how)} for name, how in match.get("headers", {}).items()]
    if method := match.get("method"):
        headers.append({"name": ":method", "string_match": _string(method)})
    return {**_path(match.get("uri", {"prefix": "/"})), **({"headers": headers} if headers else {})}


def _path(how: Manifest) -> Config:
    match dict(how):
        case {"exact": path}:
            return {"path": path}
        case {"prefix": prefix}:
            return {"prefix": prefix}
        case {"regex": regex}:
            return {"safe_regex": {"regex": regex}}
        case other:
            raise DemoError(f"uri is {other}, allowed: exact, prefix or regex")


def _string(how: Manifest) -> Config:
    match dict(how):
        case {"exact": _} | {"prefix": _}:
            return dict(how)
        case {"regex": regex}:
            return {"safe_regex": {"regex": regex}}
        case other:
            raise DemoError(f"a match is {other}, allowed: exact, prefix or regex")


def _header_changes(headers: Manifest) -> Config:
    changes: Config = {}
    for side in ("request", "response"):
        operations = headers.get(side, {})
        added = [
            {"header": {"key": key, "value": value}, "append_action": action}
            for word, action in (("set", "OVERWRITE_IF_EXISTS_OR_ADD"), ("add", "APPEND_IF_EXISTS_OR_ADD"))
            for key, value in operations.get(word, {}).items()
        ]
        if added:
            changes[f"{side}_headers_to_add"] = added
        if removed := operations.get("remove"):
            changes[f"{side}_headers_to_remove"] = list(removed)
    return changes


def _duration(text: str) -> str:
    """Return Envoy's form, in seconds, of a duration as Go and Istio write it (`1m30s`, `250ms`)."""
    if not re.fullmatch(r"(\d+(\.\d+)?(ms|s|m|h))+", text):
        raise DemoError(f"{text!r} is no duration such as 250ms or 1m30s")
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", text)
    return f"{sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts):.3f}s"


def _short_host(host: str) -> str:
    return host.split(".", 1)[0]


def _refuse_unknown(what: str, given: Manifest, known: set[str]) -> None:
    if unknown := sorted(set(given) - known):
        raise DemoError(f"the demo's mesh knows no {', '.join(unknown)} in a {what}")
