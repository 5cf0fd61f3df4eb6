"""Reading YAML that people wrote: what it means, what is refused, and on which line it stands."""

import math

import pytest

from gitcanary.errors import InvalidFile
from gitcanary.manifests.text.documents import LARGEST, find_template, line_of, parse
from gitcanary.manifests.text.nodes import DEEPEST
from gitcanary.manifests.text.values import Path, Value


def read(text: str | bytes) -> Value:
    (document,) = parse(text.encode() if isinstance(text, str) else text)
    return document.value


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("yes", True),
        ("Off", False),
        ("y", "y"),
        ("~", None),
        ("", None),
        ("0644", 420),
        ("0o17", 15),
        ("0x1F", 31),
        ("-0b101", -5),
        ("1_000", 1000),
        ("1e3", 1000.0),
        ("08", 8.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("-.inf", -math.inf),
        ("18446744073709551615", 2**64 - 1),
        ("18446744073709551616", 2.0**64),
        ("1:30", "1:30"),
        ("2026-11-22", "2026-11-22"),
        ("2026-11-22T10:04:37Z", "2026-11-22T10:04:37Z"),
        ("=", "="),
        ("<<", "<<"),
        ("v1.10", "v1.10"),
        ("1.2.3", "1.2.3"),
        ("-", None),
        ("+", "+"),
        ("1e999", "1e999"),
        ("9" * 5000, "9" * 5000),
        ("0x" + "f" * 5000, "0x" + "f" * 5000),
        ("'10'", "10"),
        ('"\\u00e9"', "é"),
        ("!!str 10", "10"),
        ("! 10", "10"),
        ('! "10"', "10"),
        ("!!float 10", 10.0),
        ("!!int '10'", 10),
    ],
)
def test_an_unquoted_word_means_what_it_means_to_kubernetes(word: str, value: Value) -> None:
    got = read(f"key: {word}\n") if word != "-" else read("key:\n-\n")
    assert isinstance(got, dict)
    wanted = [None] if word == "-" else value
    assert got["key"] == wanted
    assert type(got["key"]) is type(wanted)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, "b", null]}', {"a": [1, "b", None]}),
        ("\ufeffa: 1\n", {"a": 1}),
        ("a: 1\r\nb:\r\n- |\r\n  x\r\n  y\r\n", {"a": 1, "b": ["x\ny\n"]}),
        ("8080: x\ntrue: y\n1.0: z\n~: n\n", {"8080": "x", "true": "y", "1.0": "z", "~": "n"}),
        ("a: &x {k: 1, l: 2}\nb: {<<: *x, l: 3}\n", {"a": {"k": 1, "l": 2}, "b": {"k": 1, "l": 3}}),
        ("- &x {k: 1}\n- &y {k: 2, l: 2}\n- {<<: [*x, *y]}\n", [{"k": 1}, {"k": 2, "l": 2}, {"k": 1, "l": 2}]),
        ("'<<': 1\n", {"<<": 1}),
        ("a: &x b\n*x : 2\n", {"a": "b", "b": 2}),
        ("a: 😀 # 🚀\nb: ü\n", {"a": "😀", "b": "ü"}),
    ],
)
def test_a_document_is_read_into_plain_values(text: str, value: Value) -> None:
    assert read(text) == value


