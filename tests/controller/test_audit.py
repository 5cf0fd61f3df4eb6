"""The audit of a history: it passes what gitcanary did, and finds what somebody made to look like it.

That it passes every honest log is asserted where those are made: each scenario audits its own in the end.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from gitcanary.controller.audit import Fault
from gitcanary.manifests import record_file
from gitcanary.rollout.state import Phase, Record
from support.apps import without_autoscaler
from support.environment import MIA, US, Environment

OURS = (US.name, US.email)
ROUTING = "podinfo.routing.yaml"


@pytest.fixture
def environment(tmp_path):
    """Bring a canary to 10 %, and end without an audit: each test makes its own."""
    with Environment(tmp_path, without_autoscaler()) as environment:
        environment.onboard()
        environment.set_image("6.0.1")
        environment.run_until(lambda: environment.record.weight == 10)
        environment.run_until(environment.prometheus.asked.__len__)
        yield environment
        environment.is_audited = False


def found(environment: Environment) -> list[tuple[Fault, str]]:
    return [(each.fault, each.problem) for each in environment.findings()]


def forge(  # noqa: PLR0913 - one for each part of a commit
    environment: Environment,
    action: str,
    change: Callable[[Record], Record] = lambda record: record,
    *,
    weight: int | None = None,
    files: dict[str, str] | None = None,
    by: tuple[str, str] = OURS,
    message: str = "",
) -> str:
    """Commit a decision that nobody made, as far as possible as one of gitcanary's looks."""
    record, now = environment.record, environment.clock.now()
    seen = replace(record.evidence, observed_at=now)
    after = change(replace(record, evidence=seen, since=now))
    written: dict[str, str | bytes] = {f"{environment.app}/podinfo.rollout": record_file.write(after)}
    if weight is not None:
        routing = environment.read(ROUTING).replace(f"weight: {100 - record.weight}\n", f"weight: {100 - weight}\n")
        written[f"{environment.app}/{ROUTING}"] = routing.replace(f"weight: {record.weight}\n", f"weight: {weight}\n")
    written |= files or {}
    trailers = re.sub(r"Action: .*", f"Action: {action}", environment.ours[-1].message.split("\n\n")[-1])
    trailers = re.sub(r"Weight: .*", f"Weight: {record.weight} -> {after.weight}", trailers)
    return environment.remote.commit(written, message or f"Forged\n\n{trailers}", by=by, at=now)


def test_an_honest_history_is_found_in_order(environment):
    environment.run_to(Phase.SUCCEEDED)
    assert found(environment) == []


def pass_(record: Record) -> Record:
    """Return a record that claims that all checks passed."""
    metrics = tuple(
        replace(each, value=99.9 if each.minimum else 1.0, verdict="pass") for each in record.evidence.metrics
    )
    return replace(record, evidence=replace(record.evidence, metrics=metrics))


ADVANCED = {
    "to the next weight, on the evidence of the step before": lambda r: replace(r, weight=20),
    "with values that were never asked": lambda r: pass_(replace(r, weight=20)),
    "past several steps": lambda r: replace(r, weight=50),
}


@pytest.mark.parametrize("change", ADVANCED.values(), ids=ADVANCED)
def test_a_forged_advance_is_found(environment, change):
    forge(environment, "advance", change, weight=change(environment.record).weight)
    [(fault, problem)] = found(environment)
    assert fault is Fault.UNFOUNDED
    assert problem.startswith("the rules would have waited")


FORGED = {
    "finish": lambda r: replace(r, phase=Phase.SUCCEEDED, weight=0),
    "promote": lambda r: replace(r, phase=Phase.PROMOTING),
    "rollback": lambda r: replace(r, phase=Phase.FAILED, weight=0, clean_since=None),
    "halt": lambda r: replace(r, failed_checks=1),
    "resume": lambda r: r,
    "pause": lambda r: r,
    "hold": lambda r: r,
}


@pytest.mark.parametrize("action", FORGED)
def test_a_forged_decision_is_found(environment, action):
    forge(environment, action, FORGED[action], weight=FORGED[action](environment.record).weight)
    faults = found(environment)
    assert faults
    assert {fault for fault, _ in faults} == {Fault.UNFOUNDED}


def rewrite(environment: Environment, change: Callable[[Record], Record], **files: str) -> None:
    """Replace the newest commit, one of ours, by one that says something else."""
    ours = environment.ours[-1]
    record = change(environment.record)
    changed = {
        path: environment.remote.read(path)
        for path in environment.remote.git("diff-tree", "-r", "--name-only", "--no-commit-id", ours.commit).split()
    }
    changed[f"{environment.app}/podinfo.rollout"] = record_file.write(record).decode()
    environment.remote.rewind(ours.parents[0])
    environment.remote.commit({**changed, **files}, ours.message, by=OURS, at=ours.committed_at)


def advanced(environment: Environment) -> None:
    """Go on to 20 %, a decision on metrics."""
    environment.run_until(lambda: environment.record.weight == 20)
    assert environment.record.evidence.metrics
    assert environment.ours[-1].commit == environment.remote.tip


