"""Talks to the demo's own parts over the loopback interface, and finds ports for them there."""

import socket
import ssl
from collections.abc import Mapping

import httpx

# All addresses are plain HTTP: without this, each request would first read the machine's certificates (50 ms).
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def free_ports(count: int) -> list[int]:
    """Return distinct ports of the loopback interface that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()


def get(url: str, parameters: Mapping[str, str] | None = None, seconds: float = 2.0) -> httpx.Response:
    """Return the answer to a GET, whatever its status; proxies of the environment are passed by."""
    return httpx.get(url, params=parameters, timeout=seconds, trust_env=False, verify=NO_TLS)


def is_answering(url: str) -> bool:
    """Tell whether a GET is answered with 200 within half a second."""
    try:
        return get(url, seconds=0.5).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
