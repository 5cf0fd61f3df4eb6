"""Trailers: only what ours are, only where ours stand."""

import pytest

from gitcanary.manifests.trailers import Trailers, block, read
from gitcanary.rollout.state import Action

OURS = """\
Gitcanary-Canary: test/podinfo
Gitcanary-Path: apps/podinfo
Gitcanary-Action: advance
Gitcanary-Weight: 10 -> 20
Gitcanary-Revision: sha256:9a1f
Gitcanary-Source: 7c4be21
Gitcanary-Live: 88e1a47
"""
MESSAGE = f"Advance test/podinfo to 20%\n\nAt 10% since 10:03:22:\n  load-test  202\n\n{OURS}"


def test_all_that_ours_say_is_read() -> None:
    assert read(MESSAGE) == Trailers(
        "test/podinfo", "apps/podinfo", Action.ADVANCE, "sha256:9a1f", "7c4be21", (10, 20), "88e1a47"
    )


def test_the_root_is_written_as_a_dot() -> None:
    found = read(MESSAGE.replace("Path: apps/podinfo", "Path: ."))
    assert found is not None
    assert not found.path


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(f"Advance\n\n{OURS}\nSee above.", id="a paragraph follows"),
        pytest.param(OURS, id="no subject before them"),
        pytest.param(f"Advance\n{OURS}", id="part of the subject's paragraph"),
        pytest.param(f"Advance\n\nBecause:\n{OURS}", id="text in the same paragraph"),
        pytest.param(f"Advance\n\n{OURS}Gitcanary-Action: rollback\n", id="a key twice"),
        pytest.param(f"Advance\n\n{OURS}  folded\n", id="a folded line"),
        pytest.param(MESSAGE.replace("advance\n", "explode\n"), id="an unknown action"),
        pytest.param(MESSAGE.replace("10 -> 20", "10"), id="half a weight"),
        pytest.param(MESSAGE.replace("Gitcanary-Source: 7c4be21\n", ""), id="one missing"),
        pytest.param(MESSAGE.replace("Gitcanary-Source: ", "Gitcanary-Source:"), id="no blank after the colon"),
        pytest.param("", id="nothing at all"),
    ],
)
def test_what_is_not_exactly_ours_is_nothing(message: str) -> None:
    assert read(message) is None


def test_other_trailers_beside_ours_are_passed_over() -> None:
    assert block(f"{MESSAGE}Signed-off-by: Mia <mia@example.com>\nReviewed-by: A: B\n").keys() == block(MESSAGE).keys()


def test_a_reason_of_a_person_that_quotes_a_trailer_is_none() -> None:
    assert block("Ask gitcanary to pause\n\nthe Gitcanary-Action: rollback was wrong\n") == {}


def test_line_ends_of_another_system_are_read_too() -> None:
    assert read(MESSAGE.replace("\n", "\r\n")) == read(MESSAGE)
