"""What the load tester may spend on those who call it."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds the commands that run and the requests that start them.

    `commands` run at a time, each for `time` at most; `output` is how many bytes of what a command printed are kept
    (the last ones), `body` how many bytes a request may have.
    """

    commands: int = 32
    time: timedelta = timedelta(hours=1)
    output: int = 64 * 1024
    body: int = 64 * 1024
