"""What happened, told to logs and metrics: each fact once, after it happened."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from gitcanary.controller.publisher import Chain, Decided, Stuck
from gitcanary.controller.subject import Key, Subject
from gitcanary.controller.survey import Looked, Survey
from gitcanary.errors import Unreachable, Usage
from gitcanary.ports import Outcome, Pushed, Signal, Telemetry
from gitcanary.rollout.decision import For, Wait

# In the order in which the rules ask: what a canary waits for proves that what comes before it is known.
ASKED = (For.LIVE, For.READY, For.DATA, For.CHECK, For.GATE, For.REVISION, For.PERSON, For.BUDGET)
OUTAGES = frozenset({For.LIVE, For.READY, For.DATA})


def is_over(kind: For, what: For) -> bool:
    """Tell whether an outage of one kind has ended for who waits for this."""
    return ASKED.index(kind) < ASKED.index(what)


class Reporter:
    """Tells the telemetry what is new. What lasts is told once, when it begins."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._waits: dict[Key, tuple[For, bool]] = {}
        self._lasting: dict[Key, set[For]] = {}
        self._refused: dict[Key, str] = {}
        self._outage: Unreachable | Usage | None = None
        self._defect: str | None = None
        self._is_starved = False

    def surveyed(self, survey: Survey, looked: Looked) -> None:
        """Tell where the canaries that changed stand, and which Canaries were found that cannot be honoured."""
        standings = [standing(survey.subjects[key]) for key in looked.touched]
        if standings or looked.gone:
            gone = [name(key) for key in looked.gone]
            self._telemetry.tell([Signal("canaries", {"canaries": standings, "gone": gone})])
        refused = {key: str(unfit.refusal) for key, unfit in survey.unfit.items()}
        new = [key for key, reason in refused.items() if self._refused.get(key) != reason]
        self._refused = refused
        self._lasting = {key: kinds for key, kinds in self._lasting.items() if key in survey.subjects}
        self._telemetry.tell([Signal("refused", {**name(key), "reason": refused[key]}) for key in new])

    def forget(self, keys: Iterable[Key]) -> None:
        """Drop what canaries waited for that are no more, or at rest: when it comes again it is told again."""
        for key in keys:
            self._waits.pop(key, None)

    def waits(self, subject: Subject, wait: Wait) -> None:
        """Tell what a canary waits for, when that changes, and when it has lasted too long."""
        if wait.what is For.ANSWER:
            return  # asking is no news, and ends no outage
        self._recover(subject, frozenset(kind for kind in OUTAGES if is_over(kind, wait.what)))
        told = (wait.what, wait.is_overdue)
        lasting = self._lasting.setdefault(subject.key, set())
        if self._waits.get(subject.key) == told or (wait.is_overdue and wait.what in lasting):
            return
        lasting |= {wait.what} & OUTAGES if wait.is_overdue else set()
        self._waits[subject.key] = told
        kind = "overdue" if wait.is_overdue else "wait"
        fields = {**name(subject.key), "canary": subject.title, "for": wait.what.value, "why": wait.why}
        self._telemetry.tell([Signal(kind, {**fields, "until": wait.until})])

    def _recover(self, subject: Subject, over: frozenset[For]) -> None:
        """Tell that outages ended which were told as lasting too long."""
        lasting = self._lasting.get(subject.key, set())
        for kind in sorted(lasting & over):
            fields = {**name(subject.key), "canary": subject.title, "for": kind.value}
            self._telemetry.tell([Signal("recovered", fields)])
        lasting -= over

    def stuck(self, stuck: Iterable[Stuck]) -> None:
        """Tell which decisions cannot be committed."""
        for each in stuck:
            reason = str(each.refusal)
            fields = {"canary": each.subject.title, "action": each.decision.action.value, "reason": reason}
            self._telemetry.tell([Signal("stuck", {**name(each.subject.key), **fields})])

    def pushed(self, chain: Chain, pushed: Pushed) -> None:
        """Tell how a push ended, and every decision that landed with it."""
        signals = [
            Signal("push", {"outcome": pushed.outcome.value, "commits": len(chain.decided), "said": pushed.said})
        ]
        if pushed.outcome is Outcome.LANDED:
            self._is_starved = False
            signals += [decision(each) for each in chain.decided]
            for each in chain.decided:
                self._waits.pop(each.subject.key, None)
                self._recover(each.subject, OUTAGES)
        self._telemetry.tell(signals)

    def outage(self, trouble: Unreachable | Usage) -> None:
        """Tell that the repository cannot be used, once for each kind of trouble."""
        if type(self._outage) is not type(trouble):
            self._telemetry.tell([Signal("outage", {"trouble": str(trouble)})])
        self._outage = trouble

    def defect(self, defect: Exception) -> None:
        """Tell that a round broke off by a mistake of ours, once for each."""
        told = f"{type(defect).__name__}: {defect}"
        if told != self._defect:
            self._telemetry.tell([Signal("defect", {"trouble": told, "exc_info": defect})])
        self._defect = told

    def raced(self, lasting: timedelta, limit: timedelta) -> None:
        """Tell, once, that for too long somebody else was faster at every push."""
        if lasting >= limit and not self._is_starved:
            self._is_starved = True
            self._telemetry.tell([Signal("starved", {"seconds": lasting.total_seconds()})])

    def round(self, seconds: float) -> None:
        """Tell that a round ended, and with it an outage that there was."""
        signals = [Signal("round", {"seconds": seconds})]
        if trouble := self._outage or self._defect:
            signals.append(Signal("recovered", {"trouble": str(trouble)}))
        self._outage = self._defect = None
        self._telemetry.tell(signals)


def name(key: Key) -> dict[str, str]:
    """Return how a canary is named in a log line."""
    return {"path": key.path, "name": key.name}


def standing(subject: Subject) -> dict[str, object]:
    """Return where a canary stands."""
    record = subject.record
    return {
        "namespace": subject.canary.namespace,
        "name": subject.canary.name,
        "path": subject.key.path,
        "phase": record.phase.value if record else "",
        "weight": record.weight if record else 0,
    }


def waiting(survey: Survey, waits: Mapping[Key, Wait]) -> list[dict[str, object]]:
    """Return where every canary stands and what it waits for, and which Canaries cannot be honoured."""
    # Copies: whoever asks is another thread than the rounds'.
    told = [{**standing(subject), **_waits(waits.get(key))} for key, subject in tuple(survey.subjects.items())]
    for key, unfit in tuple(survey.unfit.items()):
        told.append({**name(key), "refused": str(unfit.refusal)})
    return told


def _waits(wait: Wait | None) -> dict[str, object]:
    if wait is None:
        return {"waitsFor": None}
    until = wait.until.isoformat() if wait.until else None
    return {"waitsFor": wait.what.value, "why": wait.why, "until": until, "isOverdue": wait.is_overdue}


def decision(decided: Decided) -> Signal:
    """Return a decision as one line: what, of which canary, in which commit, and why."""
    record = decided.decision.record
    return Signal(
        "decision",
        {
            **name(decided.subject.key),
            "canary": decided.subject.title,
            "action": decided.decision.action.value,
            "phase": record.phase.value,
            "weight": record.weight,
            "revision": record.revision,
            "commit": decided.commit,
            "subject": decided.change.message.partition("\n")[0],
            "reason": decided.decision.reason,
        },
    )
