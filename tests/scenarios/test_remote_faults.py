"""The remote in trouble: nothing is decided on not knowing, it is said once, and then all goes on as ever."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gitcanary.errors import Rewound
from support import git_server as faults
from support.environment import Environment
from support.git_server import READ, READ_REFS, WRITE, WRITE_REFS, Fault, GitServer
from support.ordeal import MINUTE, ends_as_ever, many_steps, turn, turn_until_moved

from .conftest import Make

ARRIVED: dict[str, Fault] = {
    "half an answer": faults.half,
    "an empty answer": lambda backend, _: faults.replace(backend(), body=b""),
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with GitServer(tmp_path) as serving:
        yield serving


@pytest.fixture
def environment(make: Make, server: GitServer) -> Environment:
    return make(many_steps(), served_at=server.url)


def test_a_push_whose_answer_is_cut_has_landed(environment: Environment, server: GitServer) -> None:
    environment.onboard()
    environment.set_image("6.0.1")
    for fault in ARRIVED.values():
        server.break_always(WRITE, fault)
        turn_until_moved(environment)
        turn_until_moved(environment)
    ends_as_ever(environment)
    assert not environment.told.named("outage")


def test_what_is_not_wanted_is_tried_once_a_minute(environment: Environment, server: GitServer) -> None:
    environment.onboard()
    for code in (401, 403, 429):
        server.break_always(READ_REFS, faults.status(code))
        before = len(server.requests)
        turn(environment, 60, timedelta(seconds=5))
        assert len(server.requests) - before == 5, code
        server.heal()
        turn(environment, 2, MINUTE)


def test_a_late_answer_is_an_answer(environment: Environment, server: GitServer) -> None:
    environment.onboard()
    environment.set_image("6.0.1")
    for operation in (READ_REFS, READ, WRITE_REFS, WRITE):
        server.break_always(operation, faults.late(0.3))
        turn_until_moved(environment)
        server.heal()
    ends_as_ever(environment)
    assert not environment.told.named("outage")


def test_a_lost_answer_with_a_lost_look_after_it_is_told_once_it_is_known(
    environment: Environment, server: GitServer
) -> None:
    environment.onboard()
    environment.set_image("6.0.1")
    for _ in range(3):
        before, told = environment.remote.tip, len(environment.told.named("decision"))

        def lose(backend: faults.Backend, _: object, before: str = before) -> faults.Answer:
            return backend() if environment.remote.tip == before else faults.Answer(None)

        server.break_always(WRITE, faults.answer_lost)
        server.break_always(READ_REFS, lose)
        turn_until_moved(environment)
        assert len(environment.told.named("decision")) == told
        server.heal()
        turn(environment, 1, timedelta(seconds=1))
        assert environment.told.named("decision")[-1]["commit"] == environment.ours[-1].commit
        assert len(environment.told.named("decision")) == told + 1
    ends_as_ever(environment)
    decisions = [told["commit"] for told in environment.told.named("decision")]
    assert decisions == [line.commit for line in environment.ours]


@pytest.mark.parametrize("hook", ["pre-receive", "update"])
def test_a_hook_that_declines_is_tried_every_ten_minutes_and_said_so(environment: Environment, hook: str) -> None:
    environment.onboard()
    environment.set_image("6.0.1")
    turn_until_moved(environment)
    tip = environment.remote.tip
    environment.remote.hook(hook, "echo 'ask a person' >&2; exit 1")
    turn(environment, 4 * 60, timedelta(seconds=15))
    assert environment.remote.tip == tip
    declined = [told for told in environment.told.named("push") if told["outcome"] == "declined"]
    assert 5 <= len(declined) <= 6
    assert "ask a person" in str(declined[0]["said"])
    (environment.remote.folder / "hooks" / hook).unlink()
    turn_until_moved(environment)
    ends_as_ever(environment)


def test_a_branch_that_was_rewound_stays_so(environment: Environment) -> None:
    environment.onboard()
    environment.set_image("6.0.1")
    turn_until_moved(environment)
    turn_until_moved(environment)
    removed = environment.remote.tip
    environment.remote.rewind(f"{removed}~2")
    turn(environment, 20)
    assert environment.remote.tip == environment.remote.git("rev-parse", f"{removed}~2").strip()
    assert [told["trouble"] for told in environment.told.named("outage")] == [str(rewound(environment))]


def rewound(environment: Environment) -> Rewound:
    with pytest.raises(Rewound) as raised:
        environment.controller.mirror.fetch()
    return raised.value
