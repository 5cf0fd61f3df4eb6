"""Each row of the table about Prometheus, on real sockets and on a real Prometheus."""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from gitcanary.adapters.prometheus import Prometheus
from gitcanary.egress import Allowed
from gitcanary.egress.lookup import IPAddress
from gitcanary.manifests.templates import fill, match_exactly, query
from gitcanary.rollout.checks import judge_metric
from gitcanary.rollout.evidence import MetricAnswer
from gitcanary.rollout.spec import Builtin, Metric
from support import prometheus
from support.certificates import self_signed
from support.faults import FAULTS, SILENT, redirect
from support.http_server import Handler, Received, Script, raw, reply, serve
from support.tables import rows, timeless

TABLE = rows("docs/not-knowing.md", "Prometheus")
AT = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SOON = timedelta(seconds=0.4)
LATER = timedelta(seconds=20)
LISTED = Allowed(("127.0.0.1:*",))
METRIC = Metric("custom", "up", MINUTE, 99, None, "test", "podinfo")
OURS = replace(METRIC, builtin=Builtin.SUCCESS_RATE)
THEIRS = replace(OURS, workload="other")


@dataclass(frozen=True, slots=True)
class Desk:
    """What a row may use."""

    folder: Path
    environment: pytest.MonkeyPatch
    real: Callable[[], str]


Row = Callable[[Desk], MetricAnswer]


def ask(url: str, *metrics: Metric, within: timedelta = LATER, allowed: Allowed = LISTED) -> MetricAnswer:
    """Ask some metrics side by side and return the first one's answer."""
    with closing(Prometheus(url, allowed=allowed, within=within)) as measurements:
        return measurements.ask(metrics or [METRIC], AT)[(metrics or [METRIC])[0]]


def on(script: Script, *metrics: Metric, within: timedelta = LATER) -> Row:
    def row(_: Desk) -> MetricAnswer:
        with serve(script) as server:
            return ask(server.url, *metrics, within=within)

    return row


def really(text: str) -> Row:
    return lambda desk: ask(desk.real(), replace(METRIC, query=text))


def result(held: object, kind: str = "vector", **more: object) -> str:
    return json.dumps({"status": "success", "data": {"resultType": kind, "result": held}, **more})


def vector(*values: str, **labels: str) -> Script:
    return reply(200, result([{"metric": labels, "value": [1, value]} for value in values]))


def failure(status: int, said: str) -> Script:
    return reply(status, json.dumps({"status": "error", "errorType": "x", "error": said}))


def at_another_time(ahead: timedelta) -> Script:
    """Answer well, by a clock that is wrong."""
    body = result([{"metric": {}, "value": [1, "100"]}]).encode()

    def script(handler: Handler, received: Received, number: int) -> None:
        date = format_datetime(datetime.now(UTC) + ahead, usegmt=True)
        raw(f"HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)(
            handler, received, number
        )

    return script


def nobody(_: Desk) -> MetricAnswer:
    with serve(reply()) as server:
        pass
    return ask(server.url)


def unknown(_: Desk) -> MetricAnswer:
    return ask("http://nowhere.invalid")


def unanswered(_: Desk) -> MetricAnswer:
    with serve(reply()) as server:

        def resolve(host: str, port: int) -> tuple[IPAddress, ...]:  # noqa: ARG001 - a resolver's signature
            server.stopping.wait()
            return ()

        theirs = replace(METRIC, server="http://slow.test")
        return ask(server.url, theirs, within=SOON, allowed=Allowed(resolve=resolve))


def with_certificate(*, is_trusted: bool = True, address: str = "127.0.0.1", until: timedelta = HOUR) -> Row:
    def row(desk: Desk) -> MetricAnswer:
        cert = desk.folder / "cert.pem"
        tls = self_signed(cert, desk.folder / "key.pem", address=address, until=until)
        if is_trusted:
            desk.environment.setenv("SSL_CERT_FILE", str(cert))
        with serve(vector("100"), tls) as server:
            return ask(server.url)

    return row


def really_all_failed(desk: Desk) -> MetricAnswer:
    values = {"namespace": "test", "target": match_exactly("podinfo"), "interval": "1m"}
    text = fill(query(f"istio/{Builtin.SUCCESS_RATE}"), values)
    return ask(desk.real(), replace(OURS, query=text))


