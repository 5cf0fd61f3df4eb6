"""Servers that are no good Prometheus: each fault is a trouble in few words, in bounded time, and nobody else's."""

import json
import math
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from gitcanary import errors
from gitcanary.adapters.prometheus import Basic, Bearer, Prometheus
from gitcanary.adapters.prometheus.batch import THEIRS_SIDE_BY_SIDE
from gitcanary.adapters.prometheus.client import Credentials, normal
from gitcanary.adapters.prometheus.inquiry import WORKLOAD
from gitcanary.egress import Allowed
from gitcanary.rollout.evidence import MetricAnswer
from gitcanary.rollout.spec import Builtin, Metric
from support import http_server
from support.http_server import Handler, Received, Script, reply, serve

AT = datetime(2026, 11, 22, 10, 4, 37, 250000, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LOOPBACK = Allowed(("127.0.0.1:*",))
SOON = timedelta(seconds=0.4)
LATER = timedelta(seconds=20)


def metric(query: str = "up", server: str | None = None) -> Metric:
    return Metric("custom", query, MINUTE, None, None, "test", "podinfo", server=server)


def builtin(workload: str, server: str | None = None) -> Metric:
    return Metric("rate", f"own {workload}", MINUTE, 99, None, "test", workload, Builtin.SUCCESS_RATE, server)


def success(result: object, kind: str = "vector", **more: object) -> Script:
    return reply(200, json.dumps({"status": "success", "data": {"resultType": kind, "result": result}, **more}))


def failure(status: int, said: str) -> Script:
    return reply(status, json.dumps({"status": "error", "errorType": "x", "error": said}))


def one(value: str) -> Script:
    return success([{"metric": {}, "value": [1, value]}])


def grouped(value: str) -> Script:
    """Answer a grouped query for `podinfo`."""
    labels = {"destination_workload_namespace": "test", "destination_workload": "podinfo"}
    return success([{"metric": labels, "value": [1, value]}])


def ask(script: Script, within: timedelta = LATER, *metrics: Metric) -> dict[Metric, MetricAnswer]:
    with serve(script) as server:
        measurements = Prometheus(server.url, allowed=Allowed(), within=within)
        try:
            return measurements.ask(metrics or [metric()], AT)
        finally:
            measurements.close()


@pytest.mark.parametrize(
    ("script", "trouble"),
    [
        (failure(422, "too many samples"), r"the query was refused \(422\): too many samples"),
        (failure(400, "line\nbreak \x1b[31m red"), r"the query was refused \(400\): line break \[31m red"),
        (failure(400, "x" * 10_000), r"the query was refused \(400\): x{79}…"),
        (failure(503, "query timed out"), r"answered 503: query timed out"),
        (reply(503, "<html>no healthy upstream"), r"answered 503"),
        (reply(500), r"answered 500"),
        (reply(401, "who are you"), r"answered 401"),
        (reply(429), r"answered 429"),
        (reply(204), r"answered 204"),
        (reply(302, "", Location="/login"), r"answered 302"),
        (reply(200, "<html>please log in</html>"), r"an answer that is none of Prometheus"),
        (reply(200, b"\xff\xfe\xfd"), r"an answer that is none of Prometheus"),
        (reply(200, "["), r"an answer that is none of Prometheus"),
        (reply(200, "[" * 200_000), r"an answer that is none of Prometheus"),
        (reply(200, "null"), r"an answer that is none of Prometheus"),
        (reply(200, '{"status":"success"}'), r"an answer that is none of Prometheus"),
        (reply(200, '{"status":"success","data":{}}'), r"an answer that is none of Prometheus"),
        (failure(200, "sick"), r"an answer that is none of Prometheus: sick"),
        (success({}), r"an answer that is none of Prometheus"),
        (success([1]), r"an answer that is none of Prometheus"),
        (success([{"metric": {}, "value": [1, 2]}]), r"an answer that is none of Prometheus"),
        (one("abc"), r"the query does not give a number"),
        (success([1, "words"], "string"), r"the query does not give a number"),
        (success([{"metric": {}, "values": []}], "matrix"), r"the query does not give one number for each series"),
        (success([{"metric": {}, "histogram": [1, {}]}]), r"the query does not give one number for each series"),
        (success([{"metric": {}, "value": [1, "1"]}] * 2), r"2 series where one is expected"),
        (success([], warnings=["store\n1 is down"]), r"answered in part: store 1 is down"),
        (http_server.slam, r"the connection was closed in the middle of an answer, or what came is not HTTP"),
        (http_server.endless, r"the answer is longer than 8388608 bytes"),
        (reply(200, b" " * 50_000_000), r"the answer is longer than 8388608 bytes"),
    ],
)
def test_a_faulty_server_is_a_trouble_and_no_value(script: Script, trouble: str) -> None:
    (answer,) = ask(script).values()
    assert answer.value is None
    assert re.fullmatch(trouble, str(answer.trouble))
    assert answer.until == AT


@pytest.mark.parametrize("script", [http_server.hang, http_server.drip, http_server.drip_headers])
def test_a_server_that_never_ends_its_answer_is_given_up(script: Script) -> None:
    (answer,) = ask(script, SOON).values()
    assert answer.trouble == "no answer within 0.4 s"


def test_a_server_that_is_down_is_a_trouble() -> None:
    with serve(reply()) as server:
        pass
    measurements = Prometheus(server.url, allowed=Allowed())
    (answer,) = measurements.ask([metric()], AT).values()
    measurements.close()
    assert answer.trouble == "Connection refused"


@pytest.mark.parametrize(
    ("script", "value"),
    [
        (one("99.5"), 99.5),
        (one("1e3"), 1000),
        (one("+Inf"), math.inf),
        (one("-Inf"), -math.inf),
        (success([1700000000.5, "7"], "scalar"), 7),
        (success([]), None),
        (success([], infos=["metric might not be a counter"]), None),
    ],
)
def test_values_come_as_they_are(script: Script, value: float | None) -> None:
    (answer,) = ask(script).values()
    assert (answer.value, answer.trouble) == (value, None)


def test_nan_is_a_value_and_no_trouble() -> None:
    (answer,) = ask(one("NaN")).values()
    assert answer.value is not None
    assert math.isnan(answer.value)
    assert answer.trouble is None


def test_a_duration_is_cut_to_whole_milliseconds() -> None:
    duration = replace(builtin("podinfo"), builtin=Builtin.DURATION)
    assert ask(grouped("123.9"), LATER, duration)[duration].value == 123
    assert ask(grouped("NaN"), LATER, duration)[duration].trouble is None


def test_a_query_is_posted_in_the_body_with_its_time_and_a_limit_for_the_server() -> None:
    with serve(one("1")) as server:
        measurements = Prometheus(f"{server.url}/prefix/", allowed=Allowed(), within=timedelta(seconds=5))
        measurements.ask([metric('up{a="ü b"}')], AT)
        measurements.close()
    (received,) = server.received
    assert (received.method, received.path) == ("POST", "/prefix/api/v1/query")
    form = {name: values[0] for name, values in parse_qs(received.body.decode()).items()}
    sent = {"query": 'up{a="ü b"}', "time": "1795341877.250", "timeout": "4s", "lookback_delta": "60s"}
    assert form == sent


@pytest.mark.parametrize(
    ("credentials", "header"),
    [(Bearer("s3cret"), "Bearer s3cret"), (Basic("mia", "s3cret"), "Basic bWlhOnMzY3JldA=="), (None, None)],
)
def test_credentials_go_to_the_operators_server_and_to_no_other(
    credentials: Credentials | None, header: str | None
) -> None:
    with serve(one("1")) as own, serve(one("2")) as other:
        measurements = Prometheus(own.url, allowed=LOOPBACK, credentials=credentials)
        theirs, ours, same = metric(server=other.url), metric(), metric(server=f"{own.url}/")
        answers = measurements.ask([theirs, ours, same], AT)
        measurements.close()
    assert [answers[each].value for each in (theirs, ours, same)] == [2, 1, 1]
    assert [received.headers.get("authorization") for received in own.received] == [header]
    assert [received.headers.get("authorization") for received in other.received] == [None]


def test_another_path_on_the_operators_host_gets_no_credentials() -> None:
    with serve(one("1")) as own:
        measurements = Prometheus(f"{own.url}/mine", allowed=LOOPBACK, credentials=Bearer("s3cret"))
        measurements.ask([metric(server=f"{own.url}/theirs")], AT)
        measurements.close()
    assert "authorization" not in own.received[0].headers


def test_a_netrc_of_the_process_goes_to_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login mia password s3cret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with serve(one("1")) as own, serve(one("2")) as other:
        measurements = Prometheus(own.url, allowed=LOOPBACK)
        measurements.ask([metric(), metric(server=other.url)], AT)
        measurements.close()
    assert [received.headers.get("authorization") for received in own.received + other.received] == [None, None]


def test_a_redirect_takes_no_credentials_anywhere() -> None:
    with serve(one("1")) as other, serve(reply(307, "", Location=other.url)) as own:
        measurements = Prometheus(own.url, allowed=LOOPBACK, credentials=Bearer("s3cret"))
        (answer,) = measurements.ask([metric()], AT).values()
        measurements.close()
    assert answer.trouble == "answered 307"
    assert other.received == []


@pytest.mark.parametrize("credentials", [Bearer("s3cret"), Basic("mia", "s3cret")])
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, {"status": "error", "error": "SAID"}),
        (422, {"status": "error", "error": "SAID"}),
        (200, {"status": "error", "error": "SAID"}),
        (200, {"status": "success", "data": {"resultType": "vector", "result": []}, "warnings": ["SAID"]}),
        (200, {"status": "success", "data": {"resultType": "vector", "result": []}, "warnings": "SAID"}),
    ],
)
def test_an_error_that_repeats_the_credentials_is_told_without_them(credentials, status, body) -> None:
    for presented in ("Bearer s3cret", "Basic bWlhOnMzY3JldA==", "mia:s3cret"):
        said = json.dumps(body).replace("SAID", f"not let in with {presented}").replace("s3c", "\\u00733c")
        with serve(reply(status, said)) as own:
            measurements = Prometheus(own.url, allowed=LOOPBACK, credentials=credentials)
            (answer,) = measurements.ask([metric()], AT).values()
            measurements.close()
        assert "not let in with" in answer.trouble
        assert "s3cret" not in answer.trouble
        assert isinstance(credentials, Bearer) or "bWlh" not in answer.trouble