def test_what_an_alias_repeats_is_not_shared() -> None:
    value = read("a: &x {k: 1}\nb: *x\n")
    assert isinstance(value, dict)
    assert value["a"] is not value["b"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", []),
        ("# only a comment\n", []),
        ("---\n---\n", [None, None]),
        ("a: 1\n---\nb: 2\n...\n---\nc: 3", [{"a": 1}, {"b": 2}, {"c": 3}]),
    ],
)
def test_every_document_is_read(text: str, values: list[Value]) -> None:
    documents = parse(text.encode())
    assert [document.value for document in documents] == values
    assert [document.index for document in documents] == list(range(len(values)))


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"a: 1\nb: 2\na: 3\n", 3, "key 'a' a second time (first on line 1)"),
        (b"a: {k: 1, 'k': 2}\n", 1, "second time"),
        (b"a: &x {k: 1}\nb: {<<: *x, <<: *x}\n", 2, "second time"),
        (b"a: 1\nb: \xff\n", 2, "not UTF-8"),
        ("a: 1".encode("utf-16"), 1, "not UTF-8"),
        (b"a: 1\nb: \x00\n", 2, "control character"),
        (b"a:\n\tb: 1\n", 2, "a tab"),
        (b"a: [1, 2\nb: 3\n", 2, "not YAML"),
        (b"a: [", 1, "not YAML"),
        (b"a: b: c\n", 1, "not YAML"),
        (b"a: {{ .Values.x }}\n", 1, "template"),
        (b"{{- if .Values.x }}\na: 1\n{{- end }}\n", 1, "looks like a template"),
        (b"a: *missing\n", 1, "nothing before it is called &missing"),
        (b"a: &a [*a]\n", 1, "nothing before it is called &a"),
        (b"a: &a 1\n---\nb: *a\n", 3, "nothing before it is called &a"),
        (b"a: 1\nb: !Ref c\n", 2, "tag"),
        (b"a: !!int yes\n", 1, "tag"),
        (b"a: !!set {b, c}\n", 1, "tag"),
        (b"a: !!python/object:os.system []\n", 1, "tag"),
        (b"<<: 1\n", 1, "`<<` takes a mapping"),
        (b"? [a]\n: b\n", 1, "a key that is no word"),
        (b"a: " + b"[" * 400_000, 1, f"nested deeper than {DEEPEST}"),
        (b"- " * 200_000, 1, f"nested deeper than {DEEPEST}"),
        (b"# " + b"x" * LARGEST, 0, "at most"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(data: bytes, line: int, reason: str) -> None:
    with pytest.raises(InvalidFile) as refused:
        parse(data, file="apps/x.yaml")
    assert reason in refused.value.reason
    assert refused.value.line == line
    assert str(refused.value).startswith(f"apps/x.yaml:{line}: " if line else "apps/x.yaml: ")


@pytest.mark.parametrize(
    "step", ["[*a{0},*a{0},*a{0},*a{0},*a{0},*a{0}]", "{{x: *a{0}, y: *a{0}, z: {{<<: *b}}}}", "[[[*a{0}]]]"]
)
def test_aliases_that_multiply_are_refused(step: str) -> None:
    bomb = "b: &b {k: v}\na0: &a0 [x]\n" + "".join(f"a{n + 1}: &a{n + 1} {step.format(n)}\n" for n in range(60))
    with pytest.raises(InvalidFile, match="aliases that"):
        parse(bomb.encode())


def test_one_long_text_repeated_by_aliases_is_refused() -> None:
    bomb = "a: &a " + "x" * 100_000 + "\nb: [" + "*a, " * 100 + "]\n"
    with pytest.raises(InvalidFile, match="aliases that grow"):
        parse(bomb.encode())


def test_a_file_of_the_largest_size_is_read_whatever_it_holds() -> None:
    items = LARGEST // len("-\n")
    assert len(read("-\n" * items)) == items  # type: ignore[arg-type]  # a list, as the line itself says


TEXT = """\
# a canary
apiVersion: flagger.app/v1beta1
metadata: {name: podinfo,
  namespace: test}
spec:
  analysis:
    metrics:
    - name: one
      interval: 1m
    - name: two
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 2),
        (("apiVersion",), 2),
        (("metadata", "namespace"), 4),
        (("spec", "analysis", "metrics", 0), 8),
        (("spec", "analysis", "metrics", 0, "interval"), 9),
        (("spec", "analysis", "metrics", 1, "interval"), 10),
        (("spec", "analysis", "metrics", 7, "interval"), 7),
        (("spec", "analysis", "metrics", "name"), 7),
        (("spec", "nothing", "here"), 5),
        (("nothing",), 2),
    ],
)
def test_a_field_or_its_nearest_parent_is_found_by_line(path: Path, line: int) -> None:
    (document,) = parse(TEXT.encode())
    assert line_of(document, path) == line


def test_lines_count_through_all_documents_and_line_ends() -> None:
    documents = parse(("\ufeff" + TEXT + "---\n" + TEXT).replace("\n", "\r\n").encode())
    assert [document.line for document in documents] == [2, 13]
    assert line_of(documents[1], ("spec", "analysis")) == 17


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": ["x", "{{ .Values.tag }}"]}, ("a", 1)),
        ({"a": {"b": "${TAG}"}}, ("a", "b")),
        ({"{{ k }}": 1}, ("{{ k }}",)),
        ({"a": "$TAG", "b": "{ {", "c": 1}, None),
    ],
)
def test_a_value_that_waits_for_a_template_engine_is_found(value: Value, path: Path | None) -> None:
    assert find_template(value) == path
