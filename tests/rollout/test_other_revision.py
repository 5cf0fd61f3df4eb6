"""Another revision, or none: what happens when the target changes, whatever is going on."""

import pytest

from gitcanary.rollout.decision import Commit, Wait
from gitcanary.rollout.evidence import Evidence
from gitcanary.rollout.spec import OnRevert
from gitcanary.rollout.state import Action, Phase, Placed, Promoted, Quarantined, Revision
from support.canaries import at, digest, make_spec
from support.cases import decide, make_record, make_state
from support.situations import idle_world, running_world, world_in

A, P = Action, Phase
MID_RUN = (P.PROGRESSING, P.WAITING_PROMOTION)


def promoted(*names: str) -> tuple[Promoted, ...]:
    return tuple(Promoted(digest(name), "1" * 40, at(-1000)) for name in names)


def quarantined(name: str) -> tuple[Quarantined, ...]:
    return (Quarantined(digest(name), "it failed", at(-1000)),)


@pytest.mark.parametrize("phase", MID_RUN)
def test_a_new_revision_in_mid_run_takes_the_weight_first(phase: Phase) -> None:
    world = world_in(phase)
    world.push("r3")
    world.step()
    record = world.record
    assert world.log[-1].line == (A.RESTART, 0, P.PROGRESSING)
    assert world.log[-1].commit.weight == 0
    assert (record.revision, record.failed_checks, record.clean_since, record.waiting) == (digest("r3"), 0, None, None)


def test_a_new_revision_while_the_first_gate_is_closed_waits_at_the_gate() -> None:
    world = world_in(P.WAITING)
    world.push("r3")
    assert world.walk(60) == [(A.WAIT, 0, P.WAITING)]
    assert world.record.revision == digest("r3")


def test_a_new_revision_while_another_is_promoted_takes_the_weight_and_nothing_else() -> None:
    world = world_in(P.PROMOTING)
    before = world.record
    world.push("r3")
    world.step()
    assert world.log[-1].line == (A.RESTART, 0, P.PROMOTING)
    assert world.record.revision == before.revision == world.placed.primary
    world.settle_down()
    assert not isinstance(world.last, Commit)


@pytest.mark.parametrize("phase", [*MID_RUN, P.WAITING])
def test_set_back_in_mid_run_it_succeeds_without_blame(phase: Phase) -> None:
    world = world_in(phase)
    world.push("r1")
    lines = world.walk(600)
    assert lines[0] == (A.FINISH, 0, P.SUCCEEDED if phase is P.WAITING else P.FINALISING)
    assert world.record.phase is P.SUCCEEDED
    assert (world.record.quarantine, world.record.revision) == ((), digest("r1"))
    assert [entry.revision for entry in world.record.promoted] == [digest("r1")]


def test_set_back_while_promoting_it_is_undone_without_blame() -> None:
    world = world_in(P.PROMOTING)
    world.push("r1")
    assert world.walk_to(P.FAILED) == [(A.ROLLBACK, 50, P.PROMOTING), (A.ROLLBACK, 0, P.FAILED)]
    assert world.placed.primary == digest("r1")
    assert world.record.quarantine == ()
    assert world.walk(600) == [(A.SCALE_DOWN, 0, P.FAILED)]


def test_a_start_replaces_the_scale_down_that_is_outstanding() -> None:
    world = world_in(P.FINALISING)
    world.push("r3")
    lines = world.walk_to(P.PROGRESSING)
    assert lines == [(A.START, 0, P.PROGRESSING)]
    assert world.log[-1].evidence.live.placed.weight == 0
    assert world.placed.replicas == 2


def test_a_start_replaces_the_scale_down_after_a_rollback() -> None:
    world = world_in(P.FAILED)
    world.push("r3")
    assert world.walk_to(P.PROGRESSING) == [(A.START, 0, P.PROGRESSING)]


def test_failed_stays_failed_when_the_promoted_revision_comes_back() -> None:
    world = world_in(P.FAILED)
    world.walk(60)
    world.push("r1")
    assert world.walk(600) == []
    assert world.record.phase is P.FAILED


@pytest.mark.parametrize("phase", [P.SUCCEEDED, P.FAILED])
@pytest.mark.parametrize("name", ["r0", "r-1"])
def test_the_last_promoted_ones_need_no_analysis(phase: Phase, name: str) -> None:
    world = world_in(phase)
    world.walk(60)
    world.remember(promoted=(*world.record.promoted, *promoted("r0", "r-1")))
    world.push(name)
    assert world.walk(600) == [(A.PROMOTE, 0, P.PROMOTING), (A.FINISH, 0, P.SUCCEEDED)]
    assert world.placed.primary == digest(name)
    assert world.record.promoted[0].revision == digest(name)
    assert len(world.record.promoted) == len({entry.revision for entry in world.record.promoted}) <= 3


def test_no_more_than_three_promoted_ones_are_kept() -> None:
    world = idle_world()
    for name in ("r2", "r3", "r4"):
        world.push(name)
        world.walk(1200)
    assert [entry.revision for entry in world.record.promoted] == [digest(name) for name in ("r4", "r3", "r2")]


