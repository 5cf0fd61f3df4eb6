"""What is wrong with a Canary, all of it at once, as problems with file, line and field."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gitcanary.errors import Problem
from gitcanary.manifests.schema.terms import Conflict, Strict, shown
from gitcanary.manifests.schema.walk import survey
from gitcanary.manifests.text.documents import Document, line_of
from gitcanary.manifests.text.values import Path

Model = TypeVar("Model", bound=Strict)

_MOST = 40  # problems with a line of their own: each line is looked up in the text
_KEY_MARK = "[key]"  # how pydantic ends the path of a mapping's key
_SIMPLE_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_RULES = {
    "missing": "it is required",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a number",
    "string_type": "a text",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "too_short": "at least one item",
    "too_long": "at most {max_length} items",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "string_too_long": "at most {max_length} characters",
    "literal_error": "{expected}",
    "not_allowed": "{says}",
}


def validated(model: type[Model], value: object) -> tuple[Model | None, tuple[Conflict, ...]]:
    """Return a value as its model, None if it is not one, and every conflict that it has."""
    conflicts = tuple(survey(model, value))
    try:
        return model.model_validate(value), conflicts
    except ValidationError as error:
        told = {conflict.path for conflict in conflicts}
        malformed = (_conflict(detail) for detail in error.errors(include_url=False))
        return None, (*conflicts, *(conflict for conflict in malformed if conflict.path not in told))


def located(document: Document, file: str, conflicts: Iterable[Conflict]) -> tuple[Problem, ...]:
    """Return the conflicts as problems of a file, in the order of its lines; beyond forty they are only counted."""
    every = list(dict.fromkeys(conflicts))
    problems = [_problem(document, file, conflict) for conflict in every[:_MOST]]
    if len(every) > _MOST:
        problems.append(Problem(file, document.line, "spec", f"{len(every) - _MOST} more problems", "none"))
    return tuple(sorted(problems, key=lambda problem: (problem.line, problem.field)))


def dotted(path: Path) -> str:
    """Return a path as people write it: `spec.analysis.stepWeights[2]`; odd keys stand in brackets."""
    return "".join(_step(step) for step in path).removeprefix(".")


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _SIMPLE_KEY.fullmatch(step) else f"[{shown(step)[1:-1]}]"


def _problem(document: Document, file: str, conflict: Conflict) -> Problem:
    return Problem(file, line_of(document, conflict.path), dotted(conflict.path), conflict.found, conflict.allowed)


def _conflict(detail: ErrorDetails) -> Conflict:
    path = tuple(step for step in detail["loc"] if step != _KEY_MARK)
    found = "nothing" if detail["type"] == "missing" else shown(detail["input"])
    return Conflict(path, found, _allowed(detail))


def _allowed(detail: ErrorDetails) -> str:
    rule = _RULES.get(detail["type"])
    allowed = rule.format_map(_context(detail)) if rule else detail["msg"]
    return f"{allowed}{_quotes(detail)}"


def _context(detail: ErrorDetails) -> Mapping[str, Any]:
    return detail.get("ctx", {})


def _quotes(detail: ErrorDetails) -> str:
    match detail["type"], detail["input"]:
        case "int_type" | "float_type" | "bool_type", str():
            return ", without quotes"
        case "string_type", bool() | int() | float():
            return ", in quotes"
        case _:
            return ""
