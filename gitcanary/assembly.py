"""Builds the adapters from the settings and hands them to the controller: the one place that imports both."""

from collections.abc import Sequence
from concurrent.futures import wait
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event
from types import TracebackType
from typing import Self

from gitcanary.adapters.clock import SystemClock
from gitcanary.adapters.delay import DelayGate
from gitcanary.adapters.git import (
    AllowedSigners,
    Credentials,
    Environment,
    Identity,
    Key,
    Mirror,
    Person,
    Ssh,
    hardened,
    own_cache,
)
from gitcanary.adapters.hooks import WebHooks
from gitcanary.adapters.http_gate import HttpGate
from gitcanary.adapters.prometheus import Basic, Bearer, Prometheus
from gitcanary.adapters.server import Server
from gitcanary.adapters.telemetry import Telemetry
from gitcanary.controller.budget import PushBudget
from gitcanary.controller.facts import Historian
from gitcanary.controller.liveness import Watcher
from gitcanary.controller.notices import Notifier
from gitcanary.controller.observer import Observer
from gitcanary.controller.publisher import Publisher
from gitcanary.controller.reconcile import Round
from gitcanary.controller.reports import Reporter, waiting
from gitcanary.controller.scheduler import Scheduler
from gitcanary.controller.survey import Survey
from gitcanary.controller.turns import Turns
from gitcanary.egress import Allowed, Sender
from gitcanary.errors import Refused, Stopped, Usage
from gitcanary.manifests.recent import Recent
from gitcanary.manifests.schema.canary_file import Canary, Sync, SyncDelay, SyncHttp
from gitcanary.ports import Gate, Hooks, Outcome, Signal
from gitcanary.settings import Settings

GATES = 4096  # sync gates that are kept: specs come and go, and with them their addresses
LATE = timedelta(minutes=5)  # without a successful round for this long, it is not ready


class Gates:
    """The sync gates of canaries: one object for each gate, however many canaries share it."""

    def __init__(self, settings: Settings) -> None:
        self._default: tuple[Sync, ...] = settings.sync
        self._operators = Sender()
        self._specs = Sender(Allowed(settings.allow_host))
        self._gates: Recent[tuple[Sync, Sender], Gate] = Recent(GATES)

    def __call__(self, canary: Canary) -> Sequence[Gate]:
        """Return the gates of one canary: its own, else the operator's."""
        sender = self._specs if canary.sync else self._operators
        return [self._gate(sync, sender) for sync in canary.sync or self._default]

    def _gate(self, sync: Sync, sender: Sender) -> Gate:
        return self._gates.get((sync, sender), lambda: self._build(sync, sender))

    def _build(self, sync: Sync, sender: Sender) -> Gate:
        match sync:
            case SyncHttp():
                return HttpGate(sync.url, sender)
            case SyncDelay():
                return DelayGate(sync.delay)

    def close(self) -> None:
        """Close all connections."""
        self._operators.close()
        self._specs.close()


def open_mirror(
    settings: Settings, environment: Environment, stack: ExitStack, identity: Identity | None = None
) -> Mirror:
    """Open the branch until the stack closes, then remove its clone. Commits are `identity`'s, else the settings'."""
    identity = identity or Identity(Person.parse(settings.author), Person.parse(settings.committer))
    identity = replace(identity, signers=allowed_signers(settings))
    cache = settings.cache or own_cache()
    return stack.enter_context(Mirror(settings.repository, settings.branch, cache, identity, environment))


def allowed_signers(settings: Settings) -> AllowedSigners | None:
    """Return whose signatures count, None where none is looked at."""
    return AllowedSigners.load(settings.allowed_signers) if settings.allowed_signers else None


def signing_identity(settings: Settings) -> Identity:
    """Return whose commits the controller's are, with its key; raises `Usage` where it would not know its own."""
    key = Key.load(settings.signing_key) if settings.signing_key else None
    identity = Identity(Person.parse(settings.author), Person.parse(settings.committer), key)
    signers = allowed_signers(settings)
    if signers is None:
        return identity
    if key is None:
        raise Usage("--signing-key: is needed beside --allowed-signers: unsigned commits would not count as its own")
    email = identity.committer.email
    if not signers.verify(key.sign(b""), b"", email, SystemClock().now()):
        raise Usage(f"--signing-key: {settings.allowed_signers} does not let {key.public} sign for {email}")
    return identity


def credentials(settings: Settings) -> Credentials | None:
    """Return the credentials for the repository, None where the settings hold none."""
    if settings.git_password is None:
        return None
    return Credentials(settings.git_username or "git", settings.git_password.get_secret_value())


def hook_secret(settings: Settings) -> str | None:
    """Return what a push webhook has to know, None where anybody may call."""
    return settings.hook_secret.get_secret_value() if settings.hook_secret else None


def surroundings(settings: Settings) -> Environment:
    """Return what the controller's git runs in: nothing of the machine's but what the settings name."""
    ssh = Ssh(settings.ssh_key, settings.ssh_known_hosts) if settings.ssh_key or settings.ssh_known_hosts else None
    return hardened(credentials(settings), ssh)


