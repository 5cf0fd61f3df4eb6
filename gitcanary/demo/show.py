"""Shows a rollout from the push to its end, whoever controls it, and says whether it ended as announced."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from gitcanary.demo.ledger import Ledger, Record
from gitcanary.demo.mesh import Mesh
from gitcanary.demo.processes import Child
from gitcanary.demo.prometheus import await_scraping
from gitcanary.demo.seed import APP, Fault
from gitcanary.demo.traffic import Share
from gitcanary.demo.view import Picture, View
from gitcanary.errors import DemoError

FIRST_TAG = "6.0.0"
LONGEST_ROLLOUT = timedelta(minutes=6)
FRAME = timedelta(milliseconds=250)
OBSERVED = timedelta(seconds=5)
AFTERWARDS = timedelta(seconds=3)  # long enough to see in requests that all traffic is back

_ANNOUNCED = {
    Fault.NONE: "a good revision, to be promoted",
    Fault.LATENCY: "it answers too late, to be rolled back",
    Fault.ERRORS: "it answers errors under load, to be rolled back",
}
Condition = Callable[[Record], bool]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A rollout that is over; `surprise` says in what it ended otherwise than announced, and is empty if in nothing."""

    title: str
    since: datetime
    until: datetime
    surprise: str


@dataclass(frozen=True, slots=True)
class Show:
    """A mesh, the processes that control it, and the view in which it is seen."""

    mesh: Mesh
    ledger: Ledger
    view: View
    controllers: Sequence[Child] = ()
    longest: timedelta = LONGEST_ROLLOUT

    def onboard(self) -> None:
        """Show how the controller takes over what runs already; raises DemoError if it does not."""
        await_scraping(self.mesh.prometheus)
        self.view.say(f"Mia added a Canary for {APP} {FIRST_TAG}: the controller takes it on.")
        self._watch(f"{APP} {FIRST_TAG}, onboarding", lambda record: record.phase == "Initialized")

    def roll_out(self, tag: str, fault: Fault) -> Outcome:
        """Push a revision and show its rollout to the end.

        Raises DemoError if there is none in time, or a part of the demo ends before.
        """
        since = datetime.now(UTC)
        commit = self.mesh.person.push_revision(tag, fault)
        title = f"{APP} {tag}: {_ANNOUNCED[fault]}"
        self.view.say(f"Mia pushed {title}.")
        self._watch(title, lambda record: has_ended(record, commit))
        self._look_on(title)
        return Outcome(title, since, datetime.now(UTC), unlike_announced(self.ledger.record(), tag, fault))

    def _watch(self, title: str, has_come: Condition) -> None:
        deadline = time.monotonic() + self.longest.total_seconds()
        while not self._is_live(has_come):
            self._check_all_run()
            if time.monotonic() > deadline:
                raise DemoError(self._overdue(title))
            self._draw(title)

    def _look_on(self, title: str) -> None:
        until = time.monotonic() + AFTERWARDS.total_seconds()
        while time.monotonic() < until:
            self._draw(title)

    def _is_live(self, has_come: Condition) -> bool:
        tip = self.ledger.tip()
        record = self.ledger.record(tip)
        return record is not None and has_come(record) and self.mesh.agent.has_applied(tip)

    def _draw(self, title: str) -> None:
        self.view.show(self._picture(title))
        time.sleep(FRAME.total_seconds())

    def _picture(self, title: str) -> Picture:
        agent, traffic = self.mesh.agent, self.mesh.traffic
        return Picture(
            title,
            self.ledger.record(),
            agent.applied[-1].weight if agent.applied else 0,
            self._observed(),
            traffic.failures(),
            self.ledger.log(),
            agent.refusal,
        )

    def _observed(self) -> Share:
        """Return the canary's share of the last seconds' requests, of the present weight alone."""
        applied = self.mesh.agent.applied
        changes = [later.at for earlier, later in pairwise(applied) if earlier.weight != later.weight]
        now = datetime.now(UTC)
        return self.mesh.traffic.share(APP, max([now - OBSERVED, *changes]))

    def _check_all_run(self) -> None:
        for child in self.controllers:
            child.check_running()
        if not self.mesh.agent.is_running():
            raise DemoError("the agent stopped: nothing that is committed would be applied any more")

    def _overdue(self, title: str) -> str:
        record = self.ledger.record()
        stands = f"{record.phase} at {record.weight} %" if record else "no record yet"
        words = "\n".join(f"the end of {child.log}:\n{child.last_words()}" for child in self.controllers)
        minutes = self.longest.total_seconds() / 60
        return f"{title}: no end within {minutes:g} minutes; it stands at: {stands}. {self.mesh.agent.refusal}\n{words}"


def has_ended(record: Record, source: str) -> bool:
    """Tell whether the rollout of the revision that a commit brought is over."""
    return record.source == source and record.phase in ("Succeeded", "Failed")


def unlike_announced(record: Record | None, tag: str, fault: Fault) -> str:
    """Return in what a rollout ended otherwise than its fault announces, or ""."""
    is_quarantined = record is not None and record.revision in record.quarantine
    match (record.phase if record else "no record"), fault:
        case "Succeeded", Fault.NONE:
            return ""
        case "Failed", Fault.LATENCY | Fault.ERRORS:
            return "" if is_quarantined else f"{APP} {tag} was rolled back, but is not in the quarantine"
        case phase, _:
            return f"{APP} {tag} with fault {fault} ended as {phase}: {_ANNOUNCED[fault]}, was announced"
