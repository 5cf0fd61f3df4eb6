"""Whole rollouts in a simulated world, asserted by their commits."""

from datetime import timedelta
from itertools import product

import pytest

from gitcanary.rollout.decision import Wait
from gitcanary.rollout.evidence import MetricQuestion, Verdict
from gitcanary.rollout.spec import HookType
from gitcanary.rollout.state import Action, Phase
from support.canaries import SETTLE, STEPS, WINDOW, digest, hook, make_spec
from support.situations import idle_world, running_world
from support.world import World

A, P = Action, Phase

ONBOARDED = [
    (A.INITIALIZE, 0, P.INITIALIZING),
    (A.ROUTE, 0, P.INITIALIZING),
    (A.SCALE_DOWN, 0, P.INITIALIZED),
]
ADVANCED = [(A.ADVANCE, weight, P.PROGRESSING) for weight in STEPS]
STARTED = (A.START, 0, P.PROGRESSING)
PROMOTED = (A.PROMOTE, 50, P.PROMOTING)
FINISHED = [(A.FINISH, 0, P.FINALISING), (A.SCALE_DOWN, 0, P.SUCCEEDED)]
WHOLE = [STARTED, *ADVANCED, PROMOTED, *FINISHED]
ROLLED_BACK = (A.ROLLBACK, 0, P.FAILED)


def halted(weight: int, phase: Phase = P.PROGRESSING) -> tuple[Action, int, Phase]:
    return A.HALT, weight, phase


def test_a_plain_canary_is_onboarded_in_three_commits() -> None:
    assert World().walk(300) == ONBOARDED


def test_a_rollout_without_autoscaler_makes_nine_commits() -> None:
    world = idle_world()
    world.push("r2")
    assert world.walk(1200) == WHOLE
    assert world.record.promoted[0].revision == world.placed.primary == digest("r2")


def test_a_rollout_with_autoscaler_makes_eight_commits_and_never_touches_replicas() -> None:
    world = idle_world(is_scalable=False)
    world.push("r2")
    assert world.walk(1200) == [STARTED, *ADVANCED, PROMOTED, (A.FINISH, 0, P.SUCCEEDED)]
    assert all(entry.commit.replicas is None for entry in world.log)


def test_each_advance_names_the_live_commit_that_it_was_judged_on() -> None:
    world = idle_world()
    world.push("r2")
    world.walk(1200)
    for entry in world.log:
        if entry.action is A.ADVANCE:
            assert entry.commit.record.evidence.live.commit == entry.state.awaited.commit
            assert entry.commit.record.evidence.live.status == "applied"


def test_the_canary_starts_with_its_own_replicas_and_ends_without() -> None:
    world = idle_world()
    world.push("r2")
    world.walk(1200)
    scaled = [(entry.action, entry.commit.replicas) for entry in world.log if entry.commit.replicas is not None]
    assert scaled == [(A.SCALE_DOWN, 0), (A.START, 2), (A.SCALE_DOWN, 0)]


def test_a_new_revision_in_mid_run_begins_at_weight_0_and_is_judged_on_its_own() -> None:
    world = running_world(20)
    world.push("r3")
    begun = len(world.log)
    assert world.walk(1200) == [(A.RESTART, 0, P.PROGRESSING), *ADVANCED, PROMOTED, *FINISHED]
    assert {entry.commit.record.revision for entry in world.log[begun:]} == {digest("r3")}
    assert all(entry.commit.record.failed_checks == 0 for entry in world.log[begun:])


def test_set_back_in_mid_run_the_weight_is_taken_and_nothing_runs_again() -> None:
    world = running_world(20)
    world.push("r1")
    assert world.walk(1200) == FINISHED
    assert world.record.quarantine == ()


def test_a_revision_that_was_promoted_before_needs_no_steps() -> None:
    world = idle_world()
    world.push("r2")
    world.walk(1200)
    world.push("r1")
    begun = len(world.log)
    assert world.walk(1200) == [(A.PROMOTE, 0, P.PROMOTING), (A.FINISH, 0, P.SUCCEEDED)]
    assert world.log[begun].commit.reason == "promoted before, so without analysis"
    assert world.placed.primary == digest("r1")


def test_a_rollback_changes_weights_first_and_takes_pods_once_that_was_seen_live() -> None:
    world = running_world(50)
    world.bad.add(digest("r2"))
    assert world.walk(600) == [halted(50), halted(50), ROLLED_BACK, (A.SCALE_DOWN, 0, P.FAILED)]
    rolled_back, scaled_down = world.log[-2:]
    assert rolled_back.commit.replicas is None
    assert scaled_down.evidence.live.placed.weight == 0
    assert world.record.quarantine[0].revision == digest("r2")
    assert world.walk(3600) == []


