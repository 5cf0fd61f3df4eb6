"""The whole record after each kind of commit: what changes is listed, and nothing else changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from gitcanary.rollout.consider import part
from gitcanary.rollout.decision import Commit, For, Wait
from gitcanary.rollout.evidence import Evidence, LiveStatus
from gitcanary.rollout.spec import HookType
from gitcanary.rollout.state import (
    Action,
    Hold,
    Observed,
    Pause,
    Phase,
    Placed,
    Promoted,
    Quarantined,
    Record,
    Request,
    Revision,
    SeenLive,
    SeenReady,
    Step,
    Waiting,
)
from support.canaries import SETTLE, at, digest, make_spec
from support.cases import MIAS, decide, make_live, make_record, make_state
from support.world import GATES

A, P = Action, Phase
NOW = at(600)
INCREASE = Waiting("confirm-traffic-increase", at(-50))
FIRST = Waiting("confirm-rollout", at(-50))
R0 = Quarantined(digest("r0"), "it failed", at(-900))
R1 = Promoted(digest("r1"), "1" * 40, at(-1000))
R2 = Promoted(digest("r2"), "2" * 40, NOW)
HELD = Hold("weights edited in aaaaaaa, 20 -> 70", "a" * 40, "Mia", at(-40))
PAUSED = Pause("Mia", "lunch", at(-30))
R3 = Revision(digest("r3"), "3" * 40)
BACK = Revision(digest("r1"), "4" * 40)
FAILED_DURATION = "request-duration 612 ms > 500"
REWOUND = {"weight": 0, "step": None, "clean_since": None, "failed_checks": 0, "waiting": None}


@dataclass(frozen=True, slots=True)
class Row:
    """A record, what else is otherwise than in `support.cases`, and the commit: its values and the changed fields.

    `seen` are the metrics and webhooks whose answers stand in the record, as what it was decided on.
    """

    name: str
    record: Mapping[str, object]
    expected: Commit
    state: Mapping[str, object] = field(default_factory=dict)
    live: Mapping[str, object] = field(default_factory=dict)
    says: Mapping[str, float | None] = field(default_factory=dict)
    answers: Mapping[str, int | None] = field(default_factory=dict)
    seen: tuple[str, ...] = ()


def full_record(**changes: object) -> Record:
    """Return a record in which no field is empty that a rollout in its steps may have, made from an older spec."""
    full = {
        "step": Step(2, 5),
        "failed_checks": 1,
        "waiting": INCREASE,
        "quarantine": (R0,),
        "answer": "said before",
        "spec": "spec-0",
    }
    return make_record(**(full | changes))


def commit(action: Action, reason: str = "", /, **changes: object) -> Commit:
    """Return a commit whose record has only the changed fields in it; `placed_…` are the values that move."""
    placed = {key.removeprefix("placed_"): changes.pop(key) for key in list(changes) if key.startswith("placed_")}
    return Commit(action, changes, reason, **placed)


PROMOTED = {"phase": P.PROMOTING, "since": NOW, "waiting": None}
FINISHED = {"weight": 0, "since": NOW, "step": None, "clean_since": None, "waiting": None}
METRICS = ("request-success-rate", "request-duration")
GATE = {gate.value: 403 for gate in GATES}

FORWARD = (
    Row(
        "advance",
        {},
        commit(A.ADVANCE, weight=30, since=NOW, step=Step(3, 5), waiting=None, placed_weight=30),
        seen=METRICS,
    ),
    Row(
        "the first advance",
        {"weight": 0, "step": None, "clean_since": None},
        commit(
            A.ADVANCE,
            weight=10,
            since=NOW,
            step=Step(1, 5),
            clean_since=NOW,
            waiting=None,
            placed_weight=10,
        ),
    ),
    Row(
        "halt",
        {},
        commit(A.HALT, f"{FAILED_DURATION} (2 of 3)", failed_checks=2),
        says={"request-duration": 612.0},
        seen=METRICS,
    ),
    Row(
        "wait before an increase",
        {"waiting": None},
        commit(
            A.WAIT,
            "for confirm-traffic-increase (confirm-traffic-increase)",
            waiting=Waiting("confirm-traffic-increase", NOW),
        ),
        answers=GATE,
        seen=(*METRICS, "confirm-traffic-increase"),
    ),
    Row(
        "wait before the promotion",
        {"weight": 50},
        commit(
            A.WAIT,
            "for confirm-promotion (confirm-promotion)",
            phase=P.WAITING_PROMOTION,
            since=NOW,
            waiting=Waiting("confirm-promotion", NOW),
        ),
        answers={"confirm-promotion": 403},
        seen=(*METRICS, "confirm-promotion"),
    ),
    Row(
        "wait before the start",
        {"phase": P.SUCCEEDED, "weight": 0, "revision": R1.revision, "source": R1.source},
        commit(
            A.WAIT,
            "for confirm-rollout (confirm-rollout)",
            phase=P.WAITING,
            since=NOW,
            waiting=Waiting("confirm-rollout", NOW),
            revision=R3.digest,
            source=R3.source,
        ),
        {"revision": R3},
        answers=GATE,
        seen=("confirm-rollout",),
    ),
    Row(
        "wait with another revision before the start",
        {"phase": P.WAITING, "weight": 0, "waiting": FIRST},
        commit(
            A.WAIT,
            "for confirm-rollout (confirm-rollout)",
            waiting=Waiting("confirm-rollout", NOW),
            revision=R3.digest,
            source=R3.source,
        ),
        {"revision": R3},
        answers=GATE,
        seen=("confirm-rollout",),
    ),
    Row(
        "start",
        {"phase": P.SUCCEEDED, "weight": 0, "replicas": 7},
        commit(
            A.START,
            **(REWOUND | {"phase": P.PROGRESSING, "since": NOW, "replicas": None}),
            revision=R3.digest,
            source=R3.source,
            placed_replicas=7,
        ),
        {"revision": R3, "placed": Placed(0, R3.digest, R1.revision, 0)},
    ),
    Row(
        "start where a person gave weight",
        {"phase": P.SUCCEEDED, "weight": 0},
        commit(
            A.START,
            **(REWOUND | {"phase": P.PROGRESSING, "since": NOW}),
            revision=R3.digest,
            source=R3.source,
            placed_weight=0,
        ),
        {"revision": R3, "placed": Placed(30, R3.digest, R1.revision, 2)},
    ),
    Row(
        "promote",
        {"weight": 50},
        commit(A.PROMOTE, "", **PROMOTED, placed_primary=R2),
        seen=METRICS,
    ),
    Row(
        "promote on request",
        {"request": Request("promote", "because")},
        commit(A.PROMOTE, "remaining steps skipped on request", **PROMOTED, request=None, placed_primary=R2),
        seen=METRICS,
    ),
    Row(
        "promote without analysis on request",
        {"request": Request("skip-analysis", "because")},
        commit(A.PROMOTE, "analysis skipped on request", **PROMOTED, request=None, placed_primary=R2),
        seen=METRICS,
    ),
    Row(
        "promote one that was promoted before",
        {"phase": P.FAILED, "weight": 0, "promoted": (R1, replace(R1, revision=R3.digest)), "restoring": "gone"},
        commit(
            A.PROMOTE,
            "promoted before, so without analysis",
            **PROMOTED,
            revision=R3.digest,
            source=R3.source,
            restoring=None,
            placed_primary=Promoted(R3.digest, R3.source, NOW),
        ),
        {"revision": R3},
    ),
    Row(
        "finish",
        {"phase": P.PROMOTING, "weight": 50},
        commit(A.FINISH, "", **FINISHED, phase=P.FINALISING, promoted=(R2, R1), placed_weight=0),
        seen=METRICS,
    ),
    Row(
        "finish where nothing can be scaled",
        {"phase": P.PROMOTING, "weight": 50},
        commit(A.FINISH, "", **FINISHED, phase=P.SUCCEEDED, promoted=(R2, R1), placed_weight=0),
        {"is_scalable": False},
        seen=METRICS,
    ),
    Row(
        "finish because it was set back",
        {"hold": HELD},
        commit(
            A.FINISH,
            "the target was set back to what the primary runs",
            **FINISHED,
            phase=P.FINALISING,
            revision=R1.revision,
            source=R1.source,
            hold=None,
            placed_weight=0,
        ),
        {"revision": BACK, "placed": Placed(70, R1.revision, R1.revision, 2)},
    ),
    Row(
        "finish again",
        {"phase": P.FINALISING, "weight": 30, "revision": R1.revision, "source": R1.source},
        commit(A.FINISH, "the canary had weight again", **FINISHED, placed_weight=0),
        {"placed": Placed(30, R1.revision, R1.revision, 2)},
    ),
    Row(
        "scale down",
        {"phase": P.FINALISING, "weight": 0, "revision": R1.revision, "source": R1.source},
        commit(A.SCALE_DOWN, "", phase=P.SUCCEEDED, since=NOW, replicas=2, placed_replicas=0),
    ),
    Row(
        "scale down after a failure",
        {"phase": P.FAILED, "weight": 0, "quarantine": (replace(R0, revision=digest("r2")),)},
        commit(A.SCALE_DOWN, "", replicas=2, placed_replicas=0),
    ),
    Row(
        "scale down in onboarding",
        {"phase": P.INITIALIZING, "weight": 0, "revision": R1.revision, "source": R1.source},
        commit(A.SCALE_DOWN, "", phase=P.INITIALIZED, since=NOW, replicas=2, placed_replicas=0),
    ),
    Row(
        "route",
        {"phase": P.INITIALIZING, "weight": 0, "revision": R1.revision, "source": R1.source},
        commit(A.ROUTE, "", since=NOW, placed_weight=0),
        {"placed": Placed(None, R1.revision, R1.revision, 2)},
    ),
    Row(
        "route where nothing can be scaled",
        {"phase": P.INITIALIZING, "weight": 0, "revision": R1.revision, "source": R1.source},
        commit(A.ROUTE, "", phase=P.INITIALIZED, since=NOW, placed_weight=0),
        {"placed": Placed(None, R1.revision, R1.revision, None), "is_scalable": False},
    ),
    Row(
        "render again",
        {"phase": P.SUCCEEDED, "weight": 0, "revision": R1.revision, "source": R1.source},
        commit(A.ROUTE, "the spec changed"),
    ),
)

REQUESTS = (
    Row(
        "promote, and leave a request to try again",
        {"weight": 50, "request": Request("retry")},
        commit(A.PROMOTE, "", **PROMOTED, placed_primary=R2),
        seen=METRICS,
    ),
    Row(
        "promote in mid-run what was promoted before",
        {"promoted": (R1, replace(R1, revision=digest("r2")))},
        commit(A.PROMOTE, "promoted before, so without analysis", **PROMOTED, placed_primary=R2),
        seen=METRICS,
    ),
    Row(
        "scale down where a person already did",
        {"phase": P.FINALISING, "weight": 0, "revision": R1.revision, "source": R1.source, "replicas": 4},
        commit(A.SCALE_DOWN, "", phase=P.SUCCEEDED, since=NOW),
        {"placed": Placed(0, R1.revision, R1.revision, 0)},
    ),
)

FAILING = {"failed_checks": 2}
FAILURE = f"{FAILED_DURATION} (3 of 3)"
BLAMED = (R0, Quarantined(digest("r2"), FAILURE, NOW))

BACKWARD = (
    Row(
        "roll back",
        FAILING,
        commit(A.ROLLBACK, FAILURE, **REWOUND, phase=P.FAILED, since=NOW, quarantine=BLAMED, placed_weight=0),
        says={"request-duration": 612.0},
        seen=METRICS,
    ),
    Row(
        "roll back a held one that a person wanted promoted",
        FAILING | {"hold": HELD, "request": Request("promote")},
        commit(
            A.ROLLBACK,
            FAILURE,
            **REWOUND,
            phase=P.FAILED,
            since=NOW,
            quarantine=BLAMED,
            hold=None,
            request=None,
            placed_weight=0,
        ),
        {"placed": Placed(70, digest("r2"), R1.revision, 2)},
        says={"request-duration": 612.0},
        seen=METRICS,
    ),
    Row(
        "roll back on request",
        {"request": Request("abort", "because")},
        commit(
            A.ROLLBACK,
            "aborted by Mia",
            **REWOUND,
            phase=P.FAILED,
            since=NOW,
            quarantine=(R0, Quarantined(digest("r2"), "aborted by Mia", NOW)),
            request=None,
            placed_weight=0,
        ),
    ),
    Row(
        "roll back as a webhook asks",
        {},
        commit(
            A.ROLLBACK,
            "asked for by rollback",
            **REWOUND,
            phase=P.FAILED,
            since=NOW,
            quarantine=(R0, Quarantined(digest("r2"), "asked for by rollback", NOW)),
            placed_weight=0,
        ),
        answers={"rollback": 200},
        seen=("rollback",),
    ),
    Row(
        "roll back what somebody put in the quarantine",
        {"quarantine": (replace(R0, revision=digest("r2")),)},
        commit(
            A.ROLLBACK,
            f"{digest('r2').removeprefix('sha256:')[:12]} is in the quarantine",
            **REWOUND,
            phase=P.FAILED,
            since=NOW,
            placed_weight=0,
        ),
        seen=METRICS,
    ),
    Row(
        "roll back because the target holds what failed before",
        {"quarantine": (replace(R0, revision=R3.digest),)},
        commit(
            A.ROLLBACK,
            f"the target now holds {R3.digest.removeprefix('sha256:')[:12]}, which is in the quarantine",
            **REWOUND,
            phase=P.FAILED,
            since=NOW,
            revision=R3.digest,
            source=R3.source,
            placed_weight=0,
        ),
        {"revision": R3},
    ),
    Row(
        "put the previous values back",
        FAILING | {"phase": P.PROMOTING, "weight": 50, "request": Request("retry")},
        commit(
            A.ROLLBACK,
            FAILURE,
            since=NOW,
            restoring=FAILURE,
            waiting=None,
            request=None,
            quarantine=BLAMED,
            placed_primary=R1,
        ),
        says={"request-duration": 612.0},
        seen=METRICS,
    ),
    Row(
        "put the previous values back without blame",
        {"phase": P.PROMOTING, "weight": 50},
        commit(
            A.ROLLBACK,
            "the target was set back to what the primary ran before",
            since=NOW,
            restoring="the target was set back to what the primary ran before",
            waiting=None,
            placed_primary=R1,
        ),
        {"revision": BACK},
    ),
    Row(
        "end a failed promotion",
        {"phase": P.PROMOTING, "weight": 50, "restoring": "it crashed", "quarantine": BLAMED},
        commit(
            A.ROLLBACK,
            "it crashed",
            **REWOUND,
            phase=P.FAILED,
            since=NOW,
            restoring=None,
            placed_weight=0,
        ),
        {"placed": Placed(50, digest("r2"), R1.revision, 2)},
    ),
    Row(
        "restart",
        {"hold": HELD, "request": Request("promote")},
        commit(
            A.RESTART,
            "",
            **REWOUND,
            since=NOW,
            revision=R3.digest,
            source=R3.source,
            hold=None,
            request=None,
            answer="another revision came before it could be promoted",
            placed_weight=0,
        ),
        {"revision": R3, "placed": Placed(70, R3.digest, R1.revision, 2)},
    ),
    Row(
        "restart, and leave what a person asked for",
        {"request": Request("resume"), "paused": PAUSED},
        commit(A.RESTART, "", **REWOUND, since=NOW, revision=R3.digest, source=R3.source, placed_weight=0),
        {"revision": R3},
        {"status": "pending", "reason": "slow"},
    ),
    Row(
        "clear the weight while promoting",
        {"phase": P.PROMOTING, "weight": 50, "hold": HELD},
        commit(
            A.RESTART,
            "a new revision while this one is promoted",
            weight=0,
            since=NOW,
            step=None,
            clean_since=None,
            hold=None,
            placed_weight=0,
        ),
        {"revision": R3, "placed": Placed(70, R3.digest, digest("r2"), 2)},
    ),
)

FORGOTTEN = (
    Row(
        "roll back, and forget a request to try again",
        FAILING | {"request": Request("retry")},
        commit(
            A.ROLLBACK,
            FAILURE,
            **REWOUND,
            phase=P.FAILED,
            since=NOW,
            quarantine=BLAMED,
            request=None,
            placed_weight=0,
        ),
        says={"request-duration": 612.0},
        seen=METRICS,
    ),
    Row(
        "put the previous values back, and leave a resume that waits",
        FAILING | {"phase": P.PROMOTING, "weight": 50, "request": Request("resume"), "paused": PAUSED},
        commit(
            A.ROLLBACK,
            FAILURE,
            since=NOW,
            restoring=FAILURE,
            waiting=None,
            quarantine=BLAMED,
            placed_primary=R1,
        ),
        live={"status": LiveStatus.PENDING},
        says={"request-duration": 612.0},
        seen=METRICS,
    ),
    Row(
        "put the previous values back because a person reverted, and forget that somebody wanted more",
        {"phase": P.PROMOTING, "weight": 50, "request": Request("promote")},
        commit(
            A.ROLLBACK,
            "its promotion was reverted in aaaaaaa",
            since=NOW,
            restoring="its promotion was reverted in aaaaaaa",
            waiting=None,
            request=None,
            quarantine=(R0, Quarantined(digest("r2"), "its promotion was reverted in aaaaaaa", NOW)),
            placed_primary=R1,
        ),
        {"reverted": digest("r2"), "record_touch": MIAS},
    ),
)

PEOPLE = (
    Row(
        "hold edited weights",
        {},
        commit(
            A.HOLD,
            "weights edited in aaaaaaa, 20 -> 70",
            hold=Hold("weights edited in aaaaaaa, 20 -> 70", "a" * 40, "Mia", NOW),
        ),
        {"placed": Placed(70, digest("r2"), R1.revision, 2), "weight_touch": MIAS},
    ),
    Row(
        "hold routing that was taken away",
        {},
        commit(
            A.HOLD,
            "weights edited, 20 -> not routed",
            hold=Hold("weights edited, 20 -> not routed", None, None, NOW),
        ),
        {"placed": Placed(None, digest("r2"), R1.revision, 2), "weight_touch": None},
    ),
    Row(
        "hold an edited record",
        {},
        commit(A.HOLD, "record edited in aaaaaaa", hold=Hold("record edited in aaaaaaa", "a" * 40, "Mia", NOW)),
        {"record_touch": MIAS, "is_record_edited": True},
    ),
    Row(
        "hold an edited primary",
        {},
        commit(A.HOLD, "primary edited in aaaaaaa", hold=Hold("primary edited in aaaaaaa", "a" * 40, "Mia", NOW)),
        {"primary_touch": MIAS},
    ),
    Row(
        "blame a reverted promotion",
        {},
        commit(
            A.ROLLBACK,
            "its promotion was reverted in aaaaaaa",
            **REWOUND,
            phase=P.FAILED,
            since=NOW,
            revision=R3.digest,
            quarantine=(R0, Quarantined(R3.digest, "its promotion was reverted in aaaaaaa", NOW)),
            placed_weight=0,
        ),
        {"reverted": R3.digest, "record_touch": MIAS},
    ),
    Row(
        "let go when the weights were put back",
        {"hold": HELD, "paused": PAUSED},
        commit(A.RESUME, "the weights were put back", hold=None),
    ),
    Row(
        "pause",
        {"request": Request("pause", "lunch")},
        commit(A.PAUSE, "", paused=Pause("Mia", "lunch", NOW), request=None, answer=None),
        {"request_touch": MIAS},
    ),
    Row(
        "pause by nobody knows whom",
        {"request": Request("pause")},
        commit(A.PAUSE, "", paused=Pause("somebody", None, NOW), request=None, answer=None),
        {"request_touch": None},
    ),
    Row(
        "resume where things are",
        {"request": Request("resume"), "paused": PAUSED},
        commit(A.RESUME, "on request", paused=None, request=None, answer=None),
    ),
    Row(
        "resume at another weight",
        {"request": Request("resume"), "hold": HELD, "paused": PAUSED},
        commit(A.RESUME, "on request", weight=70, since=NOW, hold=None, paused=None, request=None, answer=None),
        {"placed": Placed(70, digest("r2"), R1.revision, 2), "weight_touch": MIAS},
    ),
    Row(
        "resume at rest",
        {"phase": P.SUCCEEDED, "weight": 0, "request": Request("resume"), "paused": PAUSED},
        commit(A.RESUME, "on request", paused=None, request=None, answer=None),
        {"placed": Placed(70, digest("r2"), R1.revision, 2), "weight_touch": MIAS},
    ),
    Row(
        "adopt another weight",
        {"request": Request("adopt"), "hold": HELD, "paused": PAUSED},
        commit(A.ADOPT, "", weight=70, since=NOW, hold=None, request=None, answer=None),
        {"placed": replace(make_state().placed, weight=70)},
    ),
    Row(
        "try again",
        {"phase": P.FAILED, "weight": 0, "quarantine": BLAMED, "request": Request("retry")},
        commit(A.RESUME, "taken out of the quarantine", quarantine=(R0,), request=None, answer=None),
    ),
    Row(
        "answer",
        {"phase": P.FAILED, "weight": 0, "request": Request("retry")},
        commit(
            A.ANSWER,
            "the present revision is not in the quarantine",
            request=None,
            answer="the present revision is not in the quarantine",
        ),
    ),
    Row(
        "answer what nobody understands",
        {"request": Request("dance")},
        commit(
            A.ANSWER,
            "no such request; there are pause, resume, promote, abort, retry, skip-analysis, adopt",
            request=None,
            answer="no such request; there are pause, resume, promote, abort, retry, skip-analysis, adopt",
        ),
    ),
    Row(
        "answer a second pause",
        {"request": Request("pause"), "paused": PAUSED},
        commit(A.ANSWER, "already paused", request=None, answer="already paused"),
    ),
    Row(
        "answer a resume of nothing",
        {"request": Request("resume")},
        commit(A.ANSWER, "neither paused nor held", request=None, answer="neither paused nor held"),
    ),
)


@pytest.mark.parametrize("row", [*FORWARD, *REQUESTS, *BACKWARD, *FORGOTTEN, *PEOPLE], ids=lambda row: row.name)
def test_a_commit_changes_these_fields_of_the_record_and_no_others(row: Row) -> None:
    state = make_state(full_record(**row.record), **row.state)
    live = make_live(state, **row.live)
    spec = make_spec(*(HookType(name) for name in row.answers))
    decision, _ = decide(spec, state, Evidence(NOW, live), says=row.says, answers=row.answers)
    assert isinstance(decision, Commit), decision
    written = {"spec": "spec-1", "evidence": decision.record.evidence}
    after = replace(state.record, **(written | dict(row.expected.record)))
    assert replace(decision, asked=None) == replace(row.expected, record=after)
    evidence = decision.record.evidence
    assert tuple(one.name for one in (*evidence.metrics, *evidence.webhooks)) == row.seen


@pytest.mark.parametrize(("weight", "taken"), [(20, 0), (0, 0), (None, None)])
def test_a_deleted_canary_loses_its_weight_and_nobody_is_blamed(weight: int | None, taken: int | None) -> None:
    record = full_record(hold=HELD, restoring="it crashed", iterations=3, request=Request("promote"))
    state = make_state(record, placed=Placed(weight, digest("r2"), R1.revision, 2))
    decision = part(make_spec(), state, Evidence(NOW))
    assert isinstance(decision, Commit)
    terminated = REWOUND | {
        "phase": P.TERMINATED,
        "since": NOW,
        "hold": None,
        "restoring": None,
        "iterations": 0,
        "request": None,
    }
    seen = decision.record.evidence
    assert decision.record == replace(record, spec="spec-1", evidence=seen, **terminated)
    assert (decision.action, decision.reason, decision.weight) == (A.ROLLBACK, "its Canary was deleted", taken)
    later = part(make_spec(), make_state(decision.record), Evidence(NOW))
    assert later == Wait(For.REVISION, "the Canary was deleted")


def test_a_deleted_canary_that_was_never_taken_up_is_left_alone() -> None:
    state = replace(make_state(), record=None)
    assert part(make_spec(), state, Evidence(NOW)) == Wait(For.REVISION, "the Canary was deleted")


def test_a_first_record_holds_the_present_values_as_promoted() -> None:
    placed = Placed(None, R3.digest, None, 2)
    state = replace(make_state(revision=R3, placed=placed), record=None, record_blob=None)
    promoted = Promoted(R3.digest, R3.source, NOW)
    seen = Observed(NOW, settle=SETTLE)
    decision, _ = decide(make_spec(), state, Evidence(NOW))
    assert decision == Commit(
        A.INITIALIZE,
        Record("test/podinfo", P.INITIALIZING, 0, NOW, R3.digest, R3.source, "spec-1", seen, promoted=(promoted,)),
        primary=promoted,
    )


def test_a_commit_notes_what_it_saw() -> None:
    state = make_state(full_record())
    live = make_live(state, not_ready_since=at(-3))
    decision, _ = decide(make_spec(*GATES), state, Evidence(NOW, live))
    assert isinstance(decision, Commit)
    seen = decision.record.evidence
    assert (seen.observed_at, seen.checked_at, seen.settle) == (NOW, at(595), SETTLE)
    assert seen.live == SeenLive("c" * 40, at(10), 20, "world", "applied")
    assert seen.ready == SeenReady(primary=True, canary=True, not_ready_since=at(-3))
    assert [(one.name, one.value, one.until, one.verdict) for one in seen.metrics] == [
        ("request-success-rate", 99.0, NOW, "pass"),
        ("request-duration", 500.0, NOW, "pass"),
    ]
    assert [(one.name, one.type, one.status, one.verdict) for one in seen.webhooks] == [
        ("confirm-traffic-increase", "confirm-traffic-increase", 200, "pass")
    ]


def test_a_commit_that_looks_at_nothing_keeps_what_was_seen_before() -> None:
    before = Observed(
        at(-60),
        checked_at=at(-61),
        settle=SETTLE,
        live=SeenLive("d" * 40, at(-90), 10, "world", "applied"),
        ready=SeenReady(primary=True, canary=None),
    )
    state = make_state(full_record(evidence=before), record_touch=MIAS, is_record_edited=True)
    decision, _ = decide(make_spec(), state, Evidence(NOW))
    assert isinstance(decision, Commit)
    assert decision.record.evidence == replace(before, observed_at=NOW)