EDITED = {
    "a value that fails": (
        lambda r: replace(
            r,
            evidence=replace(r.evidence, metrics=(replace(r.evidence.metrics[0], value=12.0), *r.evidence.metrics[1:])),
        ),
        "says advance; the rules say halt",
    ),
    "a verdict": (
        lambda r: replace(
            r,
            evidence=replace(
                r.evidence, metrics=(replace(r.evidence.metrics[0], minimum=1.0), *r.evidence.metrics[1:])
            ),
        ),
        "the record's evidence does not fit: metrics",
    ),
    "no values": (lambda r: replace(r, evidence=replace(r.evidence, metrics=())), "its evidence lacks the value of"),
    "another commit that was live": (
        lambda r: replace(r, evidence=replace(r.evidence, live=replace(r.evidence.live, commit=r.source))),
        "says that 10 % was live as",
    ),
    "a commit from nowhere": (
        lambda r: replace(r, evidence=replace(r.evidence, live=replace(r.evidence.live, commit="0" * 40))),
        "which is not on the branch",
    ),
    "live only just now": (
        lambda r: replace(r, evidence=replace(r.evidence, live=replace(r.evidence.live, since=r.evidence.observed_at))),
        "the rules would have waited",
    ),
    "another revision": (lambda r: replace(r, revision="sha256:" + "0" * 64), "the record's revision is"),
    "a counter": (lambda r: replace(r, failed_checks=2), "the record's failed_checks is 2, not 0"),
    "a promoted revision": (lambda r: replace(r, promoted=()), "the record's promoted is"),
    "another instant": (
        lambda r: replace(r, evidence=replace(r.evidence, observed_at=r.evidence.observed_at - timedelta(hours=1))),
        "not when it was committed",
    ),
}


@pytest.mark.parametrize("case", EDITED)
def test_evidence_and_records_that_say_otherwise_are_found(environment, case):
    change, said = EDITED[case]
    advanced(environment)
    assert found(environment) == []
    rewrite(environment, change)
    faults = found(environment)
    assert {fault for fault, _ in faults} == {Fault.UNFOUNDED}
    assert said in " / ".join(problem for _, problem in faults)


def test_other_weights_and_values_than_those_decided_are_found(environment):
    advanced(environment)
    path = f"{environment.app}/{ROUTING}"
    routing = environment.read(ROUTING)
    rewrite(environment, lambda r: r, **{path: routing.replace("weight: 20", "weight: 90").replace(": 80", ": 10")})
    assert found(environment) == [(Fault.UNFOUNDED, f"writes other values into {path}")]


def test_a_promotion_of_other_values_is_found(environment):
    environment.run_to(Phase.PROMOTING)
    path = f"{environment.app}/podinfo.primary.yaml"
    rewrite(environment, lambda r: r, **{path: environment.read("podinfo.primary.yaml").replace("6.0.1", "6.6.6")})
    assert found(environment) == [(Fault.UNFOUNDED, f"writes other values into {path}")]


def test_a_message_that_says_something_else_is_found(environment):
    advanced(environment)
    ours = environment.ours[-1]
    said = ours.message.replace("99.82", "12.00")
    changed = {
        path: environment.remote.read(path)
        for path in (f"{environment.app}/podinfo.rollout", f"{environment.app}/{ROUTING}")
    }
    environment.remote.rewind(ours.parents[0])
    environment.remote.commit(changed, said, by=OURS, at=ours.committed_at)
    assert found(environment) == [(Fault.UNFOUNDED, "its message does not say what was decided")]


def test_files_of_others_are_found(environment):
    advanced(environment)
    rewrite(environment, lambda r: r, **{"apps/other/deployment.yaml": "replicas: 0\n"})
    [(fault, problem)] = found(environment)
    assert fault is Fault.UNFOUNDED
    assert "(apps/other/deployment.yaml)" in problem


def test_a_commit_in_our_name_that_is_no_decision_is_found(environment):
    environment.remote.commit({"README.md": "Mine.\n"}, "Tidy", by=OURS, at=environment.clock.now())
    assert found(environment) == [(Fault.STRAY, "is no decision: it changes README.md")]


def test_a_forged_committer_is_found(environment):
    forge(environment, "advance", lambda r: replace(r, weight=20), weight=20, by=MIA)
    [(fault, problem)] = found(environment)
    assert fault is Fault.FORGED
    assert problem == "looks like gitcanary's, and is committed by Mia <mia@example.com>, signature unchecked"


def test_a_merge_that_brings_a_forged_decision_is_found(environment):
    before = environment.remote.tip
    forged = forge(environment, "advance", lambda r: replace(r, weight=20), weight=20)
    who = ("-c", "user.name=Mia", "-c", "user.email=mia@example.com")
    merge = ("commit-tree", f"{forged}^{{tree}}", "-p", before, "-p", forged, "-m", "Merge branch")
    environment.remote.rewind(environment.remote.git(*who, *merge).strip())
    assert found(environment) == [(Fault.EDITED, "the record was edited by Mia")]


def test_a_persons_edit_of_the_record_is_told_and_a_request_is_not(environment):
    environment.edit("podinfo.rollout", "request: null", "request: pause")
    assert found(environment) == []
    environment.run(timedelta(minutes=1))
    environment.edit("podinfo.rollout", "failedChecks: 0", "failedChecks: 1")
    assert found(environment) == [(Fault.EDITED, "the record was edited by Mia")]