def measurements(settings: Settings) -> Prometheus:
    """Return the metrics provider, with its own credentials; raises `Usage` for an address that is none."""
    allowed, secrets = Allowed(settings.allow_host), prometheus_credentials(settings)
    try:
        return Prometheus(settings.prometheus, allowed=allowed, credentials=secrets)
    except Refused as refusal:
        raise Usage(f"--prometheus: {refusal}") from refusal


def prometheus_credentials(settings: Settings) -> Bearer | Basic | None:
    """Return the credentials for Prometheus, None where the settings hold none."""
    if settings.prometheus_token is not None:
        return Bearer(settings.prometheus_token.get_secret_value())
    if settings.prometheus_password is not None:
        return Basic(settings.prometheus_username or "", settings.prometheus_password.get_secret_value())
    return None


class Reading:
    """What looking at a branch needs: its mirror, its canaries, its history. Nothing but Git is asked."""

    def __init__(
        self, settings: Settings, environment: Environment, *, has_gate: bool = True, identity: Identity | None = None
    ) -> None:
        with ExitStack() as opened:
            self.repository = open_mirror(settings, environment, opened, identity)
            self._stack = opened.pop_all()
        self.survey = Survey(self.repository, settings.paths, has_gate=has_gate)
        self.committer = Person.parse(settings.committer)
        self.historian = Historian(self.repository, self.survey.folders, self.committer.email, settings.signed_after)

    def close(self) -> None:
        """Stop what was started, the newest first."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class Loop(Reading):
    """The controller's parts for one branch, put together. It signs where an identity with a key is given."""

    def __init__(
        self,
        settings: Settings,
        environment: Environment,
        telemetry: Telemetry,
        hooks: Hooks,
        identity: Identity | None = None,
    ) -> None:
        self.measurements = measurements(settings)
        self.gates = Gates(settings)
        super().__init__(settings, environment, has_gate=bool(settings.sync), identity=identity)
        self.reporter = Reporter(telemetry)
        self.watcher = Watcher(self.historian)
        self.observer = Observer(self.measurements, hooks, self.gates, self.watcher, telemetry)
        self.publisher = Publisher(self.repository, self.survey.folders, settings.commit_suffix)
        self.notifier = Notifier(hooks)
        self.rounds = Round(
            self.repository,
            self.survey,
            self.historian,
            self.observer,
            self.publisher,
            self.reporter,
            self.notifier,
            SystemClock(),
            PushBudget(settings.pushes_per_minute),
        )
        self._stack.callback(self.measurements.close)
        self._stack.callback(self.gates.close)
        self._stack.callback(self.notifier.close)


class Controller:
    """One process: rounds on their schedule, and what it answers over HTTP."""

    def __init__(self, settings: Settings) -> None:
        """Connect to nothing yet, but listen where the settings say so."""
        self._telemetry = Telemetry()
        self._hooks = WebHooks(Allowed(settings.allow_host))
        identity = signing_identity(settings)
        self._loop = Loop(settings, surroundings(settings), self._telemetry, self._hooks, identity)
        self._turns = Turns(self._loop.rounds, self._loop.reporter, SystemClock())
        self._scheduler = Scheduler(self._turn, settings.poll)
        self._loop.observer.wake = self._scheduler.wake
        self._server = (
            Server(
                settings.listen,
                self._telemetry.registry,
                self.is_ready,
                self._scheduler.wake,
                lambda: waiting(self._loop.survey, self._loop.rounds.agenda.waits),
                secret=hook_secret(settings),
            )
            if settings.listen
            else None
        )

    @property
    def address(self) -> str | None:
        """Where it answers over HTTP; None where nothing listens."""
        return self._server.address if self._server else None

    def is_ready(self) -> bool:
        """Tell whether the repository was read lately."""
        return self._turns.last is not None and SystemClock().now() - self._turns.last < LATE

    def run(self, stopping: Event) -> None:
        """Run rounds until somebody sets the event: what was begun is ended or abandoned then, in some seconds."""
        if self._server:
            self._server.start()
            self._telemetry.tell([Signal("listening", {"address": self._server.address})])
        self._scheduler.start()
        try:
            stopping.wait()
        finally:
            self._loop.repository.stop()
            self._scheduler.stop()
            self.close()

    def run_once(self) -> None:
        """Run until there is nothing more to decide just now: no push is left to make, no answer is out.

        Raises `Refused` where the push did not land.
        """
        try:
            while (pushed := self._loop.rounds.run()) is None and self._loop.observer.is_waiting:
                wait(self._loop.observer.waiting_for())
        finally:
            self.close()
        if pushed is not None and pushed.outcome is not Outcome.LANDED:
            raise Refused(f"the push was {pushed.outcome}: {pushed.said or 'the branch kept moving'}")

    def close(self) -> None:
        """Stop everything."""
        if self._server:
            self._server.stop()
        self._loop.close()
        self._hooks.close()

    def _turn(self) -> datetime | None:
        try:
            return self._turns.run()
        except Stopped:
            return None
