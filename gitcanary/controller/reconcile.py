"""One round, top to bottom."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from gitcanary.controller.agenda import Agenda
from gitcanary.controller.budget import PushBudget
from gitcanary.controller.facts import Historian
from gitcanary.controller.notices import Notifier
from gitcanary.controller.observer import Asked, Observer
from gitcanary.controller.publisher import URGENT, Chain, Decided, Publisher, urgent
from gitcanary.controller.reports import Reporter
from gitcanary.controller.subject import Key, Subject
from gitcanary.controller.survey import Survey
from gitcanary.errors import Refused, Unreachable
from gitcanary.manifests import release
from gitcanary.manifests.catalog import forget_parsed
from gitcanary.ports import Clock, Outcome, Pushed, Repository
from gitcanary.rollout.consider import consider, part
from gitcanary.rollout.decision import Ask, Commit, Decision, For, Wait
from gitcanary.rollout.evidence import Evidence
from gitcanary.rollout.idle import is_idle
from gitcanary.rollout.state import State

TURNS = 8  # questions lead to questions: live, webhooks, metrics, gate, gate
RACES = 10
MANY = 100
UNMOVED = 3  # attempts at one tip: a branch that was locked is free by then
DECLINED = timedelta(minutes=10)

Decisions = Sequence[tuple[Subject, Commit]]


class Round:
    """The rounds of one branch, one after the other."""

    def __init__(  # noqa: PLR0913, PLR0917 - the loop's parts, each one a thing of its own
        self,
        repository: Repository,
        survey: Survey,
        historian: Historian,
        observer: Observer,
        publisher: Publisher,
        reporter: Reporter,
        notifier: Notifier,
        clock: Clock,
        budget: PushBudget,
    ) -> None:
        self._repository = repository
        self._survey = survey
        self._historian = historian
        self._observer = observer
        self._publisher = publisher
        self._reporter = reporter
        self._notifier = notifier
        self._clock = clock
        self._budget = budget
        self._unsettled: Chain | None = None
        self._last: datetime | None = None
        self.agenda = Agenda()

    def run(self) -> Pushed | None:
        """Fetch, decide, commit, push; return how the push ended, None where there was nothing to push.

        On a race everything is decided again on the new tip, with the evidence at hand.
        """
        pushed: Pushed | None = None
        tips: list[str] = []
        for lost in range(RACES):
            now = self._clock.now().replace(microsecond=0)
            self._distrust_the_future(now)
            tip = self._repository.fetch()
            tips.append(tip)
            if tips.count(tip) > UNMOVED:
                raise Unreachable("pushes are refused as if the branch had moved, and it has not")
            self._settle_push(tip)
            self._look(tip)
            self._observer.begin(now)
            decisions = [each for each in self._decide(tip, now) if not self.agenda.is_declined(each[0].key, now)]
            pushed = self._publish(tip, self._affordable(urgent(decisions, lost), now), now)
            if pushed is None or pushed.outcome is not Outcome.RACED:
                break
        return pushed

    def next_due(self) -> datetime | None:
        """Return the earliest time that anything waits for."""
        return self.agenda.next_due()

    def _distrust_the_future(self, now: datetime) -> None:
        """Forget what waits and what was asked where the clock fell back: those times would come late, or never."""
        if self._last is not None and now < self._last:
            self.agenda = Agenda()
            self.agenda.call(self._survey.subjects)
            self._observer.forget(list(self._survey.subjects))
        self._last = now

    def _settle_push(self, tip: str) -> None:
        """Tell of what landed although nobody heard of it: the answer to the last push was lost, and the next one's."""
        chain, self._unsettled = self._unsettled, None
        if chain is not None and self._repository.is_ancestor(chain.head, tip):
            self._reporter.pushed(chain, Pushed(Outcome.LANDED))
            self._notifier.after(chain.decided)

    def _affordable(self, decisions: Decisions, now: datetime) -> Decisions:
        """Return what may be pushed now: all, or nothing while the budget is spent and nothing of it is urgent.

        What waits is decided again, on what is known then.
        """
        self.agenda.free_at = self._budget.next_free(now) if decisions else None
        if self.agenda.free_at is None or any(decision.action in URGENT for _, decision in decisions):
            return decisions
        for subject, decision in decisions:
            why = f"{decision.action} waits for the push budget"
            self._reporter.waits(subject, Wait(For.BUDGET, why, self.agenda.free_at))
        return ()

    def _look(self, tip: str) -> None:
        """Take the tip, and put what it changed on the agenda."""
        if tip == self._survey.tip:
            return
        looked = self._survey.look(tip)
        self.agenda.call(looked.touched)
        self.agenda.forget(looked.gone)
        self._forget(looked.gone)
        self._reporter.surveyed(self._survey, looked)

    def _forget(self, keys: Collection[Key]) -> None:
        """Drop what was known of canaries that are no more, or have nothing to do."""
        self._observer.forget(keys)
        self._historian.forget(keys)
        self._reporter.forget(keys)

    def _decide(self, tip: str, now: datetime) -> list[tuple[Subject, Commit]]:
        """Consider every canary that is due until all have a decision, asking all their questions side by side."""
        states = self._states(self._due(now), tip)
        due = {key: self._survey.subjects[key] for key in states}
        decided: dict[Key, Decision] = {}
        open_ = due
        for _ in range(TURNS):
            decided |= {key: self._consider(subject, states[key], now) for key, subject in open_.items()}
            asked = {
                key: (subject, states[key], decision.questions)
                for key, subject in open_.items()
                if isinstance(decision := decided[key], Ask)
            }
            open_ = self._ask(asked, tip, now)
            if not open_:
                break
        self._note(decided, due, now)
        return [(due[key], decision) for key, decision in decided.items() if isinstance(decision, Commit)]

    def _states(self, due: Mapping[Key, Subject], tip: str) -> dict[Key, State]:
        """Return the facts of every canary; one whose history cannot be read waits for a person, and no other does."""
        states: dict[Key, State] = {}
        for key, subject in due.items():
            try:
                states[key] = self._historian.state(subject, tip)
            except Refused as refusal:
                self.agenda.note(key, wait := Wait(For.PERSON, str(refusal), is_overdue=True))
                self._reporter.waits(subject, wait)
        return states

    def _due(self, now: datetime) -> dict[Key, Subject]:
        """Return the canaries that are due and not at rest."""
        due = {key: self._survey.subjects[key] for key in self.agenda.due(now)}
        resting = [key for key, subject in due.items() if has_nothing_to_do(subject)]
        for key in resting:
            self.agenda.note(key, AT_REST)
            del due[key]
        self._forget(resting)
        if len(resting) > MANY:
            forget_parsed()  # what is at rest is not looked at again
        return due

    def _consider(self, subject: Subject, state: State, now: datetime) -> Decision:
        evidence = self._observer.inquiry(subject, state).evidence(now)
        return decide(subject, state, evidence)

    def _ask(self, asked: Asked, tip: str, now: datetime) -> dict[Key, Subject]:
        """Put the questions, and return the canaries that got an answer to any of theirs."""
        if not asked:
            return {}
        before = {key: self._known(subject, state, now) for key, (subject, state, _) in asked.items()}
        self._observer.ask(asked, tip, now)
        return {
            key: subject
            for key, (subject, state, _) in asked.items()
            if self._known(subject, state, now) != before[key]
        }

    def _known(self, subject: Subject, state: State, now: datetime) -> Evidence:
        return self._observer.inquiry(subject, state).evidence(now)

    def _note(self, decided: Mapping[Key, Decision], due: Mapping[Key, Subject], now: datetime) -> None:
        """Put on the agenda what each canary waits for."""
        for key, decision in decided.items():
            if not isinstance(decision, Ask):
                until = decision.until if isinstance(decision, Wait) else None
                self._observer.keep(key, until or now + due[key].canary.spec.interval)
            wait = as_wait(decision)
            if wait is None:
                self.agenda.call([key])  # what it waited for has come
                continue
            self.agenda.note(key, wait)
            self._reporter.waits(due[key], wait)

    def _settle(self, chain: Chain) -> None:
        """Leave alone, until something changes, what has nothing to commit or cannot be committed."""
        for subject in chain.idle:
            self.agenda.note(subject.key, AT_REST)
        for stuck in chain.stuck:
            self.agenda.note(stuck.subject.key, Wait(For.PERSON, str(stuck.refusal), is_overdue=True))

    def _publish(self, tip: str, decisions: Decisions, now: datetime) -> Pushed | None:
        """Chain the decisions on the tip and push them; what is declined together is tried one by one."""
        chain = self._publisher.chain(tip, decisions, now)
        self._reporter.stuck(chain.stuck)
        self._settle(chain)
        if not chain.decided:
            return None
        self._unsettled = chain
        self._budget.spend(now)
        pushed = self._publisher.push(chain)
        self._unsettled = None
        self._reporter.pushed(chain, pushed)
        if pushed.outcome is Outcome.LANDED:
            self._landed(chain.decided, chain.head)
        if pushed.outcome is not Outcome.DECLINED:
            return pushed
        if len(chain.decided) == 1:
            self.agenda.decline(chain.decided[0].subject.key, now + DECLINED)
            return pushed
        return self._publish_apart(tip, chain, now) or pushed

    def _publish_apart(self, tip: str, chain: Chain, now: datetime) -> Pushed | None:
        """Push each decision by itself, so that a rule against one canary holds up no other."""
        landed: Pushed | None = None
        for each in chain.decided:
            pushed = self._publish(tip, [(each.subject, each.decision)], now)
            if pushed is not None and pushed.outcome is Outcome.RACED:
                return pushed
            if pushed is not None and pushed.outcome is Outcome.LANDED:
                landed, tip = pushed, self._survey.tip or tip
        return landed

    def _landed(self, decided: tuple[Decided, ...], head: str) -> None:
        self._look(head)
        for each in decided:
            self.agenda.accept(each.subject.key)
        self._notifier.after(decided)


AT_REST = Wait(For.REVISION, "a new revision")


def has_nothing_to_do(subject: Subject) -> bool:
    """Tell, without looking at its history, whether a canary is at rest."""
    if subject.record is None or subject.is_gone:
        return False
    folder, canary = subject.folder, subject.canary
    return is_idle(canary.spec, subject.record, release.wanted(folder, canary), release.routed_weight(folder, canary))


def decide(subject: Subject, state: State, evidence: Evidence) -> Decision:
    """Consider a canary, or part from it where its Canary was deleted."""
    return (part if subject.is_gone else consider)(subject.canary.spec, state, evidence)


def as_wait(decision: Decision) -> Wait | None:
    """Return what a canary waits for; an unanswered question is a wait for its answer."""
    match decision:
        case Wait():
            return decision
        case Ask():
            return Wait(For.ANSWER, "answers are still out")
        case Commit():
            return None
