"""A small world for whole rollouts without Git, network or clock.

It keeps a list of commits as a branch would, a sync tool that applies them after a delay, a mesh whose measurements
depend on which revision got traffic within the window, and webhooks that answer what a test says. `walk` lets time
pass and does what `consider` decides, as the controller would.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

from gitcanary.rollout.consider import consider, part
from gitcanary.rollout.decision import Ask, Commit, Decision, Wait
from gitcanary.rollout.evidence import (
    Evidence,
    HookAnswer,
    HookQuestion,
    Live,
    LiveQuestion,
    LiveStatus,
    MetricAnswer,
    MetricQuestion,
    Question,
)
from gitcanary.rollout.spec import HookType, Metric, Spec
from gitcanary.rollout.state import (
    Action,
    Awaited,
    Phase,
    Placed,
    Record,
    Request,
    Revision,
    State,
    Touch,
)
from support.canaries import DAWN, digest, make_spec

GATES = (HookType.CONFIRM_ROLLOUT, HookType.CONFIRM_TRAFFIC_INCREASE, HookType.CONFIRM_PROMOTION)
US = "gitcanary"
MIA = "Mia"
MOST_ASKS = 6
MOST_COMMITS = 6


@dataclass(frozen=True, slots=True)
class Pushed:
    """One commit on the branch: what the canary's files hold after it, and what it touched."""

    commit: str
    at: datetime
    by: str
    placed: Placed
    changes_record: bool = False
    changes_request: bool = False

    @property
    def touch(self) -> Touch:
        return Touch(self.commit, self.by, self.by == US)


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
    def line(self) -> tuple[Action, int, Phase]:
        return self.action, self.weight, self.phase


