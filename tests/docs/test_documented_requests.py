"""What docs/behaviour.md says that a request leads to, in every phase, is what it leads to."""

import pytest

from gitcanary.rollout.state import Verb
from support.requests import SITUATIONS, outcome
from support.tables import ROOT, rows

HEAD = f"| where | {' | '.join(f'`{verb}`' for verb in Verb)} |"
TABLE = rows("docs/behaviour.md", "What people can ask for", after=HEAD)


def test_the_table_names_every_request_and_every_place() -> None:
    assert HEAD in (ROOT / "docs" / "behaviour.md").read_text(encoding="utf-8")
    assert list(TABLE) == list(SITUATIONS)
    assert {len(cells) for cells in TABLE.values()} == {len(Verb)}


@pytest.mark.parametrize("where", SITUATIONS)
@pytest.mark.parametrize("verb", list(Verb))
def test_a_request_leads_to_what_is_documented(where: str, verb: Verb) -> None:
    assert outcome(SITUATIONS[where](), verb) == TABLE[where][list(Verb).index(verb)]
