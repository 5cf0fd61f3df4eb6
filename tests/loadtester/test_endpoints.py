"""Paths, bodies and status codes, over HTTP."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from gitcanary.loadtester import Limits, LoadTester

PODINFO = {"name": "podinfo", "namespace": "test"}


@pytest.mark.parametrize("gate", ["gate", "rollback"])
@pytest.mark.parametrize(
    ("verbs", "status"),
    [
        ([], 403),
        (["open"], 200),
        (["open", "open", "check"], 200),
        (["open", "close"], 403),
        (["close"], 403),
        (["open", "close", "open"], 200),
    ],
)
def test_a_gate_is_closed_until_opened_and_stays_as_it_was_left(
    shared: httpx.Client, canary: dict[str, str], gate: str, verbs: list[str], status: int
) -> None:
    answers = [shared.post(f"/{gate}/{verb}", json=canary).status_code for verb in verbs]

    assert answers == [200 if verb == "check" else 202 for verb in verbs]
    assert shared.post(f"/{gate}/check", json=canary).status_code == status


@pytest.mark.parametrize(("opened", "other"), [("gate", "rollback"), ("rollback", "gate")])
def test_an_open_gate_opens_no_other(shared: httpx.Client, canary: dict[str, str], opened: str, other: str) -> None:
    shared.post(f"/{opened}/open", json=canary)

    others = [{**canary, "namespace": "prod"}, {**canary, "name": "backend"}]
    assert [shared.post(f"/{opened}/check", json=each).status_code for each in others] == [403, 403]
    assert shared.post(f"/{other}/check", json=canary).status_code == 403


def test_a_gate_is_kept_apart_where_name_and_namespace_read_the_same(shared: httpx.Client) -> None:
    shared.post("/gate/open", json={"name": "a.b", "namespace": "c"})

    assert shared.post("/gate/check", json={"name": "a", "namespace": "b.c"}).status_code == 403


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("path", "status"), [("/gate/approve", 200), ("/gate/halt", 403)])
def test_fixed_gates_look_at_no_body(shared: httpx.Client, method: str, path: str, status: int) -> None:
    assert shared.request(method, path, content=b"{not json").status_code == status


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/", 405),
        ("POST", "/gate/opn", 404),
        ("POST", "/rollback/approve", 404),
    ],
)
def test_paths_and_methods(shared: httpx.Client, method: str, path: str, status: int) -> None:
    assert shared.request(method, path, json=PODINFO).status_code == status


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/", b"{", "body: Invalid JSON"),
        ("/", b"[]", "body:"),
        ("/", b'\xff{"name": 1}', "body: Invalid JSON"),
        ("/", PODINFO, "metadata: missing"),
        ("/", {**PODINFO, "metadata": None}, "metadata: missing"),
        ("/", {**PODINFO, "metadata": {}}, "metadata.cmd: Field required"),
        ("/", {**PODINFO, "metadata": {"cmd": ""}}, "metadata.cmd:"),
        ("/", {**PODINFO, "metadata": {"cmd": "true\0false"}}, "metadata.cmd:"),
        ("/", {**PODINFO, "metadata": {"cmd": ["true"]}}, "metadata.cmd:"),
        ("/", {**PODINFO, "metadata": {"cmd": "true", "logCmdOutput": "perhaps"}}, "metadata.logCmdOutput:"),
        ("/", {"name": 1, "metadata": {"cmd": "true"}}, "name:"),
        ("/", {**PODINFO, "metadata": {"type": "k6", "cmd": "true"}}, '"k6" is unknown; allowed: cmd, bash'),
        ("/", {**PODINFO, "metadata": {"type": ["bash"], "cmd": "true"}}, "is unknown; allowed: cmd, bash"),
        ("/gate/open", b"", "body:"),
        ("/gate/open", {"name": "podinfo"}, "name, namespace:"),
        ("/gate/check", {"namespace": "test"}, "name, namespace:"),
    ],
)
def test_a_malformed_request_is_told_what_is_wrong_with_it(
    shared: httpx.Client, path: str, body: bytes | dict[str, object], told: str
) -> None:
    answer = shared.post(path, content=body if isinstance(body, bytes) else json.dumps(body))

    assert answer.status_code == 400
    assert told in answer.text


@pytest.mark.parametrize("kind", ["helm", "helmv3", "kubectl", "concord", "ngrinder"])
def test_types_that_only_flagger_offers_are_refused_by_name(shared: httpx.Client, kind: str) -> None:
    answer = shared.post("/", json={**PODINFO, "metadata": {"type": kind, "cmd": "version"}})

    assert answer.status_code == 400
    assert f'metadata.type: "{kind}" is a type of Flagger\'s load tester and not offered here' in answer.text


@pytest.mark.parametrize("path", ["/", "/launch", "/any/thing"])
def test_a_task_may_be_posted_to_any_other_path(shared: httpx.Client, path: str) -> None:
    task = {**PODINFO, "metadata": {"type": "bash", "cmd": "echo hello", "returnCmdOutput": "true"}}

    assert shared.post(path, json=task).text == "hello\n"


def test_flaggers_whole_payload_is_understood(shared: httpx.Client) -> None:
    metadata = {"type": "bash", "cmd": "true", "eventMessage": "New revision detected!", "timestamp": "1763805877000"}

    answer = shared.post("/", json={**PODINFO, "phase": "Progressing", "checksum": "85d557f47b", "metadata": metadata})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("pattern", "namespace", "status"),
    [("^team-a$", "team-a", 200), ("^team-a$", "team-ab", 403), ("team", "a-team", 200), ("team", "", 403)],
)
def test_only_namespaces_that_match_are_served(
    start: Callable[[LoadTester], httpx.Client], pattern: str, namespace: str, status: int
) -> None:
    client = start(LoadTester(Limits(), re.compile(pattern)))
    task = {"name": "podinfo", "namespace": namespace, "metadata": {"type": "bash", "cmd": "true"}}

    assert client.post("/", json=task).status_code == status


def test_a_gate_of_a_namespace_that_is_not_served_cannot_be_opened(start: Callable[[LoadTester], httpx.Client]) -> None:
    client = start(LoadTester(Limits(), re.compile("^prod$")))

    assert client.post("/gate/open", json=PODINFO).status_code == 403


@pytest.mark.parametrize("origin", ["https://example.com", "null"])
def test_a_web_page_runs_nothing(shared: httpx.Client, tmp_path: Path, origin: str) -> None:
    task = {**PODINFO, "metadata": {"type": "bash", "cmd": f"touch {tmp_path}/ran"}}

    assert shared.post("/", json=task, headers={"Origin": origin}).status_code == 403
    assert not (tmp_path / "ran").exists()


def _chunks(body: bytes) -> Iterator[bytes]:
    yield body[:100]
    yield body[100:]


@pytest.mark.parametrize("send", [bytes, _chunks], ids=["whole", "chunked"])
def test_a_body_over_the_limit_is_not_read(shared: httpx.Client, send: Callable[[bytes], bytes]) -> None:
    task = {**PODINFO, "metadata": {"type": "bash", "cmd": "true #" + "x" * 2000}}

    assert shared.post("/", content=send(json.dumps(task).encode())).status_code == 413
