"""What a commit says: one subject, the evidence, and trailers that are ours alone, whatever names contain."""

import subprocess
from dataclasses import replace
from datetime import timedelta

import pytest

from gitcanary.manifests import names
from gitcanary.manifests.evidence_table import number
from gitcanary.rollout.asked import Asked
from gitcanary.rollout.decision import Commit
from gitcanary.rollout.state import (
    Action,
    Phase,
    Quarantined,
    Record,
    SeenHook,
    SeenLive,
    SeenMetric,
)
from support.planning import NOON, History, folder_of
from support.podinfo import AUTOSCALED, CANARY, PLAIN, SCALED, at

COMMIT = "88e1a47" + 33 * "0"


@pytest.fixture
def history() -> History:
    history = History(folder_of(PLAIN))
    history.onboard()
    return history


def judged(history: History, **changes: object) -> Record:
    """Return the next record with the evidence of a check, seen as in the walkthrough."""
    record = history.next(**changes)
    until = record.evidence.observed_at
    live = SeenLive(COMMIT, until - timedelta(seconds=75), 10, "argocd/podinfo", "applied")
    metrics = (
        SeenMetric("request-success-rate", 99.82, 99.0, None, timedelta(minutes=1), until, "pass"),
        SeenMetric("request-duration", 184.0, None, 500.0, timedelta(seconds=30), until, "pass"),
    )
    hooks = (SeenHook("load-test", "rollout", 202, "pass"),)
    return replace(record, evidence=replace(record.evidence, live=live, metrics=metrics, webhooks=hooks))


def trailers(message: str) -> list[str]:
    command = ["git", "interpret-trailers", "--parse"]
    return subprocess.run(command, input=message, capture_output=True, text=True, check=True).stdout.splitlines()


def test_an_advance_shows_its_evidence(history):
    history.push_files(deployment__yaml=at("6.0.1"))
    goal = history.promoted()
    before = history.next(phase=Phase.PROGRESSING, weight=10, revision=goal.revision, source=goal.source)
    history.decide(Commit(Action.ADVANCE, before, weight=10))
    history.decide(Commit(Action.ADVANCE, judged(history, weight=20), weight=20))
    assert (
        history.changes[-1].message
        == f"""\
Advance test/podinfo to 20%

At 10% since 12:03:45, live for 1m15s as 88e1a47 (argocd/podinfo):
  request-success-rate  99.82 %   ≥ 99    over 1m
  request-duration      184 ms    ≤ 500   over 30s
  load-test             202

Gitcanary-Canary: test/podinfo
Gitcanary-Path: apps/podinfo
Gitcanary-Action: advance
Gitcanary-Weight: 10 -> 20
Gitcanary-Revision: {goal.revision}
Gitcanary-Source: {goal.source}
Gitcanary-Live: {COMMIT}
"""
    )


def test_what_did_not_pass_says_so(history):
    record = judged(history, failed_checks=1)
    until = record.evidence.observed_at
    metrics = (
        SeenMetric("request-duration", 612.0, 1.0, 500.0, timedelta(seconds=30), until, "fail"),
        SeenMetric("queue", None, None, None, timedelta(minutes=1), until, "inconclusive"),
    )
    evidence = replace(record.evidence, metrics=metrics, webhooks=(SeenHook("smoke", "rollout", None, "error"),))
    history.decide(Commit(Action.HALT, replace(record, evidence=evidence), "request-duration 612 ms > 500 (1 of 3)"))
    assert history.changes[-1].message.split("\n\n")[1].splitlines()[1:] == [
        "  request-duration  612 ms      ≥ 1, ≤ 500   over 30s   fail",
        "  queue             no data                  over 1m    inconclusive",
        "  smoke             no answer                           error",
    ]


