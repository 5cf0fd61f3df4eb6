"""Calls to real servers with faults: one deadline, bounded answers, nothing followed, nothing leaked."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from ssl import SSLContext

import pytest

from gitcanary import errors
from gitcanary.egress import Allowed, Answer, Call, Sender
from support import http_server
from support.certificates import self_signed
from support.http_server import Script, Server, reply, serve

SOON = timedelta(seconds=0.4)
LATER = timedelta(seconds=20)
ENOUGH = 1024 * 1024


@pytest.fixture
def sender() -> Iterator[Sender]:
    made = Sender()
    yield made
    made.close()


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> SSLContext:
    folder = tmp_path_factory.mktemp("tls")
    return self_signed(folder / "cert.pem", folder / "key.pem")


def test_a_call_arrives_as_it_was_made_and_its_answer_comes_back(sender: Sender) -> None:
    with serve(reply(202, "thanks")) as server:
        call = Call("POST", f"{server.url}/a?b=c", {"X-One": "1"}, b"body")
        assert sender.send(call, LATER, ENOUGH) == Answer(202, b"thanks")
    (received,) = server.received
    assert (received.method, received.path, received.body) == ("POST", "/a?b=c", b"body")
    assert received.headers["x-one"] == "1"
    assert received.headers["user-agent"].startswith("gitcanary/")


@pytest.mark.parametrize(
    ("script", "within", "trouble", "says"),
    [
        (http_server.hang, SOON, errors.TimedOut, "no answer within 0.4 s"),
        (http_server.drip, SOON, errors.TimedOut, "no answer within 0.4 s"),
        (http_server.drip_headers, SOON, errors.TimedOut, "no answer within 0.4 s"),
        (http_server.endless, LATER, errors.Unreachable, "the answer is longer than 1048576 bytes"),
        (http_server.slam, LATER, errors.Unreachable, "the connection was closed"),
        (reply(200, b"." * (ENOUGH + 1)), LATER, errors.Unreachable, "the answer is longer than 1048576 bytes"),
    ],
    ids=["hangs", "drips", "drips headers", "endless", "slams", "too long"],
)
def test_a_faulty_answer_is_an_outage_in_bounded_time(
    sender: Sender, script: Script, within: timedelta, trouble: type[Exception], says: str
) -> None:
    with serve(script) as server, pytest.raises(trouble, match=says):
        sender.send(Call("GET", server.url), within, ENOUGH)


def test_nobody_listens_is_an_outage_in_the_systems_words(sender: Sender) -> None:
    with serve(reply()) as server:
        pass
    with pytest.raises(errors.Unreachable, match="Connection refused"):
        sender.send(Call("GET", server.url), LATER, ENOUGH)


def test_an_answer_as_long_as_allowed_comes_back_whole(sender: Sender) -> None:
    with serve(reply(200, b"." * ENOUGH)) as server:
        assert len(sender.send(Call("GET", server.url), LATER, ENOUGH).body) == ENOUGH


def test_a_redirect_is_an_answer_and_not_followed(sender: Sender) -> None:
    with serve(reply(302, "", Location="/elsewhere")) as server:
        assert sender.send(Call("GET", server.url), LATER, ENOUGH).status == 302
    assert len(server.received) == 1


def test_connections_are_kept_and_used_again(sender: Sender) -> None:
    ports: set[int] = set()

    def note_port(handler: http_server.Handler, received: http_server.Received, number: int) -> None:
        ports.add(handler.client_address[1])
        reply()(handler, received, number)

    with serve(note_port) as server:
        for _ in range(5):
            sender.send(Call("GET", server.url), LATER, ENOUGH)
    assert len(ports) == 1


def test_a_cookie_is_not_kept(sender: Sender) -> None:
    with serve(reply(200, "", Set_Cookie="a=b")) as server:
        for _ in range(2):
            sender.send(Call("GET", server.url), LATER, ENOUGH)
    assert all("cookie" not in received.headers for received in server.received)


def test_proxies_and_netrc_of_the_environment_are_not_used(
    sender: Sender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login mia password secret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with serve(reply()) as server:
        sender.send(Call("GET", server.url), LATER, ENOUGH)
    assert "authorization" not in server.received[0].headers


def test_credentials_in_a_url_are_sent_and_never_said(sender: Sender) -> None:
    with serve(reply()) as server:
        url = server.url.replace("//", "//mia:secret@")
        sender.send(Call("GET", url), LATER, ENOUGH)
    assert server.received[0].headers["authorization"] == "Basic bWlhOnNlY3JldA=="
    with pytest.raises(errors.Unreachable) as raised:
        sender.send(Call("GET", url), LATER, ENOUGH)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("url", ["http://", "ftp://example.com/", "nonsense", "http://\x00/", ""])
def test_what_is_no_url_is_refused(sender: Sender, url: str) -> None:
    with pytest.raises(errors.Refused):
        sender.send(Call("GET", url), LATER, ENOUGH)


@pytest.mark.parametrize(
    "spell", [lambda s: s.url, lambda s: f"http://2130706433:{s.port}/", lambda s: f"http://localhost:{s.port}/"]
)
def test_a_rule_stands_before_each_connection(spell: Callable[[Server], str]) -> None:
    sender = Sender(Allowed())
    with serve(reply()) as server, pytest.raises(errors.ForbiddenAddress):
        sender.send(Call("GET", spell(server)), LATER, ENOUGH)
    sender.close()
    assert server.received == []


def test_a_listed_host_is_called_by_its_name() -> None:
    sender = Sender(Allowed(("localhost:*",)))
    with serve(reply()) as server:
        sender.send(Call("GET", f"http://localhost:{server.port}/"), LATER, ENOUGH)
    sender.close()
    assert server.received[0].headers["host"] == f"localhost:{server.port}"


def test_a_certificate_that_nobody_vouches_for_is_an_outage(sender: Sender, tls: SSLContext) -> None:
    with (
        serve(reply(), tls) as server,
        pytest.raises(errors.Unreachable, match="certificate is not trusted: self-signed"),
    ):
        sender.send(Call("GET", server.url), LATER, ENOUGH)
    assert server.received == []


def test_any_certificate_will_do_where_none_is_verified(tls: SSLContext) -> None:
    sender = Sender(verifies_tls=False)
    with serve(reply(204), tls) as server:
        assert sender.send(Call("GET", server.url), LATER, ENOUGH).status == 204
    sender.close()


def test_a_certificate_is_verified_by_the_name_that_was_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = self_signed(tmp_path / "cert.pem", tmp_path / "key.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    sender = Sender(Allowed(("127.0.0.1:*", "localhost:*")))
    with serve(reply(204), context) as server:
        assert sender.send(Call("GET", server.url), LATER, ENOUGH).status == 204
        with pytest.raises(errors.Unreachable, match="certificate is not trusted: Hostname mismatch"):
            sender.send(Call("GET", f"https://localhost:{server.port}/"), LATER, ENOUGH)
    sender.close()
