"""Names and their addresses, with a deadline: the system's resolver knows none, and may take half a minute."""

import socket
from collections.abc import Callable
from concurrent.futures import Future
from ipaddress import IPv4Address, IPv6Address, ip_address
from threading import BoundedSemaphore, Thread
from typing import TypeAlias

from gitcanary import errors
from gitcanary.egress.text import shown

IPAddress: TypeAlias = IPv4Address | IPv6Address
Resolve: TypeAlias = Callable[[str, int], tuple[IPAddress, ...]]
Addresses: TypeAlias = Callable[[str, int], tuple[str, ...]]

AT_ONCE = 64  # lookups; one that was given up goes on until the system gives it up too


def resolve(host: str, port: int) -> tuple[IPAddress, ...]:
    """Return the addresses of a name, in the system's order; raises `errors.Unreachable` if there are none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise errors.Unreachable(f"{shown(host)} does not resolve") from error
    return tuple(dict.fromkeys(ip_address(str(sockaddr[0])) for *_, sockaddr in found))


class Lookups:
    """Looks names up beside the caller, so that it can give up in time."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        self._turn = BoundedSemaphore(AT_ONCE)

    def find(self, host: str, port: int, seconds: float) -> tuple[str, ...]:
        """Return the addresses of a host. Raises `TimeoutError`, or whatever the lookup raises."""
        if not self._turn.acquire(timeout=seconds):
            raise TimeoutError
        found: Future[tuple[str, ...]] = Future()
        Thread(target=self._look, args=(host, port, found), name="lookup", daemon=True).start()
        return found.result(seconds)

    def _look(self, host: str, port: int, found: Future[tuple[str, ...]]) -> None:
        try:
            found.set_result(self._addresses(host, port))
        except Exception as error:  # noqa: BLE001 - whoever waits for the addresses gets it
            found.set_exception(error)
        finally:
            self._turn.release()
