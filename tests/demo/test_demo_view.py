"""What a person sees on a terminal."""

from datetime import UTC, datetime
from io import StringIO

from rich.console import Console

from gitcanary.demo.ledger import Entry, Record
from gitcanary.demo.traffic import Share
from gitcanary.demo.view import Picture, draw

DOCUMENT = {
    "phase": "Progressing",
    "weight": 20,
    "step": {"index": 2, "of": 5},
    "failedChecks": 1,
    "evidence": {
        "metrics": [{"name": "request-duration", "value": 612, "max": 500, "window": "5s", "verdict": "fail"}]
    },
}
LOG = [Entry(f"{n:07d}", "gitcanary", f"Advance test/podinfo to {n}% [bold]", datetime.now(UTC)) for n in range(20)]


def seen(picture: Picture) -> str:
    console = Console(file=StringIO(), width=100, force_terminal=True, color_system=None)
    with console.capture() as captured:
        console.print(draw(picture))
    return captured.get()


def test_weights_committed_live_and_observed_stand_below_each_other() -> None:
    text = seen(Picture("podinfo 6.0.1", Record.read(DOCUMENT), 10, Share(200, 21), 3, LOG, ""))
    for expected in (
        "Progressing   step 2 of 5   failed checks 1   user requests failed: 3",
        "committed  ██████░░░░░░░░░░░░░░░░░░░░░░░░  20 %",
        "live       ███░░░░░░░░░░░░░░░░░░░░░░░░░░░  10 %",
        "observed   ███░░░░░░░░░░░░░░░░░░░░░░░░░░░  10.5 % of the last 200 requests",
        "request-duration            612  ≤ 500   over 5s    fail",
    ):
        assert expected in text


def test_only_the_last_commits_are_seen_and_their_text_is_no_markup() -> None:
    text = seen(Picture("podinfo 6.0.1", Record.read(DOCUMENT), 10, Share(0, 0), 0, LOG, ""))
    assert "0000019  gitcanary Advance test/podinfo to 19% [bold]" in text
    assert "0000011" not in text


def test_before_the_onboarding_and_in_trouble_it_says_so() -> None:
    text = seen(Picture("podinfo 6.0.0", None, 0, Share(0, 0), 0, [], "abc is not applied: no Service x"))
    assert "not onboarded yet" in text
    assert "abc is not applied: no Service x" in text
