"""Canaries for tests of the rules: specs, revisions, instants and webhooks with sensible defaults."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from gitcanary.rollout.spec import Builtin, Hook, HookType, Metric, Spec

DAWN = datetime(2026, 11, 22, 10, tzinfo=UTC)
INTERVAL = timedelta(seconds=30)
SETTLE = timedelta(seconds=15)
WINDOW = timedelta(minutes=1)
STEPS = (10, 20, 30, 40, 50)


def at(seconds: float) -> datetime:
    """Return an instant, counted in seconds from the dawn of every test."""
    return DAWN + timedelta(seconds=seconds)


def digest(name: str) -> str:
    """Return a revision's digest by the name that a test gives it."""
    return f"sha256:{sha256(name.encode()).hexdigest()}"


def metric(name: str = "request-success-rate", **changes: object) -> Metric:
    """Return the success rate over a minute, at least 99 %."""
    fields = {
        "query": name,
        "window": WINDOW,
        "minimum": 99.0,
        "maximum": None,
        "namespace": "test",
        "workload": "podinfo",
        "builtin": Builtin.SUCCESS_RATE,
    }
    return Metric(name, **(fields | changes))


DURATION = metric(
    "request-duration", minimum=None, maximum=500.0, window=timedelta(seconds=30), builtin=Builtin.DURATION
)


def hook(kind: HookType, name: str | None = None) -> Hook:
    """Return a webhook, named after its type."""
    name = name or kind.value
    return Hook(name, kind, f"http://hooks.test/{name}", timedelta(seconds=5))


def make_spec(*hooks: HookType | Hook, **changes: object) -> Spec:
    """Return the Canary test/podinfo of five steps, two metrics and a threshold of three, with webhooks and changes."""
    fields = {
        "namespace": "test",
        "name": "podinfo",
        "target": "podinfo",
        "blob": "spec-1",
        "steps": STEPS,
        "interval": INTERVAL,
        "threshold": 3,
        "settle": SETTLE,
        "metrics": (metric(), DURATION),
        "hooks": tuple(one if isinstance(one, Hook) else hook(one) for one in hooks),
    }
    return Spec(**(fields | changes))
