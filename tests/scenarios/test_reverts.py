"""A person reverts one commit of ours, or brings another revision at an awkward moment: what follows."""

from datetime import timedelta

import pytest

from gitcanary.rollout.state import Phase
from support.environment import Environment


def stop_after(environment: Environment, reverted: str) -> None:
    """Let a rollout go on until our newest commit is this one, and decide nothing more."""
    environment.prometheus.values["request-success-rate"] = 50.0 if reverted in FAILS else 99.9
    environment.set_image("6.0.1")
    environment.run_until(lambda: environment.record.phase is Phase.PROGRESSING)
    if reverted == "Restart":
        environment.run_until(lambda: environment.record.weight == 20)
        environment.set_image("6.0.2")
    environment.run_until(lambda: environment.subjects[-1].startswith(reverted))


def revert(environment: Environment) -> str:
    """Revert our newest commit as `git revert` does, as Mia."""
    ours = environment.ours[-1].commit
    changed = environment.remote.git("diff", "--name-only", f"{ours}^", ours).split()
    files = {path: environment.remote.read(path, f"{ours}^") for path in changed}
    return environment.commit(files, "Revert")


def after_revert(environment: Environment) -> list[str]:
    return [subject.split()[0] for subject in environment.subjects[environment.subjects.index("Revert") + 1 :]]


FAILS = {"Halt", "Roll back"}
AGAIN = ["Advance"] * 5 + ["Promote", "Finish", "Scale"]
ROWS = {  # what is reverted: what follows within half an hour, where it stands then, and whether a person is waited for
    "Start": (["Hold"], Phase.INITIALIZED, 0, True),
    "Advance test/podinfo to 20%": (["Hold"], Phase.PROGRESSING, 10, True),
    "Halt": (["Hold", "Halt", "Halt", "Roll", "Scale"], Phase.FAILED, 0, False),
    "Restart": (["Hold", "Restart", *AGAIN], Phase.SUCCEEDED, 0, False),
    "Roll back": (["Hold", "Roll", "Scale"], Phase.FAILED, 0, False),
    "Promote": (["Roll", "Scale"], Phase.FAILED, 0, False),
    "Finish": (["Roll", "Roll", "Scale"], Phase.FAILED, 0, False),
    "Scale down": (["Hold"], Phase.FINALISING, 0, True),
}


@pytest.mark.parametrize("reverted", ROWS)
def test_a_revert_of_one_commit_of_ours(environment, reverted) -> None:
    stop_after(environment, reverted)
    revert(environment)
    environment.run(timedelta(minutes=30))
    record = environment.record
    found = after_revert(environment), record.phase, record.weight, record.hold is not None
    assert found == ROWS[reverted]


def test_7_another_revision_at_exactly_30_percent(environment) -> None:
    environment.set_image("6.0.1")
    environment.run_until(lambda: environment.record.weight == 30)
    environment.set_image("6.0.2")
    environment.run_to(Phase.SUCCEEDED)
    after = environment.subjects[environment.subjects.index("podinfo 6.0.2") + 1 :]
    assert after[0] == "Restart test/podinfo: 6.0.1 -> 6.0.2"
    assert [subject.rsplit(maxsplit=1)[-1] for subject in after[1:6]] == ["10%", "20%", "30%", "40%", "50%"]
    assert "podinfo:6.0.2" in environment.read("podinfo.primary.yaml")
    assert "6.0.1 " not in " ".join(subject for subject in after if subject.startswith("Promote"))
