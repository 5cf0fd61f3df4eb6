"""Items inserted into a list that people wrote: every other byte is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitcanary.errors import InvalidFile, RefusedText
from gitcanary.manifests.text.documents import parse
from gitcanary.manifests.text.insertion import insert_items
from support.fuzz import generated


def inserted(text: str, *items: str) -> str:
    return insert_items(text.encode(), "resources", items).decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("resources:\n- a\n", "resources:\n- a\n- x\n- w\n"),
        ("resources:\n- a", "resources:\n- a\n- x\n- w"),
        ("resources:\r\n- a\r\nz: 1\r\n", "resources:\r\n- a\r\n- x\r\n- w\r\nz: 1\r\n"),
        ("resources:\n  -   a # c\n# end\nz: 1\n", "resources:\n  -   a # c\n  -   x\n  -   w\n# end\nz: 1\n"),
        ("resources:\n- 'a'\n- \"b\"\n", 'resources:\n- \'a\'\n- "b"\n- "x"\n- "w"\n'),
        ("resources:\n- a\n\n\n# end\n\n", "resources:\n- a\n- x\n- w\n\n\n# end\n\n"),
        ("resources: [a, b]\n", "resources: [a, b, x, w]\n"),
        ("resources: ['a',] # c\n", "resources: ['a', 'x', 'w',] # c\n"),
        ("resources: [\n  a, # a\n  b # b\n]\n", "resources: [\n  a, # a\n  b, x, w # b\n]\n"),
        ("resources: [] # none\n", "resources: [x, w] # none\n"),
        ("resources: [\n]\n", "resources: [x, w\n]\n"),
        ("resources: # none\n# - a\nz: 1\n", "resources: # none\n- x\n- w\n# - a\nz: 1\n"),
        ("resources:", "resources:\n- x\n- w"),
        ("z: 1\n", "z: 1\nresources:\n- x\n- w\n"),
        ("z: 1", "z: 1\nresources:\n- x\n- w"),
        ("\ufeffz: 1\r\n# end\r\n", "\ufeffz: 1\r\n# end\r\nresources:\r\n- x\r\n- w\r\n"),
        ("---\nz: |\n  ...\n...\n# c\n", "---\nz: |\n  ...\nresources:\n- x\n- w\n...\n# c\n"),
        ("  z: 1\n  b: 2\n", "  z: 1\n  b: 2\n  resources:\n  - x\n  - w\n"),
        ("", "resources:\n- x\n- w\n"),
        ("# empty\n", "# empty\nresources:\n- x\n- w\n"),
        ('{"resources": ["a"]}', '{"resources": ["a", "x", "w"]}'),
        ("resources:\n- ./x\n", "resources:\n- ./x\n- w\n"),
        ("resources:\n- x\n- w\nz: 1", "resources:\n- x\n- w\nz: 1"),
        ("p: &p [b]\nresources:\n- *b\n".replace("*b", "b"), "p: &p [b]\nresources:\n- b\n- x\n- w\n"),
    ],
)
def test_only_the_missing_items_are_added(before: str, after: str) -> None:
    assert inserted(before, "x", "w", "x") == after
    assert inserted(after, "x", "w") == after


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: 1\nresources: a\n", 2, "resources holds no list"),
        ("a: 1\nresources: ~\n", 2, "holds no list of its own"),
        ("resources: &r [a]\n", 1, "anchor or a tag"),
        ("p: &p [a]\nresources: *p\n", 2, "no list of its own"),
        ("a: 1\nresources:\n- |\n  a\n", 3, "after this item none can be added"),
        ("a: 1\nresources:\n-\n  a\n", 4, "after this item none can be added"),
        ("a: 1\nresources:\n- k: v\n", 3, "after this item none can be added"),
        ("{a: 1}\n", 1, "in flow style"),
        ("- a\n", 1, "holds no mapping"),
        ("a: 1\n---\nb: 1\n", 3, "holds 2 documents"),
        ("resources:\n- a\nresources:\n- b\n", 3, "a second time"),
    ],
)
def test_a_list_that_cannot_be_added_to_is_refused(text: str, line: int, reason: str) -> None:
    with pytest.raises(RefusedText) as refused:
        insert_items(text.encode(), "resources", ["x"], file="kustomization.yaml")
    assert reason in refused.value.reason
    assert str(refused.value).startswith(f"kustomization.yaml:{line}: ")


def test_a_trailing_text_that_the_insertion_would_change_is_refused() -> None:
    with pytest.raises(RefusedText, match="other values than were meant"):
        inserted("a: |\n  text", "x")


def test_a_file_that_is_no_yaml_is_refused() -> None:
    with pytest.raises(InvalidFile, match="k:1"):
        insert_items(b"a: [", "resources", ["x"], file="k")


lists = st.sampled_from(
    [
        ("resources:\n{0}- a.yaml\n{0}- 'b c.yaml' # resources:\n", True),
        ("resources:\n{0}-  ../base\n", True),
        ("resources: [a.yaml, 'b']{1}\n", True),
        ("resources: []{1}\n", True),
        ("resources:{1}\n", True),
        ("", False),
    ]
)
around = st.sampled_from(
    ["", "# 😀 resources:\n", "images:\n- name: x\n  newTag: '1'\n", "patches:\n- patch: |-\n    - a\n", "\n"]
)


@generated
@given(
    st.tuples(around, lists, around, st.sampled_from(["", "  "]), st.sampled_from(["", " # c"])),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\ufeff"]),
    st.lists(st.sampled_from(["a.yaml", "x.yaml", "podinfo.primary.yaml", "1.5", "yes", "a b", "ü"]), min_size=1),
)
def test_any_kustomization_gets_its_items_and_keeps_its_bytes(
    parts: tuple[str, tuple[str, bool], str, str, str], eol: str, bom: str, items: list[str]
) -> None:
    before_list, (listed, _), after_list, indent, comment = parts
    after_list = after_list if before_list != after_list else ""
    text = bom + (before_list + listed.format(indent, comment) + after_list).replace("\n", eol)

    result = inserted(text, *items)

    (old,) = parse(text.encode()) or [None]
    held = old.value if old is not None and isinstance(old.value, dict) else {}
    present = held.get("resources") or []
    assert isinstance(present, list)
    new = [item for item in dict.fromkeys(items) if item not in present]
    (document,) = parse(result.encode()) if present or new else [None]
    assert document is not None
    assert document.value == {**held, "resources": [*present, *new]}
    assert is_subsequence(text, result)
    assert result.count("\n") - result.count("\r\n") in {0, result.count("\n")}
    assert inserted(result, *items) == result


def is_subsequence(text: str, longer: str) -> bool:
    letters = iter(longer)
    return all(letter in letters for letter in text)
