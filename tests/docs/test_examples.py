"""Every example is taken on by the controller, and rolled out whole."""

import re
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner

from docs.pages import ROOT
from gitcanary.adapters.checkout import NOW, Checkout
from gitcanary.cli.app import app
from gitcanary.controller.survey import Survey
from gitcanary.manifests import names
from gitcanary.rollout.state import Phase
from support.environment import Environment

EXAMPLES = sorted(path for path in (ROOT / "examples").iterdir() if path.is_dir())
OWN_ROUTING = ROOT / "examples" / "own-virtualservice"
APP = "apps/podinfo"
RELEASES = {"helm-values": "values-canary.yaml", "kustomize-overlays": "release.yaml"}
PRIMARIES = {"helm-values": "values-primary.yaml", "kustomize-overlays": "app/kustomization.yaml"}
GOOD = {"request-success-rate": 99.9, "request-duration": 120.0, "errors that users see": 0.0}


def files_of(example: Path) -> dict[str, str]:
    """Return an example as a folder of the repository."""
    return {f"{APP}/{name}": path.read_text() for name, path in paths_of(example).items()}


def paths_of(example: Path) -> dict[str, Path]:
    return {path.relative_to(example).as_posix(): path for path in sorted(example.rglob("*")) if path.is_file()}


def release(environment: Environment) -> None:
    """Bring 6.0.1, where the example has people write it."""
    file = RELEASES.get(example_of(environment).name, "deployment.yaml")
    environment.edit(file, "6.0.0", "6.0.1", "podinfo 6.0.1")


def promoted(environment: Environment) -> str:
    """Return the file that says what the primary runs."""
    return environment.read(PRIMARIES.get(example_of(environment).name, "podinfo.primary.yaml"))


@pytest.fixture
def environment(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Environment]:
    """Bring an example under control."""
    with Environment(tmp_path, files_of(request.param)) as environment:
        subject = Survey(Checkout(request.param))
        subject.look(NOW)
        [canary] = [each.canary for each in subject.subjects.values()]
        environment.sync.workloads = tuple(f"{canary.namespace}/{name}" for name in names.workloads(canary))
        environment.prometheus.values = dict(GOOD)
        environment.onboard()
        yield environment


def every(example_of: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(example_of, EXAMPLES, ids=lambda path: path.name, indirect=True)


def weights(environment: Environment) -> list[int]:
    """Return the weights that were committed, in their order."""
    found = [re.search(r"^Gitcanary-Weight: \d+ -> (\d+)$", line.message, re.MULTILINE) for line in environment.ours]
    return [int(each[1]) for each in found if each]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_check_calls_an_example_ready(example):
    done = CliRunner().invoke(app, ["check", str(example)])
    assert done.exit_code == 0, done.output
    assert "ready" in done.output
    assert "warning" not in done.output


@every("environment")
def test_a_good_revision_of_an_example_is_promoted(environment):
    steps = environment.controller.survey.subjects.values()
    [expected] = [subject.canary.spec.steps for subject in steps]
    release(environment)
    environment.run_to(Phase.SUCCEEDED)
    assert weights(environment) == [*expected, 0]
    assert "6.0.1" in promoted(environment)
    assert "6.0.0" not in promoted(environment)


@every("environment")
def test_a_bad_revision_of_an_example_is_rolled_back(environment):
    release(environment)
    environment.run_until(lambda: environment.record.weight > 0)
    environment.prometheus.values["request-success-rate"] = 12.0
    environment.run_to(Phase.FAILED)
    environment.run(timedelta(minutes=5))
    assert weights(environment)[-1] == 0
    assert "6.0.0" in promoted(environment)
    assert [each.revision for each in environment.record.quarantine] == [environment.record.revision]


@every("environment")
def test_no_byte_that_people_wrote_changes_but_what_the_example_says(environment):
    before = {name: path.read_text().splitlines() for name, path in paths_of(example_of(environment)).items()}
    release(environment)
    environment.run_until(lambda: environment.record.weight > 0)
    changed = {
        (name, line.strip(" -").partition(":")[0])
        for name, lines in before.items()
        for line in set(environment.read(name).splitlines()) ^ set(lines)
    }
    resources = {("kustomization.yaml", f"podinfo.{kind}.yaml") for kind in ("primary", "routing")}
    values = {("deployment.yaml", "image"), ("virtualservice.yaml", "weight"), ("service.yaml", "app")}
    moved = {("values-canary.yaml", "tag"), ("values-routing.yaml", "weights"), ("release.yaml", "tag")}
    overlay = {("canary/kustomization.yaml", key) for key in ("count", "newTag")}
    assert changed <= values | resources | moved | overlay


def example_of(environment: Environment) -> Path:
    """Return the example that an environment was made of."""
    [found] = [each for each in EXAMPLES if (each / "canary.yaml").read_text() == environment.read("canary.yaml")]
    return found


@pytest.mark.parametrize("environment", [OWN_ROUTING], ids=["own-virtualservice"], indirect=True)
def test_an_apex_service_that_people_brought_selects_the_primary_before_the_target_loses_its_pods(environment):
    assert [subject.split(" ")[0] for subject in environment.subjects] == ["Initialize", "Route", "Scale"]
    written = (OWN_ROUTING / "service.yaml").read_text()
    assert environment.read("service.yaml") == written.replace(
        "\n    app: podinfo\n", "\n    app: podinfo-primary\n", 1
    )


@pytest.mark.parametrize("environment", [OWN_ROUTING], ids=["own-virtualservice"], indirect=True)
def test_every_route_that_splits_gets_the_weights_and_no_other(environment):
    environment.set_image("6.0.1")
    environment.run_until(lambda: environment.record.weight == 20)
    written = (OWN_ROUTING / "virtualservice.yaml").read_text()
    assert environment.read("virtualservice.yaml") == at_20(written)


def at_20(written: str) -> str:
    """Return the example's VirtualService with the canary at 20 %."""
    return written.replace("weight: 0", "weight: 80").replace("weight: 100", "weight: 20")


def test_the_seed_is_kept_as_it_came():
    data = (ROOT / "examples" / "seed" / "canary.yaml").read_bytes()
    assert sha256(data).hexdigest() == "7e39fe2d6094d946dfaa872ecf5265b4e941bea43e8e6beb1627196602ff4124"
