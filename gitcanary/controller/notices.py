"""What is sent out after a push and never before it: `event` webhooks, and `post-rollout` where no commit follows."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from hashlib import sha256

from gitcanary.controller.calls import Calls
from gitcanary.controller.publisher import Decided
from gitcanary.controller.subject import Subject
from gitcanary.manifests import names, release
from gitcanary.ports import Hooks
from gitcanary.rollout.evidence import HookQuestion
from gitcanary.rollout.spec import Hook, HookType
from gitcanary.rollout.state import Action, Phase

WARNINGS = frozenset({Action.HALT, Action.ROLLBACK, Action.HOLD, Action.WAIT})
WORDS: dict[Action, str] = {  # the stems that Flagger's users filter for
    Action.START: "New revision detected! Scaling up {canary}",
    Action.RESTART: "New revision detected! Restarting analysis for {canary}",
    Action.ADVANCE: "Advance {canary} canary weight {weight}",
    Action.HALT: "Halt {canary} advancement {reason}",
    Action.WAIT: "Halt {canary} advancement waiting for approval {reason}",
    Action.PROMOTE: "Copying {target} template spec to {primary}",
    Action.FINISH: "Routing all traffic to primary",
    Action.ROLLBACK: "Rolling back {canary} {reason}",
}
LAST_NOTICES = 5.0  # seconds that notices get when the process ends
AT_ONCE = 16  # notices at a time; each is delivered at most once


class Notifier:
    """Sends notices, beside the round and at most once."""

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks
        self._calls = Calls(AT_ONCE)
        self._out: set[Future[object]] = set()

    def after(self, decided: Iterable[Decided]) -> None:
        """Send what is due after these decisions landed."""
        for each in decided:
            for deliver in notices(each, self._hooks):
                future = self._calls.submit(deliver)
                self._out.add(future)
                future.add_done_callback(self._out.discard)

    def close(self) -> None:
        """Give the notices that are under way a moment: a receiver that hangs keeps no process from ending."""
        wait(tuple(self._out), LAST_NOTICES)


def notices(decided: Decided, hooks: Hooks) -> list[Callable[[], object]]:
    """Return the deliveries of one decision."""
    spec = decided.subject.canary.spec
    told = {"eventMessage": words(decided), "eventType": "Warning" if decided.decision.action in WARNINGS else "Normal"}
    events = [question(decided, hook) for hook in spec.hooks_of(HookType.EVENT)]
    ends = [question(decided, hook) for hook in spec.hooks_of(HookType.POST_ROLLOUT)] if is_an_end(decided) else []
    return [_notify(hooks, event, told) for event in events] + [_call(hooks, end) for end in ends]


def _notify(hooks: Hooks, event: HookQuestion, told: dict[str, str]) -> Callable[[], object]:
    return lambda: hooks.notify(event, told)


def _call(hooks: Hooks, end: HookQuestion) -> Callable[[], object]:
    return lambda: hooks.call(end)


def is_an_end(decided: Decided) -> bool:
    """Tell whether a rollout ended here without a scale-down, whose commit would record the answer."""
    action, record = decided.decision.action, decided.decision.record
    if action is Action.FINISH:
        return record.phase is Phase.SUCCEEDED
    return action is Action.ROLLBACK and record.phase is Phase.FAILED and not has_pods_to_take(decided.subject)


def has_pods_to_take(subject: Subject) -> bool:
    """Tell whether a scale-down follows, because the target has literal replicas above zero."""
    placed = release.placed(subject.folder, subject.canary)
    return release.is_scalable(subject.folder, subject.canary) and bool(placed.replicas)


def question(decided: Decided, hook: Hook) -> HookQuestion:
    """Return the delivery of a notice; its key is the commit's and the webhook's."""
    record, subject = decided.decision.record, decided.subject
    return HookQuestion(
        namespace=subject.canary.namespace,
        canary=subject.canary.name,
        revision=record.revision,
        phase=record.phase,
        hook=hook,
        at=record.evidence.observed_at,
        key=sha256(f"{decided.commit}\0{hook.name}".encode()).hexdigest(),
    )


def words(decided: Decided) -> str:
    """Return a decision in Flagger's words, or as its commit's subject where Flagger has none."""
    canary, record = decided.subject.canary, decided.decision.record
    if decided.decision.action is Action.SCALE_DOWN:
        done = {Phase.FAILED: "Canary failed! Scaling down", Phase.INITIALIZED: "Initialization done!"}
        return f"{done.get(record.phase, 'Promotion completed! Scaling down')} {canary.name}.{canary.namespace}"
    primary, workload = names.workloads(canary)
    stem = WORDS.get(decided.decision.action)
    if stem is None:
        return decided.change.message.partition("\n")[0]
    return stem.format(
        canary=f"{canary.name}.{canary.namespace}",
        target=f"{workload}.{canary.namespace}",
        primary=f"{primary}.{canary.namespace}",
        weight=record.weight,
        reason=decided.decision.reason,
    )