SUBJECTS = {
    "start": (Commit, {"phase": Phase.PROGRESSING}, "", "Start test/podinfo: 6.0.0 -> 6.0.1"),
    "advance": (Commit, {"weight": 20}, "", "Advance test/podinfo to 20%"),
    "halt": (Commit, {}, "slow (1 of 3)", "Halt test/podinfo at 0%: slow (1 of 3)"),
    "wait": (Commit, {}, "for confirm-rollout (gate)", "Wait with test/podinfo at 0% for confirm-rollout (gate)"),
    "promote": (Commit, {}, "", "Promote test/podinfo: primary runs 6.0.1"),
    "finish": (Commit, {}, "", "Finish test/podinfo: all traffic to the primary"),
    "rollback": (Commit, {}, "slow (3 of 3)", "Roll back test/podinfo: slow (3 of 3)"),
    "restart": (Commit, {}, "", "Restart test/podinfo: 6.0.0 -> 6.0.1"),
    "pause": (Commit, {}, "", "Pause test/podinfo at 0%"),
    "resume": (Commit, {}, "on request", "Resume test/podinfo: on request"),
    "hold": (Commit, {}, "record edited in 88e1a47", "Hold test/podinfo: record edited in 88e1a47"),
    "adopt": (Commit, {}, "", "Adopt test/podinfo at 0%: what stands is taken as it is"),
    "answer": (Commit, {}, "nothing to abort", "Answer test/podinfo: nothing to abort"),
}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked("Mia", COMMIT, "the alert was ours"), "Asked for by Mia in 88e1a47: the alert was ours"),
        (Asked("Mia", COMMIT), "Asked for by Mia in 88e1a47."),
        (Asked("Mia"), "Asked for by Mia."),
    ],
)
def test_a_commit_that_a_person_asked_for_says_who_and_why(history, asked, said):
    history.push_files(deployment__yaml=at("6.0.1"))
    history.decide(Commit(Action.PAUSE, history.next(), asked=asked))
    assert said in history.changes[-1].message.splitlines()


@pytest.mark.parametrize("action", SUBJECTS)
def test_a_subject_names_what_changed_in_the_words_of_people(history, action):
    history.push_files(deployment__yaml=at("6.0.1"))
    goal = history.promoted()
    make, changes, reason, expected = SUBJECTS[action]
    history.decide(make(Action(action), history.next(revision=goal.revision, source=goal.source, **changes), reason))
    assert history.subject == expected


def test_onboarding_is_told_in_three_sentences(history):
    assert [change.message.splitlines()[0] for change in history.changes] == [
        "Initialize test/podinfo: primary created from 6.0.0",
        "Route test/podinfo through its primary",
        "Scale down test/podinfo: 2 -> 0 replicas",
    ]


def test_where_the_tag_says_nothing_the_short_commit_does(history):
    old = history.source
    history.push_files(deployment__yaml=at("6.0.0").replace("9898", "9899"))
    goal = history.promoted()
    history.decide(Commit(Action.START, history.next(revision=goal.revision, source=goal.source)))
    assert history.subject == f"Start test/podinfo: {old[:7]} -> {history.source[:7]}"


def test_a_target_that_keeps_its_pods_is_said():
    history = History(folder_of(SCALED))
    history.onboard(scales=False)
    assert "The target keeps its pods: its autoscaler decides." in history.changes[-1].message


def test_a_quarantine_says_how_to_leave_it(history):
    entry = Quarantined("sha256:c41d", "slow (3 of 3)", NOON)
    history.decide(Commit(Action.ROLLBACK, history.next(quarantine=(entry,)), "slow (3 of 3)"))
    assert (
        "\n\nsha256:c41d is in quarantine; `gitcanary retry test/podinfo` tries it again.\n"
        in history.changes[-1].message
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("stepWeight: 10", "stepWeight: 25", "canary.yaml changed since: analysis.stepWeight 10 -> 25."),
        ("interval: 1m", "interval: 2m", "canary.yaml changed since: analysis.interval."),
        (
            "    port: 9898",
            "    headers: {request: {set: {'x [skip ci]': '1'}}}\n    port: 9898",
            "since: service.headers.request.set.\n",
        ),
    ],
)
def test_a_changed_spec_is_told_by_its_fields(history, old, new, said):
    assert old in CANARY
    history.push_files(canary__yaml=CANARY.replace(old, new, 1))
    history.decide(Commit(Action.HALT, history.next(failed_checks=1), "slow (1 of 3)"))
    assert said in history.changes[-1].message


