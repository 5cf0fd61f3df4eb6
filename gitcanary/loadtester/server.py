"""The load tester as a process: where it listens, and how it stops.

Whoever reaches it runs commands, so it listens on loopback unless told otherwise.
"""

import re
import socket
from contextlib import suppress
from urllib.parse import urlsplit

import structlog
import uvicorn
from prometheus_client import CollectorRegistry

from gitcanary.errors import Usage
from gitcanary.loadtester.commands import Commands
from gitcanary.loadtester.endpoints import Door, application
from gitcanary.loadtester.limits import Limits

log = structlog.get_logger()


class LoadTester(uvicorn.Server):
    """A server that answers the protocol, and takes its commands with it when it stops.

    `namespaces` is searched for in a request's namespace, unanchored as in Flagger; None lets all of them in.
    """

    def __init__(self, limits: Limits, namespaces: re.Pattern[str] | None = None) -> None:
        registry = CollectorRegistry()
        self._commands = Commands(limits, registry)
        super().__init__(
            uvicorn.Config(
                application(self._commands, Door(limits.body, namespaces), registry),
                loop="asyncio",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=5,
            )
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop the commands first: uvicorn waits for requests in progress, and those wait for their commands."""
        await self._commands.stop()
        await super().shutdown(sockets)


def serve(
    listen: str = "127.0.0.1:8080", limits: Limits | None = None, namespaces: re.Pattern[str] | None = None
) -> None:
    """Answer Flagger's load tester protocol at `host:port` until SIGTERM or Ctrl-C; port 0 takes a free one.

    Returns after Ctrl-C; SIGTERM ends the process, by that signal, once every command has stopped.
    Raises Usage where `listen` is no address or cannot be listened on.
    """
    with bind(listen) as listening:
        host, port = listening.getsockname()[:2]
        log.info("load tester listening", address=f"http://{f'[{host}]' if ':' in host else host}:{port}")
        with suppress(KeyboardInterrupt):
            LoadTester(limits or Limits(), namespaces).run(sockets=[listening])


def bind(listen: str) -> socket.socket:
    """Open a listening socket at `host:port` (`[::1]:port` for IPv6); raises Usage where that cannot be."""
    host, port = _address(listen)
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise Usage(f"cannot listen on {listen}: {error.strerror or error}") from error


def _address(listen: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{listen}")
        if parts.hostname and parts.port is not None and parts.netloc == listen:
            return parts.hostname, parts.port
    except ValueError:
        pass  # a port that is no number, or out of range: said below like the rest
    raise Usage(f"{listen!r} is not an address to listen on; give host:port, such as 127.0.0.1:8080")
