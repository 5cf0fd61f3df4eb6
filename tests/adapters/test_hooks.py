"""Webhooks on real servers: Flagger's payload, its repetitions, and nothing of an answer but its status."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gitcanary.adapters.hooks import WebHooks, checksum
from gitcanary.egress import Allowed
from gitcanary.rollout.evidence import HookAnswer, HookQuestion
from gitcanary.rollout.spec import Hook, HookType
from gitcanary.rollout.state import Phase
from support import http_server
from support.certificates import self_signed
from support.http_server import Script, in_turn, reply, serve

AT = datetime(2026, 11, 22, 10, 4, 37, 250000, tzinfo=UTC)
SOON = timedelta(seconds=0.4)
LATER = timedelta(seconds=20)
AT_ONCE = timedelta(milliseconds=1)
TOO_LONG = "the answer is longer than 1048576 bytes"


@pytest.fixture(scope="module")
def hooks() -> Iterator[WebHooks]:
    made = WebHooks(Allowed(("127.0.0.1:*",)), first_wait=AT_ONCE)
    yield made
    made.close()


def question(url: str, **changes: Any) -> HookQuestion:
    hook = Hook("hook", HookType.ROLLOUT, url, LATER)
    return HookQuestion("test", "podinfo", "sha256:9a1f", Phase.PROGRESSING, replace(hook, **changes), AT, "key-1")


CMD = "hey -z 1m http://podinfo-canary.test/?a=1&b=<2>"


@pytest.mark.parametrize(
    ("phase", "metadata", "more"),
    [
        (Phase.PROGRESSING, (), {}),
        (Phase.SUCCEEDED, (), {}),
        (
            Phase.PROGRESSING,
            (("cmd", CMD), ("type", "bash"), ("returnCmdOutput", "true")),
            {"metadata": {"cmd": CMD, "type": "bash", "returnCmdOutput": "true"}},
        ),
    ],
    ids=["plain", "phase", "metadata"],
)
def test_the_payload_is_flaggers(
    hooks: WebHooks, phase: Phase, metadata: tuple[tuple[str, str], ...], more: dict[str, object]
) -> None:
    with serve(reply()) as server:
        hooks.call(replace(question(f"{server.url}/path?q=1", metadata=metadata), phase=phase))
    (received,) = server.received
    expected = {"name": "podinfo", "namespace": "test", "phase": phase.value, "checksum": checksum("sha256:9a1f")}
    assert json.loads(received.body) == expected | more
    assert (received.method, received.path) == ("POST", "/path?q=1")
    assert received.headers["content-type"] == "application/json"
    assert received.headers["idempotency-key"] == "key-1"


@pytest.mark.parametrize(
    ("metadata", "more"),
    [
        ((), {}),
        ((("env", "prod"), ("eventType", "mine"), ("timestamp", "0"), ("eventMessage", "no")), {"env": "prod"}),
    ],
    ids=["event", "event with metadata"],
)
def test_an_event_carries_its_message_type_and_time_whatever_the_hook_says(
    hooks: WebHooks, metadata: tuple[tuple[str, str], ...], more: dict[str, str]
) -> None:
    with serve(reply()) as server:
        event = question(server.url, metadata=metadata, type=HookType.EVENT)
        hooks.notify(event, {"eventMessage": "Halt", "eventType": "Warning"})
    sent = {"eventMessage": "Halt", "eventType": "Warning", "timestamp": "1795341877250"}
    assert json.loads(server.received[0].body)["metadata"] == sent | more


def test_the_checksum_changes_with_the_revision_and_with_nothing_else(hooks: WebHooks) -> None:
    with serve(reply()) as server:
        first = question(server.url)
        for each in (
            first,
            replace(first, phase=Phase.SUCCEEDED, key="2", at=AT + LATER),
            replace(first, revision="sha256:51d0"),
        ):
            hooks.call(each)
    one, again, other = (json.loads(received.body)["checksum"] for received in server.received)
    assert one == again != other


REFUSED = HookAnswer(None, TOO_LONG)


@pytest.mark.parametrize(
    ("script", "retries", "answer", "attempts"),
    [
        (reply(200), 3, HookAnswer(200), 1),
        (reply(204), 3, HookAnswer(204), 1),
        (reply(403, "no"), 3, HookAnswer(403), 1),
        (reply(404), 3, HookAnswer(404), 1),
        (reply(501), 3, HookAnswer(501), 1),
        (
            reply(301, "", Location="http://169.254.169.254/"),
            3,
            HookAnswer(301, "a redirect, which is not followed"),
            1,
        ),
        (reply(429), 0, HookAnswer(429, "answered 429"), 1),
        (reply(429), 1, HookAnswer(429, "answered 429"), 2),
        (reply(500, "secret"), 2, HookAnswer(500, "answered 500"), 3),
        (reply(502), 1, HookAnswer(502, "answered 502"), 2),
        (in_turn(reply(503), reply(503), reply(200)), 2, HookAnswer(200), 3),
        (in_turn(reply(503), reply(403)), 9, HookAnswer(403), 2),
        (in_turn(http_server.slam, reply(200)), 1, HookAnswer(200), 2),
        (in_turn(http_server.slam, reply(503), reply(201)), 2, HookAnswer(201), 3),
        (reply(200, b"." * 10_000_000), 0, REFUSED, 1),
        (http_server.endless, 0, REFUSED, 1),
        (reply(200, b"." * 1_000_000), 0, HookAnswer(200), 1),
    ],
)
def test_answers_and_how_often_was_asked(
    hooks: WebHooks, script: Script, retries: int, answer: HookAnswer, attempts: int
) -> None:
    with serve(script) as server:
        assert hooks.call(question(server.url, retries=retries)) == answer
    assert len(server.received) == attempts


@pytest.mark.parametrize("script", [http_server.hang, http_server.drip, http_server.drip_headers])
@pytest.mark.parametrize("retries", [0, 1])
def test_the_timeout_is_for_each_attempt_with_the_body(hooks: WebHooks, script: Script, retries: int) -> None:
    with serve(script) as server:
        answer = hooks.call(question(server.url, retries=retries, timeout=SOON))
    assert answer == HookAnswer(None, "no answer within 0.4 s")
    assert len(server.received) == retries + 1


def test_what_came_last_is_the_answer(hooks: WebHooks) -> None:
    with serve(in_turn(reply(503), http_server.hang)) as server:
        answer = hooks.call(question(server.url, retries=1, timeout=SOON))
    assert answer == HookAnswer(None, "no answer within 0.4 s")


def test_nobody_listens_is_no_answer_after_all_attempts(hooks: WebHooks) -> None:
    with serve(reply()) as server:
        pass
    assert hooks.call(question(server.url, retries=2)) == HookAnswer(None, "Connection refused")


@pytest.mark.parametrize(
    ("url", "trouble"),
    [
        ("http://127.0.0.1:1/", "127.0.0.1 leads to a loopback or link-local address"),
        ("http://localhost:1/", "localhost leads to a loopback or link-local address"),
        ("http://169.254.169.254/latest", "169.254.169.254 leads to a loopback or link-local address"),
        ("http://nowhere.invalid/", "nowhere.invalid does not resolve"),
        ("gopher://x/", "only http:// and https:// addresses are called"),
        ("http://[::1/", "the address is not a URL"),
    ],
)
def test_an_address_that_may_not_be_called_is_not(url: str, trouble: str) -> None:
    hooks = WebHooks(Allowed(), first_wait=AT_ONCE)
    assert hooks.call(question(url, retries=1)) == HookAnswer(None, trouble)
    hooks.close()


def test_certificates_are_verified_unless_the_hook_says_otherwise(hooks: WebHooks, tmp_path: Path) -> None:
    tls = self_signed(tmp_path / "cert.pem", tmp_path / "key.pem")
    with serve(reply(), tls) as server:
        verified = hooks.call(question(server.url))
        trusting = hooks.call(question(server.url, verifies_tls=False))
        again = hooks.call(question(server.url))
    assert verified == again
    assert verified.status is None
    assert str(verified.trouble).startswith("its certificate is not trusted: self-signed certificate")
    assert trusting == HookAnswer(200)


@pytest.mark.parametrize(
    ("script", "entry"),
    [
        (reply(202), None),
        (reply(500, "secret"), {"event": "event refused", "status": 500}),
        (http_server.slam, {"event": "event not delivered"}),
    ],
)
def test_an_event_is_delivered_once_and_its_failure_logged(
    hooks: WebHooks, script: Script, entry: dict[str, object] | None
) -> None:
    with serve(script) as server, capture_logs() as logs:
        hooks.notify(question(server.url, retries=3, type=HookType.EVENT), {"eventMessage": "m", "eventType": "Normal"})
    assert len(server.received) == 1
    assert len(logs) == (entry is not None)
    for log in logs:
        assert log.items() >= {"canary": "test/podinfo", "webhook": "hook", **(entry or {})}.items()
        assert "secret" not in str(log)
