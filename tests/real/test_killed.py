"""Scenario 16: killed at any instant, a rollout makes the commits that it would have made anyway.

A real process on a real remote over HTTP is killed once for each of our commits at every part named; what runs here
is a part of the grid, `make kills` runs all of it.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.fleet import ROLLOUTS, Fleet, open_fleet
from support.lives import PARTS
from support.marks import Marks
from support.wire import PLACES, Kill, kill_receiver, kills_children, kills_process

pytestmark = pytest.mark.real

IS_GRID = "GITCANARY_KILLS" in os.environ
COMMITS = len(ROLLOUTS)
PLAYED = (PARTS, *((part,) for part in PARTS)) if IS_GRID else (("fetched", "pushed"),)
WIRED = tuple((place, kill) for place in PLACES for kill in (kills_process, kills_children)) if IS_GRID else ()
MIXED = (("push-in-pack", kills_children), ("push-accepted", kills_process))
HOOKS = ("pre-receive", "update", "post-receive") if IS_GRID else ("post-receive",)

Lead = Callable[..., None]
Places = tuple[tuple[str, Callable[[Marks], Kill]], ...]


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    with open_fleet(tmp_path) as fleet:
        yield fleet


@pytest.fixture
def marks(tmp_path: Path, fleet: Fleet) -> Marks:
    (tmp_path / "marks").mkdir()
    return Marks(tmp_path / "marks", fleet.remote.folder)


@pytest.fixture
def lead(tmp_path: Path, fleet: Fleet, marks: Marks) -> Lead:
    """Return a function that leads both rollouts to their end, by as many lives as that takes."""

    def lead(*parts: str) -> None:
        command = [sys.executable, "-m", "support.lives", str(marks.folder), str(fleet.remote.folder), ",".join(parts)]
        environment = {
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "GITCANARY_CACHE": str(tmp_path / "c"),
        }
        with (tmp_path / "log").open("w") as log:
            process = subprocess.Popen([*command, *fleet.flags], env=environment, stdout=log, stderr=log)

        def is_alive() -> None:
            assert process.poll() is None, (tmp_path / "log").read_text()[-4000:]

        try:
            fleet.roll_out(is_alive)
            process.terminate()
            assert process.wait(30) == 0, (tmp_path / "log").read_text()[-4000:]
        finally:
            process.kill()
            process.wait()
        assert "Traceback" not in (tmp_path / "log").read_text()

    return lead


def test_16_undisturbed(fleet: Fleet, lead: Lead, marks: Marks) -> None:
    lead()
    assert fleet.steps() == ROLLOUTS
    assert not marks.taken


@pytest.mark.parametrize("parts", PLAYED, ids=lambda parts: "+".join(parts) if len(parts) < len(PARTS) else "all")
def test_16_killed_between_the_parts_of_a_round(fleet: Fleet, lead: Lead, marks: Marks, parts: tuple[str, ...]) -> None:
    lead(*parts)
    assert fleet.steps() == ROLLOUTS
    # Every part is met at every commit, but what only comes after a push (or before an onboarding's first question).
    assert len(marks.taken) >= len(parts) * (COMMITS - 1) - COMMITS


@pytest.mark.parametrize(
    "places",
    [MIXED, *((each,) for each in WIRED)],
    ids=lambda places: "+".join(f"{place}-{kill.__name__}" for place, kill in places),
)
def test_16_killed_inside_a_fetch_or_a_push(fleet: Fleet, lead: Lead, marks: Marks, places: Places) -> None:
    for place, kill in places:
        PLACES[place](fleet.git, place, kill(marks))
    lead()
    assert fleet.steps() == ROLLOUTS
    assert len(marks.taken) >= len(places) * (COMMITS - 1)


@pytest.mark.parametrize("hook", HOOKS)
def test_16_the_remotes_git_killed_in_a_push(fleet: Fleet, lead: Lead, marks: Marks, hook: str) -> None:
    kill_receiver(fleet.remote, marks, hook)
    lead()
    assert fleet.steps() == ROLLOUTS
    assert len(marks.taken) >= COMMITS - 1
