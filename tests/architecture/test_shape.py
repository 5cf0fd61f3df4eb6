"""The shape of the code: short functions, short modules, and no name that says nothing."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "gitcanary"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST_BODY, LONGEST_MODULE = 40, 300
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "manager", "common", "base"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(module: Path) -> str:
    return str(module.relative_to(PACKAGE.parent))


def definitions(module: Path) -> Iterator[Function | ast.ClassDef]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node


def body_length(function: Function) -> int:
    """Return the lines of a body, its docstring not counted."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def words(name: str) -> set[str]:
    """Return the words of a name, in `snake_case` or `CamelCase`."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def test_there_is_something_to_look_at():
    assert len(MODULES) > 100


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_module_is_short_and_so_are_its_functions(module):
    assert len(module.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE
    functions = [each for each in definitions(module) if not isinstance(each, ast.ClassDef)]
    assert [each.name for each in functions if body_length(each) > LONGEST_BODY] == []


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_no_name_is_a_bucket_for_anything(module):
    names = [*module.relative_to(PACKAGE).with_suffix("").parts, *(each.name for each in definitions(module))]
    assert [name for name in names if words(name) & EMPTY_WORDS] == []


@pytest.mark.parametrize("module", [module for module in MODULES if module.stat().st_size], ids=name_of)
def test_a_module_says_what_it_is_for(module):
    assert ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))
