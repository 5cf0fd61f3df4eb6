"""Scenario 23 and the requests: what people do is an instruction."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gitcanary.manifests import record_file
from gitcanary.rollout.state import Phase, Promoted, Request
from support.environment import Environment


def reach(environment: Environment, weight: int) -> None:
    """Bring 6.0.1 to a weight."""
    environment.set_image("6.0.1")
    environment.run_until(lambda: environment.record.weight == weight)


def ask(environment: Environment, verb: str, reason: str | None = None) -> None:
    """Put a request in the record, as Mia."""
    text = record_file.set_request(environment.read("podinfo.rollout").encode(), Request(verb, reason))
    environment.commit({"apps/podinfo/podinfo.rollout": text}, f"Ask to {verb}")


def write_weight(environment: Environment, weight: int) -> str:
    """Write the canary's weight into the VirtualService, as Mia."""
    text = environment.read("podinfo.routing.yaml")
    present = environment.record.weight
    text = text.replace(f"weight: {100 - present}\n", f"weight: {100 - weight}\n").replace(
        f"weight: {present}\n", f"weight: {weight}\n"
    )
    return environment.commit({"apps/podinfo/podinfo.routing.yaml": text}, f"Canary to {weight} by hand")


def test_23_a_weight_written_by_hand_holds_and_names_commit_and_author_and_resume_goes_on_from_there(
    environment,
) -> None:
    reach(environment, 20)
    edit = write_weight(environment, 70)
    environment.run(timedelta(minutes=10))
    assert environment.subjects[-1].startswith("Hold test/podinfo")
    assert environment.record.hold is not None
    assert (environment.record.hold.commit, environment.record.hold.by) == (edit, "Mia")
    ask(environment, "resume")
    environment.run_to(Phase.SUCCEEDED)
    after = environment.subjects[environment.subjects.index("Ask to resume") + 1 :]
    assert [subject.split()[0] for subject in after] == ["Resume", "Promote", "Finish", "Scale"], (
        "70 is above the last step"
    )
    resumed = environment.ours[-4]
    assert (
        record_file.read(environment.remote.read("apps/podinfo/podinfo.rollout", resumed.commit).encode()).weight == 70
    )


def test_23_weights_put_back_end_the_hold(environment) -> None:
    reach(environment, 20)
    text = environment.read("podinfo.routing.yaml")
    write_weight(environment, 70)
    environment.run(timedelta(minutes=2))
    environment.commit({"apps/podinfo/podinfo.routing.yaml": text}, "Put the weights back")
    environment.run(timedelta(seconds=30))
    assert environment.record.hold is None
    environment.run_to(Phase.SUCCEEDED)


def test_a_version_written_into_the_primary_holds_and_names_the_commit(environment) -> None:
    reach(environment, 20)
    edit = environment.edit("podinfo.primary.yaml", "podinfo:6.0.0", "podinfo:5.9.9")
    environment.run(timedelta(minutes=5))
    assert environment.subjects[-1].startswith("Hold test/podinfo")
    assert environment.record.hold is not None
    assert (environment.record.hold.commit, environment.record.hold.by) == (edit, "Mia")
    ask(environment, "resume")
    environment.run_to(Phase.SUCCEEDED)


def test_a_record_that_claims_rest_is_not_believed_while_the_canary_has_weight(environment) -> None:
    reach(environment, 20)
    record = environment.record
    claimed = (Promoted(record.revision, record.source, record.since), *record.promoted)
    forged = replace(record, phase=Phase.SUCCEEDED, weight=0, promoted=claimed)
    edit = environment.commit({"apps/podinfo/podinfo.rollout": record_file.write(forged)}, "Claim that it is done")
    environment.run(timedelta(minutes=1))
    assert environment.subjects[-1] == f"Hold test/podinfo: record edited in {edit[:7]}"
    assert (environment.record.phase, environment.record.weight) == (Phase.PROGRESSING, 20)


def test_47_replicas_written_into_the_primary_are_kept(environment) -> None:
    reach(environment, 20)
    environment.edit("podinfo.primary.yaml", "replicas: 2", "replicas: 7")
    environment.run_to(Phase.SUCCEEDED)
    assert "replicas: 7" in environment.read("podinfo.primary.yaml")
    assert not [subject for subject in environment.subjects if subject.startswith("Hold")]


def test_26_a_pause_stops_no_way_back(environment) -> None:
    reach(environment, 20)
    ask(environment, "pause", "lunch")
    environment.run(timedelta(minutes=5))
    assert environment.record.weight == 20
    assert environment.record.paused is not None
    assert (environment.record.paused.by, environment.record.paused.reason) == ("Mia", "lunch")
    environment.prometheus.values["request-success-rate"] = 50.0
    environment.run_to(Phase.FAILED)


