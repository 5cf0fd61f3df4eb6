"""The sync gates that need no sync tool: a delay, and a URL that answers or does not."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from gitcanary.adapters.delay import DelayGate
from gitcanary.adapters.http_gate import HttpGate
from gitcanary.egress import Allowed, Sender
from gitcanary.ports import Sighting
from support import http_server
from support.http_server import Script, reply, serve

NOW = datetime(2026, 11, 22, 10, 4, 37, tzinfo=UTC)
SHA = "88e1a47" + "0" * 33
AT = datetime(2026, 11, 22, 10, 3, 22, 500000, tzinfo=UTC)
BY = "http/127.0.0.1"
NONE = "not what a gate answers"


@pytest.fixture(scope="module")
def sender() -> Iterator[Sender]:
    made = Sender()
    yield made
    made.close()


def gate_answer(**changes: object) -> Script:
    return reply(200, json.dumps({"revision": SHA, "at": "2026-11-22T10:03:22.5Z", **changes}))


def test_a_delay_takes_for_live_what_was_committed_so_long_ago() -> None:
    delay = timedelta(seconds=30)
    assert DelayGate(delay).look(NOW) == Sighting("delay 30s", committed_until=NOW - delay, delay=delay)


@pytest.mark.parametrize(
    ("script", "sighting"),
    [
        (gate_answer(), Sighting(BY, SHA, AT)),
        (gate_answer(at="2026-11-22T11:03:22.5+01:00"), Sighting(BY, SHA, AT)),
        (gate_answer(at=None), Sighting(BY, SHA)),
        (reply(200, json.dumps({"revision": SHA})), Sighting(BY, SHA)),
        (gate_answer(revision="a" * 64), Sighting(BY, "a" * 64, AT)),
        (gate_answer(ready={}), Sighting(BY, SHA, AT, ready={})),
        (gate_answer(ready={"test/podinfo": False}), Sighting(BY, SHA, AT, ready={"test/podinfo": False})),
        (gate_answer(notReadySince="2026-11-22T10:03:22.5Z"), Sighting(BY, SHA, AT, not_ready_since=AT)),
        (gate_answer(notReadySince=None, somethingNew=[1]), Sighting(BY, SHA, AT)),
        (gate_answer(revision=None), Sighting(BY, trouble="nothing is applied yet")),
    ],
)
def test_an_answer_says_what_is_applied(sender: Sender, script: Script, sighting: Sighting) -> None:
    with serve(script) as server:
        assert HttpGate(server.url, sender).look(NOW) == sighting
    assert [received.method for received in server.received] == ["GET"]


@pytest.mark.parametrize(
    ("script", "trouble"),
    [
        (reply(200, "{}"), f"{NONE}: revision: Field required"),
        (reply(200, "[]"), f"{NONE}: .*"),
        (reply(200, "null"), f"{NONE}: .*"),
        (reply(200, ""), f"{NONE}: Invalid JSON.*"),
        (reply(200, "<html>"), f"{NONE}: Invalid JSON.*"),
        (reply(200, b"\xff"), f"{NONE}: Invalid JSON.*"),
        (reply(200, "[" * 100_000), f"{NONE}: Invalid JSON.*"),
        (gate_answer(revision="88e1a47"), f"{NONE}: revision: .*"),
        (gate_answer(revision=SHA.upper()), f"{NONE}: revision: .*"),
        (gate_answer(revision=f"{SHA}\n"), f"{NONE}: revision: .*"),
        (gate_answer(revision=7), f"{NONE}: revision: .*"),
        (gate_answer(at="yesterday"), f"{NONE}: at: .*"),
        (gate_answer(at="2026-11-22T10:03:22"), f"{NONE}: at: .*timezone.*"),
        (gate_answer(at=1700000000), f"{NONE}: at: .*"),
        (gate_answer(ready=["test/podinfo"]), f"{NONE}: ready: .*"),
        (gate_answer(ready={"secret": "yes"}), f"{NONE}: ready: .*"),
        (gate_answer(ready={"secret": 1}), f"{NONE}: ready: .*"),
        (gate_answer(notReadySince=False), f"{NONE}: notReadySince: .*"),
        (reply(404, "secret"), "answered 404"),
        (reply(500, "secret"), "answered 500"),
        (reply(204), "answered 204"),
        (reply(302, "", Location="/secret"), "answered 302"),
        (http_server.slam, "the connection was closed .*"),
        (http_server.endless, "the answer is longer than 1048576 bytes"),
        (http_server.hang, "no answer within 0.4 s"),
        (http_server.drip, "no answer within 0.4 s"),
    ],
)
def test_anything_else_is_not_knowing(sender: Sender, script: Script, trouble: str) -> None:
    within = timedelta(seconds=0.4 if "no answer" in trouble else 20)
    with serve(script) as server:
        sighting = HttpGate(server.url, sender, within).look(NOW)
    assert sighting == Sighting(BY, trouble=sighting.trouble)
    assert re.fullmatch(trouble, str(sighting.trouble))
    assert "secret" not in str(sighting.trouble)


def test_a_gate_that_is_down_is_not_knowing(sender: Sender) -> None:
    with serve(reply()) as server:
        pass
    assert HttpGate(server.url, sender).look(NOW).trouble == "Connection refused"


def test_a_gate_out_of_a_spec_is_asked_only_where_the_rule_allows() -> None:
    sender = Sender(Allowed())
    with serve(gate_answer()) as server:
        sighting = HttpGate(server.url, sender).look(NOW)
    sender.close()
    assert sighting.trouble == "127.0.0.1 leads to a loopback or link-local address"
    assert server.received == []


@pytest.mark.parametrize(
    ("url", "by"),
    [
        ("https://Agent.Example.com:8443/applied", "http/agent.example.com"),
        ("http://[2001:db8::1]/", "http/2001-db8-1"),
        ("http://" + "a" * 300, "http/" + "a" * 57),
        ("http://[::1", "http"),
        ("nonsense", "http"),
    ],
)
def test_a_gate_is_called_by_its_host_in_harmless_characters(sender: Sender, url: str, by: str) -> None:
    assert HttpGate(url, sender, timedelta(seconds=0)).look(NOW).by == by
