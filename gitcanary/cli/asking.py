"""What a person asks for: whether it makes sense, the commit that asks for it, and what comes of it."""

from dataclasses import replace
from datetime import datetime

from gitcanary.cli.outlook import look_ahead
from gitcanary.cli.standing import Standing
from gitcanary.controller.subject import Subject
from gitcanary.errors import Refused, Usage
from gitcanary.manifests.trailers import PREFIX
from gitcanary.rollout.decision import Commit
from gitcanary.rollout.state import Action, Record, Request, State, Touch, Verb

LONGEST_REASON = 1000
NEXT = {
    Verb.PAUSE: "every move but the way back stops; `gitcanary resume` ends it",
    Verb.RESUME: "the rollout goes on from where it stands, once the newest commit is live",
    Verb.PROMOTE: "the remaining steps and gates are skipped, once the newest commit is live and its check passes",
    Verb.ABORT: "the canary is rolled back at once, and its revision quarantined",
    Verb.RETRY: "the revision leaves the quarantine and is rolled out again",
    Verb.SKIP_ANALYSIS: "the canary is promoted as soon as it is live and ready",
    Verb.ADOPT: "what stands in Git is taken as it is, and the rollout goes on from there",
}


def checked_reason(text: str | None) -> str | None:
    """Return a reason as one line; raises `Usage` for one that is too long, or looks like a trailer of ours."""
    reason = " ".join((text or "").split())
    if not reason.isprintable() or len(reason) > LONGEST_REASON:
        raise Usage(f"--reason takes printable text of at most {LONGEST_REASON} characters")
    if reason.startswith(PREFIX):
        raise Usage(f"--reason may not begin with {PREFIX}: that is how gitcanary's own trailers begin")
    return reason or None


def message(verb: Verb, title: str, reason: str | None) -> str:
    """Return the message of the commit that asks for something."""
    return f"Ask gitcanary to {verb} {title}" + (f"\n\n{reason}" if reason else "")


def required_record(standing: Standing) -> Record:
    """Return a canary's record; raises `Refused` where there is none to put a request into."""
    if standing.record is None:
        raise Refused(
            f"{standing.title} has no record that could be read: gitcanary has nothing to be asked about; where there "
            "was one, `gitcanary adopt` puts it back"
        )
    return standing.record


def objection(subject: Subject, state: State, request: Request, by: str, now: datetime) -> str | None:
    """Return why a request makes no sense now, as gitcanary would answer it; None where it will be acted on."""
    record = replace(required(state), request=request)
    touch = Touch(state.awaited.commit if state.awaited else "", by, is_ours=False)
    decision = look_ahead(subject, replace(state, record=record, request_touch=touch), now)
    is_answered = isinstance(decision, Commit) and decision.action is Action.ANSWER
    return decision.reason if is_answered and isinstance(decision, Commit) else None


def required(state: State) -> Record:
    """Return a state's record, which somebody made sure of."""
    if state.record is None:
        raise Refused("there is no record")
    return state.record


def outcome(standing: Standing, verb: Verb) -> str:
    """Return what happens next."""
    replaced = standing.record.request if standing.record else None
    before = f"the request to {replaced.verb}, which still waited, is replaced; " if replaced else ""
    if standing.refusal is not None:
        return f"{before}nothing happens before its Canary is repaired: {standing.refusal}"
    return f"{before}{NEXT[verb]}"
