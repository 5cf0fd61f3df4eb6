"""What the controller answers over HTTP."""

import hmac
from collections.abc import Iterator
from threading import Event

import httpx
import pytest
from prometheus_client import CollectorRegistry, Gauge

from gitcanary.adapters.server import LONGEST, Bell, Server
from gitcanary.errors import Usage

DEADLINE = 20


class World:
    """What the server is told, and what it told."""

    def __init__(self) -> None:
        self.is_ready = False
        self.woken = Event()
        registry = CollectorRegistry()
        Gauge("gitcanary_something", "A measure.", registry=registry).set(7)
        self.standing: list[dict[str, object]] = []
        self.server = Server("127.0.0.1:0", registry, lambda: self.is_ready, self.woken.set, lambda: self.standing)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.server.address + path, timeout=DEADLINE)


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    world.server.start()
    yield world
    world.server.stop()


def test_it_is_healthy_before_it_is_ready(world: World) -> None:
    assert world.get("/healthz").status_code == 200
    assert world.get("/readyz").status_code == 503
    world.is_ready = True
    assert world.get("/readyz").status_code == 200


def test_the_status_says_what_each_canary_waits_for(world: World) -> None:
    assert world.get("/status").json() == []
    world.standing = [{"name": "podinfo", "waitsFor": "data", "why": "\x1b[31m", "isOverdue": True}]
    answer = world.get("/status")
    assert answer.json() == world.standing
    assert "\x1b" not in answer.text


def test_metrics_are_prometheus_text(world: World) -> None:
    answer = world.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "gitcanary_something 7.0" in answer.text


def test_a_push_webhook_means_look_now_whatever_it_says(world: World) -> None:
    answer = httpx.post(world.server.address + "/hooks/push", content=b"\xff not JSON", timeout=DEADLINE)
    assert answer.status_code == 202
    assert world.woken.wait(DEADLINE)


def test_looking_is_asked_for_by_post_alone(world: World) -> None:
    assert world.get("/hooks/push").status_code == 405
    assert not world.woken.is_set()


SECRET = "h00k-secret"
BODY = b'{"ref": "refs/heads/main"}'
SIGNED = f"sha256={hmac.new(SECRET.encode(), BODY, 'sha256').hexdigest()}"
PRESENTED = {
    "signed": ({"X-Hub-Signature-256": SIGNED}, BODY, 202),
    "signed, another body": ({"X-Hub-Signature-256": SIGNED}, BODY + b" ", 401),
    "signed with another secret": ({"X-Hub-Signature-256": f"sha256={'0' * 64}"}, BODY, 401),
    "signed by the old way alone": ({"X-Hub-Signature": "sha1=abc"}, BODY, 401),
    "told": ({"X-Gitlab-Token": SECRET}, BODY, 202),
    "told another": ({"X-Gitlab-Token": f"{SECRET}."}, BODY, 401),
    "told something else than ASCII": ({"X-Gitlab-Token": "\u00e9".encode("latin-1")}, BODY, 401),
    "not told": ({}, BODY, 401),
    "too long": ({"X-Hub-Signature-256": SIGNED}, b"x" * (LONGEST + 1), 401),
}


@pytest.mark.parametrize("case", PRESENTED)
def test_with_a_secret_only_who_knows_it_is_heard(case: str) -> None:
    headers, body, status = PRESENTED[case]
    woken = Event()
    server = Server("127.0.0.1:0", CollectorRegistry(), lambda: True, woken.set, secret=SECRET)
    server.start()
    try:
        answer = httpx.post(f"{server.address}/hooks/push", headers=headers, content=body, timeout=DEADLINE)
    finally:
        server.stop()
    assert answer.status_code == status
    assert woken.is_set() is (status == 202)
    assert SECRET not in answer.text


def test_many_rings_wake_once_and_once_more_for_the_last() -> None:
    woken, again = [], Event()

    def wake() -> None:
        woken.append(None)
        if len(woken) > 1:
            again.set()

    bell = Bell(wake, apart=0.2)
    for _ in range(1000):
        bell.ring()
    assert again.wait(DEADLINE)
    bell.stop()
    assert len(woken) < 1000 / 10


@pytest.mark.parametrize("listen", ["8080", "127.0.0.1", "127.0.0.1:http", "256.0.0.1:80", ""])
def test_an_address_that_is_none_is_said(listen: str) -> None:
    with pytest.raises(Usage):
        Server(listen, CollectorRegistry(), lambda: True, lambda: None)
