"""Each row of the tables about webhooks: what a receiver does, on real sockets, and what that means for each type."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import count
from pathlib import Path

import pytest

from gitcanary.adapters.hooks import WebHooks
from gitcanary.egress import Allowed
from gitcanary.egress.lookup import IPAddress, resolve
from gitcanary.rollout.checks import judge_hook
from gitcanary.rollout.evidence import HookAnswer, HookQuestion, Verdict
from gitcanary.rollout.spec import Hook, HookType
from gitcanary.rollout.state import Action, Phase
from support.canaries import make_spec
from support.certificates import self_signed
from support.faults import FAULTS, SILENT, redirect
from support.http_server import Script, reply, serve
from support.situations import idle_world
from support.tables import rows, timeless

PAGE = "docs/not-knowing.md"
TABLE = rows(PAGE, "Webhooks")
TYPES = rows(PAGE, "Webhooks", after="What the verdicts of each type do")
AT = datetime(2026, 11, 22, 10, 4, 37, tzinfo=UTC)
SOON = timedelta(seconds=0.4)
LATER = timedelta(seconds=20)
HOUR = timedelta(hours=1)
HERE = ("127.0.0.1:*", "[::1]:*")


@dataclass
class Desk:
    """What a row may use, and how often it called: every attempt looks a name up, or is received."""

    folder: Path
    environment: pytest.MonkeyPatch
    lookups: list[str] = field(default_factory=list)
    received: int = 0

    @property
    def attempts(self) -> int:
        return max(self.received, len(self.lookups))

    def call(
        self,
        url: str,
        patterns: tuple[str, ...] = (),
        *,
        timeout: timedelta = LATER,
        verifies_tls: bool = True,
        look_up: Callable[[str, int], tuple[IPAddress, ...]] = resolve,
    ) -> HookAnswer:
        """Call a webhook that may be repeated once, and return its answer."""

        def note(host: str, port: int) -> tuple[IPAddress, ...]:
            self.lookups.append(host)
            return look_up(host, port)

        hook = Hook("hook", HookType.ROLLOUT, url, timeout, retries=1, verifies_tls=verifies_tls)
        question = HookQuestion("test", "podinfo", "sha256:9a1f", Phase.PROGRESSING, hook, AT, "key")
        with closing(WebHooks(Allowed(patterns, note), first_wait=timedelta(milliseconds=1))) as hooks:
            return hooks.call(question)


Row = Callable[[Desk], HookAnswer]


def on(script: Script, timeout: timedelta = LATER, host: str = "127.0.0.1") -> Row:
    def row(desk: Desk) -> HookAnswer:
        with serve(script, host=host) as server:
            answer = desk.call(server.url, HERE, timeout=timeout)
        desk.received = len(server.received)
        return answer

    return row


def at(url: str, *patterns: str) -> Row:
    return lambda desk: desk.call(url, patterns)


def nobody(desk: Desk) -> HookAnswer:
    with serve(reply()) as server:
        pass
    return desk.call(server.url, HERE)


def unanswered(desk: Desk) -> HookAnswer:
    with serve(reply()) as server:

        def wait(host: str, port: int) -> tuple[IPAddress, ...]:  # noqa: ARG001 - a resolver's signature
            server.stopping.wait()
            return ()

        return desk.call("http://slow.test/", timeout=SOON, look_up=wait)


def leading_to(*answers: str) -> Row:
    """Call a name that leads to each of these addresses in turn."""

    def row(desk: Desk) -> HookAnswer:
        turn = count()
        addresses = [(ip_address(answer),) for answer in answers]
        return desk.call("http://rebound.test/", timeout=SOON, look_up=lambda _host, _port: addresses[next(turn)])

    return row


def with_certificate(
    *, is_trusted: bool = True, address: str = "127.0.0.1", until: timedelta = HOUR, verifies_tls: bool = True
) -> Row:
    def row(desk: Desk) -> HookAnswer:
        cert = desk.folder / "cert.pem"
        tls = self_signed(cert, desk.folder / "key.pem", address=address, until=until)
        if is_trusted:
            desk.environment.setenv("SSL_CERT_FILE", str(cert))
        with serve(reply(), tls) as server:
            return desk.call(server.url, HERE, verifies_tls=verifies_tls)

    return row


STATUSES = (200, 202, 204, 299, 400, 401, 403, 404, 408, 418, 429, 500, 501, 502, 503, 504)
ROWS: dict[str, Row] = {
    **{name: on(script) for name, script in FAULTS.items()},
    **{name: on(script, SOON) for name, script in SILENT.items()},
    **{str(status): on(redirect(status)) for status in (301, 302, 303, 304, 307, 308)},
    **{str(status): on(reply(status)) for status in STATUSES},
    "the name does not resolve": at("http://nowhere.invalid/"),
    "the name's server does not answer": unanswered,
    "nobody listens": nobody,
    "10 MB of answer": on(reply(200, b"." * 10_000_000)),
    "a certificate that nobody vouches for": with_certificate(is_trusted=False),
    "a certificate of another host": with_certificate(address="192.0.2.7"),
    "a certificate that has expired": with_certificate(until=-HOUR),
    "the same with `disableTLS`": with_certificate(is_trusted=False, until=-HOUR, verifies_tls=False),
    "a redirect to a link-local address": on(redirect(302, "http://169.254.169.254/latest/meta-data")),
    "loopback": at("http://127.0.0.1:1/"),
    "loopback in IPv6": at("http://[::1]:1/"),
    "loopback as one number": at("http://2130706433/"),
    "loopback in octal": at("http://0177.0.0.1/"),
    "loopback behind a user's name": at("http://good.test@127.0.0.1:1/"),
    "loopback with a dot at its end": at("http://localhost.:1/"),
    "every address of the machine, 0.0.0.0": at("http://0.0.0.0:1/"),
    "link-local": at("http://169.254.169.254/latest/meta-data"),
    "link-local in IPv6": at("http://[fe80::1]/"),
    "IPv4 in IPv6": at("http://[::ffff:169.254.169.254]/"),
    "a cloud's credentials outside of link-local": at("http://[fd00:ec2::254]/latest/meta-data"),
    "a name that leads to loopback": leading_to("127.0.0.1"),
    "a name that leads elsewhere the second time": leading_to("192.0.2.7", "127.0.0.1"),
    "a host that the operator did not list": at("http://other.test/", "loadtester.test"),
    "IPv6, where the operator lists it": on(reply(), host="::1"),
    "another scheme": at("gopher://loadtester.test/"),
    "a name that no encoding knows": at("http://xn--/"),
}


def test_the_page_and_the_rows_are_the_same_list() -> None:
    assert sorted(TABLE) == sorted(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_a_row_gets_its_verdict_and_says_why(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path, monkeypatch)
    answer = ROWS[name](desk)
    verdict, of_rollback, again, says = TABLE[name]
    verdicts = {kind: str(judge_hook(kind, answer)) for kind in HookType}
    assert verdicts == {kind: of_rollback if kind is HookType.ROLLBACK else verdict for kind in HookType}
    assert timeless(answer.trouble) == timeless(says)
    is_of_the_second_call = name == "a name that leads elsewhere the second time"
    assert (desk.attempts > 1) is (again == "yes" or is_of_the_second_call)


STATUS: dict[Verdict, int | None] = {Verdict.PASS: 200, Verdict.FAIL: 403, Verdict.ERROR: None}
OF_ROLLBACK: dict[Verdict, int | None] = {Verdict.PASS: 403, Verdict.FAIL: 200, Verdict.ERROR: None}
NOTED: dict[Phase | None, str] = {
    Phase.WAITING: "Waiting, asks again",
    Phase.WAITING_PROMOTION: "WaitingPromotion, asks again",
}


def outcome(kind: HookType, status: int | None) -> str:
    """Roll a revision out whose webhook answers so, always, and return in the page's words what became of it."""
    world = idle_world(spec=make_spec(kind), answers={kind.value: status})
    world.push("r2")
    lines = world.walk(3600)
    reasons = [logged.commit.reason for logged in world.log if logged.action is Action.ROLLBACK]
    if reasons:
        return "rolled back" if "asked for by" in reasons[0] else "a failed check"
    phase = lines[-1][2] if lines else None
    if phase is Phase.SUCCEEDED:
        return "goes on"
    assert len(world.asked) > 3
    return NOTED.get(phase, "waits, asks again")


def test_every_type_has_a_row() -> None:
    assert sorted(TYPES) == sorted(HookType)


@pytest.mark.parametrize("kind", HookType)
@pytest.mark.parametrize("verdict", STATUS)
def test_what_a_verdict_does_depends_on_the_type(kind: HookType, verdict: Verdict) -> None:
    status = (OF_ROLLBACK if kind is HookType.ROLLBACK else STATUS)[verdict]
    assert judge_hook(kind, HookAnswer(status)) is verdict
    assert outcome(kind, status) == TYPES[kind][list(STATUS).index(verdict)]


def test_no_row_of_a_rollout_counts_but_a_failed_check() -> None:
    world = idle_world(spec=replace(make_spec(HookType.ROLLOUT), threshold=1), answers={"rollout": None})
    world.push("r2")
    world.walk(3600)
    assert world.record is not None
    assert (world.record.failed_checks, world.record.quarantine, world.record.weight) == (0, (), 10)
