"""What each decision changes, and that it changes nothing else."""

import difflib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gitcanary.errors import Refused
from gitcanary.manifests import record_file, release
from gitcanary.manifests.catalog import blob_id
from gitcanary.rollout.decision import Commit
from gitcanary.rollout.state import Action, Hold, Phase, Promoted
from support.planning import NOON, History, folder_of, generated, onboarded, promotion, rise
from support.podinfo import AUTOSCALED, CANARY, DEPLOYMENT, PLAIN, SCALED, at

GOLDEN = Path(__file__).parent / "data" / "onboarded"
RECORD, PRIMARY, ROUTING = "podinfo.rollout", "podinfo.primary.yaml", "podinfo.routing.yaml"


def hunk(history: History, decision: Commit, name: str) -> list[str]:
    """Commit a decision and return the lines that it changes in one file."""
    before = history.tip.files[name].data.decode()
    after = history.decide(decision)[name].decode()
    return [
        line
        for line in difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
        if line[0] in "+-" and line[:3] not in {"+++", "---"}
    ]


# Each decision at the end of onboarding and of a push of 6.0.1, and the files that it touches.
DECISIONS = {
    "start": (lambda now: Commit(Action.START, now.next(phase=Phase.PROGRESSING), replicas=2), {"deployment.yaml"}),
    "advance": (lambda now: rise(now, 10), {ROUTING}),
    "halt": (lambda now: Commit(Action.HALT, now.next(failed_checks=1), "slow (1 of 3)"), set()),
    "wait": (lambda now: Commit(Action.WAIT, now.next(phase=Phase.WAITING), "for a gate"), set()),
    "promote": (promotion, {PRIMARY}),
    "finish": (lambda now: Commit(Action.FINISH, now.next(phase=Phase.FINALISING), weight=0), set()),
    "scale-down": (lambda now: Commit(Action.SCALE_DOWN, now.next(), replicas=0), set()),
    "rollback": (lambda now: Commit(Action.ROLLBACK, now.next(phase=Phase.FAILED), "bad", weight=0), set()),
    "restart": (lambda now: Commit(Action.RESTART, now.next(phase=Phase.PROGRESSING), weight=0), set()),
    "hold": (lambda now: Commit(Action.HOLD, now.next(hold=Hold("why", None, None, NOON)), "why"), set()),
    "pause": (lambda now: Commit(Action.PAUSE, now.next()), set()),
    "resume": (lambda now: Commit(Action.RESUME, now.next(), "on request"), set()),
    "answer": (lambda now: Commit(Action.ANSWER, now.next(answer="no"), "no"), set()),
}


@pytest.mark.parametrize("action", DECISIONS)
def test_a_decision_touches_the_record_and_what_it_moves(action):
    history = onboarded(PLAIN)
    history.push_files(deployment__yaml=at("6.0.1").replace("replicas: 2", "replicas: 0"))
    make, files = DECISIONS[action]
    assert set(history.decide(make(history))) == files | {RECORD}


def test_weights_that_are_lowered_are_spliced_where_they_stand():
    history = onboarded(PLAIN)
    history.decide(rise(history, 30))
    for action in (Action.ROLLBACK, Action.RESTART, Action.FINISH):
        history.decide(rise(history, 30))
        assert ROUTING in history.decide(Commit(action, history.next(weight=0), "why", weight=0))
        assert release.placed(history.tip, history.canary).weight == 0


def test_onboarding_writes_each_file_when_its_turn_comes():
    history = History(folder_of(PLAIN))
    first = history.decide(Commit(Action.INITIALIZE, history.next(), primary=history.promoted()))
    assert set(first) == {RECORD, PRIMARY, ROUTING}
    assert {kind for kind, _ in generated(history.tip)} == {"Deployment", "Service", "DestinationRule"}
    assert ("Service", "podinfo") not in generated(history.tip)
    assert release.placed(history.tip, history.canary).weight is None
    second = history.decide(Commit(Action.ROUTE, history.next(), weight=0))
    assert set(second) == {RECORD, ROUTING}
    assert release.placed(history.tip, history.canary).weight == 0
    third = history.decide(Commit(Action.SCALE_DOWN, history.next(replicas=2), replicas=0))
    assert set(third) == {RECORD, "deployment.yaml"}
    assert third["deployment.yaml"].decode() == DEPLOYMENT.replace("replicas: 2 ", "replicas: 0 ")


