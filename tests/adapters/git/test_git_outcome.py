"""What git's reports of a push mean, and what of them may be printed."""

import pytest

from gitcanary.adapters.git.command import Answer
from gitcanary.adapters.git.outcome import has_raced, judge
from gitcanary.adapters.git.redaction import one_line
from gitcanary.errors import Unauthorized
from gitcanary.ports import Outcome

SECRET = "s3cret/+="


def report(flag: str, summary: str, complained: str = "", status: int = 1) -> Answer:
    printed = f"To http://127.0.0.1/x.git\n{flag}\t0b51:refs/heads/main\t{summary}\n"
    return Answer(status, printed + ("Done\n" if status == 0 else ""), complained)


@pytest.mark.parametrize("answer", [report(" ", "0b5..1f2", status=0), report("=", "[up to date]", status=0)])
def test_landed(answer: Answer) -> None:
    pushed = judge(answer, ())
    assert pushed is not None
    assert pushed.outcome is Outcome.LANDED
    assert not has_raced(answer)


@pytest.mark.parametrize(
    "summary",
    [
        "[rejected] (stale info)",
        "[rejected] (fetch first)",
        "[rejected] (non-fast-forward)",
        "[remote rejected] (failed to update ref)",
        "[remote rejected] (incorrect old value provided)",
        "[remote rejected] (cannot lock ref 'refs/heads/main': is at 1f2 but expected 0b5)",
        "[remote rejected] (cannot lock ref 'refs/heads/main': Unable to create 'main.lock': File exists.)",
        "[remote rejected] (cannot lock ref 'refs/heads/main': Permission denied)",
        "[remote rejected] (reference already exists)",
    ],
)
def test_a_lost_race_is_seen_and_left_to_ancestry(summary: str) -> None:
    answer = report("!", summary)
    assert judge(answer, ()) is None
    assert has_raced(answer)


@pytest.mark.parametrize(
    "reason",
    [
        "pre-receive hook declined",
        "hook declined",
        "protected branch hook declined",
        "push declined due to repository rule violations",
        "GH006: Protected branch update failed",
        "TF402455: Pushes to this branch are not permitted; you must use a pull request to update this branch.",
        "prohibited by Gerrit: not permitted: update",
        "branch is currently checked out",
        "denying non-owner updates",
    ],
)
def test_policy_declines_and_is_quoted(reason: str) -> None:
    said = f"remote: error: {SECRET}: ask\x1b[31m a person\nremote:  (http://bot:{SECRET}@forge/rules)\nhint: ignored\n"
    pushed = judge(report("!", f"[remote rejected] ({reason})", said), (SECRET,))
    assert pushed is not None
    assert pushed.outcome is Outcome.DECLINED
    assert pushed.said.startswith(reason[:40])
    assert pushed.said.endswith("error: ***: ask [31m a person (http://***@forge/rules)")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(None, "", ""),
        Answer(-9, "", ""),
        Answer(128, "", "fatal: unable to access 'http://x/': Recv failure: Connection reset by peer"),
        Answer(1, "", "error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502"),
        report("!", "[remote rejected] (unpacker error)"),
        report("!", "[remote rejected] (Internal Server Error)"),
        report("!", "[remote failure] (remote failed to report status)"),
        report(" ", "0b5..1f2", status=1),
    ],
)
def test_everything_else_is_unknown(answer: Answer) -> None:
    assert judge(answer, ()) is None
    assert not has_raced(answer)


@pytest.mark.parametrize(
    "complained",
    [
        "fatal: Authentication failed for 'https://forge.example.com/x.git/'",
        "fatal: could not read Username for 'https://forge.example.com': terminal prompts disabled",
        "fatal: could not read Password for 'https://bot@forge.example.com': No such device or address",
        "fatal: unable to access 'https://forge.example.com/x.git/': The requested URL returned error: 403",
        "git@forge.example.com: Permission denied (publickey).\nfatal: Could not read from remote repository.",
        "Host key verification failed.\nfatal: Could not read from remote repository.",
    ],
)
def test_credentials_that_are_not_accepted(complained: str) -> None:
    with pytest.raises(Unauthorized):
        judge(Answer(128, "", complained), ())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("two\nlines\t and\r\0 more ", "two lines and more"),
        ("x" * 400, "x" * 299 + "…"),
        (f"password={SECRET}", "password=***"),
        ("password=s3cret%2F%2B%3D", "password=***"),
        ("https://u:p@h/x and ssh://git@h", "https://***@h/x and ssh://***@h"),
        ("token ghp_Ab12 glpat-a_b-c github_pat_1_2", "token *** *** ***"),
        ("Authorization: Basic dTpw", "Authorization: ***"),
        ("schöne Grüße", "schöne Grüße"),
    ],
)
def test_what_is_printed_is_one_line_without_secrets(text: str, line: str) -> None:
    assert one_line(text, (SECRET, "")) == line
