"""Every way in which a rollout ends, read back from the log that a whole loop wrote."""

from datetime import timedelta

import pytest

from gitcanary.cli.chronicle import Origin, Result, Rollout, read_entries, read_rollouts
from gitcanary.controller.subject import Folders
from gitcanary.ports import Signed
from gitcanary.rollout.state import Phase
from support.apps import without_autoscaler
from support.environment import US, Environment

CANARY = "apps/podinfo/canary.yaml"


@pytest.fixture
def environment(tmp_path):
    with Environment(tmp_path, without_autoscaler()) as environment:
        environment.onboard()
        yield environment


def rollouts(environment: Environment) -> list[Rollout]:
    """Return the rollouts of the tip, oldest first."""
    mirror = environment.controller.mirror
    folders = Folders(mirror)
    commits = mirror.history(mirror.fetch(), ["apps/podinfo/podinfo.rollout"])
    origin = Origin(lambda revised: revised.committer_email == US.email, lambda _: Signed.UNCHECKED)
    entries = read_entries(commits, lambda at: folders.at(at, "apps/podinfo"), "podinfo.rollout", origin)
    return read_rollouts(entries)


def results(environment: Environment) -> list[Result]:
    return [each.result for each in rollouts(environment)]


def run_to_weight(environment: Environment, weight: int) -> None:
    environment.run_until(lambda: environment.record.weight == weight)


def test_a_revision_that_another_outran_is_superseded(environment: Environment) -> None:
    environment.set_image("6.0.1")
    run_to_weight(environment, 20)
    environment.set_image("6.0.2")
    environment.run_to(Phase.SUCCEEDED)
    assert results(environment) == [Result.ONBOARDED, Result.SUPERSEDED, Result.PROMOTED]
    outrun, promoted = rollouts(environment)[1:]
    assert promoted.entries[0].subject == "Restart test/podinfo: 6.0.1 -> 6.0.2"
    assert outrun.old == promoted.old, "both began on what the primary runs"
    assert outrun.new != promoted.new


def test_a_revision_that_was_set_back_is_no_promotion(environment: Environment) -> None:
    environment.set_image("6.0.1")
    run_to_weight(environment, 20)
    environment.set_image("6.0.0")
    environment.run_to(Phase.SUCCEEDED)
    assert results(environment) == [Result.ONBOARDED, Result.SET_BACK]


def test_a_revision_that_was_promoted_before_is_promoted_unchecked(environment: Environment) -> None:
    environment.set_image("6.0.1")
    environment.run_to(Phase.SUCCEEDED)
    environment.run(timedelta(minutes=1))
    environment.set_image("6.0.0")
    environment.run_until(lambda: environment.record.phase is not Phase.SUCCEEDED)
    environment.run_to(Phase.SUCCEEDED)
    last = rollouts(environment)[-1]
    assert last.result is Result.PROMOTED
    assert (last.passed, last.failed) == (0, 0)


def test_a_canary_that_was_deleted_in_mid_run_is_terminated(environment: Environment) -> None:
    environment.set_image("6.0.1")
    run_to_weight(environment, 20)
    environment.commit({CANARY: None}, "Remove the Canary")
    environment.run_to(Phase.TERMINATED)
    assert results(environment) == [Result.ONBOARDED, Result.TERMINATED]


def test_a_promotion_that_failed_is_one_rollout_that_was_rolled_back(environment: Environment) -> None:
    environment.set_image("6.0.1")
    environment.run_to(Phase.PROMOTING)
    environment.sync.unready = {"test/podinfo-primary"}
    environment.run_until(lambda: environment.record.restoring is not None)
    environment.sync.unready = set()
    environment.run_to(Phase.FAILED)
    assert results(environment) == [Result.ONBOARDED, Result.ROLLED_BACK]
    assert [entry.action for entry in rollouts(environment)[-1].entries[-2:]] == ["rollback", "rollback"]


def test_a_new_revision_before_the_onboarding_ends_begins_a_rollout(tmp_path) -> None:
    with Environment(tmp_path, without_autoscaler()) as environment:
        environment.run_until(lambda: "Route test/podinfo through its primary" in environment.subjects)
        environment.set_image("6.0.1")
        environment.run_to(Phase.SUCCEEDED)
        assert results(environment) == [Result.ONBOARDED, Result.PROMOTED]


def test_a_retried_revision_is_a_rollout_of_its_own(environment: Environment) -> None:
    environment.set_image("6.0.1")
    run_to_weight(environment, 10)
    environment.prometheus.values["request-duration"] = 612.0
    environment.run_to(Phase.FAILED)
    environment.run(timedelta(minutes=1))
    environment.prometheus.values["request-duration"] = 184.0
    environment.edit("podinfo.rollout", "request: null", "request: retry")
    environment.run_to(Phase.SUCCEEDED)
    assert results(environment) == [Result.ONBOARDED, Result.ROLLED_BACK, Result.PROMOTED]
    (_, failed, promoted) = rollouts(environment)
    assert failed.revision == promoted.revision
    assert (failed.failed, promoted.failed) == (3, 0)
