"""The repository that the demo starts from, and the revisions that a person pushes to it."""

import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitcanary.demo.seed import Addresses, Fault, Person, seed_repository
from gitcanary.demo.workload import read_workload


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return seed_repository(tmp_path / "repository.git", tmp_path / "mia", Addresses("127.0.0.1:1", "127.0.0.1:2"))


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True, text=True).stdout


def manifest(person: Person, name: str) -> Any:
    return yaml.safe_load(git(person.checkout.parent / "repository.git", "show", f"main:apps/podinfo/{name}"))


def test_one_commit_of_mia_holds_the_three_files(person: Person) -> None:
    repository = person.checkout.parent / "repository.git"
    assert git(repository, "log", "--format=%an %s", "main") == "Mia Add podinfo\n"
    assert git(repository, "ls-tree", "--name-only", "main:apps/podinfo").split() == [
        "canary.yaml",
        "deployment.yaml",
        "hpa.yaml",
    ]


def test_the_canary_steps_and_limits_are_the_seeds_and_only_times_and_addresses_differ(person: Person) -> None:
    spec = manifest(person, "canary.yaml")["spec"]
    analysis = spec["analysis"]
    assert spec["service"]["hosts"] == ["app.example.com"]
    assert spec["service"]["gateways"] == ["istio-system/public-gateway"]
    assert spec["autoscalerRef"]["name"] == manifest(person, "hpa.yaml")["metadata"]["name"]
    assert [analysis[key] for key in ("stepWeight", "maxWeight", "threshold")] == [10, 50, 3]
    assert [(each["name"], each["thresholdRange"]) for each in analysis["metrics"]] == [
        ("request-success-rate", {"min": 99}),
        ("request-duration", {"max": 500}),
    ]
    assert [(each["url"], each["metadata"]["cmd"]) for each in analysis["webhooks"]] == [
        ("http://127.0.0.1:1/", "curl -sd 'test' http://127.0.0.1:2/token | grep token"),
        ("http://127.0.0.1:1/", "hey -z 10s -q 10 -c 2 http://127.0.0.1:2/"),
    ]


@pytest.mark.parametrize(
    ("fault", "latency", "error_rate"),
    [
        (Fault.NONE, timedelta(0), 0.0),
        (Fault.LATENCY, timedelta(milliseconds=800), 0.0),
        (Fault.ERRORS, timedelta(0), 0.1),
    ],
)
def test_a_commit_changes_what_the_pods_do(person: Person, fault: Fault, latency: timedelta, error_rate: float) -> None:
    commit = person.push_revision("6.0.1", fault)
    assert git(person.checkout, "log", "-1", "--format=%H %an %s", "origin/main") == f"{commit} Mia podinfo 6.0.1\n"
    container = manifest(person, "deployment.yaml")["spec"]["template"]["spec"]["containers"][0]
    assert container["image"].endswith(":6.0.1")
    environment = {each["name"]: each["value"] for each in container["env"]}
    workload = read_workload({**environment, "WORKLOAD": "podinfo", "VERSION": "6.0.1"})
    assert (workload.latency, workload.error_rate) == (latency, error_rate)


def test_a_push_goes_on_top_of_what_others_pushed(person: Person, tmp_path: Path) -> None:
    other = Person(tmp_path / "other")
    git(tmp_path, "clone", "--quiet", str(tmp_path / "repository.git"), str(other.checkout))
    (other.app / "other.txt").write_text("theirs")
    theirs = other.push("Theirs")
    mine = person.push_revision("6.0.1", Fault.NONE)
    assert git(person.checkout, "rev-list", "--first-parent", "-2", "origin/main").split() == [mine, theirs]


@pytest.mark.parametrize(("rate", "failures"), [("0", 0), ("0.1", 10), ("0.25", 25), ("1", 100)])
def test_an_error_rate_holds_exactly_over_a_hundred_requests(rate: str, failures: int) -> None:
    workload = read_workload({"WORKLOAD": "podinfo", "VERSION": "1", "ERROR_RATE": rate})
    assert sum(workload.owes_error() for _ in range(100)) == failures


@pytest.mark.parametrize("rate", ["1.5", "-1", "none"])
def test_an_error_rate_that_is_none_ends_the_pod(rate: str) -> None:
    with pytest.raises(ValueError, match=rate):
        read_workload({"WORKLOAD": "podinfo", "VERSION": "1", "ERROR_RATE": rate})