def test_credentials_are_not_shown() -> None:
    assert "s3cret" not in repr([Bearer("s3cret"), Basic("mia", "s3cret")])


@pytest.mark.parametrize("token", ["", "s3cret\n", "sécret"])
def test_a_token_that_no_header_can_hold_is_refused_at_the_start(token: str) -> None:
    with pytest.raises(errors.Usage) as raised:
        Bearer(token)
    assert "cret" not in str(raised.value)


@pytest.mark.parametrize(
    ("server", "trouble"),
    [
        ("http://127.0.0.1:1", "127.0.0.1 leads to a loopback or link-local address"),
        ("http://169.254.169.254", "169.254.169.254 leads to a loopback or link-local address"),
        ("http://nowhere.invalid", "nowhere.invalid does not resolve"),
        ("ftp://example.com", "only http:// and https:// addresses are called"),
        ("http://mia:s3cret@example.com", "an address has no user, query or fragment"),
        ("http://[::1", "the address is not a URL"),
    ],
)
def test_a_specs_address_is_checked_and_spoils_nobody_elses_answer(server: str, trouble: str) -> None:
    theirs, ours = metric(server=server), metric()
    answers = ask(one("1"), LATER, theirs, ours)
    assert answers[theirs].trouble == trouble
    assert answers[ours].value == 1