def revert(environment: Environment, *commits: str) -> None:
    """Put the canary's files back to what they were before these commits, the newest first, as Mia."""
    before = f"{commits[-1]}^"
    paths = [f"apps/podinfo/podinfo.{name}" for name in ("rollout", "primary.yaml", "routing.yaml")]
    files = {path: environment.remote.read(path, before) for path in [*paths, "apps/podinfo/deployment.yaml"]}
    environment.commit(files, "Revert the promotion")


@pytest.mark.parametrize(("phase", "count"), [(Phase.PROMOTING, 1), (Phase.SUCCEEDED, 3)], ids=["24", "45"])
def test_a_reverted_promotion_puts_its_revision_in_quarantine_and_is_not_tried_again(environment, phase, count) -> None:
    environment.set_image("6.0.1")
    environment.run_to(phase)
    revert(environment, *[line.commit for line in reversed(environment.ours)][:count])
    environment.run(timedelta(minutes=30))
    after = environment.subjects[environment.subjects.index("Revert the promotion") + 1 :]
    assert [subject.split()[0] for subject in after] == ["Roll", "Scale"]
    assert "its promotion was reverted" in environment.record.quarantine[0].reason
    assert "podinfo:6.0.0" in environment.read("podinfo.primary.yaml")


def test_an_abort_rolls_back_and_a_retry_starts_again(environment) -> None:
    reach(environment, 20)
    ask(environment, "abort")
    environment.run(timedelta(minutes=2))
    assert environment.record.phase is Phase.FAILED
    ask(environment, "retry")
    environment.run_to(Phase.SUCCEEDED)
    assert "podinfo:6.0.1" in environment.read("podinfo.primary.yaml")


@pytest.mark.parametrize(
    ("verb", "subject"),
    [
        ("pause", "Pause test/podinfo"),
        ("resume", "Answer test/podinfo: neither paused nor held"),
        ("promote", "Promote test/podinfo"),
        ("abort", "Roll back test/podinfo: aborted by Mia"),
        ("skip-analysis", "Promote test/podinfo"),
        ("adopt", "Answer test/podinfo: nothing to adopt"),
        ("dance", "Answer test/podinfo: no such request"),
    ],
)
def test_the_commit_that_a_request_leads_to_says_who_asked_and_why(environment, verb, subject) -> None:
    reach(environment, 20)
    ask(environment, verb, "the fair begins at noon")
    asked = environment.remote.tip
    environment.run_until(lambda: environment.record.request is None)
    done = environment.ours[-1]
    assert done.message.startswith(subject)
    assert f"Asked for by Mia in {asked[:7]}: the fair begins at noon" in done.message


def test_of_two_requests_at_once_the_later_one_counts(environment) -> None:
    reach(environment, 20)
    ask(environment, "pause", "lunch")
    ask(environment, "abort", "it burns")
    environment.run(timedelta(minutes=1))
    after = environment.subjects[environment.subjects.index("Ask to abort") + 1 :]
    assert [subject.split()[0] for subject in after] == ["Roll", "Scale"]
    assert environment.record.paused is None


@pytest.mark.parametrize(
    ("verb", "first"), [("abort", ["Roll"]), ("pause", ["Pause", "Restart"]), ("promote", ["Restart"])]
)
def test_a_request_in_a_commit_that_brings_another_revision_too(environment, verb, first) -> None:
    reach(environment, 20)
    record = record_file.set_request(environment.read("podinfo.rollout").encode(), Request(verb, None))
    deployment = environment.read("deployment.yaml").replace("podinfo:6.0.1", "podinfo:6.0.2")
    environment.commit(
        {"apps/podinfo/podinfo.rollout": record, "apps/podinfo/deployment.yaml": deployment}, "Both at once"
    )
    environment.settle()
    after = environment.subjects[environment.subjects.index("Both at once") + 1 :]
    assert [subject.split()[0] for subject in after] == first
    assert environment.record.weight == 0, "no traffic for what nobody looked at"
    assert environment.record.request is None


def test_skip_analysis_promotes_by_readiness_alone(environment) -> None:
    reach(environment, 10)
    environment.prometheus.values["request-success-rate"] = None
    ask(environment, "skip-analysis")
    environment.run_to(Phase.SUCCEEDED, timedelta(minutes=5))
    assert "podinfo:6.0.1" in environment.read("podinfo.primary.yaml")


def test_a_request_that_makes_no_sense_is_answered_and_cleared(environment) -> None:
    ask(environment, "abort")
    environment.run(timedelta(seconds=30))
    assert environment.record.request is None
    assert environment.record.answer == "nothing to abort while Initialized"
