"""Every error of gitcanary, as a tree. The class says what is to be done, not where it came from.

GitcanaryError
├── Usage              wrong flags or settings: the person who started the process corrects them (exit 2)
├── Refused            what somebody wrote cannot be honoured: said to its author, that canary stops, no other does
│   ├── RefusedText        something in a file: file, line, reason
│   │   ├── InvalidFile        a file that cannot be read as what it should be
│   │   ├── InvalidLocation    a `file#key.key` that is malformed, unsafe, or names no single value
│   │   └── Unspliceable       a place in somebody's file that cannot be edited exactly
│   ├── InvalidSpec        a Canary with problems: each with file, line, field, found, allowed
│   ├── ForbiddenAddress   an address in a spec that the operator does not allow
│   ├── Forgotten          an older version of a file, asked of a folder that keeps none
│   └── OutOfRoom          a commit that would leave its canary's room: containment's last word
├── Declined           a request to the load tester that it does not carry out: said to the caller
│   ├── MalformedRequest   not what the protocol says
│   ├── OversizedRequest   longer than allowed
│   ├── ForbiddenCaller    a namespace that is not served, or a web page
│   ├── TooManyCommands    the limit is reached: ask again later
│   └── LoadTesterStopping it stops, and its commands with it
├── DemoError           the demo cannot go on: the message says what to do
└── Unreachable        an outage: wait and try again; never a reason to move or to roll back
    ├── TimedOut           nothing answered in time
    ├── Rewound            the branch was force-moved: stop until a person looked
    ├── Unauthorized       the credentials were not accepted: stop asking in a loop
    ├── Throttled          the remote is asked too often: stop asking in a loop
    └── Stopped            this process was asked to end: nothing is begun any more
"""

from dataclasses import dataclass
from typing import Self


def plainly(path: str) -> str:
    """Return a path as one printable line: whoever can commit can call a file `x<newline>error: y`."""
    return path if path.isprintable() else ascii(path)[1:-1]


class GitcanaryError(Exception):
    """Anything that gitcanary raises itself."""


class Usage(GitcanaryError):
    """Wrong flags or settings."""


class Refused(GitcanaryError):
    """Something that somebody wrote and that cannot be honoured."""


class RefusedText(Refused):
    """Something in a file: `line` counts from 1, 0 and "" mean unknown."""

    def __init__(self, reason: str, *, line: int = 0, file: str = "") -> None:
        super().__init__(reason, line, file)
        self.reason = reason
        self.line = line
        self.file = file

    def __str__(self) -> str:
        where = f"{plainly(self.file) or 'line'}:{self.line}" if self.line else plainly(self.file)
        return f"{where}: {self.reason}" if where else self.reason

    def within(self, file: str) -> Self:
        """Return the same refusal, naming the file that the reader of the text could not know."""
        return type(self)(self.reason, line=self.line, file=file)


class InvalidFile(RefusedText):
    """A file that cannot be read: not UTF-8, not YAML, too large, a key twice."""


class InvalidLocation(RefusedText):
    """A location that is malformed, unsafe, or names no single value."""


class Unspliceable(RefusedText):
    """A value that cannot be changed in place without touching what people wrote around it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing in a Canary that cannot be honoured: where it stands, what was found, what is allowed."""

    file: str
    line: int
    field: str
    found: str
    allowed: str

    def __str__(self) -> str:
        return f"{plainly(self.file)}:{self.line}: {self.field}: found {self.found}; allowed: {self.allowed}"


class InvalidSpec(Refused):
    """A Canary that cannot be honoured, with every problem that it has."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Take at least one problem."""
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class OutOfRoom(Refused):
    """A commit that would touch what is not its canary's."""


class Unreachable(GitcanaryError):
    """Something outside that cannot be asked just now."""


class Rewound(Unreachable):
    """The branch was force-moved: its old tip is no ancestor of the new one."""


class Unauthorized(Unreachable):
    """The remote did not accept the credentials."""


class Throttled(Unreachable):
    """The remote is asked too often."""


class Stopped(Unreachable):
    """This process was asked to end."""


class Declined(GitcanaryError):
    """A request to the load tester that it does not carry out."""


class MalformedRequest(Declined):
    """A request that is not what the load tester's protocol says."""


class OversizedRequest(Declined):
    """A request that is longer than the load tester reads."""


class ForbiddenCaller(Declined):
    """A caller whom the load tester does not serve."""


class TooManyCommands(Declined):
    """As many commands run as the load tester may run."""


class LoadTesterStopping(Declined):
    """The load tester stops, and its commands with it."""


class DemoError(GitcanaryError):
    """The demo, or a part of its mesh, cannot go on."""


class ForbiddenAddress(Refused):
    """An address in a spec that the operator does not allow."""


class Forgotten(Refused):
    """A version of a file that is asked for and not there: its history lies elsewhere."""


class TimedOut(Unreachable):
    """Something that did not answer in time."""
