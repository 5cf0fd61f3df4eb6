"""The schema of Istio's TrafficPolicy, as far as Flagger's CRD keeps it."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field

from gitcanary.manifests.schema.terms import Conflict, Strict, exactly_one
from gitcanary.manifests.schema.texts import Count, IstioDuration, Percent


class HttpPool(Strict):
    """HTTP settings of a connection pool."""

    h2_upgrade_policy: Literal["DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"] | None = None
    http1_max_pending_requests: Count | None = None
    http2_max_requests: Count | None = None
    idle_timeout: IstioDuration | None = None
    max_requests_per_connection: Count | None = None
    max_retries: Count | None = None


class ConnectionPool(Strict):
    """A connection pool; Flagger's CRD knows its HTTP settings alone."""

    http: HttpPool | None = None


class HttpCookie(Strict):
    """The cookie by which requests are spread."""

    name: str | None = None
    path: str | None = None
    ttl: IstioDuration | None = None


class ConsistentHash(Strict):
    """What requests are spread by."""

    http_header_name: str | None = None
    http_cookie: HttpCookie | None = None
    use_source_ip: bool | None = None
    http_query_parameter_name: str | None = None
    minimum_ring_size: Count | None = None

    @classmethod
    def conflicts(cls, given: Mapping[str, Any]) -> Iterator[Conflict]:
        yield from exactly_one(given, "httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName")


class Distribution(Strict):
    """How the traffic of one locality is spread over others, in percent."""

    from_: str | None = Field(None, alias="from")
    to: dict[str, Percent] | None = None


class Failover(Strict):
    """Where the traffic of one region goes when that fails."""

    from_: str | None = Field(None, alias="from")
    to: str | None = None


class LocalityLbSetting(Strict):
    """Load balancing by locality."""

    distribute: list[Distribution] | None = None
    enabled: bool | None = None
    failover: list[Failover] | None = None


class LoadBalancer(Strict):
    """The load balancing algorithm: a simple one, or by a hash."""

    simple: Literal["ROUND_ROBIN", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "LEAST_REQUEST"] | None = None
    consistent_hash: ConsistentHash | None = None
    locality_lb_setting: LocalityLbSetting | None = None
    warmup_duration_secs: IstioDuration | None = None

    @classmethod
    def conflicts(cls, given: Mapping[str, Any]) -> Iterator[Conflict]:
        yield from exactly_one(given, "simple", "consistentHash")


class OutlierDetection(Strict):
    """When a pod is taken out of load balancing."""

    base_ejection_time: IstioDuration | None = None
    consecutive_5xx_errors: Count | None = Field(None, alias="consecutive5xxErrors")
    consecutive_errors: Count | None = None
    consecutive_gateway_errors: Count | None = None
    consecutive_local_origin_failures: Count | None = None
    interval: IstioDuration | None = None
    max_ejection_percent: Percent | None = None
    min_health_percent: Percent | None = None
    split_external_local_origin_errors: bool | None = None


class Tls(Strict):
    """How connections to the pods are encrypted."""

    mode: Literal["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"] | None = None
    ca_certificates: str | None = None
    client_certificate: str | None = None
    private_key: str | None = None
    sni: str | None = None
    subject_alt_names: list[str] | None = None


class TrafficPolicy(Strict):
    """Istio's TrafficPolicy."""

    connection_pool: ConnectionPool | None = None
    load_balancer: LoadBalancer | None = None
    outlier_detection: OutlierDetection | None = None
    tls: Tls | None = None