@dataclass
class World:
    """One canary, its branch, its cluster and the people around it. Everything a test wants otherwise is a field.

    `says` gives a metric's value by its name, whatever the traffic (None: no data; a string: the trouble in asking
    it). `answers` gives a webhook's status by its name (None: nothing answered), `delays` how long it takes.
    `bad` revisions fail every metric where they get traffic; `unready` and `crashing` hold since when a revision is
    not ready as canary and as primary. `on_decision` sees every decision, with what it was made on.
    """

    spec: Spec = field(default_factory=make_spec)
    now: datetime = DAWN
    is_scalable: bool = True
    sync_delay: timedelta = timedelta(seconds=20)
    poll: timedelta = timedelta(seconds=10)
    target: str = digest("r1")
    record: Record | None = None
    branch: list[Pushed] = field(default_factory=list)
    log: list[Logged] = field(default_factory=list)
    asked: list[tuple[datetime, Question]] = field(default_factory=list)
    says: dict[str, float | str | None] = field(default_factory=dict)
    answers: dict[str, int | None] = field(default_factory=dict)
    delays: dict[str, timedelta] = field(default_factory=dict)
    bad: set[str] = field(default_factory=set)
    unready: dict[str, datetime] = field(default_factory=dict)
    crashing: dict[str, datetime] = field(default_factory=dict)
    knows_readiness: bool = True
    is_syncing: bool = True
    is_seen: bool = True
    is_deleted: bool = False
    is_suspended: bool = False
    on_decision: Callable[[Spec, State, Evidence, Decision], None] | None = None
    last: Decision | None = None
    reverted: str | None = None
    _live: list[tuple[datetime, Pushed]] = field(default_factory=list)
    _hooks: dict[HookQuestion, HookAnswer] = field(default_factory=dict)
    _metrics: dict[MetricQuestion, MetricAnswer] = field(default_factory=dict)
    _arriving: dict[HookQuestion, datetime] = field(default_factory=dict)
    _begun: datetime | None = None

    def __post_init__(self) -> None:
        if not self.branch:
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
        self.record = replace(self._recorded, request=Request(verb, "because"))
        self._push(MIA, self.placed, changes_request=True)

    def edit_record(self, **changes: object) -> None:
        """Let a person edit the record."""
        self.record = replace(self._recorded, **changes)
        self._push(MIA, self.placed, changes_record=True)

    def edit_spec(self, **changes: object) -> None:
        """Let a person edit the Canary."""
        self.spec = replace(self.spec, blob=f"spec-{len(self.branch) + 1}", **changes)
        self._push(MIA, self.placed)

    def revert_to(self, entry: Logged, revision: str) -> None:
        """Let a person put the files back to what they were before a decision, which promoted a revision."""
        self.record = entry.state.record
        self.reverted = revision
        self._push(MIA, entry.state.placed, changes_record=True)

    # What the world does.

    def remember(self, **changes: object) -> None:
        """Let the record hold this as if it had always been there: nobody edited it."""
        self.record = replace(self._recorded, **changes)

    def walk(self, seconds: float) -> list[tuple[Action, int, Phase]]:
        """Let time pass, do what is decided, and return the commits made in that time."""
        before, end = len(self.log), self.now + timedelta(seconds=seconds)
        self.settle_down()
        while self.now < end:
            self.now = min(end, self._next_instant())
            self._sync()
            self.settle_down()
        return [entry.line for entry in self.log[before:]]

    def walk_to(self, *phases: Phase, patience: float = 3600) -> list[tuple[Action, int, Phase]]:
        """Let time pass until the record is in one of these phases, and return the commits made in that time."""
        return self.walk_until(lambda: self.record is not None and self.record.phase in phases, patience=patience)

    def walk_until(self, is_there: Callable[[], bool], *, patience: float = 3600) -> list[tuple[Action, int, Phase]]:
        """Let time pass until something is so, and return the commits made in that time."""
        before, end = len(self.log), self.now + timedelta(seconds=patience)
        while not is_there():
            assert self.now < end, f"waits in vain: {self.last}"
            if not isinstance(self.step(), Commit):
                self.now = self._next_instant()
                self._sync()
        return [entry.line for entry in self.log[before:]]

    def walk_to_weight(self, weight: int) -> list[tuple[Action, int, Phase]]:
        """Let time pass until this weight is live."""
        return self.walk_until(lambda: self.live_placed is not None and self.live_placed.weight == weight)

    def settle_down(self) -> None:
        """Decide and commit at this instant until there is nothing more to commit."""
        for _ in range(MOST_COMMITS):
            if not isinstance(self.step(), Commit):
                return
        lines = [entry.line for entry in self.log[-MOST_COMMITS:]]
        raise AssertionError(f"commits without end: {lines}")

    def step(self) -> Decision:
        """Decide once, asking what is asked; commit where that is the decision."""
        self._sync()
        self.last, evidence = self.decide()
        if isinstance(self.last, Commit):
            self._commit(self.last, evidence)
        return self.last

    def decide(self) -> tuple[Decision, Evidence]:
        """Return the decision at this instant and the evidence that it was made on."""
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
        return self.branch[-1].placed

    @property
    def live_placed(self) -> Placed | None:
        """What is truly applied, whoever sees it."""
        return self._live[-1][1].placed if self._live else None

    @property
    def state(self) -> State:
        """The tip of the branch, as the controller would read it."""
        return State(
            path="apps/podinfo",
            revision=Revision(self.target, self._changed(lambda placed: placed.canary).commit),
            placed=self.placed,
            awaited=self._awaited(),
            record=self.record,
            record_blob=sha256(repr(self.record).encode()).hexdigest() if self.record else None,
            is_scalable=self.is_scalable,
            primary_replicas=2,
            record_touch=self._touch(lambda pushed: pushed.changes_record),
            weight_touch=self._changed(lambda placed: placed.weight).touch,
            request_touch=self._touch(lambda pushed: pushed.changes_record or pushed.changes_request),
            **({"reverted": self.reverted} if self.reverted else {}),
        )

    def see_live(self) -> Live:
        """Return what the sync gate sees."""
        if not self.is_seen or not self._live:
            return Live(LiveStatus.PENDING, "world", reason="nobody knows")
        pushed, since = self._live[-1][1], self._live_since()
        is_applied = pushed.placed == self.placed
        down = self._down_since(pushed.placed)
        knows = self.knows_readiness
        return Live(
            LiveStatus.APPLIED if is_applied else LiveStatus.PENDING,
            "world",
            commit=self._changed(lambda placed: placed, until=pushed).commit,
            since=since,
            placed=pushed.placed,
            primary_ready=down[0] is None if knows else None,
            canary_ready=down[1] is None if knows else None,
            not_ready_since=min((when for when in down if when is not None), default=None) if knows else None,
        )

    def measure(self, metric: Metric, until: datetime) -> MetricAnswer:
        """Return what Prometheus answers: bad if a bad revision got traffic within the window, nothing without any."""
        if metric.name in self.says:
            said = self.says[metric.name]
            return MetricAnswer(until, None, said) if isinstance(said, str) else MetricAnswer(until, said)
        served = self._served(until - metric.window, until)
        if not served:
            return MetricAnswer(until, None)
        limit, worse = (metric.minimum, -1) if metric.minimum is not None else (metric.maximum or 0, 1)
        return MetricAnswer(until, limit + worse if served & self.bad else limit)

    # How it works.

    @property
    def _recorded(self) -> Record:
        assert self.record is not None
        return self.record

    def _push(self, by: str, placed: Placed, **touched: bool) -> None:
        number = len(self.branch) + 1
        commit = sha256(f"{number} by {by}".encode()).hexdigest()[:40]
        self.branch.append(Pushed(commit, self.now, by, placed, **touched))

    def _consider(self, state: State, evidence: Evidence) -> Decision:
        spec = replace(self.spec, is_suspended=True) if self.is_suspended else self.spec
        rule = part if self.is_deleted else consider
        decision = rule(spec, state, evidence)
        assert decision == rule(spec, state, evidence)
        if self.on_decision:
            self.on_decision(spec, state, evidence, decision)
        return decision

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
        state = self.state
        placed = Placed(
            weight=self.placed.weight if commit.weight is None else commit.weight,
            canary=self.placed.canary,
            primary=self.placed.primary if commit.primary is None else commit.primary.revision,
            replicas=self.placed.replicas if commit.replicas is None else commit.replicas,
        )
        self.log.append(Logged(self.now, self.spec, state, evidence, commit, placed.weight or 0))
        self.record = commit.record
        self.reverted = None
        self._push(US, placed, changes_record=True)
        self._hooks, self._metrics, self._arriving, self._begun = {}, {}, {}, None

    def _sync(self) -> None:
        """Apply what the sync tool would have applied by now."""
        if not self.is_syncing:
            return
        applied = self._live[-1][1] if self._live else None
        first = self.branch.index(applied) + 1 if applied else 0
        for pushed in self.branch[first:]:
            if pushed.at + self.sync_delay <= self.now:
                self._live.append((max(pushed.at + self.sync_delay, self._latest), pushed))

    @property
    def _latest(self) -> datetime:
        return self._live[-1][0] if self._live else DAWN

    def resume_sync(self) -> None:
        """Let the sync tool apply what waits, from now on."""
        self.is_syncing = True
        if self._live:
            self._live.append((self.now, self._live[-1][1]))

    def _next_instant(self) -> datetime:
        syncs = [pushed.at + self.sync_delay for pushed in self.branch[-MOST_COMMITS * 2 :]] if self.is_syncing else []
        until = [self.last.until] if isinstance(self.last, Wait) and self.last.until else []
        later = [when for when in (*syncs, *until, *self._arriving.values()) if when > self.now]
        return min((*later, self.now + self.poll))

    def _live_since(self) -> datetime:
        """Return since when the live values are live without a break."""
        placed, since = self._live[-1][1].placed, self._live[-1][0]
        for when, pushed in reversed(self._live):
            if pushed.placed != placed:
                break
            since = when
        return since

    def _down_since(self, placed: Placed) -> tuple[datetime | None, datetime | None]:
        primary = self.crashing.get(placed.primary or "")
        canary = self.unready.get(placed.canary or "") if placed.replicas != 0 else None
        return primary, canary

    def _served(self, begin: datetime, end: datetime) -> set[str]:
        """Return the revisions that got traffic as canary at some time between two instants."""
        ends = [*(when for when, _ in self._live[1:]), end]
        spans = zip(self._live, ends, strict=True) if self._live else ()
        return {
            pushed.placed.canary
            for (start, pushed), stop in spans
            if stop > begin and start < end and pushed.placed.weight and pushed.placed.canary
        }

    def _changed(self, aspect: Callable[[Placed], object], until: Pushed | None = None) -> Pushed:
        """Return the newest commit that changed an aspect of what is placed."""
        branch = self.branch if until is None else self.branch[: self.branch.index(until) + 1]
        newest = branch[-1]
        for pushed in reversed(branch):
            if aspect(pushed.placed) != aspect(newest.placed):
                break
            found = pushed
        return found

    def _awaited(self) -> Awaited:
        pushed = self._changed(lambda placed: placed)
        return Awaited(pushed.commit, pushed.at)

    def _touch(self, has_touched: Callable[[Pushed], bool]) -> Touch | None:
        return next((pushed.touch for pushed in reversed(self.branch) if has_touched(pushed)), None)


