"""When checks happen, what they ask, and when they may approve."""

import pytest

from gitcanary.rollout.case import Case, live_since
from gitcanary.rollout.evidence import Evidence, LiveStatus
from gitcanary.rollout.pace import due_beat, next_beat, steady_beat
from gitcanary.rollout.spec import Spec
from gitcanary.rollout.state import Awaited, Observed, Placed, SeenLive, State
from support.canaries import at, digest, make_spec
from support.cases import make_live, make_record, make_state

LIVE_SINCE, SETTLED = 10, 25  # with the defaults: committed at 0, live at 10, settle 15 s, interval 30 s
PENDING = {"status": LiveStatus.PENDING, "since": at(-200), "placed": Placed(10, digest("r2"), digest("r1"), 2)}


def checked(at_second: float | None, **changes: object) -> State:
    """Return r2 at 20 %, of which the last check was counted at this second."""
    observed = Observed(at(0), checked_at=None if at_second is None else at(at_second))
    return make_state(make_record(evidence=observed, **changes))


def case_of(state: State, now: float, begun: float | None = None, spec: Spec | None = None, **live: object) -> Case:
    evidence = Evidence(at(now), make_live(state, **live), begun=None if begun is None else at(begun))
    return Case(spec or make_spec(), state, state.record, evidence)


@pytest.mark.parametrize(
    ("now", "number"),
    [(10, None), (24.9, None), (25, 0), (54.9, 0), (55, 1), (84.9, 1), (85, 2), (1000, 32)],
)
def test_checks_happen_every_interval_after_the_live_weight_has_settled(now: float, number: int | None) -> None:
    case = case_of(make_state(), now)
    beat = due_beat(case, case.evidence.live)
    assert (beat and beat.number) == number
    assert beat is None or beat.at == at(SETTLED + 30 * number)


@pytest.mark.parametrize(("now", "due"), [(10, 25), (24.9, 25), (25, 55), (54, 55), (55, 85)])
def test_the_next_check_is_always_later_than_now(now: float, due: float) -> None:
    case = case_of(make_state(), now)
    assert next_beat(case, case.evidence.live) == at(due)


@pytest.mark.parametrize(("counted", "is_due"), [(None, True), (54, True), (55, False), (56, False), (3600, True)])
def test_a_check_counts_only_if_it_is_later_than_the_last_counted_one(counted: float | None, is_due: bool) -> None:
    """A `checkedAt` in the future (the last row) holds up nothing."""
    case = case_of(checked(counted), 60)
    assert (due_beat(case, case.evidence.live) is not None) is is_due


@pytest.mark.parametrize(
    ("counted", "now", "number"),
    [(40, 69, None), (40, 70, 1), (40, 100, 2), (None, 29, None), (None, 30, 1), (3600, 30, 1)],
)
def test_while_a_commit_is_pending_checks_go_on_after_the_last(
    counted: float | None, now: float, number: int | None
) -> None:
    case = case_of(checked(counted), now, **PENDING)
    beat = due_beat(case, case.evidence.live)
    assert (beat and beat.number) == number
    assert beat is None or not beat.grid.approves


@pytest.mark.parametrize("since", [3600, 7200])
def test_a_record_dated_ahead_holds_up_no_check(since: float) -> None:
    state = checked(since, since=at(since))
    case = case_of(state, 60, **PENDING)
    beat = due_beat(case, case.evidence.live)
    assert at(30) < beat.at <= at(60)
    later = case_of(state, beat.at.timestamp() - at(0).timestamp() + 29, **PENDING)
    assert due_beat(later, later.evidence.live) == beat


def test_nothing_is_due_where_nothing_is_known_to_be_live() -> None:
    case = case_of(make_state(), 1000, status=LiveStatus.PENDING, placed=None, commit=None, since=None)
    assert due_beat(case, case.evidence.live) is None
    assert next_beat(case, case.evidence.live) is None


@pytest.mark.parametrize("told", [None, 500])
def test_what_became_live_nobody_knows_when_can_only_fail(told: float | None) -> None:
    case = case_of(make_state(), 100, since=None if told is None else at(told))
    assert not due_beat(case, case.evidence.live).grid.approves


@pytest.mark.parametrize("told", [None, 500])
def test_weight_0_needs_no_time_to_be_told(told: float | None) -> None:
    state = make_state(make_record(weight=0, clean_since=None))
    case = case_of(state, 100, since=None if told is None else at(told))
    assert due_beat(case, case.evidence.live).grid.approves


@pytest.mark.parametrize(
    ("begun", "counted", "number"),
    [(55, None, 1), (55, 55, 3), (56, None, 3), (25, None, 0), (-5, None, 3), (None, None, 3)],
)
def test_a_check_that_has_begun_is_finished_before_a_later_one(
    begun: float | None, counted: float | None, number: int
) -> None:
    """Unless it was counted meanwhile, or belongs to another weight."""
    case = case_of(checked(counted), 120, begun=begun)
    assert due_beat(case, case.evidence.live).number == number


@pytest.mark.parametrize(("now", "due"), [(100, 90), (119, 90), (120, 120), (-10, -30)])
def test_gates_are_asked_on_a_grid_of_their_own_even_before_its_origin(now: float, due: float) -> None:
    case = case_of(make_state(), now)
    assert steady_beat(case, at(0)).at == at(due)


@pytest.mark.parametrize(
    ("told", "seen", "committed", "since"),
    [
        (50, None, 0, 50),
        (50, 40, 0, 50),  # what the record saw may have been gone in between
        (50, 60, 0, 50),
        (None, 40, 45, 45),  # never earlier than the commit
        (-300, None, 0, 0),
        (None, 40, 0, 40),
        (None, None, 0, 100),  # nobody knows: now
        (130, None, 0, 130),  # clocks differ
        (131, None, 0, 100),  # the future says nothing
        (50, None, 5000, 50),
    ],
)
def test_live_since_is_the_gates_word_else_the_records_but_never_before_the_commit(
    told: float | None, seen: float | None, committed: float, since: float
) -> None:
    before = SeenLive("c" * 40, at(seen), 20, "world", "applied") if seen is not None else None
    state = make_state(make_record(evidence=Observed(at(0), live=before)), awaited=Awaited("c" * 40, at(committed)))
    case = case_of(state, 100, since=None if told is None else at(told))
    assert live_since(case, case.evidence.live) == at(since)


def test_what_the_record_saw_of_another_commit_says_nothing() -> None:
    before = SeenLive("d" * 40, at(-40), 20, "world", "applied")
    case = case_of(make_state(make_record(evidence=Observed(at(0), live=before))), 100)
    assert live_since(case, case.evidence.live) == at(LIVE_SINCE)
