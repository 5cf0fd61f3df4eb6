"""Whatever becomes of a Canary, it is read or refused with lines; nothing else is ever raised."""

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gitcanary.errors import InvalidFile, InvalidSpec
from gitcanary.manifests.schema import canary_file
from gitcanary.manifests.schema.canary_file import Canary
from gitcanary.manifests.schema.fields import rows
from gitcanary.manifests.text.documents import Document, parse
from gitcanary.manifests.text.values import Path, removed, replaced, value_at
from support.canary_specs import BLOB, FILE, SEED, VALID

SEED_TEXT = SEED.read_text(encoding="utf-8")
FIELDS = sorted({row.path.rpartition(".")[2] for row in rows()})
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**300, max_value=10**400)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["1m", "0s", "1h30m", "http://a.test/", "http://x:y@z", "podinfo", "{{ target }}", "{{", "istio", ""]
    )
)
KEYS = st.sampled_from(FIELDS) | st.text(max_size=10)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4))


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, held in steps:
        yield from places(held, (*path, step))


@st.composite
def mutants(draw: st.DrawFn) -> str:
    """Draw a valid Canary with up to three values replaced, removed or added."""
    value = parse(draw(st.sampled_from([SEED_TEXT, VALID])).encode())[0].value
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(value))))
        held = value_at(value, path)
        if isinstance(held, dict) and draw(st.booleans()):
            value = replaced(value, (*path, draw(KEYS)), draw(VALUES)) if path else value
        elif path and draw(st.booleans()):
            value = removed(value, path)
        else:
            value = replaced(value, path, draw(VALUES))
    return json.dumps(value, indent=1)


def outcome(document: Document, namespace: str | None) -> Canary | InvalidSpec:
    try:
        return canary_file.read(document, FILE, BLOB, namespace)
    except InvalidSpec as refusal:
        return refusal


def read_or_refuse(text: str, namespace: str | None) -> None:
    try:
        documents = parse(text.encode(errors="replace"))
    except InvalidFile:
        return
    for document in documents:
        match outcome(document, namespace):
            case Canary() as canary:
                assert_sound(canary)
            case InvalidSpec(problems=problems):
                assert problems
                assert all(1 <= problem.line <= text.count("\n") + 1 for problem in problems)
                assert all("\n" not in str(problem) for problem in problems)


def assert_sound(canary: Canary) -> None:
    spec = canary.spec
    assert list(spec.steps) == sorted(set(spec.steps))
    assert 1 <= spec.steps[0] <= spec.steps[-1] <= 100
    assert spec.threshold >= 1
    assert all(metric.minimum is not None or metric.maximum is not None for metric in spec.metrics)
    assert all(metric.query and "{{" not in metric.query for metric in spec.metrics)
    assert canary.namespace
    hash(canary)


@given(mutants(), st.sampled_from([None, "test", "other"]))
def test_a_mutated_canary_is_read_or_refused_with_lines(text, namespace):
    read_or_refuse(text, namespace)


@given(st.data())
def test_a_damaged_text_is_read_or_refused_with_lines(data):
    start = data.draw(st.integers(0, len(SEED_TEXT)))
    end = data.draw(st.integers(start, min(len(SEED_TEXT), start + 40)))
    damage = data.draw(
        st.text(max_size=8) | st.sampled_from(["&a ", "*a", "!!str ", "null", "'", "- ", ": ", "{", "\n"])
    )
    read_or_refuse(SEED_TEXT[:start] + damage + SEED_TEXT[end:], None)


@given(VALUES)
def test_whatever_stands_in_the_annotation_is_read_or_refused(value):
    canary = parse(VALID.encode())[0].value
    text = json.dumps(value)
    read_or_refuse(json.dumps(replaced(canary, ("metadata", "annotations"), {"gitcanary.dev/gitops": text})), None)
