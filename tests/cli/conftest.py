"""A repository with a story in it, and the command line."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gitcanary.cli.app import app
from gitcanary.rollout.state import Phase
from support.apps import without_autoscaler
from support.environment import Environment
from support.fakes import GOOD
from support.repositories import Remote

Command = Callable[..., Result]


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """Tell of an onboarding, a revision that is promoted after one failed check, and one that is rolled back."""
    with Environment(tmp_path_factory.mktemp("story"), without_autoscaler()) as environment:
        environment.clock.at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
        environment.onboard()
        environment.set_image("6.0.1")
        environment.run_until(lambda: environment.record.weight == 20)
        environment.prometheus.values["request-duration"] = 612.0
        environment.run_until(lambda: environment.record.failed_checks == 1)
        environment.prometheus.values = dict(GOOD)
        environment.run_to(Phase.SUCCEEDED)
        environment.set_image("6.0.2")
        environment.run_until(lambda: environment.record.weight == 10)
        environment.prometheus.values["request-success-rate"] = 91.1
        environment.run_to(Phase.FAILED)
        environment.run(timedelta(minutes=1))
        yield environment


@pytest.fixture
def remote(story: Environment, tmp_path: Path) -> Remote:
    """Return a copy of the story's repository, to write on."""
    shutil.copytree(story.remote.folder, tmp_path / "remote.git")
    return Remote(tmp_path / "remote.git", story.remote.branch)


@pytest.fixture
def gitcanary(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Return the command line, in an environment that says nothing about gitcanary."""
    for name in ("REPOSITORY", "BRANCH", "PATH", "SETTINGS", "PROMETHEUS", "SYNC", "COMMITTER"):
        monkeypatch.delenv(f"GITCANARY_{name}", raising=False)

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)

    return invoke
