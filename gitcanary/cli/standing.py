"""Where each canary of a tip stands: those that can be honoured, and those that cannot, with the record they left."""

from collections.abc import Sequence
from dataclasses import dataclass

from gitcanary.controller.subject import Subject, Unfit
from gitcanary.controller.survey import Survey
from gitcanary.errors import InvalidFile, Refused, Usage
from gitcanary.manifests import record_file
from gitcanary.manifests.catalog import RECORD, Folder
from gitcanary.rollout.state import Record
from gitcanary.settings import clean_path

_SHOWN = 5  # names that are offered where none fits


@dataclass(frozen=True, slots=True)
class Standing:
    """One canary: its folder, the name of its files, and how people call it.

    `subject` is None with a `refusal` that says why; its record may be there all the same.
    """

    path: str
    name: str
    title: str
    record: Record | None
    subject: Subject | None = None
    refusal: Refused | None = None

    @property
    def record_file(self) -> str:
        """The record's path from the root."""
        return f"{self.path}/{self.name}{RECORD}" if self.path else f"{self.name}{RECORD}"


def standings(survey: Survey, tip: str) -> list[Standing]:
    """Return every canary of a tip that was surveyed, folder by folder."""
    fit = [_fit(subject) for subject in survey.subjects.values() if not subject.is_former]
    claimed = {(each.path, f"{each.name}{RECORD}") for each in fit}
    unfit = [_unfit(each, survey.folders.at(tip, each.key.path), claimed) for each in survey.unfit.values()]
    return sorted((*fit, *unfit), key=lambda each: (each.path, each.name))


def choose(found: Sequence[Standing], name: str) -> Standing:
    """Return the canary that is called so, `namespace/name` or its folder. Raises `Usage` where it is not one alone."""
    chosen = [each for each in found if name in {each.title, each.path} or clean_path(name) == each.path]
    if len(chosen) == 1:
        return chosen[0]
    if not chosen:
        known = ", ".join(each.title for each in found[:_SHOWN]) or "none"
        raise Usage(f"no canary {name!r} here; there are: {known}")
    if len({each.path for each in chosen}) == 1:
        raise Usage(f"{name} holds several canaries: {', '.join(each.title for each in chosen)}")
    raise Usage(f"several folders hold {name}; name one of them: {', '.join(each.path or '.' for each in chosen)}")


def _fit(subject: Subject) -> Standing:
    return Standing(subject.key.path, subject.key.name, subject.title, subject.record, subject)


def _unfit(unfit: Unfit, folder: Folder, claimed: set[tuple[str, str]]) -> Standing:
    path, name = unfit.key
    left = [file for file in folder.files if file.endswith(RECORD) and (path, file) not in claimed]
    own = f"{name}{RECORD}"
    if own not in left and len(left) == 1 and name.rpartition("/")[2] in folder.files:
        own = left[0]  # a file that cannot be read names no Canary: the record that nobody else claims is its own
    file = own if own in left else None
    record = _record(folder, file) if file else None
    title = record.canary if record else name
    return Standing(path, file.removesuffix(RECORD) if file else name, title, record, refusal=unfit.refusal)


def _record(folder: Folder, file: str) -> Record | None:
    try:
        return record_file.read(folder.files[file].data)
    except InvalidFile:
        return None