@pytest.mark.parametrize("address", ["", "prometheus:9090", "http://", "http://x/?q", "http://mia:pw@x/"])
def test_an_operators_address_that_is_none_is_refused_at_the_start(address: str) -> None:
    with pytest.raises(errors.Refused):
        Prometheus(address, allowed=Allowed())


@pytest.mark.parametrize(
    ("address", "same"),
    [
        ("http://Prometheus.:80/", "http://prometheus"),
        ("https://p:443/x//", "https://p/x"),
        ("http://[::1]:9090", "http://[::1]:9090"),
        ("http://p:443", "http://p:443"),
    ],
)
def test_addresses_are_compared_in_one_spelling(address: str, same: str) -> None:
    assert normal(address) == same


def test_identical_queries_are_asked_once() -> None:
    with serve(one("1")) as server:
        measurements = Prometheus(server.url, allowed=Allowed())
        metrics = [replace(metric(), name=name, minimum=limit) for limit, name in enumerate("abc")]
        answers = measurements.ask([*metrics, *metrics], AT)
        measurements.close()
    assert len(server.received) == 1
    assert {answers[each].value for each in metrics} == {1}


def test_different_queries_are_asked_side_by_side() -> None:
    # Each is answered only when all have come.
    all_came = http_server.meeting(8, one("1"))
    answers = ask(all_came, LATER, *(metric(f"q{number}") for number in range(8)))
    assert {answer.value for answer in answers.values()} == {1}


