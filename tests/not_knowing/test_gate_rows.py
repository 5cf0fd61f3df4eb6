"""Each row of the table about the `http` sync gate: a real server, a real repository, and what is live by both."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta

import pytest

from gitcanary.adapters.http_gate import HttpGate
from gitcanary.controller.liveness import Watcher
from gitcanary.controller.subject import Key
from gitcanary.egress import Sender
from gitcanary.ports import Sighting
from gitcanary.rollout.evidence import Live, LiveStatus
from support.apps import without_autoscaler
from support.environment import APP, Environment
from support.faults import FAULTS, SILENT, redirect
from support.http_server import Script, reply, serve
from support.tables import rows, timeless

TABLE = rows("docs/not-knowing.md", "The `http` sync gate")
SOON = timedelta(seconds=0.4)
LATER = timedelta(seconds=20)
SECOND = timedelta(seconds=1)
READY = {"test/podinfo": True, "test/podinfo-primary": True}


@dataclass(frozen=True, slots=True)
class Desk:
    """A canary whose weight just rose in Git: the commit that did it, and the one before."""

    environment: Environment
    newest: str
    before: str

    def look(self, url: str, within: timedelta = LATER) -> Sighting:
        with closing(Sender()) as sender:
            return HttpGate(url, sender, within).look(self.environment.clock.now())

    def judge(self, sighting: Sighting) -> Live:
        """Return what is live by this sighting, as a controller that was just started judges it."""
        process, tip = self.environment.controller, self.environment.remote.tip
        subject = process.survey.subjects[Key(APP, "podinfo")]
        watcher = Watcher(process.historian)
        state = process.historian.state(subject, tip)
        return watcher.judge(subject, state, tip, [sighting], self.environment.clock.now())


Row = Callable[[Desk], Sighting]


def on(script: Script, within: timedelta = LATER) -> Row:
    def row(desk: Desk) -> Sighting:
        with serve(script) as server:
            return desk.look(server.url, within)

    return row


def saying(**changes: object) -> Row:
    """Answer with the newest commit, since a minute after it was made, both workloads ready; or with other words."""

    def row(desk: Desk) -> Sighting:
        made = desk.environment.ours[-1].committed_at
        words = {"revision": desk.newest, "at": (made + SECOND).isoformat(), "ready": READY}
        told = {name: value(desk) if callable(value) else value for name, value in changes.items()}
        return on(reply(200, json.dumps({**words, **told})))(desk)

    return row


def nobody(desk: Desk) -> Sighting:
    with serve(reply()) as server:
        pass
    return desk.look(server.url)


def elsewhere(desk: Desk) -> str:
    """Return the gate's time as another zone's clock shows it."""
    return (desk.environment.ours[-1].committed_at + SECOND + timedelta(hours=9)).replace(
        tzinfo=None
    ).isoformat() + "+09:00"


ROWS: dict[str, Row] = {
    **{name: on(script) for name, script in FAULTS.items()},
    **{name: on(script, SOON) for name, script in SILENT.items()},
    **{str(status): on(reply(status)) for status in (204, 404, 503)},
    "302": on(redirect(302)),
    "the name does not resolve": lambda desk: desk.look("http://nowhere.invalid"),
    "nobody listens": nobody,
    "HTML": on(reply(200, "<html>")),
    "JSON that is cut off": on(reply(200, '{"revision":')),
    "no revision": on(reply(200, "{}")),
    "a shortened revision": saying(revision=lambda desk: desk.newest[:7]),
    "the name of a branch": saying(revision="main"),
    "revision: null": saying(revision=None),
    "a revision that the branch does not hold": saying(revision="1234567" + "0" * 33),
    "the time without an offset": saying(at="2026-11-23T10:00:00"),
    "the time as a number": saying(at=1795341877),
    "a time that no clock shows": saying(at="9999-12-31T23:59:59.5-12:00"),
    "`ready` as a list": saying(ready=["test/podinfo"]),
    "`ready` with texts": saying(ready={"test/podinfo": "yes"}),
    "`ready` without the canary": saying(ready={"test/podinfo-primary": True}),
    "`ready` without the primary": saying(ready={"test/podinfo": True}),
    "`ready` of nobody": saying(ready={}),
    "the commit before the weights": saying(revision=lambda desk: desk.before),
    "the newest commit": saying(),
    "the newest commit, without a time": saying(at=None),
    "the newest commit, the time before it was made": saying(at="2026-01-01T00:00:00Z"),
    "the newest commit, the time in another zone": saying(at=elsewhere),
    "the newest commit, the time a day ahead": saying(
        at=lambda desk: (desk.environment.clock.now() + timedelta(days=1)).isoformat()
    ),
    "the newest commit, with fields that nobody knows": saying(health="green", history=[1, 2]),
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with Environment(tmp_path_factory.mktemp("gate"), without_autoscaler()) as environment:
        environment.onboard()
        environment.set_image("6.0.1")
        environment.run_until(lambda: environment.record.weight == 10)
        environment.clock.pass_(timedelta(minutes=2))
        before, newest = environment.ours[-2].commit, environment.ours[-1].commit
        yield Desk(environment, newest, before)


def words(desk: Desk, live: Live) -> str:
    """Return what is live in the page's words."""
    if live.status is not LiveStatus.APPLIED:
        return "not known" if live.placed is None else "not live yet"
    made = desk.environment.ours[-1].committed_at
    times = {made: "the commit", made + SECOND: "the gate's time", desk.environment.clock.now(): "it was first seen"}
    assert live.since is not None
    return f"live since {times[max(live.since, made)]}"  # the rules' floor: nothing is live before it was made


def test_the_page_and_the_rows_are_the_same_list() -> None:
    assert sorted(TABLE) == sorted(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_a_row_says_what_is_live(name: str, desk: Desk) -> None:
    live = desk.judge(ROWS[name](desk))
    says = (live.reason or "").replace(desk.before[:7], "the commit before")
    assert (words(desk, live), timeless(says)) == (TABLE[name][0], timeless(TABLE[name][1]))
