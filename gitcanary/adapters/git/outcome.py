"""What became of a push or a fetch, by what git reported.

Only a report that is certain counts. Whatever else may have happened (killed, timed out, connection lost) is unknown,
and is settled by asking the remote whether our commit is there, never by the error's text. That goes for a lost race
too: when a connection breaks, HTTP clients send a push again, and lose against themselves.
"""

import re
from collections.abc import Iterable

from gitcanary.adapters.git.command import Answer
from gitcanary.adapters.git.redaction import one_line
from gitcanary.errors import Throttled, Unauthorized
from gitcanary.ports import Outcome, Pushed

# git-push(1), "porcelain": <flag> TAB <from>:<to> TAB <summary> (<reason>)
_STATUS = re.compile(r"^(?P<flag>.)\t[^\t\n]*\t(?P<summary>\[?[^\n(]*)(?:\((?P<reason>.*)\))?$", re.MULTILINE)
_RACED = re.compile(
    r"stale info|fetch first|non-fast-forward|cannot lock ref|incorrect old value|failed to update ref|already exists",
    re.IGNORECASE,
)
_DECLINED = re.compile(
    r"declin|protect|prohibit|permi(?:t|ssion)|den(?:y|ied)|not allowed|rule|policy|checked out", re.IGNORECASE
)
_UNAUTHORIZED = re.compile(
    r"Authentication failed|could not read (?:Username|Password)|returned error: 40[13]\b|Permission denied \(|"
    r"Access denied",
    re.IGNORECASE,
)
_THROTTLED = re.compile(r"returned error: 429\b|Too Many Requests", re.IGNORECASE)
_STRANGER = "Host key verification failed"
_CHANGED = "REMOTE HOST IDENTIFICATION HAS CHANGED"


def judge(answer: Answer, secrets: Iterable[str]) -> Pushed | None:
    """Return how a push ended, None where that is unknown. Raises what `turned_away` raises."""
    status = _STATUS.search(answer.printed)
    if status is None:
        turned_away(answer, secrets)
        return None
    if status["flag"] in {" ", "="} and answer.is_success:
        return Pushed(Outcome.LANDED)
    if status["summary"].startswith("[remote rejected]") and _is_policy(status["reason"] or ""):
        return Pushed(Outcome.DECLINED, one_line(f"{status['reason']}: {_remarks(answer)}", secrets))
    return None


def has_raced(answer: Answer) -> bool:
    """Tell whether git reports that the branch moved, or was just being moved."""
    status = _STATUS.search(answer.printed)
    return status is not None and status["flag"] == "!" and _RACED.search(status["reason"] or "") is not None


def turned_away(answer: Answer, secrets: Iterable[str]) -> None:
    """Raise `Unauthorized` or `Throttled` where git complains about that: asking again at once makes it worse."""
    if answer.status is None:
        return
    if _STRANGER in answer.complained:
        found = "is not the one that is known for it" if _CHANGED in answer.complained else "is not known"
        raise Unauthorized(f"the remote's SSH host key {found}: nothing was sent; see `ssh_known_hosts`")
    if _UNAUTHORIZED.search(answer.complained):
        raise Unauthorized(f"the remote does not accept the credentials: {said(answer, secrets)}")
    if _THROTTLED.search(answer.complained):
        raise Throttled(f"the remote is asked too often: {said(answer, secrets)}")


def said(answer: Answer, secrets: Iterable[str]) -> str:
    """Return what git or the remote complained about: one line without secrets."""
    if answer.status is None:
        return "no answer before the deadline"
    return one_line(answer.complained or f"git ended with {answer.status}", secrets)


def _is_policy(reason: str) -> bool:
    return _DECLINED.search(reason) is not None and _RACED.search(reason) is None


def _remarks(answer: Answer) -> str:
    """Return what the remote's hooks printed."""
    lines = answer.complained.splitlines()
    return " ".join(line.removeprefix("remote:") for line in lines if line.startswith("remote:"))