def test_a_silent_server_holds_up_no_other_and_is_not_asked_for_ever() -> None:
    with serve(http_server.hang) as silent, serve(one("1")) as good:
        measurements = Prometheus(good.url, allowed=LOOPBACK, within=SOON)
        theirs = [metric(f"q{number}", silent.url) for number in range(100)]
        ours = [metric(f"q{number}") for number in range(20)]
        answers = measurements.ask([*theirs, *ours], AT)
        measurements.close()
    assert {answers[each].value for each in ours} == {1}
    assert {answers[each].trouble for each in theirs} == {
        "no answer within 0.4 s",
        "its server did not answer another query in time",
    }
    assert len(silent.received) <= THEIRS_SIDE_BY_SIDE


def test_many_silent_servers_cost_a_bounded_time() -> None:
    with serve(http_server.hang) as silent:
        measurements = Prometheus(silent.url, allowed=LOOPBACK, within=SOON)
        theirs = [metric(server=f"{silent.url}/{number}") for number in range(6 * THEIRS_SIDE_BY_SIDE)]
        answers = measurements.ask(theirs, AT)
        measurements.close()
    assert "no time was left to ask it" in {answers[each].trouble for each in theirs}
    assert len(silent.received) <= 4 * THEIRS_SIDE_BY_SIDE


def _refuse(name: str) -> Script:
    """Answer every workload of a grouped query with 1, but refuse each query that holds this name."""

    def script(handler: Handler, received: Received, number: int) -> None:
        query = parse_qs(received.body.decode())["query"][0]
        if name in query:
            failure(422, "bad name")(handler, received, number)
            return
        names = re.findall(r"w\d+", query.partition('destination_workload=~"')[2].partition('"')[0])
        labels = [{"destination_workload_namespace": "test", WORKLOAD: each} for each in names]
        result = [{"metric": each, "value": [1, "1"]} for each in labels or [{}]]
        success(result)(handler, received, number)

    return script


def test_one_workload_that_spoils_a_grouped_query_is_found_and_left_alone() -> None:
    answers = ask(_refuse("w107"), LATER, *(builtin(f"w{number}") for number in range(1, 1000)))
    spoilt = [each.workload for each, answer in answers.items() if answer.trouble is not None]
    assert spoilt == ["w107"]
    assert {answer.value for each, answer in answers.items() if each.workload != "w107"} == {1}


def test_a_server_that_refuses_every_query_is_left_in_peace() -> None:
    with serve(failure(422, "no")) as server:
        measurements = Prometheus(server.url, allowed=Allowed())
        answers = measurements.ask([builtin(f"w{number}") for number in range(1000)], AT)
        measurements.close()
    assert {answer.trouble for answer in answers.values()} == {"the query was refused (422): no"}
    assert len(server.received) < 50


def test_a_thousand_canaries_are_two_queries() -> None:
    metrics = [
        replace(builtin(f"w{number}"), builtin=kind, query=f"{kind} {number}")
        for kind in Builtin
        for number in range(1000)
    ]
    with serve(success([])) as server:
        measurements = Prometheus(server.url, allowed=Allowed())
        answers = measurements.ask(metrics, AT)
        measurements.close()
    assert len(server.received) == 2
    assert len(answers) == 2000


def test_a_canary_that_is_alone_is_asked_as_many_are() -> None:
    """Flagger's own query has no value where every request failed; the grouped one has 0."""
    with serve(one("100")) as server:
        measurements = Prometheus(server.url, allowed=Allowed())
        measurements.ask([builtin("podinfo")], AT)
        measurements.close()
    (query,) = parse_qs(server.received[0].body.decode())["query"]
    assert 'destination_workload=~"podinfo"' in query
    assert "0 * sum" in " ".join(query.split())
