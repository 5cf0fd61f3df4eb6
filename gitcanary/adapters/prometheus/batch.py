"""Asks many metrics at once: few queries, side by side, each with its deadline, and no server holds up another."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from gitcanary import errors
from gitcanary.adapters.prometheus.client import Credentials, Server, normal
from gitcanary.adapters.prometheus.inquiry import Inquiry, halves, inquiries_for
from gitcanary.egress import Allowed, Sender
from gitcanary.rollout.evidence import MetricAnswer
from gitcanary.rollout.spec import Metric

SIDE_BY_SIDE = 8
THEIRS_SIDE_BY_SIDE = 64  # of servers that specs name: a slow one holds a turn for as long as a query's deadline
DEADLINE = timedelta(seconds=5)

# All queries of one `ask` together get this many times the deadline of one.
PATIENCE = 3

# Each refused query is asked again in halves, to find the part that spoils it; a server that refuses everything is left
# in peace after so many.
MOST_REFUSALS = 16


class Prometheus:
    """The metrics provider (`ports.Measurements`): the operator's Prometheus, and those that specs name."""

    def __init__(
        self,
        address: str,
        *,
        allowed: Allowed,
        credentials: Credentials | None = None,
        within: timedelta = DEADLINE,
    ) -> None:
        """Connect to nothing yet.

        `credentials` go to `address` alone; `allowed` is the rule for addresses in specs. Raises `errors.Refused` if
        `address` is none.
        """
        self._address = normal(address)
        self._within = within
        # Connections of their own: one that the operator may open must not be there to be used by a spec.
        self._own_sender, self._their_sender = Sender(), Sender(allowed)
        self._own = Server(address, self._own_sender, within, credentials)
        self._pool = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="prometheus")
        self._their_pool = ThreadPoolExecutor(THEIRS_SIDE_BY_SIDE, thread_name_prefix="their-prometheus")

    def ask(self, metrics: Iterable[Metric], at: datetime) -> dict[Metric, MetricAnswer]:
        """Answer every metric, evaluated at one instant. Never raises: what could not be asked has its trouble."""
        silent: set[str | None] = set()
        asked = {metric: replace(metric, server=self._foreign(metric.server)) for metric in metrics}
        inquiries = sorted(inquiries_for(asked.values()), key=lambda each: each.server or "")
        futures = {self._pool_for(each.server).submit(self._answer, each, at, silent): each for each in inquiries}
        done, late = wait(futures, timeout=(PATIENCE * self._within).total_seconds())
        answers: dict[Metric, MetricAnswer] = {}
        for future in late:
            future.cancel()
            answers |= futures[future].troubled("no time was left to ask it", at)
        for future in done:
            answers |= future.result()
        return {metric: answers[same] for metric, same in asked.items()}

    def close(self) -> None:
        """Wait for the queries under way, and close all connections."""
        self._pool.shutdown(cancel_futures=True)
        self._their_pool.shutdown(cancel_futures=True)
        self._own.close()
        self._own_sender.close()
        self._their_sender.close()

    def _pool_for(self, server: str | None) -> ThreadPoolExecutor:
        return self._pool if server is None else self._their_pool

    def _foreign(self, server: str | None) -> str | None:
        """Return a server out of a spec, None where it is the operator's own address."""
        try:
            return None if server is None or normal(server) == self._address else server
        except errors.Refused:
            return server

    def _answer(self, inquiry: Inquiry, at: datetime, silent: set[str | None]) -> dict[Metric, MetricAnswer]:
        answers: dict[Metric, MetricAnswer] = {}
        pending, refusals = [inquiry], 0
        while pending:
            each = pending.pop()
            try:
                answers |= self._ask(each, at, silent)
            except errors.Refused as error:
                refusals += 1
                smaller = list(halves(each)) if _may_shrink(error, refusals) else []
                pending += smaller
                answers |= {} if smaller else each.troubled(str(error), at)
        return answers

    def _ask(self, inquiry: Inquiry, at: datetime, silent: set[str | None]) -> dict[Metric, MetricAnswer]:
        if inquiry.server in silent:
            return inquiry.troubled("its server did not answer another query in time", at)
        try:
            with self._server(inquiry.server) as server:
                return inquiry.read(server.query(inquiry.query, at, inquiry.window), at)
        except errors.TimedOut as error:
            silent.add(inquiry.server)
            return inquiry.troubled(str(error), at)
        except errors.Unreachable as error:
            return inquiry.troubled(str(error), at)

    @contextmanager
    def _server(self, address: str | None) -> Iterator[Server]:
        if address is None:
            yield self._own
            return
        server = Server(address, self._their_sender, self._within)
        try:
            yield server
        finally:
            server.close()


def _may_shrink(error: errors.Refused, refusals: int) -> bool:
    return not isinstance(error, errors.ForbiddenAddress) and refusals <= MOST_REFUSALS
