"""Answers the rules' questions, side by side. A slow webhook delays its own canary and no other."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic, perf_counter
from typing import Any

from gitcanary.controller.calls import Calls
from gitcanary.controller.inquiry import Batch, Inquiry, what_counts
from gitcanary.controller.liveness import Watcher
from gitcanary.controller.subject import Key, Subject
from gitcanary.manifests.schema.canary_file import Canary
from gitcanary.ports import Gate, Hooks, Measurements, Sighting, Signal, Telemetry
from gitcanary.rollout.evidence import (
    HookAnswer,
    HookQuestion,
    Live,
    LiveQuestion,
    LiveStatus,
    MetricAnswer,
    MetricQuestion,
    Question,
)
from gitcanary.rollout.spec import Metric
from gitcanary.rollout.state import Awaited, State

CALLS = 256  # of each kind at a time: a slow receiver holds one of them for as long as its timeout
FRESH = timedelta(seconds=15)  # how old a gate's late answer may be
GRACE = 0.15  # seconds that a whole round waits for answers, so that quick ones need no second round

Asked = Mapping[Key, tuple[Subject, State, frozenset[Question]]]


@dataclass(frozen=True, slots=True)
class Look:
    """A look at a sync gate whose answer came too late for the round that asked."""

    since: datetime
    answer: Future[Sighting]

    def is_stale(self, now: datetime) -> bool:
        """Tell whether the answer came so long ago that it says nothing about now."""
        return self.answer.done() and now - self.since > FRESH


class Observer:
    """Puts questions to the world, and keeps what was answered until it is used or outdated."""

    def __init__(
        self,
        measurements: Measurements,
        hooks: Hooks,
        gates: Callable[[Canary], Sequence[Gate]],
        watcher: Watcher,
        telemetry: Telemetry,
    ) -> None:
        self._measurements = measurements
        self._hooks = hooks
        self._gates = gates
        self._watcher = watcher
        self._telemetry = telemetry
        self._calls = Calls(CALLS)
        self._gate_calls = Calls(CALLS)
        self._own_queries = Calls(CALLS)
        self._their_queries = Calls(CALLS)
        self._looks: dict[Gate, Look] = {}
        self._ripe: set[Gate] = set()
        self._leave_at = 0.0
        self._inquiries: dict[Key, Inquiry] = {}
        self._sightings: dict[Gate, Sighting] = {}
        self._awaited: dict[Key, Awaited | None] = {}
        self.wake: Callable[[], None] = lambda: None

    def begin(self, now: datetime) -> None:
        """Begin a round: what is live is asked anew, what else is known stays."""
        self._leave_at = monotonic() + GRACE
        self._sightings.clear()
        for gate in [gate for gate in self._ripe if gate in self._looks and self._looks[gate].answer.done()]:
            del self._looks[gate]  # it was there for a whole round, and nobody needed it
        self._ripe = {gate for gate, look in self._looks.items() if look.answer.done()}
        for inquiry in self._inquiries.values():
            inquiry.begin(now)

    def inquiry(self, subject: Subject, state: State) -> Inquiry:
        """Return the canary's inquiry: the one there is, unless its own files changed since."""
        about = what_counts(state, subject.canary.spec.blob)
        known = self._inquiries.get(subject.key)
        if known is None or known.about != about:
            known = self._inquiries[subject.key] = Inquiry(about)
        return known

    def keep(self, key: Key, until: datetime) -> None:
        """Keep a canary's answers for the rounds before its next check: they are not asked for again."""
        if key in self._inquiries:
            kept = self._inquiries[key].kept_until
            self._inquiries[key].kept_until = min(kept, until) if kept else until

    def forget(self, keys: Collection[Key]) -> None:
        """Drop what was asked for canaries that are no more, or at rest."""
        for key in keys:
            self._inquiries.pop(key, None)
            self._awaited.pop(key, None)
        self._watcher.forget(keys)

    @property
    def is_waiting(self) -> bool:
        """Whether any answer is still out, or came and was not used yet."""
        return bool(self._looks) or any(inquiry.is_waiting for inquiry in self._inquiries.values())

    def waiting_for(self) -> list[Future[Any]]:
        """Return the answers that are still out."""
        asked: list[Future[Any]] = [look.answer for look in self._looks.values()]
        for inquiry in self._inquiries.values():
            asked += [*inquiry.calls.values(), *inquiry.queries.values()]
        return asked

    def ask(self, asked: Asked, tip: str, now: datetime) -> None:
        """Put all questions of all canaries, and wait a moment for the answers."""
        live = {key: about for key, about in asked.items() if LiveQuestion() in about[2]}
        gates = {key: self._gates(subject.canary) for key, (subject, _, _) in live.items()}
        put: list[Future[Any]] = [*self._call_all(asked), *self._query(asked, now), *self._look(gates, now)]
        for late in wait(put, max(0.0, self._leave_at - monotonic())).not_done:
            late.add_done_callback(lambda _: self.wake())  # another round, when it comes
        for key in asked:
            self._inquiries[key].collect()
        self._judge(live, gates, tip, now)

    def _call_all(self, asked: Asked) -> list[Future[HookAnswer]]:
        return [
            self._call(self._inquiries[key], question)
            for key, (_, _, questions) in asked.items()
            for question in questions
            if isinstance(question, HookQuestion) and question not in self._inquiries[key].calls
        ]

    def _call(self, inquiry: Inquiry, question: HookQuestion) -> Future[HookAnswer]:
        future = self._calls.submit(self._timed_call, question)
        inquiry.calls[question] = future
        return future

    def _timed_call(self, question: HookQuestion) -> HookAnswer:
        began = perf_counter()
        answer = self._hooks.call(question)
        told = {"type": question.hook.type.value, "hook": question.hook.name, "status": answer.status}
        told["canary"] = f"{question.namespace}/{question.canary}"
        self._telemetry.tell([Signal("webhook", {**told, "seconds": perf_counter() - began})])
        return answer

    def _query(self, asked: Asked, now: datetime) -> list[Batch]:
        """Ask all metrics of one server together, and each server by itself: a slow one delays its own canaries."""
        wanted: defaultdict[str | None, list[tuple[Inquiry, MetricQuestion]]] = defaultdict(list)
        for key, (_, _, questions) in asked.items():
            for question in questions:
                if isinstance(question, MetricQuestion) and question not in self._inquiries[key].queries:
                    wanted[question.metric.server].append((self._inquiries[key], question))
        return [self._query_one(server, together, now) for server, together in wanted.items()]

    def _query_one(self, server: str | None, wanted: list[tuple[Inquiry, MetricQuestion]], now: datetime) -> Batch:
        calls = self._own_queries if server is None else self._their_queries
        batch = calls.submit(self._timed_query, {question.metric for _, question in wanted}, now)
        for inquiry, question in wanted:
            inquiry.queries[question] = batch
        return batch

    def _timed_query(self, metrics: set[Metric], at: datetime) -> Mapping[Metric, MetricAnswer]:
        began = perf_counter()
        answers = self._measurements.ask(metrics, at)
        self._telemetry.tell([Signal("query", {"metrics": len(metrics), "seconds": perf_counter() - began})])
        return answers

    def _look(self, gates: Mapping[Key, Sequence[Gate]], now: datetime) -> list[Future[Sighting]]:
        new = {gate for each in gates.values() for gate in each if gate not in self._sightings}
        for gate in new:
            look = self._looks.get(gate)
            if look is None or look.is_stale(now):
                self._looks[gate] = Look(now, self._gate_calls.submit(gate.look, now))
        return [self._looks[gate].answer for gate in new]

    def _judge(self, asked: Asked, gates: Mapping[Key, Sequence[Gate]], tip: str, now: datetime) -> None:
        for gate in {gate for each in gates.values() for gate in each if gate not in self._sightings}:
            self._sightings[gate] = self._sighting(gate)
        for key, (subject, state, _) in asked.items():
            sightings = [self._sightings[gate] for gate in gates[key]]
            live = self._inquiries[key].live = self._watcher.judge(subject, state, tip, sightings, now)
            self._note_live(subject, state, live)

    def _sighting(self, gate: Gate) -> Sighting:
        """Return what a gate answered; one whose answer is still out is not asked again before it came."""
        if not self._looks[gate].answer.done():
            return Sighting("sync gate", trouble="no answer yet")
        return self._looks.pop(gate).answer.result()

    def _note_live(self, subject: Subject, state: State, live: Live) -> None:
        """Tell how long a commit took to become live, if it was awaited here and is live now."""
        if live.status is not LiveStatus.APPLIED:
            self._awaited[subject.key] = state.awaited
            return
        awaited = self._awaited.pop(subject.key, None)
        if awaited is None or live.commit != awaited.commit or live.since is None:
            return
        seconds = max(live.since - awaited.committed_at, timedelta()).total_seconds()
        told = {"canary": subject.title, "path": subject.key.path, "commit": awaited.commit, "seconds": seconds}
        self._telemetry.tell([Signal("live", told)])
