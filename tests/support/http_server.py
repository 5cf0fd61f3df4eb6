"""A real HTTP server on a loopback port that answers as scripted, faults included.

A script is a function of the handler and of what was received. It runs in a thread of its own for each connection; what
waits in it ends when the server is closed.
"""

import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Event, Lock, Thread
from typing import Any, cast


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came in; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    """A running server: where it listens and what it received so far."""

    url: str
    port: int
    received: list[Received] = field(default_factory=list)
    stopping: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)

    def note(self, received: Received) -> int:
        """Keep a request and return how many came before it."""
        with self._lock:
            self.received.append(received)
            return len(self.received) - 1


class Handler(BaseHTTPRequestHandler):
    """Notes each request and lets the script answer it."""

    protocol_version = "HTTP/1.1"

    @property
    def running(self) -> Server:
        return cast("_Listening", self.server).running

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        received = Received(self.command, self.path, headers, self.rfile.read(length))
        number = self.running.note(received)
        try:
            cast("_Listening", self.server).script(self, received, number)
        except OSError:  # the client left in the middle, as it should where a script goes on for ever
            self.close_connection = True

    do_GET = do_POST = answer  # noqa: N815 - the standard library's names

    def log_message(self, *_args: Any) -> None:
        """Print nothing."""


Script = Callable[[Handler, Received, int], None]


def reply(status: int = 200, body: bytes | str = b"", **headers: str) -> Script:
    """Answer at once; underscores in header names become hyphens."""
    content = body.encode() if isinstance(body, str) else body

    def script(handler: Handler, _received: Received, _number: int) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)

    return script


def in_turn(*scripts: Script) -> Script:
    """Answer the first request by the first script, and so on; the last one goes on."""

    def script(handler: Handler, received: Received, number: int) -> None:
        scripts[min(number, len(scripts) - 1)](handler, received, number)

    return script


def meeting(size: int, then: Script) -> Script:
    """Answer nobody before so many requests are under way at once."""
    barrier = Barrier(size)

    def script(handler: Handler, received: Received, number: int) -> None:
        barrier.wait(timeout=20)
        then(handler, received, number)

    return script


def hang(handler: Handler, _received: Received, _number: int) -> None:
    """Answer nothing, with the connection open."""
    handler.running.stopping.wait()
    handler.close_connection = True


def slam(handler: Handler, _received: Received, _number: int) -> None:
    """Close the connection instead of answering."""
    handler.close_connection = True


def drip(handler: Handler, _received: Received, _number: int) -> None:
    """Answer 200 at once and then a byte now and then, for ever: each read succeeds, the answer never ends."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    while not handler.running.stopping.wait(0.02):
        handler.wfile.write(b"1\r\n.\r\n")
    handler.close_connection = True


def drip_headers(handler: Handler, _received: Received, _number: int) -> None:
    """Answer a byte of the status line now and then, for ever."""
    while not handler.running.stopping.wait(0.02):
        handler.wfile.write(b"H")
    handler.close_connection = True


def endless(handler: Handler, _received: Received, _number: int) -> None:
    """Answer 200 and a body as fast as it is read, for ever."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.running.stopping.is_set():
        handler.wfile.write(b"." * 65536)
    handler.close_connection = True


def raw(data: bytes) -> Script:
    """Send these bytes, whatever they are, and close the connection."""

    def script(handler: Handler, _received: Received, _number: int) -> None:
        handler.wfile.write(data)
        handler.close_connection = True

    return script


def reset(handler: Handler, _received: Received, _number: int) -> None:
    """Reset the connection instead of answering."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


@contextmanager
def serve(script: Script, tls: ssl.SSLContext | None = None, *, host: str = "127.0.0.1") -> Iterator[Server]:
    """Run a server for the length of a block, over TLS where a context is given."""
    with _Listening(script, tls, host) as listening:
        thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield listening.running
        finally:
            listening.running.stopping.set()
            listening.shutdown()
            thread.join()
            listening.hang_up()


class _Listening(ThreadingHTTPServer):
    # Threads are waited for at the end, so that nothing of a test lives on in the next one.
    daemon_threads = False

    def __init__(self, script: Script, tls: ssl.SSLContext | None, host: str) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, 0), Handler)
        port = self.server_address[1]
        self.script = script
        at = f"[{host}]" if ":" in host else host
        self.running = Server(f"{'https' if tls else 'http'}://{at}:{port}", port)
        self._accepted: list[socket.socket] = []
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    def get_request(self) -> tuple[socket.socket, Any]:
        accepted, address = super().get_request()
        self._accepted.append(accepted)
        return accepted, address

    def hang_up(self) -> None:
        """End the connections that clients keep open, so that their threads end."""
        for accepted in self._accepted:
            with suppress(OSError):
                accepted.shutdown(socket.SHUT_RDWR)

    def handle_error(self, *_args: Any) -> None:
        """Print nothing: a connection that breaks is what the tests are about."""