def test_a_failed_promotion_restores_the_primary_before_it_gets_the_traffic_back() -> None:
    world = running_world(50)
    world.crashing[digest("r2")] = world.now
    assert world.walk_to(P.FAILED) == [PROMOTED, (A.ROLLBACK, 50, P.PROMOTING), ROLLED_BACK]
    promoted, restored, ended = world.log[-3:]
    assert restored.at - promoted.at >= world.spec.progress_deadline
    assert restored.commit.primary.revision == digest("r1")
    assert ended.evidence.live.placed.primary == digest("r1")
    assert ended.evidence.live.primary_ready
    assert world.walk(3600) == [(A.SCALE_DOWN, 0, P.FAILED)]
    assert [entry.revision for entry in world.record.quarantine] == [digest("r2")]


def test_a_deleted_canary_is_rolled_back_once_and_then_left_alone() -> None:
    world = running_world(30)
    world.is_deleted = True
    assert world.walk(3600) == [(A.ROLLBACK, 0, P.TERMINATED)]
    assert world.record.quarantine == ()


def test_an_advance_is_asked_for_once_its_windows_are_full() -> None:
    world = running_world(20, spec=make_spec(interval=timedelta(seconds=5)))
    live = world.now
    world.walk_until(lambda: world.placed.weight == 30)
    full = live + SETTLE + WINDOW
    assert world.now == full
    seen = world.record.evidence.metrics
    assert all(metric.until - metric.window >= live + SETTLE for metric in seen)
    assert len(seen) == 2


def test_metrics_are_asked_at_no_more_than_one_instant_of_each_check() -> None:
    world = running_world(20)
    world.walk(300)
    questions = [question for _, question in world.asked if isinstance(question, MetricQuestion)]
    assert len(questions) == len(set(questions))


def test_a_canary_that_fails_while_its_promotion_awaits_approval_is_rolled_back() -> None:
    world = idle_world(spec=make_spec(HookType.CONFIRM_PROMOTION), answers={"confirm-promotion": 403})
    world.push("r2")
    assert world.walk_to(P.WAITING_PROMOTION)[-1] == (A.WAIT, 50, P.WAITING_PROMOTION)
    assert world.walk(7200) == []
    world.bad.add(digest("r2"))
    at_50 = [halted(50, P.WAITING_PROMOTION)] * 2
    assert world.walk_to(P.FAILED) == [*at_50, ROLLED_BACK]


def test_a_person_who_edits_the_weight_is_asked_and_goes_on_from_there() -> None:
    world = running_world(20)
    world.write_weight(70)
    assert world.walk(600) == [(A.HOLD, 70, P.PROGRESSING)]
    hold = world.record.hold
    assert (hold.by, hold.commit) == ("Mia", world.branch.commits[-2].commit)
    world.request("resume")
    assert world.walk(600) == [(A.RESUME, 70, P.PROGRESSING), (A.PROMOTE, 70, P.PROMOTING), *FINISHED]


def test_a_new_revision_takes_the_weight_although_it_is_held() -> None:
    world = running_world(20)
    world.write_weight(70)
    world.walk(60)
    world.push("r3")
    assert world.walk(1)[0] == (A.RESTART, 0, P.PROGRESSING)
    assert world.record.hold is None


def test_a_good_revision_gets_no_failed_check_from_its_bad_predecessor() -> None:
    world = running_world(50)
    world.bad.add(digest("r2"))
    world.walk_to(P.FAILED)
    world.push("r3")
    begun = len(world.log)
    assert world.walk(1200) == WHOLE
    assert all(entry.commit.record.failed_checks == 0 for entry in world.log[begun:])


@pytest.mark.parametrize("failed", [1, 2])
def test_a_good_revision_restarted_in_mid_run_gets_no_failed_check_from_its_bad_predecessor(failed: int) -> None:
    world = running_world(20)
    world.bad.add(digest("r2"))
    world.walk_until(lambda: world.record.failed_checks == failed)
    world.push("r3")
    begun = len(world.log)
    assert world.walk(1200) == [(A.RESTART, 0, P.PROGRESSING), *ADVANCED, PROMOTED, *FINISHED]
    assert all(entry.commit.record.failed_checks == 0 for entry in world.log[begun:])


