"""A smart HTTP server for Git on a free loopback port: `git http-backend`, with credentials and faults if wanted."""

import os
import subprocess
import threading
from base64 import b64encode
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, urlsplit

# What a client asks for. Fetching is READ_REFS, then READ; pushing is WRITE_REFS, then WRITE.
READ_REFS = "GET git-upload-pack"
READ = "POST git-upload-pack"
WRITE_REFS = "GET git-receive-pack"
WRITE = "POST git-receive-pack"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server sends back; None for `status` drops the connection instead.

    `cut` is after how many bytes of the body the connection is dropped, `then` what happens when all was sent.
    """

    status: int | None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int | None = None
    then: Callable[[], object] | None = None


Backend = Callable[[], Answer]
Fault = Callable[[Backend, threading.Event], Answer]


def never(_: Backend, closing: threading.Event) -> Answer:
    """Take the request and never answer it."""
    closing.wait()
    return Answer(None)


def late(seconds: float) -> Fault:
    """Answer after a while."""

    def wait(backend: Backend, closing: threading.Event) -> Answer:
        closing.wait(seconds)
        return backend()

    return wait


def status(code: int, text: str = "") -> Fault:
    """Answer with this status, without looking."""
    return lambda _backend, _closing: Answer(code, {"Content-Type": "text/plain"}, text.encode())


def redirect(url: str) -> Fault:
    """Send the client to another address."""
    return lambda _backend, _closing: Answer(302, {"Location": url})


def answer_lost(backend: Backend, _: threading.Event) -> Answer:
    """Do what was asked, then drop the connection without an answer."""
    backend()
    return Answer(None)


def silent_after(backend: Backend, closing: threading.Event) -> Answer:
    """Do what was asked, then never answer."""
    backend()
    return never(backend, closing)


def half(backend: Backend, _: threading.Event) -> Answer:
    """Do what was asked, then send half of the answer and drop the connection."""
    answer = backend()
    return replace(answer, cut=len(answer.body) // 2)


def half_a_pack(backend: Backend, closing: threading.Event) -> Answer:
    """Drop the connection in the middle of a pack; what holds none is answered as ever."""
    return half(backend, closing) if b"PACK" in (answer := backend()).body else answer


def after(act: Callable[[], object]) -> Fault:
    """Let something else happen first."""

    def acted(backend: Backend, _: threading.Event) -> Answer:
        act()
        return backend()

    return acted


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked, and the credentials that it presented."""

    operation: str
    path: str
    authorization: str | None


class GitServer:
    """Serves every bare repository below a folder as `{url}/{name}`."""

    def __init__(self, root: Path, credentials: tuple[str, str] | None = None) -> None:
        self.root = root
        self.requests: list[Request] = []
        self._authorization = _basic(*credentials) if credentials else None
        self._once: dict[str, deque[Fault]] = defaultdict(deque)
        self._always: dict[str, Fault] = {}
        self._in_body: dict[str, Callable[[], bool]] = {}
        self._closing = threading.Event()
        self._server = _Listener(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def break_once(self, operation: str, *faults: Fault) -> None:
        """Meet the next requests of this kind with these faults, one each."""
        self._once[operation].extend(faults)

    def break_always(self, operation: str, fault: Fault) -> None:
        """Meet every request of this kind with a fault, until `heal`."""
        self._always[operation] = fault

    def break_body(self, operation: str, is_dropped: Callable[[], bool]) -> None:
        """Ask in the middle of every request's body whether the connection is dropped there, until `heal`."""
        self._in_body[operation] = is_dropped

    def is_dropped(self, operation: str) -> bool:
        """Tell, in the middle of a request's body, whether the rest of it is not read."""
        return operation in self._in_body and self._in_body[operation]()

    def heal(self) -> None:
        """Serve as if nothing had been."""
        self._in_body.clear()
        self._once.clear()
        self._always.clear()

    def answer(self, request: Request, backend: Backend) -> Answer:
        """Answer one request, or what a fault makes of it."""
        self.requests.append(request)
        if request.authorization != self._authorization and self._authorization is not None:
            return Answer(401, {"WWW-Authenticate": 'Basic realm="git"'})
        once = self._once[request.operation]
        fault = once.popleft() if once else self._always.get(request.operation)
        return fault(backend, self._closing) if fault else backend()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, owner: GitServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet: clients that are killed in mid-sentence are what tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Listener

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        body = self._body()
        if body is None:
            self.close_connection = True
        else:
            self._serve(body)

    def log_message(self, *_: object) -> None:
        pass

    @property
    def _operation(self) -> str:
        parts = urlsplit(self.path)
        service = parse_qs(parts.query).get("service", [parts.path.rpartition("/")[2]])[0]
        return f"{self.command} {service}"

    def _serve(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        request = Request(self._operation, self.path, self.headers.get("Authorization"))
        environment = self._cgi(parts.path, parts.query, len(body))
        self._send(self.server.owner.answer(request, lambda: _run_backend(environment, body)))

    def _send(self, answer: Answer) -> None:
        if answer.status is None:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body[: answer.cut])
        if answer.then:
            answer.then()
        if answer.cut is not None:
            self.close_connection = True

    def _cgi(self, path: str, query: str, length: int) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.server.owner.root.absolute()),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(length),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "REMOTE_USER": "tester",
            "REMOTE_ADDR": self.client_address[0],
        }

    def _body(self) -> bytes | None:
        """Read a request's body; None where the connection is dropped in the middle of it."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return b"".join(iter(self._chunk, b""))
        length = int(self.headers.get("Content-Length", 0))
        begin = self.rfile.read(length // 2)
        if self.server.owner.is_dropped(self._operation):
            return None
        return begin + self.rfile.read(length - len(begin))

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().split(b";")[0], 16)
        data = self.rfile.read(size)
        self.rfile.readline()
        return data


def _run_backend(environment: dict[str, str], body: bytes) -> Answer:
    ran = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True, check=False)
    head, _, rest = ran.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
    return Answer(int(headers.pop("Status", "200").split()[0]), headers, rest)


def _basic(username: str, password: str) -> str:
    return "Basic " + b64encode(f"{username}:{password}".encode()).decode()
