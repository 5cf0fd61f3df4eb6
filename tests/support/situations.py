"""Worlds that have come to where a test begins."""

from gitcanary.rollout.state import Phase
from support.canaries import digest, make_spec
from support.world import GATES, World


def idle_world(**fields: object) -> World:
    """Return a world in which r1 was onboarded and everything is at rest."""
    world = World(**fields)
    world.walk_to(Phase.INITIALIZED)
    world.walk(world.sync_delay.total_seconds() + 1)
    return world


def running_world(weight: int = 20, **fields: object) -> World:
    """Return a world in which r2 is rolled out and this weight was just seen live."""
    world = idle_world(**fields)
    world.push("r2")
    world.walk_to_weight(weight)
    return world


def world_in(phase: Phase, **fields: object) -> World:
    """Return a world that is rolling out r2 (r1 where nothing runs yet) and has come to this phase."""
    gates = {Phase.WAITING: "confirm-rollout", Phase.WAITING_PROMOTION: "confirm-promotion"}
    if phase in gates:
        fields = {"spec": make_spec(*GATES), "answers": {gates[phase]: 403}} | fields
    world = World(**fields)
    if phase not in {Phase.INITIALIZING, Phase.INITIALIZED}:
        world.walk_to(Phase.INITIALIZED)
        world.push("r2")
    if phase is Phase.FAILED:
        world.bad.add(digest("r2"))
    if phase is Phase.TERMINATED:
        world.walk_to_weight(20)
        world.is_deleted = True
    world.walk_to(phase)
    world.is_deleted = False
    return world
