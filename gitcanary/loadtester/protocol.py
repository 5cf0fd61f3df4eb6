"""What a request to the load tester says: Flagger's webhook payload, parsed at the border.

Nothing is run or remembered here.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, ValidationError

from gitcanary.errors import MalformedRequest


class TaskType(StrEnum):
    """How a task runs: `cmd` in the background, `bash` while the caller waits."""

    CMD = "cmd"
    BASH = "bash"


NOT_OFFERED = frozenset({"helm", "helmv3", "kubectl", "concord", "ngrinder"})


@dataclass(frozen=True, slots=True)
class Canary:
    """The Canary that a request is about."""

    name: str
    namespace: str

    def __str__(self) -> str:
        """Show it as gates are keyed: `name.namespace`."""
        return f"{self.name}.{self.namespace}"


def _offered(value: Any) -> Any:
    if value in tuple(TaskType):
        return value
    why = "is a type of Flagger's load tester and not offered here" if value in tuple(NOT_OFFERED) else "is unknown"
    raise ValueError(f"{json.dumps(value)} {why}; allowed: {', '.join(TaskType)}")


class Task(BaseModel):
    """The `metadata` of a webhook: what to run. Keys that are not ours are ignored, as in Flagger."""

    type: Annotated[TaskType, BeforeValidator(_offered)] = TaskType.CMD
    cmd: Annotated[str, StringConstraints(pattern=r"^[^\x00]+$")]
    logs_output: bool = Field(default=False, alias="logCmdOutput")
    returns_output: bool = Field(default=False, alias="returnCmdOutput")


class Payload(BaseModel):
    """The body of a webhook."""

    name: str = ""
    namespace: str = ""
    metadata: Task | None = None

    @property
    def canary(self) -> Canary:
        return Canary(self.name, self.namespace)

    def task(self) -> Task:
        """Give the task; raises MalformedRequest where there is none."""
        if self.metadata is None:
            raise MalformedRequest("metadata: missing; it says what to run, as in {'type': 'cmd', 'cmd': '...'}")
        return self.metadata

    def gate(self) -> Canary:
        """Give the Canary whose gate is meant; raises MalformedRequest where it is not said."""
        if not (self.name and self.namespace):
            raise MalformedRequest("name, namespace: a gate belongs to one Canary, both are needed")
        return self.canary


def parse(body: bytes) -> Payload:
    """Read a request's body; raises MalformedRequest, naming each field that is wrong."""
    try:
        return Payload.model_validate_json(body)
    except ValidationError as error:
        raise MalformedRequest("; ".join(_told(detail) for detail in error.errors())) from error


def _told(detail: Any) -> str:
    field = ".".join(map(str, detail["loc"])) or "body"
    return f"{field}: {detail['msg'].removeprefix('Value error, ')}"
