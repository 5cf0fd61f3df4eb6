"""What a canary waits for, in the words that `status` shows, until when, and whether that is worth an alert."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from gitcanary.rollout.consider import consider
from gitcanary.rollout.decision import For, Wait
from gitcanary.rollout.evidence import Evidence, LiveStatus
from gitcanary.rollout.spec import HookType
from gitcanary.rollout.state import Awaited, Hold, Observed, Pause, Phase, Placed, Quarantined, Revision, Waiting
from support.canaries import SETTLE, at, digest, make_spec, metric
from support.cases import decide, make_live, make_record, make_state

P = Phase
NOW = at(600)
NEXT = at(625)  # live since 10, settled at 25, checked every 30 s
PENDING = {"status": LiveStatus.PENDING}
R1 = {"revision": digest("r1"), "source": "1" * 40}
R3 = Revision(digest("r3"), "3" * 40)
BAD = Quarantined(digest("r3"), "it failed", at(-900))
HELD = Hold("record edited in aaaaaaa", "a" * 40, "Mia", at(-40))
CHECKED = Observed(at(500), checked_at=at(595), settle=SETTLE)
CLOSED = dict.fromkeys(("confirm-rollout", "confirm-traffic-increase", "confirm-promotion"), 403)
BARE: Mapping[str, object] = {"metrics": ()}
AWAITED = Awaited("c" * 40, at(0))
SILENT = dict.fromkeys(CLOSED)
RESTS = {"phase": P.SUCCEEDED, "weight": 0} | R1

MISSING = "the record is missing although a primary exists; `adopt` puts it back"


@dataclass(frozen=True, slots=True)
class Row:
    """A record, what else is otherwise than in `support.cases`, and the wait that it leads to."""

    name: str
    expected: Wait
    record: Mapping[str, object] = field(default_factory=dict)
    state: Mapping[str, object] = field(default_factory=dict)
    live: Mapping[str, object] = field(default_factory=dict)
    spec: Mapping[str, object] = field(default_factory=dict)
    says: Mapping[str, float | str | None] = field(default_factory=dict)
    answers: Mapping[str, int | None] = field(default_factory=dict)


NOT_LIVE = "ccccccc is not live yet (world: pending)"

LIVE = (
    Row("a step", Wait(For.LIVE, NOT_LIVE, at(630), is_overdue=True), live=PENDING),
    Row(
        "a step that is not late yet",
        Wait(For.LIVE, NOT_LIVE, at(630)),
        live=PENDING,
        spec={"sync_timeout": timedelta(seconds=601)},
    ),
    Row(
        "a step whose sync tool says why",
        Wait(For.LIVE, "ccccccc is not live yet (world: window closed)", at(630), is_overdue=True),
        live={"status": LiveStatus.BLOCKED, "reason": "window closed"},
    ),
    Row(
        "a step that nobody knows of",
        Wait(For.LIVE, "the tip is not live yet (world: nobody knows)"),
        state={"awaited": None},
        live=PENDING | {"placed": None, "commit": None, "reason": "nobody knows"},
    ),
    Row(
        "a promotion",
        Wait(For.LIVE, NOT_LIVE, at(630), is_overdue=True),
        {"phase": P.PROMOTING, "weight": 50},
        live=PENDING,
    ),
    Row(
        "a start",
        Wait(For.LIVE, NOT_LIVE, is_overdue=True),
        RESTS,
        {"revision": R3},
        PENDING | {"placed": None, "commit": None},
    ),
    Row(
        "a start after the weight",
        Wait(For.LIVE, NOT_LIVE, at(630), is_overdue=True),
        RESTS,
        {"revision": R3},
        PENDING | {"placed": Placed(20, digest("r2"), digest("r1"), 2)},
    ),
    Row(
        "a start after a promotion",
        Wait(For.LIVE, NOT_LIVE, is_overdue=True),
        RESTS,
        {"revision": R3},
        PENDING | {"placed": Placed(0, digest("r2"), digest("r0"), 2)},
    ),
    Row("onboarding", Wait(For.LIVE, NOT_LIVE, is_overdue=True), RESTS | {"phase": P.INITIALIZING}, live=PENDING),
    Row("a scale-down", Wait(For.LIVE, NOT_LIVE, is_overdue=True), RESTS | {"phase": P.FINALISING}, live=PENDING),
    Row(
        "a scale-down that sees weight",
        Wait(For.LIVE, "ccccccc is not live yet (world: applied)", at(610), is_overdue=True),
        RESTS | {"phase": P.FINALISING},
        live={"placed": Placed(20, digest("r1"), digest("r1"), 2)},
    ),
)

READY = (
    Row("a canary", Wait(For.READY, "the canary is not ready", NEXT), live={"canary_ready": False}),
    Row("a primary in mid-run", Wait(For.READY, "the primary is not ready", NEXT), live={"primary_ready": False}),
    Row(
        "a primary for long",
        Wait(For.READY, "the primary is not ready", NEXT, is_overdue=True),
        live={"primary_ready": False},
        spec={"progress_deadline": timedelta(seconds=590)},
    ),
    Row(
        "a primary before a start",
        Wait(For.READY, "the primary is not ready", at(610)),
        RESTS,
        {"revision": R3},
        {"primary_ready": False},
    ),
    Row(
        "a primary in onboarding",
        Wait(For.READY, "the primary is not ready", at(610)),
        RESTS | {"phase": P.INITIALIZING},
        live={"primary_ready": False},
    ),
    Row(
        "a primary before a scale-down",
        Wait(For.READY, "the primary is not ready", at(610)),
        RESTS | {"phase": P.FINALISING},
        live={"primary_ready": False},
    ),
    Row(
        "a primary that is promoted",
        Wait(For.READY, "the primary is not ready", NEXT),
        {"phase": P.PROMOTING, "weight": 50},
        live={"primary_ready": False},
    ),
    Row(
        "a restored primary",
        Wait(For.READY, "the restored primary is not ready; `abort` sends it all traffic"),
        {"phase": P.PROMOTING, "weight": 50, "restoring": "it crashed", "since": at(1)},
        live={"primary_ready": False},
    ),
    Row(
        "a restored primary for long",
        Wait(For.READY, "the restored primary is not ready; `abort` sends it all traffic", is_overdue=True),
        {"phase": P.PROMOTING, "weight": 50, "restoring": "it crashed"},
        live={"primary_ready": False},
    ),
)

GATES = (
    Row(
        "before the start",
        Wait(For.GATE, "confirm-rollout (confirm-rollout) closed", at(610)),
        {"phase": P.WAITING, "weight": 0, "waiting": Waiting("confirm-rollout", at(-50))},
        answers=CLOSED,
    ),
    Row(
        "before the start, not reached",
        Wait(For.DATA, "confirm-rollout (confirm-rollout) could not be asked", at(630)),
        RESTS,
        {"revision": R3},
        answers=SILENT,
    ),
    Row(
        "before an increase",
        Wait(For.GATE, "confirm-traffic-increase (confirm-traffic-increase) closed", NEXT),
        {"waiting": Waiting("confirm-traffic-increase", at(-50))},
        answers=CLOSED,
    ),
    Row(
        "before an increase, not reached",
        Wait(For.DATA, "confirm-traffic-increase (confirm-traffic-increase) could not be asked", NEXT),
        answers=SILENT,
    ),
    Row(
        "before an increase, not reached for long",
        Wait(For.DATA, "confirm-traffic-increase (confirm-traffic-increase) could not be asked", NEXT, is_overdue=True),
        answers=SILENT,
        spec={"sync_timeout": timedelta(seconds=570)},
    ),
    Row(
        "before the promotion",
        Wait(For.GATE, "confirm-promotion (confirm-promotion) closed", NEXT),
        {"phase": P.WAITING_PROMOTION, "weight": 50},
        answers=CLOSED,
    ),
    Row(
        "before the promotion, not reached",
        Wait(For.DATA, "confirm-promotion (confirm-promotion) could not be asked", NEXT),
        {"weight": 50},
        answers=SILENT | {"confirm-traffic-increase": 200},
    ),
)

CHECKS = (
    Row("the next one", Wait(For.CHECK, "the next check", NEXT), {"evidence": CHECKED}),
    Row(
        "a window",
        Wait(For.CHECK, "request-success-rate: 35s of its 60s window left", at(605)),
        live={"since": at(560)},
    ),
    Row(
        "a window that is full",
        Wait(For.CHECK, "the next check", at(630)),
        {"evidence": replace(CHECKED, checked_at=NOW)},
        live={"since": at(525)},
    ),
    Row(
        "the first one without metrics", Wait(For.CHECK, "the next check", at(610)), live={"since": at(595)}, spec=BARE
    ),
    Row("the first one after a move of this instant", Wait(For.LIVE, NOT_LIVE, at(630)), {"since": NOW}, live=PENDING),
    Row(
        "no data",
        Wait(For.DATA, "request-duration is without a verdict (inconclusive)", NEXT),
        says={"request-duration": None},
    ),
    Row(
        "no data for long",
        Wait(For.DATA, "request-duration is without a verdict (inconclusive)", NEXT, is_overdue=True),
        says={"request-duration": None},
        spec={"sync_timeout": timedelta(seconds=590)},
    ),
    Row(
        "no data for longer than a window",
        Wait(For.DATA, "request-success-rate is without a verdict (inconclusive)", NEXT, is_overdue=True),
        says={"request-success-rate": None},
        spec={"sync_timeout": timedelta(seconds=60), "metrics": (metric(window=timedelta(seconds=540)),)},
    ),
    Row(
        "no data in a window that is not full yet",
        Wait(For.DATA, "request-success-rate is without a verdict (inconclusive)", NEXT),
        says={"request-success-rate": None},
        spec={"sync_timeout": timedelta(seconds=60), "metrics": (metric(window=timedelta(seconds=580)),)},
    ),
    Row(
        "no data since the last check",
        Wait(For.DATA, "request-duration is without a verdict (error: no such host)", NEXT),
        {"evidence": replace(CHECKED, checked_at=at(12))},
        says={"request-duration": "no such host"},
        spec={"sync_timeout": timedelta(seconds=589)},
    ),
    Row(
        "a webhook",
        Wait(For.DATA, "rollout is without a verdict (error)", NEXT),
        answers={"rollout": None},
    ),
)

PEOPLE = (
    Row(
        "a hold",
        Wait(
            For.PERSON,
            "held: record edited in aaaaaaa; `resume` goes on from here, `abort` rolls back",
            NEXT,
            is_overdue=True,
        ),
        {"hold": HELD},
    ),
    Row("a pause", Wait(For.PERSON, "paused by Mia", NEXT), {"paused": Pause("Mia", None, at(-30))}),
    Row("a suspension", Wait(For.PERSON, "suspended in the spec", NEXT), spec={"is_suspended": True}),
    Row(
        "a pause where nothing is known",
        Wait(For.PERSON, "paused by Mia", at(630)),
        {"paused": Pause("Mia", None, at(-30))},
        live=PENDING | {"placed": None, "commit": None},
    ),
    Row(
        "pods that a person still uses",
        Wait(
            For.PERSON,
            "the canary keeps its pods while the weight that a person wrote is there",
            is_overdue=True,
        ),
        {"phase": P.FAILED, "weight": 0, "revision": digest("r3"), "quarantine": (BAD,)},
        {"placed": Placed(30, digest("r3"), digest("r1"), 2)},
    ),
)

REST = (
    Row("a revision", Wait(For.REVISION, "a new revision"), RESTS),
    Row(
        "another revision than a bad one",
        Wait(For.REVISION, f"{digest('r3').removeprefix('sha256:')[:12]} is in the quarantine; `retry` tries it again"),
        RESTS | {"quarantine": (BAD,)},
        {"revision": R3},
    ),
)


@pytest.mark.parametrize("row", [*LIVE, *READY, *GATES, *CHECKS, *PEOPLE, *REST], ids=lambda row: row.name)
def test_a_wait_says_for_what_why_and_until_when(row: Row) -> None:
    state = make_state(make_record(**row.record), **row.state)
    spec = make_spec(*(HookType(name) for name in row.answers), **row.spec)
    live = make_live(replace(state, awaited=AWAITED), **row.live)
    decision, _ = decide(spec, state, Evidence(NOW, live), says=row.says, answers=row.answers)
    assert decision == row.expected


@pytest.mark.parametrize(
    ("primary", "is_suspended", "expected"),
    [
        ("r1", False, Wait(For.PERSON, MISSING, is_overdue=True)),
        ("r1", True, Wait(For.PERSON, MISSING, is_overdue=True)),
        (None, True, Wait(For.PERSON, "suspended in the spec")),
    ],
)
def test_a_canary_without_a_record_waits_for_a_person(primary: str | None, is_suspended: bool, expected: Wait) -> None:
    placed = Placed(None, digest("r1"), primary and digest(primary), 2)
    state = replace(make_state(placed=placed, awaited=AWAITED), record=None, record_blob=None)
    assert consider(make_spec(is_suspended=is_suspended), state, Evidence(NOW)) == expected