@pytest.mark.parametrize("name", [PRIMARY, ROUTING])
def test_the_owned_files_are_as_people_read_them(name):
    history = onboarded(SCALED, scales=False)
    assert history.tip.files[name].data.decode() == (GOLDEN / name).read_text(encoding="utf-8")


def test_a_new_revision_before_routing_is_initialized_again_with_its_values_alone():
    history = History(folder_of(PLAIN))
    history.decide(Commit(Action.INITIALIZE, history.next(), primary=history.promoted()))
    history.push_files(deployment__yaml=at("6.0.1"))
    goal = history.promoted()
    again = Commit(Action.INITIALIZE, history.next(revision=goal.revision, source=goal.source), primary=goal)
    assert hunk(history, again, PRIMARY) == [
        "-        image: ghcr.io/stefanprodan/podinfo:6.0.0",
        "+        image: ghcr.io/stefanprodan/podinfo:6.0.1",
    ]


def test_an_advance_changes_two_lines_of_the_routing():
    history = onboarded(PLAIN)
    history.decide(rise(history, 10))
    assert hunk(history, rise(history, 20), ROUTING) == [
        "-      weight: 90",
        "+      weight: 80",
        "-      weight: 10",
        "+      weight: 20",
    ]


def test_an_advance_changes_few_lines_of_the_record():
    history = onboarded(PLAIN)
    history.decide(rise(history, 10))
    assert len(hunk(history, rise(history, 20), RECORD)) <= 10


def test_what_is_promoted_is_the_source_whatever_the_branch_holds():
    history = onboarded(PLAIN)
    history.push_files(deployment__yaml=at("6.0.1"))
    decision = promotion(history)
    history.push_files(deployment__yaml=at("6.0.2"))
    assert "+        image: ghcr.io/stefanprodan/podinfo:6.0.1" in hunk(history, decision, PRIMARY)


def test_a_source_that_holds_another_revision_is_not_promoted():
    history = onboarded(PLAIN)
    wrong = Promoted("sha256:0", history.source, NOON)
    with pytest.raises(Refused, match="nothing is promoted"):
        history.decide(Commit(Action.PROMOTE, history.next(), primary=wrong))


def test_update_strategy_and_autoscaler_ride_along_and_go_when_they_went():
    history = onboarded(
        {**SCALED, "deployment.yaml": DEPLOYMENT.replace("  selector", "  minReadySeconds: 5\n  selector", 1)},
        scales=False,
    )
    assert generated(history.tip)["Deployment", "podinfo-primary"]["spec"]["minReadySeconds"] == 5
    changed = at("6.0.1").replace("  selector", "  strategy: {type: Recreate}\n  selector", 1)
    history.push_files(
        deployment__yaml=changed, hpa__yaml=SCALED["hpa.yaml"].replace("maxReplicas: 4", "maxReplicas: 9")
    )
    history.decide(promotion(history))
    objects = generated(history.tip)
    assert objects["Deployment", "podinfo-primary"]["spec"]["strategy"] == {"type": "Recreate"}
    assert "minReadySeconds" not in objects["Deployment", "podinfo-primary"]["spec"]
    assert objects["HorizontalPodAutoscaler", "podinfo-primary"]["spec"]["maxReplicas"] == 9


def test_the_primary_loses_its_replicas_when_an_autoscaler_comes():
    history = onboarded(PLAIN)
    files = {"canary__yaml": AUTOSCALED, "hpa__yaml": SCALED["hpa.yaml"], "deployment__yaml": at("6.0.1")}
    history.push_files(**files)
    history.decide(promotion(history))
    objects = generated(history.tip)
    assert "replicas" not in objects["Deployment", "podinfo-primary"]["spec"]
    assert ("HorizontalPodAutoscaler", "podinfo-primary") in objects


def test_an_edit_of_people_in_an_owned_file_stays():
    history = onboarded(PLAIN)
    text = history.tip.files[PRIMARY].data.decode().replace("replicas: 2", "replicas: 7  # the sale")
    history.tip = history.tip.holding(PRIMARY, text.encode())
    history.push_files(deployment__yaml=at("6.0.1"))
    history.decide(promotion(history))
    assert b"replicas: 7  # the sale\n" in history.tip.files[PRIMARY].data
    assert "keeps its 7 replicas" in history.changes[-1].message


