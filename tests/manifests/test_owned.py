"""What gitcanary generates, beside what Flagger 1.44.0 made of the same input."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from gitcanary.manifests.primary_template import CONFIG_DIGEST
from gitcanary.rollout.decision import Commit
from gitcanary.rollout.state import Action, Phase
from support.planning import History, folder_with, generated

CASES = yaml.safe_load((Path(__file__).parent / "data" / "flagger_objects.yaml").read_text(encoding="utf-8"))
PROMOTED = [case for case in CASES if "promoted" in case]


def by_name(objects: list[dict[str, Any]]) -> dict[tuple[str, str], Any]:
    return {(value["kind"], value["metadata"]["name"]): value for value in objects}


def comparable(objects: dict[tuple[str, str], Any]) -> dict[tuple[str, str], Any]:
    """Without the digest that rolls the primary when a ConfigMap changes: Flagger has a random id for that."""
    for (kind, _), value in objects.items():
        if kind == "Deployment":
            metadata = value["spec"]["template"]["metadata"]
            metadata.get("annotations", {}).pop(CONFIG_DIGEST, None)
            if not metadata.get("annotations", True):
                del metadata["annotations"]
    return objects


def replaced(given: list[dict[str, Any]], change: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list((by_name(given) | by_name(change)).values())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_onboarding_makes_what_flagger_makes(case):
    history = History(folder_with(case["given"]))
    history.onboard(scales=False)
    assert comparable(generated(history.tip)) == by_name(case["made"])


@pytest.mark.parametrize("case", PROMOTED, ids=lambda case: case["case"])
def test_a_promotion_places_what_flagger_places(case):
    history = History(folder_with(case["given"]))
    history.onboard(scales=False)
    files = folder_with(replaced(case["given"], case["change"])).files
    history.push_files(**{name.replace(".", "__"): file.data.decode() for name, file in files.items()})
    history.decide(Commit(Action.PROMOTE, history.next(phase=Phase.PROMOTING), primary=history.promoted()))
    found = comparable(generated(history.tip))
    assert {key: found[key] for key in by_name(case["promoted"])} == by_name(case["promoted"])
