"""A VirtualService in, Envoy's routes out."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitcanary.demo.routes import canary_weight, gateway_routes
from gitcanary.errors import DemoError

PAIR = [
    {"destination": {"host": "podinfo-primary"}, "weight": 80},
    {"destination": {"host": "podinfo-canary"}, "weight": 20},
]


def virtual_service(*http: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"hosts": ["app.example.com", "podinfo"], "http": list(http)}}


def resolve(host: str) -> str:
    return host.upper()


def first_route(http: dict[str, Any]) -> dict[str, Any]:
    route: dict[str, Any] = gateway_routes(virtual_service(http), resolve)["virtual_hosts"][0]["routes"][0]
    return route


def test_a_gateway_serves_the_hosts_of_the_virtual_service_and_no_other() -> None:
    (host,) = gateway_routes(virtual_service({"route": PAIR}), resolve)["virtual_hosts"]
    assert host["domains"] == ["app.example.com", "podinfo"]


@given(weight=st.integers(0, 100))
def test_weights_reach_envoy_unchanged(weight: int) -> None:
    route = [{**PAIR[0], "weight": 100 - weight}, {**PAIR[1], "weight": weight}]
    (rule,) = gateway_routes(virtual_service({"route": route}), resolve)["virtual_hosts"][0]["routes"]
    clusters = rule["route"]["weighted_clusters"]["clusters"]
    assert [(each["name"], each["weight"]) for each in clusters] == [
        ("PODINFO-PRIMARY", 100 - weight),
        ("PODINFO-CANARY", weight),
    ]
    assert canary_weight(virtual_service({"route": route}), "podinfo-canary") == weight


def test_a_sole_destination_gets_everything_whatever_its_weight() -> None:
    route = first_route({"route": [{**PAIR[0], "weight": 0}]})
    assert route["route"]["weighted_clusters"]["clusters"] == [{"name": "PODINFO-PRIMARY", "weight": 100}]


@pytest.mark.parametrize(
    ("http", "part", "expected"),
    [
        ({}, "timeout", "0.000s"),
        ({"timeout": "1m30s"}, "timeout", "90.000s"),
        ({"timeout": "250ms"}, "timeout", "0.250s"),
        (
            {"retries": {"attempts": 3, "perTryTimeout": "1s", "retryOn": "gateway-error,connect-failure"}},
            "retry_policy",
            {"num_retries": 3, "per_try_timeout": "1.000s", "retry_on": "gateway-error,connect-failure"},
        ),
        (
            {"mirror": {"host": "podinfo-canary"}, "mirrorPercentage": {"value": 12.5}},
            "request_mirror_policies",
            [
                {
                    "cluster": "PODINFO-CANARY",
                    "runtime_fraction": {"default_value": {"numerator": 125_000, "denominator": "MILLION"}},
                }
            ],
        ),
    ],
)
def test_what_a_route_does(http: dict[str, Any], part: str, expected: object) -> None:
    assert first_route({"route": PAIR, **http})["route"][part] == expected


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ({}, {"prefix": "/"}),
        ({"uri": {"exact": "/a"}}, {"path": "/a"}),
        ({"uri": {"regex": "/a.*"}}, {"safe_regex": {"regex": "/a.*"}}),
        (
            {"headers": {"x-canary": {"exact": "insider"}}, "method": {"exact": "GET"}},
            {
                "prefix": "/",
                "headers": [
                    {"name": "x-canary", "string_match": {"exact": "insider"}},
                    {"name": ":method", "string_match": {"exact": "GET"}},
                ],
            },
        ),
    ],
)
def test_what_a_route_matches(match: dict[str, Any], expected: object) -> None:
    assert first_route({"route": PAIR, "match": [match]})["match"] == expected


def test_each_match_of_a_route_is_a_route_of_its_own() -> None:
    http = {"route": PAIR, "match": [{"uri": {"prefix": "/a"}}, {"uri": {"prefix": "/b"}}]}
    routes = gateway_routes(virtual_service(http), resolve)["virtual_hosts"][0]["routes"]
    assert [each["match"] for each in routes] == [{"prefix": "/a"}, {"prefix": "/b"}]


def test_headers_are_set_added_and_removed() -> None:
    headers = {"request": {"set": {"a": "1"}, "remove": ["b"]}, "response": {"add": {"c": "2"}}}
    route = first_route({"route": PAIR, "headers": headers})
    assert route["request_headers_to_add"] == [
        {"header": {"key": "a", "value": "1"}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
    ]
    assert route["request_headers_to_remove"] == ["b"]
    assert route["response_headers_to_add"][0]["append_action"] == "APPEND_IF_EXISTS_OR_ADD"


@pytest.mark.parametrize(
    ("http", "reason"),
    [
        ({"route": PAIR, "fault": {"abort": {}}}, "knows no fault in a http route"),
        ({"route": PAIR, "match": [{"sourceLabels": {}}]}, "knows no sourceLabels in a match"),
        ({"route": [{**PAIR[0], "weight": 0}, {**PAIR[1], "weight": 0}]}, "every weight is 0"),
        ({"route": PAIR, "timeout": "soon"}, "'soon' is no duration"),
        ({"route": PAIR, "match": [{"uri": {"glob": "*"}}]}, "allowed: exact, prefix or regex"),
    ],
)
def test_what_cannot_be_obeyed_is_refused(http: dict[str, Any], reason: str) -> None:
    with pytest.raises(DemoError, match=reason):
        gateway_routes(virtual_service(http), resolve)