def test_a_changed_spec_is_written_anew_and_the_weights_stay():
    history = onboarded(PLAIN)
    history.decide(rise(history, 10))
    history.push_files(
        canary__yaml=CANARY.replace("attempts: 3", "attempts: 5").replace("mode: DISABLE", "mode: ISTIO_MUTUAL")
    )
    history.decide(Commit(Action.HALT, history.next(failed_checks=1), "slow (1 of 3)"))
    objects = generated(history.tip)
    assert objects["VirtualService", "podinfo"]["spec"]["http"][0]["retries"]["attempts"] == 5
    assert objects["DestinationRule", "podinfo-canary"]["spec"]["trafficPolicy"] == {"tls": {"mode": "ISTIO_MUTUAL"}}
    assert release.placed(history.tip, history.canary).weight == 10


LABELLED = CANARY.replace(
    "    port: 9898\n",
    """    port: 9898
    apex: {labels: {team: payments, tier: web}, annotations: {owner: mia, cost: "7"}}
    primary: {annotations: {seen: by-all}}
""",
)


def metadata(history: History, kind: str, name: str) -> dict[str, dict[str, str]]:
    """Return the labels and annotations of an object that gitcanary made."""
    held = generated(history.tip)[kind, name]["metadata"]
    return {key: held[key] for key in ("labels", "annotations") if key in held}


def test_what_the_spec_alone_gave_goes_with_it_and_what_people_added_stays():
    history = onboarded({**PLAIN, "canary.yaml": LABELLED})
    text = history.tip.files[ROUTING].data.decode()
    text = text.replace("    owner: mia\n", "    owner: mia\n    ours: stays\n").replace("tier: web", "tier: edited")
    history.tip = history.tip.holding(ROUTING, text.encode())
    history.push_files(canary__yaml=LABELLED.replace("team: payments, tier: web", "kept: here"))
    history.decide(Commit(Action.ROUTE, history.next(), "the spec changed"))
    for kind in ("Service", "VirtualService"):
        assert metadata(history, kind, "podinfo") == {
            "labels": {"app": "podinfo", "tier": "edited", "kept": "here"},
            "annotations": {"owner": "mia", "ours": "stays", "cost": "7"},
        }
    history.push_files(canary__yaml=CANARY)
    history.decide(Commit(Action.ROUTE, history.next(), "the spec changed"))
    assert metadata(history, "Service", "podinfo")["annotations"] == {"ours": "stays"}
    assert metadata(history, "Service", "podinfo-primary") == {"labels": {"app": "podinfo-primary"}}


def test_metadata_that_was_all_the_specs_goes_without_a_trace():
    plain, labelled = onboarded(PLAIN), onboarded({**PLAIN, "canary.yaml": LABELLED})
    labelled.push_files(canary__yaml=CANARY)
    labelled.decide(Commit(Action.ROUTE, labelled.next(), "the spec changed"))
    assert generated(labelled.tip) == generated(plain.tip)


def test_a_spec_that_cannot_be_had_any_more_takes_nothing_away():
    history = onboarded({**PLAIN, "canary.yaml": LABELLED})
    spec = blob_id(b"not a Canary")
    history.tip = history.tip.holding("old", b"not a Canary")
    record = replace(history.record, spec=spec) if history.record else None
    assert record is not None
    history.tip = history.tip.holding(RECORD, record_file.write(record))
    history.push_files(canary__yaml=CANARY.replace("attempts: 3", "attempts: 5"))
    history.decide(Commit(Action.ROUTE, history.next(), "the spec changed"))
    assert generated(history.tip)["VirtualService", "podinfo"]["spec"]["http"][0]["retries"]["attempts"] == 5
    assert metadata(history, "Service", "podinfo-primary")["annotations"] == {"seen": "by-all"}


def test_a_changed_spec_that_describes_the_same_is_no_commit():
    history = onboarded(PLAIN)
    history.push_files(canary__yaml=CANARY.replace("threshold: 3", "threshold: 4"))
    assert history.decide(Commit(Action.ROUTE, history.next(), "the spec changed")) == {}


def test_the_same_decision_makes_the_same_bytes_twice():
    one, other = onboarded(SCALED, scales=False), onboarded(SCALED, scales=False)
    assert [(change.files, change.message) for change in one.changes] == [
        (change.files, change.message) for change in other.changes
    ]


def test_nothing_changed_is_no_commit():
    history = onboarded(PLAIN)
    assert history.record is not None
    history.now += timedelta(minutes=1)
    assert history.decide(Commit(Action.RESUME, history.record, "again")) == {}
