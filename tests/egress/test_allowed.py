"""Which addresses a spec may name, by table and by laws."""

from contextlib import nullcontext
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitcanary import errors
from gitcanary.egress.allowed import Allowed, is_local
from gitcanary.egress.text import shown

HERE = [
    "127.0.0.1",
    "127.8.9.10",
    "0.0.0.0",
    "169.254.169.254",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "64:ff9b::169.254.169.254",
    "2002:7f00:1::",
    "::127.0.0.1",
    "64:ff9b:1::a9fe:a9fe",
    "fd00:ec2::254",
    "168.63.129.16",
    "::ffff:100.100.100.200",
]


@pytest.mark.parametrize("address", HERE)
def test_loopback_and_link_local_are_local_in_every_spelling(address: str) -> None:
    assert is_local(ip_address(address))


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.1.1", "8.8.8.8", "2001:db8::1", "fd00::1", "::ffff:10.0.0.1"])
def test_every_other_address_is_not_local(address: str) -> None:
    assert not is_local(ip_address(address))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_as_local_as_the_ipv6_addresses_that_carry_it(address: IPv4Address) -> None:
    number = int(address)
    assert is_local(IPv6Address((0xFFFF << 32) | number)) == is_local(address)
    assert is_local(IPv6Address((0x64FF9B << 96) | number)) == is_local(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost:8080/",
        "http://LOCALHOST./",
        "http://[::1]:9090/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://0.0.0.0/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "//example.com/",
        "http://",
        "http://[::1/",
        "http://example.com:99999/",
    ],
)
def test_the_text_of_a_url_shows_that_it_is_not_allowed(url: str) -> None:
    with pytest.raises(errors.ForbiddenAddress):
        Allowed().check(url)


@pytest.mark.parametrize(
    "url", ["http://flagger-loadtester.test/", "https://10.0.0.1:8443/x?y", "http://[2001:db8::1]/"]
)
def test_other_urls_are_allowed(url: str) -> None:
    Allowed().check(url)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "017700000001", "127.1", "::1", "0"]
)
def test_whatever_leads_to_loopback_is_not_connected_to(host: str) -> None:
    with pytest.raises(errors.ForbiddenAddress, match="loopback or link-local"):
        Allowed().addresses(host, 80)


def test_what_is_connected_to_are_the_addresses_that_were_checked() -> None:
    assert Allowed().addresses("192.0.2.7", 80) == ("192.0.2.7",)


def test_a_name_that_does_not_resolve_is_an_outage() -> None:
    with pytest.raises(errors.Unreachable, match=r"nowhere\.invalid does not resolve"):
        Allowed().addresses("nowhere.invalid", 80)


@pytest.mark.parametrize(
    ("pattern", "host", "port", "is_allowed"),
    [
        ("loadtester.test", "loadtester.test", 80, True),
        ("loadtester.test", "LoadTester.test.", 80, True),
        ("loadtester.test", "loadtester.test.evil.example", 80, False),
        ("*.test", "loadtester.test", 80, True),
        ("*.test", "test", 80, False),
        ("loadtester.test:80", "loadtester.test", 80, True),
        ("loadtester.test:80", "loadtester.test", 8080, False),
        ("loadtester.test:*", "loadtester.test", 8080, True),
        ("127.0.0.1:9090", "127.0.0.1", 9090, True),
        ("127.0.0.1:9090", "127.0.0.1", 9091, False),
        ("::1", "::1", 80, True),
        ("[::1]:80", "[::1]", 80, True),
        ("[::1]", "::1", 80, True),
        ("[a-z]", "b", 80, False),
        ("other.test", "10.0.0.1", 80, False),
    ],
)
def test_once_hosts_are_listed_only_they_are_allowed(pattern: str, host: str, port: int, is_allowed: bool) -> None:
    url = f"http://[{host}]:{port}/" if ":" in host.strip("[]") and "[" not in host else f"http://{host}:{port}/"
    with nullcontext() if is_allowed else pytest.raises(errors.ForbiddenAddress, match="operator allows"):
        Allowed((pattern,)).check(url)


@pytest.mark.parametrize("patterns", [("localhost",), ("*", "localhost:80"), ("127.0.0.1", "LOCALHOST")])
def test_a_listed_name_may_lead_to_loopback(patterns: tuple[str, ...]) -> None:
    assert set(Allowed(patterns).addresses("localhost", 80)) <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize("patterns", [("*",), ("local*",), ("localhos?:80",)])
def test_a_name_behind_a_wildcard_may_not_lead_to_loopback(patterns: tuple[str, ...]) -> None:
    with pytest.raises(errors.ForbiddenAddress, match="loopback or link-local"):
        Allowed(patterns).addresses("localhost", 80)


def test_a_number_behind_a_wildcard_is_what_the_operator_listed() -> None:
    assert Allowed(("127.0.0.1:*",)).addresses("127.0.0.1", 4711) == ("127.0.0.1",)


@given(st.text())
def test_what_is_shown_is_one_short_printable_line(text: str) -> None:
    assert len(shown(text)) <= 80
    assert shown(text).isprintable()
