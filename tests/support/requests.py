"""Where a rollout may be when a person asks for something, and what that leads to."""

from collections.abc import Callable

from gitcanary.rollout.state import Phase, Verb
from support.canaries import digest
from support.situations import running_world, world_in
from support.world import World

PATIENCE = 900  # seconds


def paused() -> World:
    world = running_world(20)
    world.request(Verb.PAUSE)
    world.step()
    return world


def held() -> World:
    world = running_world(20)
    world.write_weight(70)
    world.step()
    return world


def restoring() -> World:
    """Return a failed promotion whose previous primary does not get ready."""
    world = world_in(Phase.PROMOTING)
    world.crashing[digest("r1")] = world.now
    world.request(Verb.ABORT)
    world.step()
    return world


def pending() -> World:
    """Return a rollout whose newest commit is not live, and does not become so."""
    world = running_world(20)
    world.walk_until(lambda: world.placed.weight == 30)
    world.is_syncing = False
    return world


SITUATIONS: dict[str, Callable[[], World]] = {
    **{phase.value: lambda phase=phase: world_in(phase) for phase in Phase},
    "paused": paused,
    "held": held,
    "a failed promotion that is undone": restoring,
    "the newest commit is not live": pending,
}


def outcome(world: World, verb: Verb) -> str:
    """Return what a request leads to: the action of its commit, after `waits, ` where that does not come at once."""
    world.request(verb)
    before = len(world.log)
    world.step()
    if world.record.request is None:
        return world.log[before].action.value
    end = len(world.log)
    world.walk(PATIENCE)
    assert [entry for entry in world.log[before:end] if entry.commit.asked] == []
    done = next((entry for entry in world.log[before:] if entry.commit.record.request is None), None)
    return f"waits, {done.action.value}" if done else "waits"
