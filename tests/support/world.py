"""A small world for whole rollouts without Git, network or clock.

One canary, its branch, its cluster and the people around it. `walk` lets time pass and does what `consider` decides,
when a controller would consider it: at once when something of the canary changed in Git, else when its wait is over.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

from gitcanary.rollout.consider import consider, part
from gitcanary.rollout.decision import Ask, Commit, Decision, For, Wait
from gitcanary.rollout.evidence import (
    Evidence,
    HookAnswer,
    HookQuestion,
    LiveQuestion,
    MetricAnswer,
    MetricQuestion,
    Question,
)
from gitcanary.rollout.replay import replay
from gitcanary.rollout.spec import HookType, Spec
from gitcanary.rollout.state import Action, Phase, Placed, Record, Request, Revision, State
from support.branch import MIA, US
from support.canaries import digest, make_spec
from support.cluster import Cluster

GATES = (HookType.CONFIRM_ROLLOUT, HookType.CONFIRM_TRAFFIC_INCREASE, HookType.CONFIRM_PROMOTION)
MOST_ASKS = 6
MOST_COMMITS = 6
Line = tuple[Action, int, Phase]


@dataclass(frozen=True, slots=True)
class Logged:
    """One decision that became a commit, with all that it was decided on."""

    at: datetime
    spec: Spec
    state: State
    evidence: Evidence
    commit: Commit
    weight: int

    @property
    def action(self) -> Action:
        return self.commit.action

    @property
    def phase(self) -> Phase:
        return self.commit.record.phase

    @property
    def line(self) -> Line:
        return self.action, self.weight, self.phase


@dataclass
class World(Cluster):
    """Everything around one canary. What a test wants otherwise is a field, here or of the cluster.

    `answers` gives a webhook's status by its name (None: nothing answered), `delays` how long it takes. `poll` is
    how often a round looks at what is not live or ready yet. `on_decision` sees every decision with what it was
    made on; `asked` holds every webhook and metric that was asked, and when.
    """

    spec: Spec = field(default_factory=make_spec)
    is_scalable: bool = True
    poll: timedelta = timedelta(seconds=10)
    target: str = digest("r1")
    record: Record | None = None
    log: list[Logged] = field(default_factory=list)
    asked: list[tuple[datetime, Question]] = field(default_factory=list)
    answers: dict[str, int | None] = field(default_factory=dict)
    delays: dict[str, timedelta] = field(default_factory=dict)
    is_deleted: bool = False
    is_suspended: bool = False
    reverted: str | None = None
    is_record_edited: bool = False
    on_decision: Callable[[Spec, State, Evidence, Decision], None] | None = None
    last: Decision | None = None
    _seen: object = None
    _hooks: dict[HookQuestion, HookAnswer] = field(default_factory=dict)
    _metrics: dict[MetricQuestion, MetricAnswer] = field(default_factory=dict)
    _arriving: dict[HookQuestion, datetime] = field(default_factory=dict)
    _begun: datetime | None = None

    def __post_init__(self) -> None:
        self._push(MIA, Placed(None, self.target, None, 2 if self.is_scalable else None))

    # What people do.

    def push(self, name: str) -> None:
        """Let a person set the target to a revision."""
        self.target = digest(name)
        self._push(MIA, replace(self.placed, canary=self.target))

    def write_weight(self, weight: int) -> None:
        """Let a person edit the canary's weight in the routing."""
        self._push(MIA, replace(self.placed, weight=weight))

    def write_replicas(self, replicas: int) -> None:
        """Let a person edit the target's number of replicas."""
        self._push(MIA, replace(self.placed, replicas=replicas))

    def request(self, verb: str) -> None:
        """Let a person ask for something in the record."""
        self.remember(request=Request(verb, "because"))
        self._push(MIA, self.placed, changes_request=True)

    def edit_record(self, **changes: object) -> None:
        """Let a person edit the record: only their quarantine is believed."""
        self.remember(**{name: value for name, value in changes.items() if name == "quarantine"})
        self.is_record_edited = bool(changes.keys() - {"quarantine"})
        self._push(MIA, self.placed, changes_record=True)

    def edit_spec(self, **changes: object) -> None:
        """Let a person edit the Canary."""
        self.spec = replace(self.spec, blob=f"spec-{len(self.branch) + 1}", **changes)
        self._push(MIA, self.placed)

    def revert(self, entry: Logged) -> None:
        """Let a person put the files back to what they were before a decision about a promotion."""
        self.record = entry.state.record
        self.reverted = entry.commit.record.revision
        self._push(MIA, entry.state.placed, changes_record=True)

    def remember(self, **changes: object) -> None:
        """Let the record hold this as if it had always been there: nobody edited it."""
        assert self.record is not None
        self.record = replace(self.record, **changes)

    # What time does.

    def walk(self, seconds: float) -> list[Line]:
        """Let time pass, do what is decided, and return the commits made in that time."""
        before, end = len(self.log), self.now + timedelta(seconds=seconds)
        self.settle_down()
        while self.now < end:
            self.now = min(end, self._next_instant())
            self.settle_down()
        return [entry.line for entry in self.log[before:]]

    def walk_to(self, phase: Phase, *, patience: float = 3600) -> list[Line]:
        """Let time pass until the record is in a phase, and return the commits made in that time."""
        return self.walk_until(lambda: self.record is not None and self.record.phase is phase, patience=patience)

    def walk_to_weight(self, weight: int) -> list[Line]:
        """Let time pass until this weight is live, and return the commits made in that time."""
        return self.walk_until(lambda: self.live_placed is not None and self.live_placed.weight == weight)

    def walk_until(self, is_there: Callable[[], bool], *, patience: float = 3600) -> list[Line]:
        """Let time pass until something is so, and return the commits made in that time."""
        before, end = len(self.log), self.now + timedelta(seconds=patience)
        while not is_there():
            assert self.now < end, f"waits in vain: {self.last}"
            if not self.step():
                self.now = self._next_instant()
                self.sync()
        return [entry.line for entry in self.log[before:]]

    def settle_down(self) -> None:
        """Decide and commit at this instant until there is nothing more to commit."""
        for _ in range(MOST_COMMITS):
            if not self.step():
                return
        lines = [entry.line for entry in self.log[-MOST_COMMITS:]]
        raise AssertionError(f"commits without end: {lines}")

    def step(self) -> Commit | None:
        """Decide if that is due, and return what was committed."""
        self.sync()
        if not self._is_due():
            return None
        self._seen = self._in_git
        self.last, evidence = self.decide()
        if not isinstance(self.last, Commit):
            return None
        self._commit(self.last, evidence)
        return self.last

    def decide(self) -> tuple[Decision, Evidence]:
        """Return the decision at this instant and the evidence that it was made on, without committing it."""
        live, state = None, self.state
        for _ in range(MOST_ASKS):
            evidence = Evidence(self.now, live, dict(self._hooks), dict(self._metrics), self._begun)
            decision = self._consider(state, evidence)
            if not isinstance(decision, Ask):
                self._begun = None
                return decision, evidence
            if LiveQuestion() in decision.questions:
                assert live is None, "asks again what is live"
                live = self.see_live()
            if self._ask(decision):
                return decision, evidence
        raise AssertionError(f"asks without end: {decision}")

    @property
    def placed(self) -> Placed:
        """What the tip of the branch holds."""
        return self.branch.tip.placed

    @property
    def state(self) -> State:
        """The tip of the branch, as the controller would read it."""
        return State(
            path="apps/podinfo",
            revision=Revision(self.target, self.branch.changed(lambda placed: placed.canary).commit),
            placed=self.placed,
            awaited=self.branch.awaited,
            record=self.record,
            is_record_edited=self.is_record_edited,
            record_blob=sha256(repr(self.record).encode()).hexdigest() if self.record else None,
            is_scalable=self.is_scalable,
            primary_replicas=2,
            record_touch=self.branch.touch(lambda pushed: pushed.changes_record),
            weight_touch=self.branch.changed(lambda placed: placed.weight).touch,
            request_touch=self.branch.touch(lambda pushed: pushed.changes_request),
            reverted=self.reverted,
        )

    # How it works.

    @property
    def _in_git(self) -> object:
        """What of this canary a fetch would show as changed."""
        return len(self.branch), self.record, self.spec, self.is_deleted, self.is_suspended

    def _push(self, by: str, placed: Placed, **touched: bool) -> None:
        self.branch.push(self.now, by, placed, **touched)

    def _is_due(self) -> bool:
        """Tell whether a controller would consider this canary now."""
        if self._seen != self._in_git or not isinstance(self.last, Wait):
            return True
        is_watched = self.last.what in {For.LIVE, For.READY}
        return is_watched or (self.last.until is not None and self.last.until <= self.now)

    def _next_instant(self) -> datetime:
        until = self.last.until if isinstance(self.last, Wait) else None
        times = (self.next_sync(), until, *self._arriving.values(), self.now + self.poll)
        return min(time for time in times if time is not None and time > self.now)

    def _consider(self, state: State, evidence: Evidence) -> Decision:
        spec = replace(self.spec, is_suspended=True) if self.is_suspended else self.spec
        rule = part if self.is_deleted else consider
        decision = rule(spec, state, evidence)
        assert decision == rule(spec, state, evidence)
        if self.on_decision:
            self.on_decision(spec, state, evidence, decision)
        return decision

    def _replayed(self, commit: Commit) -> Decision:
        """Return what is decided on the evidence that the record holds, and on nothing else."""
        spec = replace(self.spec, is_suspended=True) if self.is_suspended else self.spec
        rule, state = part if self.is_deleted else consider, self.state
        placed = {pushed.commit: pushed.placed for pushed in self.branch.commits}
        seen = commit.record.evidence
        return replay(lambda evidence: rule(spec, state, evidence), state.record, seen, placed.__getitem__)

    def _ask(self, asking: Ask) -> set[HookQuestion]:
        """Ask everything that is not answered; return the webhooks whose answers are still out."""
        for question in asking.questions:
            match question:
                case HookQuestion():
                    assert question not in self._hooks, f"asks again: {question}"
                    self._call(question)
                case MetricQuestion():
                    assert question not in self._metrics, f"asks again: {question}"
                    self.asked.append((self.now, question))
                    self._metrics[question] = self.measure(question.metric, self.now)
                case LiveQuestion():
                    pass
        out = {one for one in asking.questions if isinstance(one, HookQuestion) and one not in self._hooks}
        self._begun = min((question.at for question in out), default=self._begun)
        return out

    def _call(self, question: HookQuestion) -> None:
        if question not in self._arriving:
            self.asked.append((self.now, question))
            self._arriving[question] = self.now + self.delays.get(question.hook.name, timedelta())
        if self._arriving[question] <= self.now:
            usual = 403 if question.hook.type is HookType.ROLLBACK else 200
            self._hooks[question] = HookAnswer(self.answers.get(question.hook.name, usual))

    def _commit(self, commit: Commit, evidence: Evidence) -> None:
        assert self._replayed(commit) == commit, "its record does not hold all that it was decided on"
        placed = Placed(
            weight=self.placed.weight if commit.weight is None else commit.weight,
            canary=self.placed.canary,
            primary=self.placed.primary if commit.primary is None else commit.primary.revision,
            replicas=self.placed.replicas if commit.replicas is None else commit.replicas,
        )
        self.log.append(Logged(self.now, self.spec, self.state, evidence, commit, placed.weight or 0))
        self.record, self.reverted, self.is_record_edited = commit.record, None, False
        self._push(US, placed, changes_record=True)
        self._hooks, self._metrics, self._arriving, self._begun = {}, {}, {}, None
