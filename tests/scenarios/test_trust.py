"""Whose commits these are: whole rollouts that are signed, and what a stranger cannot do in gitcanary's name."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gitcanary.adapters.git import AllowedSigners, Identity, Key
from gitcanary.controller.audit import Fault
from gitcanary.rollout.state import Phase
from support.apps import without_autoscaler
from support.environment import US, Environment
from support.keys import allow, make_key


@pytest.fixture
def signing(tmp_path) -> Identity:
    """Make the controller's identity, with a key that alone may sign in its name."""
    pair = make_key(tmp_path)
    signers = AllowedSigners.load(allow(tmp_path / "allowed", f"{US.email} {pair.public}"))
    return Identity(US, US, Key.load(pair.file), signers)


def commit_as_gitcanary(environment: Environment) -> str:
    """Commit, under its name and without its key, that the canary has all its steps behind it."""
    text = environment.read("podinfo.rollout").replace("weight: 10", "weight: 50")
    routing = (
        environment.read("podinfo.routing.yaml").replace("weight: 90", "weight: 50").replace("weight: 10", "weight: 50")
    )
    files = {f"{environment.app}/podinfo.rollout": text, f"{environment.app}/podinfo.routing.yaml": routing}
    trailers = environment.ours[-1].message.split("\n\n")[-1].replace("0 -> 10", "10 -> 50")
    who = (US.name, US.email)
    return environment.remote.commit(files, f"Advance\n\n{trailers}", by=who, at=environment.clock.now())


def advance_to_ten(environment: Environment) -> None:
    environment.onboard()
    environment.set_image("6.0.1")
    environment.run_until(lambda: environment.record.weight == 10)


def test_a_rollout_is_signed_from_the_first_commit_to_the_last(tmp_path, make, signing):
    environment = make(without_autoscaler(), identity=signing)
    advance_to_ten(environment)
    environment.run_to(Phase.SUCCEEDED)
    allowed = f"gpg.ssh.allowedSignersFile={tmp_path / 'allowed'}"
    letters = environment.remote.git("-c", allowed, "log", "--format=%G?", "--committer", US.email).split()
    assert letters == ["G"] * len(environment.ours)
    assert len(letters) == 12


def test_what_is_committed_in_its_name_without_its_key_is_a_strangers_edit(make, signing):
    environment = make(without_autoscaler(), identity=signing)
    advance_to_ten(environment)
    forged = commit_as_gitcanary(environment)
    environment.run(timedelta(minutes=5))
    assert environment.subjects[-1] == f"Hold test/podinfo: weights edited in {forged[:7]}, 10 -> 50"
    assert environment.record.hold.commit == forged
    assert environment.faults() == {(forged, Fault.FORGED)}


def test_without_a_key_the_name_alone_is_believed(make):
    """The reason for a key: whoever may push can write any name."""
    environment = make(without_autoscaler())
    advance_to_ten(environment)
    forged = commit_as_gitcanary(environment)
    environment.run_to(Phase.PROMOTING)
    assert not [subject for subject in environment.subjects if subject.startswith("Hold")]
    assert (forged, Fault.UNFOUNDED) in environment.faults()  # an audit finds it all the same


@pytest.mark.parametrize("has_date", [True, False])
def test_signing_begins_in_the_middle_of_a_rollout(make, signing, has_date):
    """What came before the first signature counts up to a named commit; without one, a person has to say go on."""
    environment = make(without_autoscaler())
    advance_to_ten(environment)
    environment.identity = signing
    environment.signed_after = environment.remote.tip if has_date else None
    environment.restart()
    if not has_date:
        environment.run_until(lambda: environment.record.hold is not None)
        assert environment.record.hold.reason.startswith("record edited in ")
        assert {fault for _, fault in environment.faults()} == {Fault.FORGED}
        return
    environment.run_to(Phase.SUCCEEDED)
    assert not [subject for subject in environment.subjects if subject.startswith("Hold")]


def test_another_key_goes_on_where_the_first_left_off(tmp_path, make, signing):
    environment = make(without_autoscaler(), identity=signing)
    advance_to_ten(environment)
    newer = make_key(tmp_path, "newer")
    lines = (*(tmp_path / "allowed").read_text().splitlines(), f"{US.email} {newer.public}")
    signers = AllowedSigners.load(allow(tmp_path / "allowed", *lines))
    environment.identity = replace(signing, key=Key.load(newer.file), signers=signers)
    environment.restart()
    environment.run_to(Phase.SUCCEEDED)
    assert not [subject for subject in environment.subjects if subject.startswith("Hold")]
