"""HTTP in: health, metrics, and a push webhook that means "look now" and nothing else."""

import socket
from collections.abc import Callable
from threading import Thread
from urllib.parse import urlsplit

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gitcanary.errors import Usage


class Server:
    """Answers on one address, in a thread of its own. The body of a push webhook is never read: it is a hint."""

    def __init__(
        self,
        listen: str,
        registry: CollectorRegistry,
        is_ready: Callable[[], bool],
        wake: Callable[[], None],
        standing: Callable[[], list[dict[str, object]]] = list,
    ) -> None:
        """Listen at `host:port`, port 0 for a free one; raises `Usage` where that cannot be."""
        self._socket = bind(listen)
        application = Starlette(routes=routes(registry, is_ready, wake, standing))
        config = uvicorn.Config(application, log_config=None, access_log=False, lifespan="off", server_header=False)
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
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        self._socket.close()


def routes(
    registry: CollectorRegistry,
    is_ready: Callable[[], bool],
    wake: Callable[[], None],
    standing: Callable[[], list[dict[str, object]]] = list,
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

    def pushed(_: Request) -> Response:
        wake()
        return PlainTextResponse("looking\n", status_code=202)

    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
        Route("/status", status),
        Route("/hooks/push", pushed, methods=["POST"]),
    ]


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
