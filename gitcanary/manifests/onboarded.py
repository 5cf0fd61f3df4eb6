"""What the folder of an onboarded canary still has to hold: its names as they were, and the files that carry it."""

from collections.abc import Iterator

from gitcanary.errors import Problem, Refused
from gitcanary.manifests import names, record_file, weights
from gitcanary.manifests.catalog import Folder, text_at
from gitcanary.manifests.problems import problem_of_spec
from gitcanary.manifests.release import DEPLOYMENT, find_primary
from gitcanary.manifests.schema.canary_file import Canary
from gitcanary.manifests.text.values import Path
from gitcanary.rollout.state import Phase

SERVICE = "Service"
_ROUTED = frozenset({Phase.INITIALIZED, Phase.SUCCEEDED, Phase.FAILED})
_AS_IT_WAS = "{0}, under which it was onboarded: give another name to a Canary of its own, after this one was taken off"


def problems(folder: Folder, canary: Canary) -> Iterator[Problem]:
    """Yield names that changed since the onboarding, and owned objects that somebody removed at rest."""
    if names.record_file(canary) not in folder.files:
        return
    renamed = [*_renamed_target(folder, canary), *_renamed_service(folder, canary)]
    yield from renamed or _missing(folder, canary)


def _renamed_target(folder: Folder, canary: Canary) -> Iterator[Problem]:
    if canary.declared is None and find_primary(folder, canary) is None:
        for name in _held(folder, canary, names.primary_file(canary), DEPLOYMENT):
            yield _renamed(folder, canary, ("spec", "targetRef", "name"), canary.target, name)


def _renamed_service(folder: Folder, canary: Canary) -> Iterator[Problem]:
    expected = {SERVICE: names.primary(canary.service.name), weights.VIRTUAL_SERVICE: canary.service.name}
    for kind, name in expected.items():
        if folder.find(kind, name, canary.namespace) is None:
            for held in _held(folder, canary, names.routing_file(canary), kind):
                yield _renamed(folder, canary, ("spec", "service", "name"), canary.service.name, held)
                return


def _held(folder: Folder, canary: Canary, file: str, kind: str) -> list[str]:
    """Return the name under which an owned file holds an object of a kind; the first is what tells."""
    found = [each for each in folder.find_all(kind, canary.namespace) if each.file == file]
    return [text_at(each.value, "metadata", "name") or "" for each in found][:1]


def _renamed(folder: Folder, canary: Canary, path: Path, name: str, held: str) -> Problem:
    former = held.removesuffix("-primary")
    return problem_of_spec(folder, canary, path, seen=name, allowed=_AS_IT_WAS.format(former))


def _missing(folder: Folder, canary: Canary) -> Iterator[Problem]:
    """Yield owned objects that are gone: nothing would ever become live without them."""
    advice = "as the newest commit of gitcanary has it; without {0} too, it is onboarded anew"
    allowed = advice.format(names.record_file(canary))
    if canary.declared is None and find_primary(folder, canary) is None:
        yield Problem(
            folder.full(names.primary_file(canary)), 0, "file", "no primary, though it was onboarded", allowed
        )
    elif _was_routed(folder, canary) and weights.canary_weight(folder, canary) is None:
        yield Problem(
            folder.full(names.routing_file(canary)), 0, "file", "no routing, though it was onboarded", allowed
        )


def _was_routed(folder: Folder, canary: Canary) -> bool:
    """Tell by its record whether a canary is at rest after its onboarding; in mid-run the rules see to it."""
    if weights.find(folder, canary) is not None:
        return False
    try:
        return record_file.read(folder.files[names.record_file(canary)].data).phase in _ROUTED
    except Refused:
        return False
