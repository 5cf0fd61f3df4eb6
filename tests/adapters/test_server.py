"""What the controller answers over HTTP."""

import asyncio
import hmac
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from threading import Event

import httpx
import pytest
import uvicorn
from prometheus_client import CollectorRegistry, Gauge

from gitcanary.adapters.server import LONGEST, MOST, Bell, Server, bounded, routes
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


def connect(world: World, said: bytes) -> socket.socket:
    host, _, port = world.server.address.removeprefix("http://").partition(":")
    connection = socket.create_connection((host, int(port)), timeout=DEADLINE)
    connection.sendall(said)
    return connection


def is_ended(connection: socket.socket) -> bool:
    try:
        while connection.recv(1 << 16):
            pass
    except ConnectionError:
        return True
    return True


def test_slow_clients_are_bounded_and_whoever_comes_anew_is_answered(world: World) -> None:
    with ExitStack() as stack:
        slow = [
            stack.enter_context(connect(world, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "))
            for _ in range(MOST + 5)
        ]
        assert world.get("/healthz").status_code == 200
        assert all(is_ended(each) for each in slow[:5])
        assert httpx.post(world.server.address + "/hooks/push", timeout=DEADLINE).status_code == 202
    assert world.woken.wait(DEADLINE)


def test_a_connection_ends_whatever_comes_on_it() -> None:
    async def answer() -> bytes:
        config = uvicorn.Config(
            routes(CollectorRegistry(), lambda: True, lambda: None)[0].app, lifespan="off", log_config=None
        )
        state = uvicorn.server.ServerState()
        protocol = bounded(longest_life=0.05)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: protocol(config, state, {}), "127.0.0.1", 0)
        async with server, asyncio.timeout(DEADLINE):
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
            with closing(writer), suppress(ConnectionError):
                return await reader.read()
            return b""

    assert asyncio.run(answer()) == b""


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01\x02\x00\x01",
        b"GET " + b"/" * 200_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 50_000,
        b"POST /hooks/push HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /hooks/push HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\0" * 1000 + b"\r\n\r\n",
    ],
    ids=["TLS", "a long line", "many headers", "a negative length", "a chunk that is none", "zeros"],
)
def test_what_is_no_http_ends_its_own_connection_and_nothing_else(world: World, said: bytes) -> None:
    with suppress(OSError), connect(world, said) as connection:
        connection.shutdown(socket.SHUT_WR)
        assert is_ended(connection)
    assert world.get("/healthz").status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE", "CONNECT", "OPTIONS", "PROPFIND", "A" * 1000])
def test_odd_methods_are_not_allowed_anywhere(world: World, method: str) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/status", "/hooks/push"):
        assert httpx.request(method, world.server.address + path, timeout=DEADLINE).status_code in {400, 404, 405}
    assert not world.woken.is_set()


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