GROUPED = {"destination_workload_namespace": "test"}
ROWS: dict[str, Row] = {
    **{name: on(script) for name, script in FAULTS.items()},
    **{name: on(script, within=SOON) for name, script in SILENT.items()},
    **{str(status): on(redirect(status)) for status in (301, 302, 303, 307, 308)},
    **{str(status): on(reply(status)) for status in (204, 401, 403, 404, 408, 413, 414, 429, 500, 502, 504)},
    "the name does not resolve": unknown,
    "the name's server does not answer": unanswered,
    "nobody listens": nobody,
    "50 MB of answer": on(reply(200, b" " * 50_000_000)),
    "the answer is cut off": on(raw(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"status"')),
    "a certificate that nobody vouches for": with_certificate(is_trusted=False),
    "a certificate of another host": with_certificate(address="192.0.2.7"),
    "a certificate that has expired": with_certificate(until=-HOUR),
    "400": on(failure(400, "parse error")),
    "422": on(failure(422, "too many samples")),
    "503": on(failure(503, "query timed out")),
    "200 with `status: error`": on(failure(200, "store is sick")),
    "200 with warnings: a part of the stores is missing": on(reply(200, result([], warnings=["store-1\nis down"]))),
    "HTML": on(reply(200, "<html>please log in</html>")),
    "JSON that is cut off": on(reply(200, '{"status":"success","data"')),
    "JSON of something else": on(reply(200, '{"login": true}')),
    "JSON nested 200,000 deep": on(reply(200, "[" * 200_000)),
    "a number of 5,000 digits": on(reply(200, f'{{"status": {"1" * 5000}}}')),
    "compressed, although that was not asked for": on(reply(200, gzip.compress(b"x" * 10**7), Content_Encoding="gzip")),
    "its clock is two minutes ahead of ours": on(at_another_time(2 * MINUTE)),
    "its clock is an hour behind ours": on(at_another_time(-HOUR)),
    "JSON under another content type": on(
        reply(200, result([{"metric": {}, "value": [1, "100"]}]), Content_Type="text/html")
    ),
    "a value": on(vector("99.5")),
    "a scalar": on(reply(200, result([1, "100"], "scalar"))),
    "infos, which are no warnings": on(reply(200, result([1, "100"], "scalar", infos=["might not be a counter"]))),
    "NaN": on(vector("NaN")),
    "+Inf": on(vector("+Inf")),
    "-Inf": on(vector("-Inf")),
    "a number too large for a float": on(vector("1e999")),
    "no series": on(vector()),
    "a value that is no number": on(vector("1_00")),
    "several series": on(vector("100", "100")),
    "a text": on(reply(200, result([1, "100"], "string"))),
    "a matrix": on(reply(200, result([], "matrix"))),
    "a histogram": on(reply(200, result([{"metric": {}, "histogram": [1, {}]}]))),
    "other canaries' series, not this one's": on(vector("100", **GROUPED, destination_workload="other"), OURS, THEIRS),
    "this canary's series twice": on(vector("100", "0", **GROUPED, destination_workload="podinfo"), OURS, THEIRS),
    "series without their labels": on(vector("100"), OURS, THEIRS),
    "real: a value": really("vector(100)"),
    "real: no series": really("absent_for_ever"),
    "real: NaN": really("vector(0) / 0"),
    "real: +Inf": really("vector(1) / 0"),
    "real: a scalar": really("100"),
    "real: several series": really('istio_requests_total{reporter="destination"}'),
    "real: a matrix": really("old[10m]"),
    "real: a text": really('"100"'),
    "real: a query that is none": really("sum("),
    "real: series that match several others": really("old + on() istio_requests_total"),
    "real: every request failed": really_all_failed,
}
IS_REAL = frozenset(name for name in ROWS if name.startswith("real: "))


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """Start Prometheus once a row wants it: requests that all failed, and a sample two minutes old."""
    if not prometheus.is_installed():
        yield lambda: pytest.skip("Prometheus is not installed")
        return
    labels = 'reporter="destination",destination_workload_namespace="test",destination_workload="podinfo"'
    now = int(AT.timestamp())
    failed = [
        f'istio_requests_total{{{labels},response_code="{status}"}} {n} {now - 300 + 15 * n}'
        for status in ("500", "503")
        for n in range(21)
    ]
    samples = "\n".join([*failed, f"old 100 {now - 120}", "# EOF\n"])
    with prometheus.serve(samples, tmp_path_factory.mktemp("prometheus")) as url:
        yield lambda: url


def test_the_page_and_the_rows_are_the_same_list() -> None:
    assert sorted(TABLE) == sorted(ROWS)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.real, pytest.mark.xdist_group("rows")] * (name in IS_REAL))
        for name in ROWS
    ],
)
def test_a_row_gets_its_verdict_and_says_why(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, real: Callable[[], str]
) -> None:
    answer = ROWS[name](Desk(tmp_path, monkeypatch, real))
    verdict, says = TABLE[name]
    assert (str(judge_metric(METRIC, answer)), timeless(answer.trouble)) == (verdict, timeless(says))
