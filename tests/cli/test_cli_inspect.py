"""`status`, `history` and `why`, on a repository that a whole loop wrote."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from gitcanary.manifests import record_file
from gitcanary.manifests.trailers import PREFIX
from support.environment import US, Environment
from support.repositories import ALICE, Line, Remote

RECORD = "apps/podinfo/podinfo.rollout"
CANARY = "apps/podinfo/canary.yaml"


def the(remote: Remote, subject: str) -> Line:
    """Return the newest commit whose subject begins so."""
    return next(line for line in remote.log() if line.subject.startswith(subject))


def table(text: str) -> list[list[str]]:
    """Return the rows of a table without their heading, by columns that two blanks part."""
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in text.splitlines()[1:]]


def test_status_shows_where_a_canary_stands(story: Environment, gitcanary) -> None:
    result = gitcanary("status", "--repository", story.remote.url)
    ((title, phase, weight, step, checks, _since, now),) = table(result.output)
    assert (title, phase, weight, step, checks) == ("test/podinfo", "Failed", "░░░░░░░░░░ 0 %", "-", "0/3")
    assert now.endswith("is in the quarantine; `retry` tries it again")
    assert result.exit_code == 0


def test_status_in_mid_run_knows_what_the_last_check_saw(story: Environment, remote: Remote, gitcanary) -> None:
    remote.rewind(the(remote, "Halt test/podinfo at 20%").commit)
    result = gitcanary("status", "test/podinfo", "--repository", remote.url)
    assert "Progressing  ███" not in result.output, "20 % are two cells of ten"
    assert "Progressing  ██░░░░░░░░ 20 %  2/5   1/3" in result.output
    assert result.output.rstrip().endswith("a check is due"), "the record saw this weight live, hours ago"
    remote.rewind(the(remote, "Advance test/podinfo to 20%").commit)
    advanced = the(remote, "Advance test/podinfo to 20%").commit[:7]
    assert f"waiting until {advanced} is seen live" in gitcanary("status", "--repository", remote.url).output
    assert story.remote.tip != remote.tip


def test_status_of_a_broken_spec_keeps_what_the_record_says(remote: Remote, gitcanary) -> None:
    remote.rewind(the(remote, "Advance test/podinfo to 20%").commit)
    remote.commit({CANARY: remote.read(CANARY).replace("stepWeight: 10", "stepWeight: ten")}, "Break it")
    ((title, phase, weight, *_, now),) = table(gitcanary("status", "test/podinfo", "--repository", remote.url).output)
    assert (title, phase, weight) == ("test/podinfo", "Progressing", "██░░░░░░░░ 20 %")
    assert now.startswith(f"refused: {CANARY}:")
    assert "stepWeight" in now


def test_status_says_what_was_asked(remote: Remote, gitcanary) -> None:
    remote.rewind(the(remote, "Advance test/podinfo to 20%").commit)
    asked = remote.read(RECORD).replace("request: null", "request: pause")
    remote.commit({RECORD: asked}, "Pause")
    told = json.loads(gitcanary("status", "--output", "json", "--repository", remote.url).stdout)
    assert told[0]["now"] == "next: pause; asked to pause"
    assert told[0]["request"] == {"verb": "pause", "reason": None}
    assert (told[0]["weight"], told[0]["step"]) == (20, {"index": 2, "of": 5})


def test_status_of_a_canary_without_a_record_says_what_is_next(remote: Remote, gitcanary) -> None:
    remote.rewind(the(remote, "Add podinfo").commit)
    assert table(gitcanary("status", "--repository", remote.url).output) == [
        ["test/podinfo", "-", "-", "-", "-", "-", "next: initialize"]
    ]


def test_history_has_one_row_for_each_rollout_newest_first(story: Environment, gitcanary) -> None:
    rows = table(gitcanary("history", "test/podinfo", "--repository", story.remote.url).output)
    assert [row[1:4] for row in rows] == [
        ["6.0.1", "6.0.2", "rolled back"],
        ["6.0.0", "6.0.1", "promoted"],
        ["-", "6.0.0", "onboarded"],
    ]
    assert rows[0][5] == "request-success-rate 91.1 % < 99 (3 of 3) at 10 %"
    assert rows[1][5] == "6 checks passed, 1 failed"


def test_history_for_programs_names_every_commit(story: Environment, gitcanary) -> None:
    told = json.loads(gitcanary("history", "apps/podinfo", "--output", "json", "--repository", story.remote.url).stdout)
    commits = [commit for rollout in reversed(told) for commit in rollout["commits"]]
    tails = {line.commit for line in story.ours if line.subject.startswith("Scale down")}
    assert commits == [line.commit for line in story.ours if line.commit not in tails or line.commit in commits]
    assert [rollout["result"] for rollout in told] == ["rolled back", "promoted", "onboarded"]


def test_history_of_a_rollout_that_goes_on(remote: Remote, gitcanary) -> None:
    remote.rewind(the(remote, "Advance test/podinfo to 30%").commit)
    rows = table(gitcanary("history", "test/podinfo", "--repository", remote.url).output)
    assert rows[0][1:4] == ["6.0.0", "6.0.1", "under way"]
    assert rows[0][5] == "Progressing at 30 %"


def test_trailers_of_somebody_else_prove_nothing(remote: Remote, gitcanary) -> None:
    ours = the(remote, "Roll back")
    forged = ours.message.replace("Roll back", "Promote").replace("Action: rollback", "Action: promote")
    commit = remote.commit({RECORD: remote.read(RECORD).replace("weight: 0", "weight: 1")}, forged, by=ALICE)
    rows = table(gitcanary("history", "test/podinfo", "--repository", remote.url).output)
    assert rows[0][1:4] == ["-", "-", "not by gitcanary"]
    assert "Alice <alice@example.com>" in rows[0][-1]
    assert [row[3] for row in rows[1:]] == ["rolled back", "promoted", "onboarded"]
    told = gitcanary("why", "test/podinfo", commit, "--repository", remote.url).output
    assert f"{commit[:7]} is no decision of gitcanary's" in told
    assert "not by gitcanary: committed by Alice <alice@example.com>" in told


def test_another_configured_committer_has_decided_nothing(story: Environment, gitcanary, monkeypatch) -> None:
    monkeypatch.setenv("GITCANARY_COMMITTER", "Robot <robot@example.com>")
    rows = table(gitcanary("history", "test/podinfo", "--repository", story.remote.url).output)
    assert {row[3] for row in rows} == {"not by gitcanary"}


def test_our_committer_without_our_trailers_has_decided_nothing(remote: Remote, gitcanary) -> None:
    before = gitcanary("history", "test/podinfo", "--output", "json", "--repository", remote.url).stdout
    remote.commit({RECORD: remote.read(RECORD).replace("weight: 0", "weight: 1")}, "Edit", by=(US.name, US.email))
    assert gitcanary("history", "test/podinfo", "--output", "json", "--repository", remote.url).stdout == before


def test_why_explains_a_rollback_by_what_the_record_saw(story: Environment, gitcanary) -> None:
    rollback = the(story.remote, "Roll back")
    halts = [line for line in story.ours if line.subject.startswith("Halt test/podinfo at 10%")]
    live = the(story.remote, "Advance test/podinfo to 10%").commit[:7]
    source = the(story.remote, "podinfo 6.0.2").commit[:7]
    lines = gitcanary("why", "test/podinfo", rollback.commit[:9], "--repository", story.remote.url).output.splitlines()
    at = f"{rollback.committed_at:%Y-%m-%d %H:%M:%S}"
    assert lines[0] == (
        f"{rollback.commit[:7]} rolled test/podinfo back from 10 % on {at}, because the third of 3 checks failed:"
    )
    until = f"{rollback.committed_at:%H:%M:%S}"
    assert lines[2] == f"  request-success-rate 91.1 %, allowed ≥ 99, over 1m until {until}"
    assert lines[3].startswith("    sum( rate( istio_requests_total{"), "as Flagger would send it"
    (measured,) = (line for line in lines if line.startswith("  measured"))
    assert measured.startswith(f"  measured on 6.0.2 ({source}) while 10 % was live as {live}, seen by agent since ")
    (before,) = (line for line in lines if line.startswith("  before it"))
    assert [f"91.1 % ({line.commit[:7]})" in before for line in halts] == [True, True]
    assert any("in quarantine; `gitcanary retry test/podinfo` tries it again" in line for line in lines)
    assert lines[-1] == f"  committed by {US}, the configured committer"


def test_why_without_a_commit_explains_the_newest_decision(remote: Remote, gitcanary) -> None:
    remote.commit({RECORD: remote.read(RECORD).replace("request: null", "request: retry")}, "Ask")
    told = json.loads(gitcanary("why", "test/podinfo", "--output", "json", "--repository", remote.url).stdout)
    assert told["action"] == "scale-down"
    assert told["isOurs"] is True
    asked = gitcanary("why", "test/podinfo", remote.tip, "--repository", remote.url).output
    assert "is no decision of gitcanary's: Alice wrote 'Ask'" in asked
    assert PREFIX not in asked


@pytest.mark.parametrize("subject", ["Start test/podinfo: 6.0.0", "Advance test/podinfo to 20%", "Promote", "Finish"])
def test_why_tells_the_evidence_that_the_record_kept(story: Environment, gitcanary, subject: str) -> None:
    line = the(story.remote, subject)
    record = record_file.read(story.remote.read(RECORD, line.commit).encode())
    result = gitcanary("why", "test/podinfo", line.commit, "--output", "json", "--repository", story.remote.url)
    told = json.loads(result.stdout)
    assert [(each["name"], each["value"]) for each in told["metrics"]] == [
        (each.name, each.value) for each in record.evidence.metrics
    ]
    assert all("istio_request" in each["query"] for each in told["metrics"])
    assert told["label"] == "6.0.1" if "6.0.0" in subject else True


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("why", "test/podinfo", "0123456"), "changed nothing"),
        (("why", "test/nobody"), "no canary 'test/nobody' here; there are: test/podinfo"),
        (("history", "elsewhere"), "no canary"),
        (("status", "nothing"), "no canary"),
        (("status", "--output", "xml"), "xml"),
        (("history",), "name"),
    ],
)
def test_what_cannot_be_meant_is_bad_input(story: Environment, gitcanary, words: tuple[str, ...], said: str) -> None:
    result = gitcanary(*words, "--repository", story.remote.url)
    assert result.exit_code == 2
    assert said in result.output


def test_a_name_that_two_folders_share_is_one_of_the_folders(remote: Remote, gitcanary) -> None:
    twin: Mapping[str, str] = {
        f"other/podinfo/{name}": remote.read(f"apps/podinfo/{name}") for name in ("canary.yaml", "deployment.yaml")
    }
    remote.commit(twin, "Another cluster")
    result = gitcanary("history", "test/podinfo", "--repository", remote.url)
    assert result.exit_code == 2
    assert "apps/podinfo, other/podinfo" in result.output
    assert gitcanary("history", "./apps/podinfo/", "--repository", remote.url).exit_code == 0


def test_nothing_that_people_wrote_steers_the_terminal(remote: Remote, gitcanary) -> None:
    hold = 'hold: {reason: "weights \\e[31medited", commit: null, by: null, since: 2026-11-22T10:04:37Z}'
    text, mallory = remote.read(RECORD).replace("hold: null", hold), ("\x1b[2J", "a@b")
    remote.commit({RECORD: text}, "Edit \x1b]0;owned\x07", by=mallory)
    for words in (("status",), ("why", "test/podinfo", remote.tip)):
        output = gitcanary(*words, "--repository", remote.url).output
        assert "\x1b" not in output
        assert "\x07" not in output


def test_without_a_repository_it_is_the_one_that_the_checkout_follows(
    remote: Remote, gitcanary, tmp_path: Path, monkeypatch
) -> None:
    checkout = tmp_path / "checkout"
    remote.git("branch", "live", "main~1")
    remote.git("clone", "--quiet", "--branch", "live", str(remote.folder), str(checkout))
    remote.git("update-ref", "refs/heads/live", "refs/heads/main")
    monkeypatch.chdir(checkout / "apps")
    assert "Failed" in gitcanary("status", "test/podinfo").output, "fetched, not what was cloned"
    monkeypatch.setenv("GITCANARY_BRANCH", "nowhere")
    assert "no branch 'nowhere'" in gitcanary("status").output


def test_without_a_checkout_it_says_what_to_give(gitcanary, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = gitcanary("status")
    assert result.exit_code == 2
    assert "is in no Git checkout: give --repository" in result.output


@pytest.mark.parametrize("changed", [("test/podinfo", "test/other"), ("apps/podinfo", "apps/other")])
def test_a_decision_about_another_canary_is_none_about_this_one(
    remote: Remote, gitcanary, changed: tuple[str, str]
) -> None:
    before = gitcanary("history", "test/podinfo", "--output", "json", "--repository", remote.url).stdout
    message = the(remote, "Promote").message.replace(*changed)
    text = remote.read(RECORD).replace("weight: 0", "weight: 1")
    remote.commit({RECORD: text}, message, by=(US.name, US.email))
    assert gitcanary("history", "test/podinfo", "--output", "json", "--repository", remote.url).stdout == before
