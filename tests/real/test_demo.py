"""The demo as a person starts it: both rollouts, on real parts, told by the log that it printed."""

import re

import pytest

GOOD = [
    "Mia  Add podinfo",
    "gitcanary  Initialize test/podinfo: primary created from 6.0.0",
    "gitcanary  Route test/podinfo through its primary",
    "Mia  podinfo 6.0.1",
    "gitcanary  Start test/podinfo: 6.0.0 -> 6.0.1",
    *(f"gitcanary  Advance test/podinfo to {weight}%" for weight in (10, 20, 30, 40, 50)),
    "gitcanary  Promote test/podinfo: primary runs 6.0.1",
    "gitcanary  Finish test/podinfo: all traffic to the primary",
]
BAD = re.compile(
    r"""Mia  podinfo 6\.0\.2
gitcanary  Start test/podinfo: 6\.0\.1 -> 6\.0\.2
gitcanary  Advance test/podinfo to 10%
(gitcanary  Advance test/podinfo to 20%
)?(gitcanary  Halt test/podinfo at \d+%: request-success-rate \S+ % < 99 \(\d of 3\)
){2}gitcanary  Roll back test/podinfo: request-success-rate \S+ % < 99 \(3 of 3\)"""
)


@pytest.mark.real
def test_a_good_revision_is_promoted_and_a_bad_one_rolled_back(start, tmp_path) -> None:
    demo = start("demo", "--keep", COLUMNS="200", TMPDIR=str(tmp_path))
    printed, _ = demo.communicate(timeout=600)
    assert demo.returncode == 0, printed
    log = printed.split("$ git log")[-1].splitlines()[1:]
    subjects = [line.split(" ", 1)[1] for line in log if re.match(r"[0-9a-f]{7,} ", line)]
    first = subjects[: len(GOOD)]
    assert first == GOOD, printed
    assert BAD.fullmatch("\n".join(subjects[len(GOOD) :])), printed
    [repository] = tmp_path.glob("gitcanary-demo-*/repository.git")
    audit = start("audit", "--repository", repository.as_uri(), "--branch", "main")
    judged, _ = audit.communicate(timeout=120)
    assert audit.returncode == 0, judged
    assert judged.endswith("all as the rules say\n")
    decisions = [subject for subject in subjects if subject.startswith("gitcanary")]
    assert judged.startswith(f"{len(decisions)} decisions taken again")
