"""Awaits conditions, each with a deadline and an error that says what did not come."""

import time
from collections.abc import Callable
from datetime import timedelta

from gitcanary.errors import DemoError

PAUSE_SECONDS = 0.05


def wait_until(is_so: Callable[[], bool], within: timedelta, otherwise: Callable[[], str]) -> None:
    """Return as soon as `is_so()`; raises DemoError with what `otherwise()` says if that takes too long."""
    deadline = time.monotonic() + within.total_seconds()
    while not is_so():
        if time.monotonic() > deadline:
            raise DemoError(otherwise())
        time.sleep(PAUSE_SECONDS)
