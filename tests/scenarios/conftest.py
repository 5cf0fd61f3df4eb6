"""Environments for the scenarios."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from support.apps import seed, without_autoscaler
from support.environment import Environment

Make = Callable[..., Environment]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Return a function that makes an environment out of files; each is closed in the end."""
    with ExitStack() as stack:

        def build(files: Mapping[str, str | bytes], **options: Any) -> Environment:
            return stack.enter_context(Environment(tmp_path, files, **options))

        yield build


@pytest.fixture
def autoscaled(make: Make) -> Environment:
    """Bring the seed's Canary under control, with its autoscaler."""
    environment = make(seed())
    environment.onboard()
    return environment


@pytest.fixture
def environment(make: Make) -> Environment:
    """Bring the seed's Canary under control, without its autoscaler."""
    environment = make(without_autoscaler())
    environment.onboard()
    return environment
