"""Which addresses a spec may name.

Anybody who can write a Canary chooses addresses that the controller then calls from where it runs. What only listens
there, loopback, and what hands out credentials, link-local, is therefore no address for a spec.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from gitcanary import errors
from gitcanary.egress.lookup import IPAddress, Resolve, resolve
from gitcanary.egress.text import shown

SCHEMES = {"http": 80, "https": 443}

# A gateway or an old stack turns these into the IPv4 address in the last 32 bits: NAT64 (RFC 6052, RFC 8215), and the
# IPv4-compatible addresses of RFC 4291.
CARRIERS = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("::/96"))

# Where clouds hand out credentials without being link-local: AWS and Google over IPv6, Azure, Alibaba, Oracle.
METADATA = frozenset(
    map(ip_address, ("fd00:ec2::254", "fd20:ce::254", "168.63.129.16", "100.100.100.200", "192.0.0.192"))
)


@dataclass(frozen=True, slots=True)
class Allowed:
    """The rule for addresses out of a spec.

    Without `patterns` it is every address but loopback, link-local and where clouds hand out credentials. With them,
    each a host or `host:port` in which `*` and `?` are wildcards, it is only what one of them matches; those addresses
    are then reached by a pattern that matches the number itself, or by one that spells the name without a wildcard.
    `resolve` asks the system for the addresses of a name.
    """

    patterns: tuple[str, ...] = ()
    resolve: Resolve = field(default=resolve, compare=False, repr=False)

    def check(self, url: str) -> None:
        """Raise `errors.ForbiddenAddress` if the text alone shows that this URL is not allowed; no name is resolved."""
        host, port = _split(url)
        self._check_listed(host, port)
        number = _number(host)
        is_here = _plain(host) == "localhost" or (number is not None and is_local(number))
        if is_here and not self.patterns:
            raise errors.ForbiddenAddress(f"{shown(host)} is loopback or link-local, which a spec may not name")

    def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """Resolve a host and return the addresses to connect to, so that what is called is what was checked.

        Raises `errors.ForbiddenAddress`, and `errors.Unreachable` if the name does not resolve. Blocks as long as the
        system's resolver does.
        """
        self._check_listed(host, port)
        found = self.resolve(_plain(host), port)
        if not self._is_named(host, port) and any(is_local(address) for address in found):
            raise errors.ForbiddenAddress(f"{shown(host)} leads to a loopback or link-local address")
        return tuple(str(address) for address in found)

    def _check_listed(self, host: str, port: int) -> None:
        if self.patterns and not any(self._matching(host, port)):
            raise errors.ForbiddenAddress(f"{shown(host)}:{port} is not among the hosts that the operator allows")

    def _is_named(self, host: str, port: int) -> bool:
        """Tell whether the operator listed just this: a name behind a wildcard may lead anywhere tomorrow."""
        matching = [pattern.lower().partition(":")[0] for pattern in self._matching(host, port)]
        return bool(matching) and (_number(host) is not None or _plain(host) in matching)

    def _matching(self, host: str, port: int) -> Iterator[str]:
        spellings = (_plain(host), _bracketed(host), f"{_bracketed(host)}:{port}")
        for pattern in self.patterns:
            # Brackets are an IPv6 address's here, not a set of characters.
            glob = pattern.lower().replace("[", "[[]")
            if any(fnmatchcase(spelling, glob) for spelling in spellings):
                yield pattern


def is_local(address: IPAddress) -> bool:
    """Tell whether an address is loopback or link-local, also where IPv6 carries an IPv4 address in it.

    The unspecified address counts: a connection to it ends at the machine itself. So does where a cloud hands out
    credentials.
    """
    return any(
        each.is_loopback or each.is_link_local or each.is_unspecified or each in METADATA for each in _readings(address)
    )


def _readings(address: IPAddress) -> Iterator[IPAddress]:
    yield address
    if isinstance(address, IPv6Address):
        embedded = (address.ipv4_mapped, address.sixtofour, *(address.teredo or ()))
        yield from (each for each in embedded if each is not None)
        if any(address in carrier for carrier in CARRIERS):
            yield IPv4Address(int(address) & 0xFFFFFFFF)


def _split(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise errors.ForbiddenAddress(f"{shown(url.partition('?')[0])} is not a URL") from None
    if parts.scheme not in SCHEMES or not host:
        raise errors.ForbiddenAddress("only http:// and https:// addresses are called")
    return host, SCHEMES[parts.scheme] if port is None else port


def _number(host: str) -> IPAddress | None:
    try:
        return ip_address(_plain(host))
    except ValueError:
        return None


def _plain(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()


def _bracketed(host: str) -> str:
    name = _plain(host)
    return f"[{name}]" if ":" in name else name