def idle_world(*, patience: float = 600, **fields: object) -> World:
    """Return a world in which r1 was onboarded and everything is at rest."""
    world = World(**fields)
    world.walk_to(Phase.INITIALIZED, patience=patience)
    world.walk(world.sync_delay.total_seconds() + 1)
    return world


def running_world(weight: int = 20, **fields: object) -> World:
    """Return a world in which r2 is rolled out and this weight was just seen live."""
    world = idle_world(**fields)
    world.push("r2")
    world.walk_to_weight(weight)
    return world


def world_in(phase: Phase, **fields: object) -> World:
    """Return a world that is rolling out r2 (r1 where nothing runs yet) and has come to this phase."""
    gates = {Phase.WAITING: "confirm-rollout", Phase.WAITING_PROMOTION: "confirm-promotion"}
    if phase in gates:
        fields = {"spec": make_spec(*GATES), "answers": {gates[phase]: 403}} | fields
    world = World(**fields)
    if phase not in {Phase.INITIALIZING, Phase.INITIALIZED}:
        world.walk_to(Phase.INITIALIZED)
        world.push("r2")
    if phase is Phase.FAILED:
        world.bad.add(digest("r2"))
    if phase is Phase.TERMINATED:
        world.walk_to_weight(20)
        world.is_deleted = True
    world.walk_to(phase)
    world.is_deleted = False
    return world
