"""The schema of `spec.service`: what the generated Services and the mesh's routing take from a Canary."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, PlainValidator
from pydantic_core import PydanticCustomError

from gitcanary.manifests.schema.terms import NOT_YET, Conflict, NotHonoured, Strict, at_most_one, exactly_one
from gitcanary.manifests.schema.texts import Count, IstioDuration, Port, ServiceName, matching
from gitcanary.manifests.schema.traffic import TrafficPolicy

_GATEWAY_API = NotHonoured("for the Gateway API alone, which is not honoured yet")
_APP_MESH = NotHonoured("for App Mesh alone, which is not honoured")
_OFF = NotHonoured(unless=(False,))

_WORD = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?"
_SUBDOMAIN = r"[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?"
_PORT_NAME = r"(?=[-0-9]*[a-z])[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_CONTAINER_PORT = re.compile(rf"(?=.{{1,15}}\Z){_PORT_NAME}")

PortName: TypeAlias = Annotated[
    str, matching(_PORT_NAME, "a port's name: lower-case letters, digits and -, at most 63 characters", longest=63)
]
HostName: TypeAlias = Annotated[str, matching(rf"\*|(?:\*\.)?{_WORD}", "a host name, or * for every one")]
GatewayName: TypeAlias = Annotated[
    str, matching(rf"(?:{_SUBDOMAIN}/)?{_SUBDOMAIN}", "mesh, a Gateway's name, or namespace/name", longest=317)
]
MetadataKey: TypeAlias = Annotated[
    str, matching(rf"(?:{_SUBDOMAIN}/)?{_WORD}", "a key such as app or example.com/team", longest=317)
]
LabelValue: TypeAlias = Annotated[
    str, matching(rf"(?:{_WORD})?", "at most 63 letters, digits, -, _ and ., no punctuation at the ends", longest=63)
]


def _port(value: object) -> int | str:
    match value:
        case bool():
            pass
        case int() if 0 < value < 1 << 16:
            return value
        case str() if _CONTAINER_PORT.fullmatch(value):
            return value
    says = "a port number from 1 to 65535, without quotes, or a container port's name"
    raise PydanticCustomError("not_allowed", "{says}", {"says": says})


TargetPort: TypeAlias = Annotated[int | str, PlainValidator(_port)]


class StringMatch(Strict):
    """How Istio compares a text; an empty one asks whether it is there at all."""

    exact: str | None = None
    prefix: str | None = None
    regex: str | None = None

    @classmethod
    def conflicts(cls, given: Mapping[str, Any]) -> Iterator[Conflict]:
        yield from at_most_one(given, "exact", "prefix", "regex")


class HttpMatch(Strict):
    """One of Istio's HTTPMatchRequests: the requests that a route takes."""

    name: str | None = None
    uri: StringMatch | None = None
    scheme: StringMatch | None = None
    method: StringMatch | None = None
    authority: StringMatch | None = None
    headers: dict[str, StringMatch] | None = None
    without_headers: dict[str, StringMatch] | None = None
    query_params: dict[str, StringMatch] | None = None
    ignore_uri_case: bool | None = None
    port: Port | None = None
    gateways: list[str] | None = None
    source_labels: dict[str, str] | None = None
    source_namespace: str | None = None


class Rewrite(Strict):
    """What Istio puts in place of a request's path and host."""

    uri: str | None = None
    authority: str | None = None
    type: str | None = None


class Origin(Strict):
    """One allowed origin of a CORS policy."""

    exact: str | None = None
    prefix: str | None = None
    regex: str | None = None

    @classmethod
    def conflicts(cls, given: Mapping[str, Any]) -> Iterator[Conflict]:
        yield from exactly_one(given, "exact", "prefix", "regex")


class CorsPolicy(Strict):
    """Istio's CORS policy."""

    allow_origin: list[str] | None = None
    allow_origins: list[Origin] | None = None
    allow_methods: list[str] | None = None
    allow_headers: list[str] | None = None
    expose_headers: list[str] | None = None
    max_age: IstioDuration | None = None
    allow_credentials: bool | None = None


class Retries(Strict):
    """Istio's retries of the route."""

    attempts: Count | None = None
    per_try_timeout: IstioDuration | None = None
    retry_on: str | None = None


class HeaderOperations(Strict):
    """What is done to the headers of one direction."""

    set: dict[str, str] | None = None
    add: dict[str, str] | None = None
    remove: list[str] | None = None


class Headers(Strict):
    """What is done to the headers of requests and answers."""

    request: HeaderOperations | None = None
    response: HeaderOperations | None = None


class ServiceMetadata(Strict):
    """Labels and annotations of one generated Service."""

    labels: dict[MetadataKey, LabelValue] | None = None
    annotations: dict[MetadataKey, str] | None = None


class UnmanagedMetadata(Strict):
    """Keys of the Services that Flagger leaves alone."""

    labels: list[str] | None = None
    annotations: list[str] | None = None


class BackendRef(Strict):
    """A Service in the Gateway API's words."""

    group: str | None = None
    kind: str | None = None
    name: str
    namespace: str | None = None
    port: Port | None = None


class MirrorFilter(Strict):
    """The Gateway API's mirror filter."""

    backend_ref: BackendRef


class GatewayRef(Strict):
    """A Gateway in the Gateway API's words."""

    group: str | None = None
    kind: str | None = None
    name: str
    namespace: str | None = None
    section_name: str | None = None
    port: Port | None = None


class ServiceSpec(Strict):
    """`spec.service`."""

    name: ServiceName | None = Field(None, description="the apex; the target's name by default")
    port: Port
    port_name: PortName = Field("http", description="`http` by default")
    target_port: TargetPort | None = Field(None, description="number or name; `port` by default")
    app_protocol: Annotated[str | None, NOT_YET] = None
    traffic_distribution: Annotated[Literal["PreferClose", "PreferSameZone", "PreferSameNode"] | None, NOT_YET] = None
    port_discovery: Annotated[bool | None, _OFF] = None
    headless: Annotated[bool | None, _OFF] = None
    timeout: IstioDuration | None = Field(None, description="of the route")
    backend_timeout: Annotated[str | None, _GATEWAY_API] = None
    mesh_name: Annotated[str | None, _APP_MESH] = None
    backends: Annotated[list[str] | None, _APP_MESH] = None
    gateways: list[GatewayName] = Field([], description="`mesh` by default")
    hosts: list[HostName] = Field([], description="the apex name is added unless `*` is there")
    delegation: Annotated[bool | None, _OFF] = None
    traffic_policy: TrafficPolicy | None = Field(None, description="of both DestinationRules")
    match: Annotated[list[HttpMatch] | None, NotHonoured(unless=([],))] = None
    rewrite: Annotated[Rewrite | None, NOT_YET] = None
    retries: Retries | None = None
    headers: Headers | None = None
    cors_policy: Annotated[CorsPolicy | None, NOT_YET] = None
    mirror: Annotated[list[MirrorFilter] | None, _GATEWAY_API] = None
    gateway_refs: Annotated[list[GatewayRef] | None, _GATEWAY_API] = None
    apex: ServiceMetadata | None = Field(None, description="of the apex Service and the VirtualService")
    primary: ServiceMetadata | None = Field(None, description="of the `-primary` Service")
    canary: ServiceMetadata | None = Field(None, description="of the `-canary` Service")
    unmanaged_metadata: Annotated[UnmanagedMetadata | None, NOT_YET] = None
