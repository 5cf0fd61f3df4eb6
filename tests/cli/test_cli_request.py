"""The verbs that ask for something: a commit by the caller's own hand, in the record."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gitcanary.cli.asking import NEXT
from gitcanary.manifests import record_file
from gitcanary.manifests.trailers import block
from gitcanary.rollout.state import Phase, Request, Verb
from support.apps import without_autoscaler
from support.environment import Environment
from support.repositories import Remote, make_remote

RECORD = "apps/podinfo/podinfo.rollout"


@pytest.fixture(autouse=True)
def caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let Bob be the caller, by his own configuration of Git; return its file."""
    config = tmp_path / "gitconfig"
    config.write_text("[user]\n\tname = Bob\n\temail = bob@example.com\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for role in ("AUTHOR", "COMMITTER"):
        for part in ("NAME", "EMAIL"):
            monkeypatch.delenv(f"GIT_{role}_{part}", raising=False)
    return config


@pytest.fixture
def running(remote: Remote) -> Remote:
    """Return the story up to the middle of its good rollout."""
    remote.rewind(next(line.commit for line in remote.log() if line.subject == "Advance test/podinfo to 30%"))
    return remote


def request_in(remote: Remote) -> Request | None:
    return record_file.read(remote.read(RECORD).encode()).request


def test_a_pause_is_one_line_of_the_record_in_a_commit_of_the_callers(running: Remote, gitcanary) -> None:
    before = running.read(RECORD)
    result = gitcanary("pause", "test/podinfo", "--reason", "lunch,  and\ncoffee", "--repository", running.url)
    assert result.exit_code == 0
    (line, *_) = running.log()
    assert (line.author, line.committer) == ("Bob <bob@example.com>", "Bob <bob@example.com>")
    assert line.message == "Ask gitcanary to pause test/podinfo\n\nlunch, and coffee"
    assert block(line.message) == {}
    assert running.git("show", "--format=", "--name-only", line.commit).split() == [RECORD]
    assert set(before.splitlines()) - set(running.read(RECORD).splitlines()) == {"request: null"}
    assert request_in(running) == Request("pause", "lunch, and coffee")
    assert result.output.startswith(f"{line.commit[:7]} asks gitcanary to pause test/podinfo: {NEXT[Verb.PAUSE]}")


@pytest.mark.parametrize("verb", [Verb.PAUSE, Verb.PROMOTE, Verb.ABORT, Verb.SKIP_ANALYSIS])
def test_each_verb_asks_for_what_its_name_says(running: Remote, gitcanary, verb: Verb) -> None:
    result = gitcanary(verb.value, "apps/podinfo", "--repository", running.url)
    assert result.exit_code == 0
    assert request_in(running) == Request(verb)
    assert running.log()[0].message == f"Ask gitcanary to {verb} test/podinfo"
    assert NEXT[verb] in result.output


def test_a_retry_takes_effect_once_the_controller_looks(tmp_path: Path, gitcanary) -> None:
    with Environment(tmp_path / "environment", without_autoscaler()) as environment:
        environment.onboard()
        environment.set_image("6.0.1")
        environment.run_until(lambda: environment.record.weight == 10)
        assert gitcanary("abort", "test/podinfo", "--repository", environment.remote.url).exit_code == 0
        environment.run_to(Phase.FAILED)
        assert gitcanary("retry", "test/podinfo", "--repository", environment.remote.url).exit_code == 0
        environment.settle()
        subjects = environment.subjects
        asked = subjects.index("Ask gitcanary to retry test/podinfo")
        assert subjects[asked + 1 : asked + 3] == [
            "Resume test/podinfo: taken out of the quarantine",
            "Start test/podinfo: 6.0.0 -> 6.0.1",
        ]


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ("resume", "neither paused nor held"),
        ("promote", "nothing to promote while Failed"),
        ("skip-analysis", "nothing to promote while Failed"),
        ("abort", "nothing to abort while Failed"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_pushed(remote: Remote, gitcanary, verb: str, said: str) -> None:
    tip = remote.tip
    result = gitcanary(verb, "test/podinfo", "--repository", remote.url)
    assert (result.exit_code, remote.tip) == (1, tip)
    assert said in result.output


def test_without_a_record_there_is_nothing_to_ask(tmp_path: Path, gitcanary) -> None:
    remote = make_remote(tmp_path / "new.git", without_autoscaler())
    result = gitcanary("pause", "test/podinfo", "--repository", remote.url)
    assert result.exit_code == 1
    assert "test/podinfo has no record" in result.output


def test_the_same_request_again_is_refused(running: Remote, gitcanary) -> None:
    assert gitcanary("pause", "test/podinfo", "--repository", running.url).exit_code == 0
    again = gitcanary("pause", "test/podinfo", "--repository", running.url)
    assert again.exit_code == 1
    assert "is asked to pause already" in again.output


def test_another_request_replaces_the_one_that_waits_and_says_so(running: Remote, gitcanary) -> None:
    gitcanary("promote", "test/podinfo", "--repository", running.url)
    result = gitcanary("abort", "test/podinfo", "--repository", running.url)
    assert "the request to promote, which still waited, is replaced" in result.output
    assert request_in(running) == Request("abort")


def test_a_race_is_run_again_on_the_newer_tip(running: Remote, gitcanary) -> None:
    # The hook lets somebody else be faster, once: it moves the branch while our push is under way.
    moved = running.git("commit-tree", "-p", running.tip, "-m", "Faster", f"{running.tip}^{{tree}}").strip()
    running.hook(
        "pre-receive",
        f"test -e raced && exit 0; touch raced; unset GIT_QUARANTINE_PATH\ngit update-ref refs/heads/main {moved}",
    )
    result = gitcanary("pause", "test/podinfo", "--repository", running.url)
    assert result.exit_code == 0, result.output
    assert [line.subject for line in running.log()[:2]] == ["Ask gitcanary to pause test/podinfo", "Faster"]


def test_a_declined_push_says_what_the_remote_said(running: Remote, gitcanary) -> None:
    running.hook("pre-receive", "echo 'protected branch: open a pull request' >&2; exit 1")
    result = gitcanary("pause", "test/podinfo", "--repository", running.url)
    assert result.exit_code == 1
    assert "protected branch: open a pull request" in result.output


def test_a_caller_whom_git_would_have_to_guess_is_told_what_to_set(
    running: Remote, gitcanary, caller: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMAIL", "bob@some-machine")
    caller.write_text("[user]\n\tname = Bob\n")
    tip = running.tip
    result = gitcanary("pause", "test/podinfo", "--repository", running.url)
    assert (result.exit_code, running.tip) == (2, tip)
    assert "set user.name and user.email" in result.output


@pytest.mark.parametrize("reason", ["Gitcanary-Action: rollback", "x" * 1001, "a\x1b[31mred"])
def test_a_reason_that_would_be_more_than_a_reason_is_refused(running: Remote, gitcanary, reason: str) -> None:
    result = gitcanary("pause", "test/podinfo", "--reason", reason, "--repository", running.url)
    assert result.exit_code == 2
    assert request_in(running) is None


def test_a_canary_whose_spec_is_broken_can_be_asked_and_says_what_is_in_the_way(running: Remote, gitcanary) -> None:
    path = "apps/podinfo/canary.yaml"
    running.commit(
        {path: running.read(path).replace("stepWeight: 10", "stepWeight: ten")}, "Break", at=datetime.now(UTC)
    )
    result = gitcanary("abort", "test/podinfo", "--repository", running.url)
    assert result.exit_code == 0
    assert "nothing happens before its Canary is repaired" in result.output
    assert request_in(running) == Request("abort")