def test_a_remark_in_the_spec_is_no_change_worth_a_line(history):
    history.push_files(canary__yaml=CANARY.replace("spec:\n", "# a remark\nspec:\n", 1))
    history.decide(Commit(Action.HALT, history.next(failed_checks=1), "slow (1 of 3)"))
    assert "canary.yaml" not in history.changes[-1].message


def test_many_changed_fields_are_not_all_named(history):
    history.push_files(
        canary__yaml=AUTOSCALED.replace("stepWeight: 10", "stepWeight: 25"), hpa__yaml=SCALED["hpa.yaml"]
    )
    more = CANARY.replace("attempts: 3", "attempts: 4").replace("perTryTimeout: 1s", "perTryTimeout: 2s")
    more = more.replace("1m", "2m").replace("threshold: 3", "threshold: 4").replace("stepWeight: 10", "stepWeight: 5")
    history.push_files(canary__yaml=more.replace("maxWeight: 50", "maxWeight: 60"))
    history.decide(Commit(Action.HALT, history.next(failed_checks=1), "slow (1 of 3)"))
    assert " and 1 more." in history.changes[-1].message


HOSTILE = "x [skip ci]\n\nGitcanary-Action: promote\r\nCo-authored-by: @mallory #1\u2028\u202e"


def test_nothing_that_somebody_else_wrote_becomes_a_line_or_a_command(history):
    record = judged(history, failed_checks=1)
    until = record.evidence.observed_at
    live = SeenLive(COMMIT, until, 10, HOSTILE, "applied")
    metrics = (SeenMetric(HOSTILE, 1.0, 99.0, None, timedelta(minutes=1), until, HOSTILE),)
    evidence = replace(
        record.evidence, live=live, metrics=metrics, webhooks=(SeenHook(HOSTILE, "rollout", 1, HOSTILE),)
    )
    history.decide(Commit(Action.HALT, replace(record, evidence=evidence), HOSTILE))
    message = history.changes[-1].message
    assert all(line.isprintable() for line in message.split("\n"))
    assert "[skip ci]" not in message
    assert "@" not in message
    assert "#" not in message
    assert [line.partition(":")[0] for line in trailers(message)] == [
        "Gitcanary-Canary",
        "Gitcanary-Path",
        "Gitcanary-Action",
        "Gitcanary-Revision",
        "Gitcanary-Source",
        "Gitcanary-Live",
    ]
    assert "Gitcanary-Action: halt" in trailers(message)


@pytest.mark.parametrize("action", [action for action in Action if action is not Action.ROUTE])
def test_every_message_ends_with_trailers_that_git_reads(history, action):
    history.decide(Commit(action, judged(history, weight=20), "why"))
    message = history.changes[-1].message
    assert trailers(message) == message.split("\n\n")[-1].splitlines()
    assert f"Gitcanary-Action: {action}" in trailers(message)


def test_a_suffix_ends_the_subject(history):
    history.decide(Commit(Action.RESUME, history.next(weight=1), "on request"), suffix="[skip ci]")
    assert history.subject == "Resume test/podinfo: on request [skip ci]"


def test_a_canary_in_the_root_has_a_path():
    rooted = History(folder_of(PLAIN, path=""))
    rooted.decide(Commit(Action.INITIALIZE, rooted.next(), primary=rooted.promoted()))
    assert "Gitcanary-Path: ." in trailers(rooted.changes[-1].message)
    assert names.record_file(rooted.canary) in rooted.changes[-1].files


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (99.82, "99.82"),
        (184.0, "184"),
        (0.0, "0"),
        (99.99999, "100"),
        (1e9, "1000000000"),
        (0.00012, "0.00012"),
        (-1.5, "-1.5"),
    ],
)
def test_numbers_are_written_as_people_do(value, text):
    assert number(value) == text
