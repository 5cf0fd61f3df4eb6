"""Scenario 21: many canaries due in one round.

300 of them, so that a busy machine is done in a minute: `make bench ROW=commits` does the same for 1,000 among 10,000.
"""

import json
import re
from collections.abc import Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from urllib.parse import parse_qs

import pytest

from benchmarks.fleet import Fleet, fleet
from benchmarks.loop import Address, Loop
from gitcanary.adapters.prometheus import Prometheus
from gitcanary.egress.allowed import Allowed
from gitcanary.ports import Outcome
from support.environment import MIA
from support.git_server import WRITE_REFS, GitServer
from support.http_server import Handler, Received, Script, Server, reply, serve

CANARIES, ABORTED, QUERIES = 300, 10, 2
QUERIED = re.compile(r'destination_workload=~"([^"]+)"')


def vector(opened: Event) -> Script:
    """Answer a grouped query with one good value for each workload that it names, once it is time to."""

    def answer(handler: Handler, received: Received, number: int) -> None:
        query = parse_qs(received.body.decode())["query"][0]
        value = "184" if "quantile" in query else "99.9"
        names = QUERIED.search(query)[1].split("|")
        labels = [{"destination_workload_namespace": "test", "destination_workload": name} for name in names]
        result = [{"metric": each, "value": [0, value]} for each in labels]
        text = json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}})
        opened.wait()
        reply(200, text, Content_Type="application/json")(handler, received, number)

    return answer


@contextmanager
def measured(loop: Loop) -> Iterator[tuple[Server, Event]]:
    """Have the loop's metrics asked of a server, as a real process does; it answers when the event is set."""
    opened = Event()
    with serve(vector(opened)) as server:
        prometheus = Prometheus(server.url, allowed=Allowed())
        loop.prometheus.ask = prometheus.ask
        try:
            yield server, opened
        finally:
            opened.set()
            prometheus.close()


def abort(canaries: Fleet, folders: tuple[str, ...]) -> None:
    """Ask, as Mia, for some of them to be rolled back."""
    records = {f"{folder}/{folder.rpartition('/')[2]}.rollout" for folder in folders}
    texts = {path: canaries.remote.read(path) for path in records}
    asked = {path: text.replace("request: null", "request: abort") for path, text in texts.items()}
    canaries.remote.commit(asked, "Abort these", by=MIA, at=canaries.since)


def ask_all(loop: Loop, server: Server, opened: Event) -> None:
    """Run rounds until every canary's metrics are asked, and wait for the answers: no round could use them yet."""
    for _ in range(20):
        loop.process.rounds.run()
        if len(server.received) >= QUERIES:
            break
        wait(loop.process.observer.waiting_for(), timeout=1)
    opened.set()
    wait(loop.process.observer.waiting_for())


@pytest.mark.real
def test_21_many_canaries_in_one_round_are_one_push_and_two_queries(tmp_path: Path) -> None:
    canaries = fleet(tmp_path / "remote.git", CANARIES, CANARIES)
    with GitServer(tmp_path) as git:
        loop = Loop(tmp_path, canaries, Address(f"{git.url}/remote.git", canaries.remote.branch))
        with measured(loop) as (server, opened):
            ask_all(loop, server, opened)
            assert not any(request.operation == WRITE_REFS for request in git.requests)
            abort(canaries, canaries.rolling[-ABORTED:])
            before = canaries.remote.tip
            assert loop.process.rounds.run().outcome is Outcome.LANDED
            assert len(server.received) == QUERIES
        loop.close()
        assert [request.operation for request in git.requests].count(WRITE_REFS) == 1
    subjects = canaries.remote.git("log", "--reverse", "--format=%s", f"{before}..main").splitlines()
    assert len(subjects) == CANARIES
    assert {subject.split(" test/")[0] for subject in subjects[:ABORTED]} == {"Roll back"}
    assert {subject[-6:] for subject in subjects[ABORTED:]} == {"to 20%"}
    assert canaries.remote.git("fsck", "--strict") == ""
