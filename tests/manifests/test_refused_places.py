"""A location that is refused says why, and where: the reason, the file and the lines."""

import pytest

from gitcanary.errors import InvalidLocation
from gitcanary.manifests.text.documents import parse
from gitcanary.manifests.text.locations import Key, parse_location, resolve, resolve_scalar
from gitcanary.manifests.text.paths import checked_path

TWICE = b"a: 1\n---\na: {b: 2}\n"


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("", "empty"),
        ("a" * 4097, "longer than 4096 characters"),
        ("a\\b", "backslashes, control and format characters are not allowed"),
        ("a\x00b", "backslashes, control and format characters are not allowed"),
        ("/a", "must be relative, without a name left empty between its slashes"),
        ("a//b", "must be relative, without a name left empty between its slashes"),
        ("a/../b", "`.` and `..` are not allowed"),
        ("./a", "`.` and `..` are not allowed"),
        ("a/.GIT/config", "leads into Git's own folder"),
    ],
)
def test_a_refused_path_says_what_is_wrong_with_it(path: str, problem: str) -> None:
    with pytest.raises(InvalidLocation) as refusal:
        checked_path(path)
    assert str(refusal.value).endswith(f"path {path[:100]!r}: {problem}")


def test_the_longest_path_is_taken() -> None:
    assert checked_path("a" * 4096)


def test_a_step_after_a_name_of_one_letter_needs_its_dot() -> None:
    assert parse_location("f#a.b").steps == (Key("a"), Key("b"))
    with pytest.raises(InvalidLocation, match=r"stuck at '\"b\"'"):
        parse_location('f#a"b"')


def test_a_value_in_several_documents_is_refused_with_file_and_lines() -> None:
    with pytest.raises(InvalidLocation) as refusal:
        resolve(parse_location("f.yaml#a"), parse(TWICE))
    assert refusal.value.file == "f.yaml"
    assert "f.yaml#a is found in several documents, on lines 1 and 3" in str(refusal.value)


def test_a_value_that_holds_more_is_refused_with_file_and_line() -> None:
    with pytest.raises(InvalidLocation) as refusal:
        resolve_scalar(parse_location("f.yaml#a"), parse(TWICE), document=1)
    assert (refusal.value.file, refusal.value.line) == ("f.yaml", 3)
    assert "f.yaml#a holds more than one value" in str(refusal.value)
