"""Onboarding, without downtime: each commit waits until the one before is live and ready."""

from datetime import timedelta

import pytest

from gitcanary.rollout.decision import Wait
from gitcanary.rollout.evidence import LiveStatus
from gitcanary.rollout.state import Action, Phase
from support.canaries import digest
from support.situations import idle_world
from support.world import World

A, P = Action, Phase
INITIALIZED = (A.INITIALIZE, 0, P.INITIALIZING)
ROUTED = (A.ROUTE, 0, P.INITIALIZING)
SCALED_DOWN = (A.SCALE_DOWN, 0, P.INITIALIZED)


def test_each_commit_waits_until_the_one_before_is_live_and_ready() -> None:
    world = World()
    world.walk(300)
    for entry in world.log[1:]:
        assert entry.evidence.live.status is LiveStatus.APPLIED
        assert entry.evidence.live.placed == entry.state.placed
        assert entry.evidence.live.primary_ready
    assert [entry.at - world.log[0].at for entry in world.log] == [timedelta(seconds=s) for s in (0, 20, 40)]


def test_the_primary_is_created_from_the_present_values() -> None:
    world = World()
    world.step()
    (entry,) = world.log
    assert entry.commit.primary.revision == world.record.promoted[0].revision == digest("r1")
    assert entry.commit.weight is None
    assert world.record.source == world.branch.commits[0].commit


def test_where_nothing_can_be_scaled_the_route_ends_it() -> None:
    assert World(is_scalable=False).walk(300) == [INITIALIZED, (A.ROUTE, 0, P.INITIALIZED)]


def test_a_target_at_0_replicas_needs_no_scale_down() -> None:
    world = World()
    world.write_replicas(0)
    assert world.walk(300) == [INITIALIZED, (A.ROUTE, 0, P.INITIALIZED)]


def test_the_target_keeps_its_number_in_the_record() -> None:
    world = World()
    world.walk(300)
    assert (world.record.replicas, world.placed.replicas) == (2, 0)


def test_nothing_is_routed_to_a_primary_that_is_not_ready() -> None:
    world = World(crashing={digest("r1"): World().now})
    assert world.walk(3600) == [INITIALIZED]
    assert world.last.what == "ready"
    world.crashing.clear()
    assert world.walk(300) == [ROUTED, SCALED_DOWN]


@pytest.mark.parametrize("commits", [1, 2])
def test_nothing_follows_what_is_not_live(commits: int) -> None:
    world = World()
    world.walk_until(lambda: len(world.log) == commits)
    world.is_syncing = False
    assert world.walk(3600) == []
    assert isinstance(world.last, Wait)
    assert world.last.is_overdue


def test_a_new_revision_before_the_route_is_initialized_again() -> None:
    world = World()
    world.step()
    world.push("r2")
    assert world.walk(300) == [INITIALIZED, ROUTED, SCALED_DOWN]
    assert world.placed.primary == world.record.promoted[0].revision == digest("r2")
    assert len(world.record.promoted) == 1


def test_a_new_revision_after_the_route_starts_instead_of_the_scale_down() -> None:
    world = World()
    world.walk_until(lambda: len(world.log) == 2)
    world.push("r2")
    assert world.walk_to(P.PROGRESSING) == [(A.START, 0, P.PROGRESSING)]
    assert world.log[-1].evidence.live.placed.weight == 0
    assert world.placed.replicas == 2
    assert world.walk_to(P.SUCCEEDED)[-1] == (A.SCALE_DOWN, 0, P.SUCCEEDED)


def test_the_first_revision_of_an_onboarded_canary_may_come_back() -> None:
    world = idle_world()
    world.push("r2")
    world.walk(60)
    world.push("r1")
    world.walk(600)
    assert world.placed.primary == digest("r1")


def test_a_suspended_canary_is_not_onboarded() -> None:
    world = World(is_suspended=True)
    assert world.walk(600) == []
    assert world.last.why == "suspended in the spec"


def test_an_idle_canary_asks_nothing_at_all() -> None:
    world = idle_world()
    world.asked.clear()
    looks = []
    world.on_decision = lambda *seen: looks.append(seen[2].live)
    assert world.walk(3600) == []
    world.decide()
    assert (world.asked, looks) == ([], [None])


@pytest.mark.parametrize("is_routed", [True, False])
def test_a_canary_deleted_during_onboarding_is_left_alone(is_routed: bool) -> None:
    world = World()
    world.walk_until(lambda: len(world.log) == (2 if is_routed else 1))
    world.is_deleted = True
    assert world.walk(600) == [(A.ROLLBACK, 0, P.TERMINATED)]
    assert world.log[-1].commit.weight == (0 if is_routed else None)


def test_a_canary_deleted_before_its_first_commit_is_nothing() -> None:
    assert World(is_deleted=True).walk(600) == []


@pytest.mark.parametrize("name", ["r1", "r2"])
def test_a_canary_that_comes_back_after_its_deletion_goes_on(name: str) -> None:
    world = idle_world()
    world.is_deleted = True
    world.walk(60)
    world.is_deleted = False
    world.push(name)
    world.walk(1200)
    assert world.placed.primary == digest(name)
    assert world.record.phase is (P.TERMINATED if name == "r1" else P.SUCCEEDED)
