"""What `check` finds: each Canary of a folder, ready or refused, and how that is told to people and to programs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from gitcanary.controller.subject import Subject, Unfit
from gitcanary.controller.survey import Survey
from gitcanary.errors import Forgotten, InvalidSpec, Problem, Refused, RefusedText, plainly


class Readiness(StrEnum):
    """Whether gitcanary would take a Canary on."""

    READY = "ready"
    WARNED = "ready with warnings"
    REFUSED = "refused"


class Level(StrEnum):
    """How grave a remark is, as GitHub spells it in an annotation."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to say about a Canary: how grave, where (line 0 is unknown), about which field, and what."""

    level: Level
    file: str
    line: int
    field: str
    text: str

    def __str__(self) -> str:
        where = f"{plainly(self.file)}:{self.line}" if self.line else plainly(self.file)
        return f"{where}: {self.level}: {f'{self.field}: ' if self.field else ''}{self.text}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One Canary, its file, and what there is to say about it. `has_gate` tells that its spec names a sync gate."""

    canary: str
    file: str
    remarks: tuple[Remark, ...] = ()
    has_gate: bool = True

    @property
    def readiness(self) -> Readiness:
        levels = {remark.level for remark in self.remarks}
        if Level.ERROR in levels:
            return Readiness.REFUSED
        return Readiness.WARNED if levels else Readiness.READY


def findings(survey: Survey) -> list[Finding]:
    """Return what a survey found, by file. A record whose Canary was deleted is no Canary."""
    fit = [_ready(subject) for subject in survey.subjects.values() if not (subject.is_gone or subject.is_former)]
    unfit = [_refused(each) for each in survey.unfit.values() if not isinstance(each.refusal, Forgotten)]
    return sorted((*fit, *unfit), key=lambda each: (each.file, each.canary))


def annotation(remark: Remark) -> str:
    """Return a remark as a workflow command of GitHub Actions, so that it is shown beside the line."""
    where = {"file": remark.file, "line": str(remark.line or 1), "title": f"gitcanary: {remark.field or 'file'}"}
    properties = ",".join(f"{name}={_escaped(value, in_property=True)}" for name, value in where.items())
    return f"::{remark.level} {properties}::{_escaped(remark.text)}"


def as_json(found: Iterable[Finding]) -> list[dict[str, object]]:
    """Return findings for programs."""
    return [
        {
            "canary": each.canary,
            "file": each.file,
            "readiness": each.readiness,
            "hasGate": each.has_gate,
            "remarks": [
                {
                    "level": remark.level,
                    "file": remark.file,
                    "line": remark.line,
                    "field": remark.field,
                    "text": remark.text,
                }
                for remark in each.remarks
            ],
        }
        for each in found
    ]


def _ready(subject: Subject) -> Finding:
    warnings = tuple(_remark(Level.WARNING, problem) for problem in subject.canary.warnings)
    return Finding(subject.title, subject.canary.file, warnings, has_gate=bool(subject.canary.sync))


def _refused(unfit: Unfit) -> Finding:
    remarks = tuple(_refusals(unfit.refusal, unfit.key.path))
    name = unfit.key.name
    is_file = "/" in name or PurePosixPath(name).suffix in {".yaml", ".yml", ".json"}
    return Finding("-" if is_file else name, name if is_file else remarks[0].file, remarks)


def _refusals(refusal: Refused, path: str) -> Iterator[Remark]:
    match refusal:
        case InvalidSpec(problems=problems):
            yield from (_remark(Level.ERROR, problem) for problem in problems)
        case RefusedText(reason=reason, line=line, file=file):
            yield Remark(Level.ERROR, file or path, line, "", reason)
        case _:
            yield Remark(Level.ERROR, path, 0, "", str(refusal))


def _remark(level: Level, problem: Problem) -> Remark:
    text = f"found {problem.found}; allowed: {problem.allowed}"
    return Remark(level, problem.file, problem.line, problem.field, text)


def _escaped(text: str, *, in_property: bool = False) -> str:
    """Escape what would end a workflow command, or a property of it (GitHub's `toolkit`, `command.ts`)."""
    escaped = "%\r\n:," if in_property else "%\r\n"
    return "".join(f"%{ord(letter):02X}" if letter in escaped else letter for letter in text)
