"""HTTP in: health, metrics, and a push webhook that means "look now" and nothing else."""

import asyncio
import hmac
import socket
from collections.abc import Callable
from hashlib import sha256
from threading import Lock, Thread, Timer
from time import monotonic
from urllib.parse import urlsplit

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from gitcanary.errors import Usage

LONGEST = 32 * 1024 * 1024  # bytes; GitHub sends at most 25 MB
APART = 1.0  # seconds between two looks that webhooks ask for
PATIENCE = 10  # seconds for a webhook's body
MOST = 100  # connections at a time
LIFE = 60.0  # seconds of a connection, whatever comes on it
LEAVE = 3  # seconds for what is being answered when the process ends


class Server:
    """Answers on one address, in a thread of its own. What a push webhook says is not read: it is a hint."""

    def __init__(
        self,
        listen: str,
        registry: CollectorRegistry,
        is_ready: Callable[[], bool],
        wake: Callable[[], None],
        standing: Callable[[], list[dict[str, object]]] = list,
        *,
        secret: str | None = None,
    ) -> None:
        """Listen at `host:port`, port 0 for a free one; raises `Usage` where that cannot be.

        With a secret only a push webhook that knows it wakes anybody.
        """
        self._socket = bind(listen)
        self._bell = Bell(wake)
        application = Starlette(routes=routes(registry, is_ready, self._bell.ring, standing, secret))
        config = uvicorn.Config(
            application,
            http=bounded(),
            ws="none",
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=LEAVE,
        )
        self._server = uvicorn.Server(config)
        self._thread = Thread(target=self._server.run, args=([self._socket],), name="server", daemon=True)

    @property
    def address(self) -> str:
        """Where it listens, `http://host:port`."""
        host, port = self._socket.getsockname()[:2]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """End, after what is being answered."""
        self._bell.stop()
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        self._socket.close()


def bounded(most: int = MOST, longest_life: float = LIFE) -> type[H11Protocol]:
    """Return uvicorn's protocol with an end to every connection, and to how many there are.

    A client that is slow on purpose would keep its file descriptor for ever, and Git's processes would get none. When
    there are too many, the oldest goes: whoever comes anew, such as a probe, is answered.
    """
    open_now: dict[H11Protocol, asyncio.TimerHandle] = {}

    class Bounded(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
            super().connection_made(transport)
            open_now[self] = self.loop.call_later(longest_life, transport.abort)
            if len(open_now) > most:
                oldest = next(iter(open_now))
                open_now.pop(oldest).cancel()
                oldest.transport.abort()

        def connection_lost(self, exc: Exception | None) -> None:
            if self in open_now:
                open_now.pop(self).cancel()
            super().connection_lost(exc)

    return Bounded


def routes(
    registry: CollectorRegistry,
    is_ready: Callable[[], bool],
    wake: Callable[[], None],
    standing: Callable[[], list[dict[str, object]]] = list,
    secret: str | None = None,
) -> list[Route]:
    """Return what is answered where."""

    def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    def readyz(_: Request) -> Response:
        if is_ready():
            return PlainTextResponse("ok\n")
        return PlainTextResponse("the repository was not read lately\n", status_code=503)

    def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    def status(_: Request) -> Response:
        return JSONResponse(standing())

    async def pushed(request: Request) -> Response:
        try:
            async with asyncio.timeout(PATIENCE):
                is_welcome = secret is None or await is_authentic(secret, request)
        except TimeoutError:
            return PlainTextResponse("too slow\n", status_code=408)
        if not is_welcome:
            return PlainTextResponse("not signed with the secret\n", status_code=401)
        wake()
        return PlainTextResponse("looking\n", status_code=202)

    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
        Route("/status", status),
        Route("/hooks/push", pushed, methods=["POST"]),
    ]


class Bell:
    """Wakes at most once a second, however often it is rung; the last ring is never lost."""

    def __init__(self, wake: Callable[[], None], apart: float = APART) -> None:
        self._wake = wake
        self._apart = apart
        self._lock = Lock()
        self._next = 0.0
        self._waiting: Timer | None = None

    def ring(self) -> None:
        """Wake at once, or as soon as that may be again."""
        with self._lock:
            now = monotonic()
            if self._waiting is not None:
                return
            if now >= self._next:
                self._next = now + self._apart
            else:
                self._waiting = Timer(self._next - now, self._late)
                self._waiting.daemon = True
                self._waiting.start()
                return
        self._wake()

    def stop(self) -> None:
        """Wake no more."""
        with self._lock:
            if self._waiting is not None:
                self._waiting.cancel()

    def _late(self) -> None:
        with self._lock:
            self._waiting = None
            self._next = monotonic() + self._apart
        self._wake()


async def is_authentic(secret: str, request: Request) -> bool:
    """Tell whether a forge that knows the secret sent this.

    GitHub, Gitea and Forgejo sign the body (`X-Hub-Signature-256: sha256=…`), GitLab sends the secret itself
    (`X-Gitlab-Token`). The body is hashed as it comes and kept nowhere; one that is too long is not read to its end.
    """
    if (token := request.headers.get("X-Gitlab-Token")) is not None:
        return hmac.compare_digest(token.encode(), secret.encode())
    claimed = request.headers.get("X-Hub-Signature-256", "")
    if not claimed:
        return False
    digest, length = hmac.new(secret.encode(), digestmod=sha256), 0
    async for chunk in request.stream():
        digest.update(chunk)
        length += len(chunk)
        if length > LONGEST:
            return False
    return hmac.compare_digest(claimed.encode(), f"sha256={digest.hexdigest()}".encode())


def bind(listen: str) -> socket.socket:
    """Open a listening socket at `host:port`; raises `Usage` where that cannot be."""
    try:
        parts = urlsplit(f"//{listen}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None or port is None:
        raise Usage(f"--listen {listen}: not an address such as 127.0.0.1:8080")
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise Usage(f"cannot listen on {listen}: {error.strerror or error}") from error