@pytest.mark.parametrize("phase", [P.PROGRESSING, P.WAITING_PROMOTION])
def test_one_of_the_last_promoted_in_mid_run_restarts_and_needs_no_steps(phase: Phase) -> None:
    world = world_in(phase)
    world.remember(promoted=(*world.record.promoted, *promoted("r0")))
    world.push("r0")
    lines = world.walk_to(P.SUCCEEDED)
    assert [action for action, _, _ in lines] == [A.RESTART, A.PROMOTE, A.FINISH, A.SCALE_DOWN]


def test_what_was_promoted_before_is_analysed_where_the_spec_wants_that() -> None:
    world = world_in(P.SUCCEEDED, spec=make_spec(on_revert=OnRevert.ANALYSE))
    world.push("r1")
    lines = world.walk(1200)
    assert [action for action, _, _ in lines].count(A.ADVANCE) == 5


@pytest.mark.parametrize("phase", [P.INITIALIZED, P.SUCCEEDED, P.FAILED])
def test_a_quarantined_revision_does_nothing_when_idle(phase: Phase) -> None:
    world = world_in(phase)
    world.walk(120)
    world.remember(quarantine=(*world.record.quarantine, *quarantined("r9")), promoted=promoted("r1", "r9"))
    world.push("r9")
    assert world.walk(1200) == []
    assert isinstance(world.last, Wait)
    assert "is in the quarantine" in world.last.why


@pytest.mark.parametrize("phase", [*MID_RUN, P.WAITING])
def test_a_quarantined_revision_in_mid_run_is_rolled_back_by_name(phase: Phase) -> None:
    world = world_in(phase)
    world.remember(quarantine=quarantined("r9"))
    world.push("r9")
    world.step()
    assert world.log[-1].line == (A.ROLLBACK, 0, P.FAILED)
    assert digest("r9")[7:19] in world.log[-1].commit.reason
    assert not world.record.is_quarantined(digest("r2"))
    world.walk(120)
    assert world.walk(1200) == []


def test_a_quarantined_revision_while_another_is_promoted_takes_the_weight_and_then_rests() -> None:
    world = world_in(P.PROMOTING)
    world.remember(quarantine=quarantined("r9"))
    world.push("r9")
    assert [action for action, _, _ in world.walk(1200)] == [A.RESTART, A.FINISH, A.SCALE_DOWN]
    assert world.placed.primary == digest("r2")


@pytest.mark.parametrize(
    ("phase", "then"),
    [
        (P.WAITING, [A.ROLLBACK]),
        (P.PROGRESSING, [A.ROLLBACK, A.SCALE_DOWN]),
        (P.WAITING_PROMOTION, [A.ROLLBACK, A.SCALE_DOWN]),
        (P.PROMOTING, [A.ROLLBACK, A.ROLLBACK, A.SCALE_DOWN]),
    ],
)
def test_a_person_who_quarantines_what_is_rolled_out_rolls_it_back(phase: Phase, then: list[Action]) -> None:
    world = world_in(phase)
    world.remember(quarantine=quarantined("r2"))
    assert [action for action, _, _ in world.walk(1200)] == then
    assert world.placed.primary == digest("r1")
    assert world.record.phase is P.FAILED


@pytest.mark.parametrize(
    ("written", "kept", "primary", "started"),
    [(3, 4, 5, None), (0, 4, 5, 4), (0, None, 5, 5), (0, None, None, 1), (0, 0, 0, 1)],
)
def test_a_start_takes_the_first_number_of_replicas_that_somebody_gave(
    written: int, kept: int | None, primary: int | None, started: int | None
) -> None:
    record = make_record(phase=P.SUCCEEDED, weight=0, revision=digest("r1"), replicas=kept)
    placed = Placed(0, digest("r2"), digest("r1"), written)
    state = make_state(record, revision=Revision(digest("r2"), "2" * 40), placed=placed, primary_replicas=primary)
    decision, _ = decide(make_spec(), state, Evidence(at(60)))
    assert (decision.action, decision.replicas, decision.record.replicas) == (A.START, started, None)


@pytest.mark.parametrize("weight", [10, 50])
def test_no_failed_check_is_carried_to_the_next_revision(weight: int) -> None:
    world = running_world(weight)
    world.bad.add(digest("r2"))
    world.walk_until(lambda: world.record.failed_checks == 2)
    world.push("r3")
    world.step()
    assert world.record.failed_checks == 0
    world.walk_to(P.SUCCEEDED)


@pytest.mark.parametrize("changes", [{"steps": (5, 50)}, {"threshold": 1}])
@pytest.mark.parametrize("phase", [P.INITIALIZED, P.SUCCEEDED, P.FAILED])
def test_a_changed_spec_is_rendered_once_when_idle(phase: Phase, changes: dict[str, object]) -> None:
    world = world_in(phase)
    world.walk(120)
    world.edit_spec(**changes)
    assert world.walk(600) == [(A.ROUTE, 0, phase)]
    assert world.record.spec == world.spec.blob


def test_a_changed_spec_makes_no_commit_of_its_own_in_mid_run() -> None:
    world = running_world(20)
    world.edit_spec(threshold=5)
    assert world.walk_until(lambda: world.placed.weight == 30) == [(A.ADVANCE, 30, P.PROGRESSING)]
    assert world.record.spec == world.spec.blob