def test_a_revision_that_comes_while_another_is_promoted_waits_its_turn_at_weight_0() -> None:
    world = running_world(50)
    world.walk_to(P.PROMOTING)
    world.push("r3")
    assert world.walk(1)[0] == (A.RESTART, 0, P.PROMOTING)
    assert world.record.revision == digest("r2")
    assert world.walk(1200) == [(A.FINISH, 0, P.FINALISING), *WHOLE]
    assert world.record.promoted[1].revision == digest("r2")


def test_two_controllers_count_one_failing_check_once() -> None:
    world = running_world(20)
    world.bad.add(digest("r2"))
    world.walk_until(lambda: world.record.failed_checks == 1)
    decision, _ = world.decide()
    assert isinstance(decision, Wait)


def test_a_canary_that_is_live_and_never_ready_is_rolled_back_at_the_deadline() -> None:
    world = idle_world()
    world.unready[digest("r2")] = world.now
    world.push("r2")
    assert world.walk_to(P.FAILED) == [STARTED, ROLLED_BACK]
    started, failed = world.log[-2:]
    assert failed.at - started.at - world.sync_delay >= world.spec.progress_deadline
    assert failed.commit.reason == "canary not ready within 600 s"


def test_a_canary_that_is_not_live_has_no_deadline() -> None:
    world = idle_world()
    world.unready[digest("r2")] = world.now
    world.push("r2")
    world.walk_to(P.PROGRESSING)
    world.is_syncing = False
    assert world.walk(3600) == []


@pytest.mark.parametrize(("weight", "stop"), list(product([20, 50], ["suspended", "pause"])))
def test_a_stopped_canary_that_fails_is_rolled_back(weight: int, stop: str) -> None:
    world = running_world(weight)
    if stop == "pause":
        world.request("pause")
    world.is_suspended = stop == "suspended"
    world.bad.add(digest("r2"))
    assert world.walk_to(P.FAILED)[-1] == ROLLED_BACK


@pytest.mark.parametrize("phase", [P.PROGRESSING, P.WAITING_PROMOTION])
def test_a_rollback_webhook_rolls_back_and_is_named(phase: Phase) -> None:
    hooks = [hook(HookType.ROLLBACK, "big-red-button"), HookType.CONFIRM_PROMOTION]
    world = idle_world(spec=make_spec(*hooks), answers={"confirm-promotion": 403})
    world.push("r2")
    world.walk_to(phase)
    world.walk(60)
    world.answers["big-red-button"] = 200
    assert world.walk(60)[0] == ROLLED_BACK
    assert world.record.quarantine[0].reason == "asked for by big-red-button"


@pytest.mark.parametrize("phase", [P.PROGRESSING, P.WAITING_PROMOTION])
def test_an_abort_rolls_back_and_says_so(phase: Phase) -> None:
    world = idle_world(spec=make_spec(HookType.CONFIRM_PROMOTION), answers={"confirm-promotion": 403})
    world.push("r2")
    world.walk_to(phase)
    world.request("abort")
    assert world.walk(1)[0] == ROLLED_BACK
    assert world.record.quarantine[0].reason == "aborted by Mia"
    assert world.record.request is None


def test_an_edit_of_the_steps_in_mid_run_resets_nothing() -> None:
    world = running_world(20)
    world.edit_spec(steps=(25, 60))
    assert [weight for action, weight, _ in world.walk(1200) if action is A.ADVANCE] == [25, 60]
    assert world.record.spec == world.spec.blob


def test_a_failed_check_that_is_followed_by_good_ones_does_not_stop_the_rollout() -> None:
    world = running_world(20)
    world.says = {"request-duration": 612.0}
    world.walk_until(lambda: world.record.failed_checks == 1)
    assert world.log[-1].commit.reason == "request-duration 612 ms > 500 (1 of 3)"
    world.says = {}
    assert world.walk(1200) == [*ADVANCED[2:], PROMOTED, *FINISHED]


def test_what_a_decision_saw_is_in_its_record() -> None:
    world = running_world(20, spec=make_spec(HookType.ROLLOUT))
    world.walk_until(lambda: world.placed.weight == 30)
    seen = world.record.evidence
    assert [(metric.name, metric.verdict) for metric in seen.metrics] == [
        ("request-success-rate", Verdict.PASS),
        ("request-duration", Verdict.PASS),
    ]
    assert [(hook.name, hook.status, hook.verdict) for hook in seen.webhooks] == [("rollout", 200, Verdict.PASS)]
    assert (seen.live.weight, seen.observed_at) == (20, world.now)
