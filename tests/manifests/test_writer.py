"""YAML that gitcanary writes: one style, read back as the same values by every reader."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from gitcanary.manifests.text.documents import parse
from gitcanary.manifests.text.writer import OneLine, dump, dump_all, dump_by_library

TRICKY = "ab \n:#-'\"{}[],&*!|>%@`?0123456789.eEx_+~yYnN\t\\<="
WORDS = ("yes", "y", "1:30", "08", "1e3", "null", "", "2020-01-01", "a\n\n", "---", "...\n", "a\r\nb", "\ufeff", "=")
texts = st.one_of(st.text(max_size=12), st.text(alphabet=TRICKY, max_size=10), st.sampled_from(WORDS))
numbers = st.one_of(st.integers(-(2**63), 2**63), st.floats(allow_nan=False, allow_infinity=False))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=8,
)
documents = st.one_of(st.lists(values, max_size=3), st.dictionaries(texts, values, max_size=3))


PLAIN = "ab0.e1:-/ %<+@_y="
instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - in UTC
words = st.one_of(st.text(PLAIN, max_size=8), st.sampled_from(WORDS))
plain = st.one_of(st.none(), st.booleans(), numbers, words, instants)
plainer = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(words, inner, max_size=3),
        st.dictionaries(words, inner, max_size=3).map(OneLine),
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.dictionaries(words, plainer, max_size=3), st.lists(plainer, max_size=3)))
def test_what_is_written_quickly_is_what_the_library_writes(value: object) -> None:
    assert dump(value) == dump_by_library(value)


@settings(max_examples=200, deadline=None)
@given(documents)
def test_what_is_written_is_read_back_by_this_reader_and_by_yaml_1_2(value: object) -> None:
    text = dump(value)
    (document,) = parse(text.encode())
    assert json.dumps(document.value) == json.dumps(value)
    assert json.dumps(YAML(typ="safe", pure=True).load(text)) == json.dumps(value)


@pytest.mark.parametrize(
    "text", ["yes", "n", "0644", "0o17", "1:30", "12e4", "1.10", "08", "1_0", "2026-11-22", "=", ""]
)
def test_text_that_some_reader_takes_for_another_type_is_quoted(text: str) -> None:
    written = dump({"tag": text})
    assert written == f'tag: "{text}"\n'
    assert yaml.safe_load(written) == {"tag": text}


def test_the_style_is_that_of_kubernetes_manifests() -> None:
    value = {
        "kind": "ConfigMap",
        "hosts": ["*", {"name": "a", "ports": [80, 443]}, []],
        "data": {"run.sh": "set -e\n\necho 1\n", "long": "word " * 60 + "end", "empty": {}, "none": None, "on": True},
        "last": [OneLine(name="latency", value=1.5, verdict="pass")],
    }
    assert dump(value) == (
        "kind: ConfigMap\n"
        "hosts:\n"
        "- '*'\n"
        "- name: a\n"
        "  ports:\n"
        "  - 80\n"
        "  - 443\n"
        "- []\n"
        "data:\n"
        "  run.sh: |\n"
        "    set -e\n"
        "\n"
        "    echo 1\n"
        f"  long: {'word ' * 60}end\n"
        "  empty: {}\n"
        "  none: null\n"
        '  "on": true\n'
        "last:\n"
        "- {name: latency, value: 1.5, verdict: pass}\n"
    )


@pytest.mark.parametrize("text", [" lead\nx\n", "\nx\n", "x\n\n", "x\ty\n", "x\r\ny\n"])
def test_lines_that_a_literal_block_cannot_hold_as_they_are_are_quoted(text: str) -> None:
    written = dump({"data": text})
    assert written.startswith('data: "')
    assert written.count("\n") == 1


def test_a_value_that_stands_twice_is_written_twice() -> None:
    shared = {"a": [1]}
    assert dump({"one": shared, "two": shared}) == "one:\n  a:\n  - 1\ntwo:\n  a:\n  - 1\n"


def test_an_instant_is_written_in_utc_without_quotes() -> None:
    noon = datetime(2026, 11, 22, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    assert dump({"since": noon, "until": datetime(2026, 11, 22, 10, 0, 1, tzinfo=UTC)}) == (
        "since: 2026-11-22T10:00:00Z\nuntil: 2026-11-22T10:00:01Z\n"
    )


def test_several_documents_are_set_apart() -> None:
    assert dump_all([{"a": 1}, {"b": 2}]) == "a: 1\n---\nb: 2\n"
