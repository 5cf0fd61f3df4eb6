"""The exact edit: the characters of a scalar change, and nothing else does."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gitcanary.errors import InvalidFile, RefusedText, Unspliceable
from gitcanary.manifests.text.documents import parse, spans_of_documents
from gitcanary.manifests.text.splice import Edit, splice
from gitcanary.manifests.text.values import Path, Place, Value, leaves, replaced
from gitcanary.manifests.text.writer import dump
from support.fuzz import generated


def edited(text: str, path: Path, value: str | int, document: int = 0) -> str:
    return splice(text.encode(), [Edit(Place(document, path), value)]).decode()


@pytest.mark.parametrize(
    ("before", "path", "value", "after"),
    [
        ("weight: 5", ("weight",), 10, "weight: 10"),
        ("weight: 5 # weight: 5", ("weight",), 10, "weight: 10 # weight: 5"),
        ("weight:   5\t# tab\r\n", ("weight",), 100, "weight:   100\t# tab\r\n"),
        ("\ufeffweight: 5\n", ("weight",), 0, "\ufeffweight: 0\n"),
        ("é: 😀\nb: {weight: 5, c: 😀} # 😀\n", ("b", "weight"), 6, "é: 😀\nb: {weight: 6, c: 😀} # 😀\n"),
        ('{"r": [{"weight":5},{"weight":95}]}', ("r", 1, "weight"), 0, '{"r": [{"weight":5},{"weight":0}]}'),
        ("- 1\n- 2\n-   3\n", (2,), 7, "- 1\n- 2\n-   7\n"),
        ("? weight\n: 5\n", ("weight",), 6, "? weight\n: 6\n"),
        ("'weight' : 5\n", ("weight",), 6, "'weight' : 6\n"),
        ("weight:\n  5\n", ("weight",), 6, "weight:\n  6\n"),
        ("a: &w 5\nweight: *w # w\n", ("weight",), 6, "a: &w 5\nweight: 6 # w\n"),
        ("a: &w 5\nb: [*w, *w]\n", ("b", 1), 6, "a: &w 5\nb: [*w, 6]\n"),
        ("a: &w 5\nb: {k: *w}\n", ("b", "k"), 6, "a: &w 5\nb: {k: 6}\n"),
        ("a: &x {k: 1, l: 1}\nb: {<<: *x, k: 2}\n", ("b", "k"), 3, "a: &x {k: 1, l: 1}\nb: {<<: *x, k: 3}\n"),
        ("--- 5\n", (), 6, "--- 6\n"),
        ("tag: v1\n", ("tag",), "v2", "tag: v2\n"),
        ("tag: v1\n", ("tag",), "ghcr.io/acme/app:1.2@sha256:0a", "tag: ghcr.io/acme/app:1.2@sha256:0a\n"),
        ("tag: 'v1'\n", ("tag",), "it's", "tag: 'it''s'\n"),
        ('tag: "v1"\n', ("tag",), 'a\\"b', 'tag: "a\\\\\\"b"\n'),
        ('tag: "\\u0061"\n', ("tag",), "b", 'tag: "b"\n'),
        ("tag: v1\n", ("tag",), "1.10", 'tag: "1.10"\n'),
        ("tag: 1.9\n", ("tag",), "1.10", 'tag: "1.10"\n'),
        ("tag: 19\n", ("tag",), "v2", "tag: v2\n"),
        ("tag: '1.9'\n", ("tag",), "1.10", "tag: '1.10'\n"),
        ("tag: v1 # c\n", ("tag",), "yes", 'tag: "yes" # c\n'),
        ("tag: v1\n", ("tag",), "0123456", 'tag: "0123456"\n'),
        ("tag: v1\n", ("tag",), "12345e7", 'tag: "12345e7"\n'),
        ("tag: v1\n", ("tag",), "1:30", 'tag: "1:30"\n'),
        ("tag: v1\n", ("tag",), "2026-11-22", 'tag: "2026-11-22"\n'),
        ("tag: v1\n", ("tag",), "", 'tag: ""\n'),
        ("tag: v1\n", ("tag",), "a: b #c", 'tag: "a: b #c"\n'),
        ("tag: v1\n", ("tag",), "${x}", 'tag: "${x}"\n'),
        ("[v1, b]\n", (0,), "a,b", '["a,b", b]\n'),
    ],
)
def test_only_the_characters_of_the_scalar_change(before: str, path: Path, value: str | int, after: str) -> None:
    assert edited(before, path, value) == after
    assert edited(after, path, value) == after


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("weight: 0x0A", ("weight",), 10),
        ("weight: +10", ("weight",), 10),
        ("weight: &w !!int '10'", ("weight",), 10),
        ("tag: >-\n  a\n  b\n", ("tag",), "a b"),
        ("a: &x {k: 1}\nb: {<<: *x, l: 1}\n", ("b", "l"), 1),
    ],
)
def test_a_value_that_is_there_already_changes_no_byte(text: str, path: Path, value: str | int) -> None:
    assert edited(text, path, value) == text


@pytest.mark.parametrize(
    ("text", "path", "value", "line", "reason"),
    [
        ("a: 1\nb: {c: 1}\n", ("b", "weight"), 5, 2, "the key 'weight' is missing at b.weight"),
        ("a: 1\nb:\n- c: 1\n", ("b", 0, "d", "e"), 5, 3, "the key 'd' is missing at b[0].d"),
        ("a:\n- 1\n", ("a", 1), 5, 2, "a[1] is missing"),
        ("a:\n- 1\n", ("a", "b"), 5, 2, "a.b is missing"),
        ("a: 1\n", ("a", "b"), 5, 1, "a.b is missing"),
        ("a: {b: 1}\n", ("a",), 5, 1, "a: holds more than one value"),
        ("a: &x [1]\nb: *x\n", ("b",), 5, 2, "b: holds more than one value"),
        ("a: &w 5\nb: *w\n", ("a",), 6, 1, "anchor &w"),
        ("a: &w 5\n", ("a",), 6, 1, "anchor &w"),
        ("a: !!int 5\n", ("a",), 6, 1, "has a tag"),
        ("a: ! 5\n", ("a",), 6, 1, "has a tag"),
        ('a: ! "5"\n', ("a",), 6, 1, "has a tag"),
        ("a: &x {k: 1}\nb: *x\n", ("b", "k"), 2, 2, "b.k is shared through an alias"),
        ("a: &x {k: 1}\nb: *x\n", ("a", "k"), 2, 1, "a.k is shared through an alias"),
        ("a: &x {k: [1]}\nb: {<<: *x}\n", ("a", "k", 0), 2, 1, "a.k[0] is shared through an alias"),
        ("a: &x {k: 1}\nb:\n  <<: *x\n", ("b", "k"), 2, 3, "b.k is merged in by `<<`"),
        ("a: {{ .Values.w }}\n", ("a",), 2, 1, "template"),
        ("a: '{{ .Values.w }}'\n", ("a",), "v", 1, "template engine"),
        ("a: ${TAG}\n", ("a",), "v", 1, "template engine"),
        ("a: x-${TAG:=1}-y\n", ("a",), "v", 1, "template engine"),
        ("#@ load('@ytt:data', 'data')\na: 5\n", ("a",), 6, 2, "ytt"),
        ("b: #@ data.values.b\na: 5\n", ("a",), 6, 2, "ytt"),
        ("a: 1\nb: 5\na: 2\n", ("b",), 6, 3, "a second time"),
        ("a: |\n  v1\n", ("a",), "v2", 1, "several lines"),
        ("a: >-\n  v1\n", ("a",), "v2", 1, "several lines"),
        ("a: v1\n  v2\n", ("a",), "v2", 1, "several lines"),
        ('a: "v1\n  v2"\n', ("a",), "v2", 1, "several lines"),
        ("b: 1\na:\n", ("a",), 5, 2, "no value to replace"),
        ("a: ~\n", ("a",), 5, 1, "holds null, not a whole number"),
        ("a: ~\n", ("a",), "v", 1, "holds null, not text"),
        ("a: true\n", ("a",), "v", 1, "holds true, not text"),
        ("a: true\n", ("a",), 1, 1, "holds true, not a whole number"),
        ("a: true\n", ("a",), 2, 1, "holds true, not a whole number"),
        ("a: 1.5\n", ("a",), 2, 1, "holds 1.5, not a whole number"),
        ("a: x\n", ("a",), 2, 1, "holds 'x', not a whole number"),
        ("a: '5'\n", ("a",), 6, 1, "in quotes it is text"),
        ("a: '5'\n", ("a",), 5, 1, "in quotes it is text"),
        ("a: v1\n", ("a",), "v\n2", 1, "cannot stand in one line"),
        ('a: "v1"\n', ("a",), "v\x072", 1, "cannot stand in one line"),
    ],
)
def test_what_cannot_be_edited_exactly_is_refused(
    text: str, path: Path, value: str | int, line: int, reason: str
) -> None:
    with pytest.raises(RefusedText) as refused:
        splice(text.encode(), [Edit(Place(0, path), value)], file="apps/vs.yaml")
    assert reason in refused.value.reason
    assert str(refused.value).startswith(f"apps/vs.yaml:{line}: ")


def test_a_document_that_is_not_there_is_refused() -> None:
    with pytest.raises(Unspliceable, match="no document 2"):
        edited("a: 1\n", ("a",), 2, document=1)


def test_two_values_for_one_place_are_refused() -> None:
    edits = [Edit(Place(0, ("a",)), 2), Edit(Place(0, ("a",)), 3)]
    with pytest.raises(Unspliceable, match="two different edits"):
        splice(b"a: 1\n", edits)


def test_the_same_edit_twice_is_one_edit() -> None:
    assert splice(b"a: 1\n", [Edit(Place(0, ("a",)), 2)] * 2) == b"a: 2\n"


def test_a_file_that_is_no_utf_8_is_refused() -> None:
    with pytest.raises(InvalidFile, match=r"x\.yaml:1: not UTF-8"):
        splice(b"a: \xff\n", [], file="x.yaml")


@dataclass(frozen=True)
class Hole:
    """Where a value of the model stands among the pieces of a generated file."""

    place: Place
    old: str


Pieces = list[str | Hole]


@dataclass(frozen=True)
class Style:
    """How one generated VirtualService is laid out."""

    indent: str
    dash: str
    flow: bool
    weight_first: bool
    gap: str
    comment: str
    quote: str


styles = st.builds(
    Style,
    indent=st.sampled_from(["  ", "   ", "    "]),
    dash=st.sampled_from(["", "  ", "    "]),
    flow=st.booleans(),
    weight_first=st.booleans(),
    gap=st.sampled_from([" ", "   "]),
    comment=st.sampled_from(["", " # weight: 5", "   # 😀 50 % \t", "\t# x", "   "]),
    quote=st.sampled_from(["", "'", '"']),
)
weights = st.lists(st.sampled_from(["0", "5", "10", "95", "100", "*w", "0x0A", "+7"]), min_size=1, max_size=3)
others = st.sampled_from(
    [
        "kind: ConfigMap\ndata:\n  vs: |\n    weight: 5\n    weight: 5\n",
        "# weight: 5\n",
        "",
        '{"weight": 5, "x": ["y"]}\n',
        "a: 'weight: 5'\nb: \"\\u00e9 # weight: 5\"\n",
    ]
)


def destination(style: Style, document: int, index: int, weight: str, margin: str) -> Pieces:
    hole = Hole(Place(document, ("spec", "http", 0, "route", index, "weight")), weight)
    host = f"{style.quote}app-{index}😀{style.quote}"
    if style.flow:
        pair: Pieces = [f"{{destination: {{host: {host}}}, weight:{style.gap}", hole, f"}}{style.comment}\n"]
        if style.weight_first:
            pair = [f"{{ weight:{style.gap}", hole, f" ,destination: {{host: {host}}} }}{style.comment}\n"]
        return [f"{margin}- ", *pair]
    inner = margin + "  "
    to = f"destination:{style.comment}\n{inner}{style.indent}host: {host}\n"
    if style.weight_first:
        return [f"{margin}- weight:{style.gap}", hole, f"{style.comment}\n{inner}{to}"]
    return [f"{margin}- {to}{inner}weight:{style.gap}", hole, f"{style.comment}\n"]


@st.composite
def virtual_services(draw: st.DrawFn) -> tuple[Pieces, Callable[[str], str]]:
    pieces: Pieces = []
    for document in range(draw(st.integers(1, 3))):
        other = draw(others) if document else ""
        pieces.append(("---\n" if document else draw(st.sampled_from(["", "---\n", "# vs: 5\n---\n"]))) + other)
        if not other:
            pieces += virtual_service(draw(styles), document, draw(weights))
    if isinstance(pieces[-1], str) and draw(st.booleans()):
        pieces[-1] = pieces[-1].removesuffix("\n")
    eol, bom = draw(st.sampled_from(["\n", "\r\n"])), draw(st.sampled_from(["", "\ufeff"]))
    return pieces, lambda text: bom + text.replace("\n", eol)


def virtual_service(style: Style, document: int, held: list[str]) -> Pieces:
    one, dash = style.indent, style.dash
    route = one + dash + "  "
    head = (
        f"x: &w 5{style.comment}\nkind: VirtualService\nmetadata: {{name: {style.quote}x{style.quote}}}\n\n"
        f"spec:{style.comment}\n{one}http:\n{one}{dash}- retries: {{weight: 5}}\n{route}route:\n"
    )
    pieces: Pieces = [head]
    for index, weight in enumerate(held):
        pieces += destination(style, document, index, weight, route + dash)
    return [*pieces, f"{one}hosts: [weight: 5, 'é']\n"]


def text_of(pieces: Pieces, new: dict[Place, int], finish: Callable[[str], str]) -> bytes:
    whole = "".join(piece if isinstance(piece, str) else str(new.get(piece.place, piece.old)) for piece in pieces)
    return finish(whole).encode()


def number(written: str) -> int:
    return 5 if written == "*w" else int(written, 0)


def values(data: bytes) -> list[Value]:
    return [document.value for document in parse(data)]


@generated
@given(virtual_services(), st.data())
def test_new_weights_change_their_own_characters_in_any_virtual_service(
    generated: tuple[Pieces, Callable[[str], str]], data: st.DataObject
) -> None:
    pieces, finish = generated
    holes = [piece for piece in pieces if isinstance(piece, Hole)]
    new = {hole.place: data.draw(st.integers(0, 100)) for hole in data.draw(st.lists(st.sampled_from(holes)))}
    before = text_of(pieces, {}, finish)
    held = {hole.place: number(hole.old) for hole in holes}
    changing = {place: weight for place, weight in new.items() if weight != held[place]}

    after = splice(before, [Edit(place, weight) for place, weight in new.items()])

    assert after == text_of(pieces, changing, finish)
    expected = values(before)
    for place, weight in new.items():
        expected[place.document] = replaced(expected[place.document], place.path, weight)
    assert values(after) == expected
    assert splice(after, [Edit(place, weight) for place, weight in new.items()]) == after


tags = st.one_of(
    st.text(st.characters(exclude_categories=("C", "Z")), max_size=8),
    st.text("ab1.0e:#-'\"\\{}[],&*!|>%@`~yn _x", max_size=8),
    st.sampled_from(["1.10", "yes", "0123", "1e3", "2026-11-22", "null", "~", "1:30", "-", "?", "---", "...", "<<"]),
)


@generated
@given(
    tags,
    st.sampled_from(["v1", "'v1'", '"v1"', "1.9", "*t"]),
    st.sampled_from(["t: &t v0\na: {x}", "t: &t v0\na: {x} # c", "t: &t v0\na:\n- {x}\n", "[&t v0, {x},{{b: 1}}]\n"]),
)
def test_a_new_text_stays_text_between_the_same_bytes(tag: str, old: str, frame: str) -> None:
    head, tail = frame.split("{x}")
    head, tail = head.replace("{{", "{"), tail.replace("{{", "{").replace("}}", "}")
    before = head + old + tail
    path: Path = (1,) if frame.startswith("[") else ("a", 0) if "- " in frame else ("a",)
    after = edited(before, path, tag)
    assert after.startswith(head)
    assert after.endswith(tail)
    assert values(after.encode()) == [replaced(values(before.encode())[0], path, tag)]
    assert edited(after, path, tag) == after


floats = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.one_of(st.integers(0, 1000), tags, st.booleans(), st.none(), floats)
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(tags, inner, max_size=4)),
    max_leaves=12,
)


def as_json(tree: object) -> str:
    return json.dumps(tree, ensure_ascii=False)


@generated
@given(st.dictionaries(tags, trees, min_size=1), st.sampled_from([dump, as_json]), st.data())
def test_any_leaf_of_any_document_is_edited_as_the_model_is_or_refused(
    tree: dict[str, Value], write: Callable[[object], str], data: st.DataObject
) -> None:
    before = write(tree)
    assume(any(leaves(tree)))
    path, held = data.draw(st.sampled_from(list(leaves(tree))))
    value = data.draw(st.integers(0, 100)) if isinstance(held, int) else data.draw(tags)
    try:
        after = edited(before, path, value)
    except Unspliceable:
        assert isinstance(held, bool | None) or "{{" in str(held) or "${" in str(held) or "#@" in before
    else:
        assert values(after.encode()) == [replaced(tree, path, value)]
        assert edited(after, path, value) == after


SEVERAL = "# weights\na: 1\n---\nb: {weight: 10}  # ours\n---\n- |\n  --- no mark\n  x\n---\nc: 'x'\n"


def test_in_a_file_of_several_documents_only_the_one_that_is_edited_is_read_again() -> None:
    edits = [Edit(Place(1, ("b", "weight")), 20)]
    assert splice(SEVERAL.encode(), edits).decode() == SEVERAL.replace("10}", "20}")
    assert [SEVERAL[start:end] for start, end in spans_of_documents(SEVERAL)] == [
        "# weights\na: 1\n",
        "---\nb: {weight: 10}  # ours\n",
        "---\n- |\n  --- no mark\n  x\n",
        "---\nc: 'x'\n",
    ]


@pytest.mark.parametrize(
    "text", ["%YAML 1.1\n---\na: 1\n", "a: 1\n...\nb: 2\n", "a: 1\r---\rb: 2\r", "a: 1\x85---\x85"]
)
def test_what_sets_documents_apart_in_other_ways_is_read_as_a_whole(text: str) -> None:
    assert spans_of_documents(text) is None


@generated
@given(
    st.lists(st.sampled_from(["a: 1\n", "---\n", "--- x\n", "# c\n", "\n", "- 'b\n  c'\n", "---x: 2\n", "--- # c\n"]))
)
def test_the_documents_that_are_told_apart_are_those_that_a_parser_finds(lines: list[str]) -> None:
    text = "".join(lines)
    try:
        whole = [document.value for document in parse(text.encode())]
    except InvalidFile:
        return
    spans = spans_of_documents(text)
    assert [parse(text[start:end].encode())[0].value for start, end in spans] == whole
