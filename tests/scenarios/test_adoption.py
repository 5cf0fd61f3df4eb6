"""Scenario 25 and its neighbours: records that people delete, break, edit, revert; weights that they write."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gitcanary.cli.app import app
from gitcanary.manifests import record_file
from gitcanary.rollout.state import Phase, Promoted
from support.environment import APP, Environment

RECORD = f"{APP}/podinfo.rollout"
Adopt = Callable[[], str]


@pytest.fixture
def adopt(environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Adopt:
    """Return how Mia runs `gitcanary adopt`; it returns the commit that this pushed."""
    config = tmp_path / "gitconfig"
    config.write_text("[user]\n\tname = Mia\n\temail = mia@example.com\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))

    def invoke() -> str:
        words = ["adopt", APP, "--reason", "[skip ci] deleted by mistake", "--repository"]
        result = CliRunner().invoke(app, [*words, environment.remote.url], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return environment.remote.tip

    return invoke


def reach(environment: Environment, weight: int) -> None:
    """Bring 6.0.1 to a weight."""
    environment.set_image("6.0.1")
    environment.run_until(lambda: environment.record.weight == weight)


def words_after(environment: Environment, subject: str) -> list[str]:
    """Return the first word of every commit after one."""
    after = environment.subjects[environment.subjects.index(subject) + 1 :]
    return [each.split()[0] for each in after]


def test_25_a_deleted_record_stops_everything_until_somebody_adopts_what_stands(environment, adopt) -> None:
    reach(environment, 30)
    environment.commit({RECORD: None}, "Remove the record")
    environment.run(timedelta(minutes=30))
    assert environment.subjects[-1] == "Remove the record"
    [alert] = environment.told.named("overdue")
    assert alert["why"] == "the record is missing although a primary exists; `adopt` puts it back"
    asked = adopt()
    environment.run_until(lambda: environment.subjects[-1] != "Ask gitcanary to adopt test/podinfo")
    [adopted] = [line for line in environment.ours if line.subject.startswith("Adopt")]
    assert adopted.subject == "Adopt test/podinfo at 30%: what stands is taken as it is"
    assert adopted.parents == (asked,)
    assert f"Asked for by Mia in {asked[:7]}: skip ci deleted by mistake" in adopted.message.splitlines()
    assert "Gitcanary-Action: adopt" in adopted.message
    environment.run_to(Phase.SUCCEEDED)
    advances = [subject for subject in environment.subjects if subject.startswith("Advance")]
    assert advances == [f"Advance test/podinfo to {weight}%" for weight in (10, 20, 30, 40, 50)]


def test_25_the_weight_that_is_adopted_is_the_one_that_stands(environment, adopt) -> None:
    reach(environment, 30)
    routing = environment.read("podinfo.routing.yaml").replace("weight: 70\n", "weight: 55\n")
    files = {RECORD: None, f"{APP}/podinfo.routing.yaml": routing.replace("weight: 30\n", "weight: 45\n")}
    environment.commit(files, "Remove the record")
    environment.run(timedelta(minutes=5))
    adopt()
    environment.run_until(lambda: environment.record.weight == 50)
    assert environment.subjects[-2:] == [
        "Adopt test/podinfo at 45%: what stands is taken as it is",
        "Advance test/podinfo to 50%",
    ]


def test_a_record_that_cannot_be_read_is_adopted_too(environment, adopt) -> None:
    reach(environment, 30)
    environment.commit({RECORD: "phase: [Prog\n"}, "Break the record")
    environment.run(timedelta(minutes=5))
    assert environment.subjects[-1] == "Break the record"
    adopt()
    environment.run_to(Phase.SUCCEEDED)
    assert words_after(environment, "Break the record")[1:3] == ["Adopt", "Advance"]


def test_a_forged_record_holds_and_what_is_live_is_watched_all_the_same(environment) -> None:
    reach(environment, 30)
    text = environment.read("podinfo.rollout").replace("phase: Progressing", "phase: Promoting")
    edit = environment.commit({RECORD: text.replace("weight: 30", "weight: 50")}, "Forge the record")
    environment.run(timedelta(minutes=5))
    assert environment.subjects[-1] == f"Hold test/podinfo: record edited in {edit[:7]}"
    assert (environment.record.phase, environment.record.weight) == (Phase.PROGRESSING, 30)
    assert (environment.record.hold.commit, environment.record.hold.by) == (edit, "Mia")
    environment.prometheus.values["request-success-rate"] = 50.0
    environment.run_to(Phase.FAILED)
    environment.run(timedelta(minutes=1))
    assert words_after(environment, "Forge the record") == ["Hold", "Halt", "Halt", "Roll", "Scale"]


def test_a_promotion_that_is_forged_at_rest_promotes_nothing(environment) -> None:
    at = environment.set_image("6.0.1")
    environment.run_until(lambda: environment.record.phase is Phase.PROGRESSING)
    revision = environment.record.revision
    environment.edit("deployment.yaml", "podinfo:6.0.1", "podinfo:6.0.0")
    environment.run_to(Phase.SUCCEEDED)
    record = environment.record
    forged = replace(record, promoted=(*record.promoted, Promoted(revision, at, record.since)))
    environment.commit({RECORD: record_file.write(forged)}, "Forge a promotion")
    environment.run(timedelta(minutes=5))
    assert environment.subjects[-1] == "Forge a promotion", "at rest it is nobody's trouble"
    environment.set_image("6.0.1")
    environment.run(timedelta(minutes=5))
    assert words_after(environment, "Forge a promotion")[1:] == ["Hold"]


@pytest.mark.parametrize("subject", ["Start test/podinfo: 6.0.0 -> 6.0.1", "Advance test/podinfo to 20%"])
def test_a_commit_of_ours_that_is_reverted_is_not_made_again(environment, subject: str) -> None:
    environment.set_image("6.0.1")
    environment.run_until(lambda: environment.subjects[-1] == subject)
    revert(environment)
    environment.run(timedelta(minutes=5))
    [held] = environment.subjects[environment.subjects.index("Revert it") + 1 :]
    assert held == f"Hold test/podinfo: record edited in {environment.record.hold.commit[:7]}"


def test_a_scale_down_that_is_reverted_is_not_made_again(environment) -> None:
    reach(environment, 10)
    environment.prometheus.values["request-success-rate"] = 50.0
    environment.run_to(Phase.FAILED)
    environment.run_until(lambda: environment.subjects[-1].startswith("Scale down"))
    revert(environment)
    environment.run(timedelta(minutes=5))
    assert words_after(environment, "Revert it") == ["Hold"]
    assert "replicas: 2" in environment.read("deployment.yaml")


def test_a_rollback_that_is_reverted_holds_with_the_canary_watched(environment) -> None:
    reach(environment, 20)
    environment.prometheus.values["request-success-rate"] = 50.0
    environment.run_to(Phase.FAILED)
    environment.prometheus.values["request-success-rate"] = 99.9
    revert(environment)
    environment.run(timedelta(minutes=5))
    assert words_after(environment, "Revert it") == ["Hold"]
    environment.prometheus.values["request-success-rate"] = 50.0
    environment.run_until(lambda: environment.record.phase is Phase.FAILED)
    assert environment.record.weight == 0


def revert(environment: Environment) -> None:
    """Revert the newest commit, as Mia."""
    tip = environment.remote.tip
    changed = environment.remote.git("diff", "--name-only", f"{tip}^", tip).split()
    files = {path: environment.remote.read(path, f"{tip}^") for path in changed}
    environment.commit(files, "Revert it")
