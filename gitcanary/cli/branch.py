"""The branch that a verb is about: what the flags say, else what the checkout follows in which the caller stands."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gitcanary.adapters.git import Environment, find_upstream, personal
from gitcanary.assembly import Reading, credentials
from gitcanary.cli.chronicle import Entry, Origin, read_entries
from gitcanary.cli.labels import Labels
from gitcanary.cli.options import settings_file
from gitcanary.cli.standing import Standing, standings
from gitcanary.errors import GitcanaryError
from gitcanary.manifests.canaries import read_former
from gitcanary.manifests.catalog import RECORD, Folder
from gitcanary.manifests.schema.canary_file import Canary
from gitcanary.settings import Settings, load


def read_settings(flags: Mapping[str, object], file: Path | None) -> Settings:
    """Read the settings of a verb that a person types. Raises `Usage`."""
    return load(flags, settings_file(file), located)


def located() -> tuple[str, str]:
    """Return the repository and the branch that the checkout follows. Raises `Usage`."""
    upstream = find_upstream(Path.cwd())
    return upstream.url, upstream.branch


def caller(settings: Settings) -> Environment:
    """Return Git as the caller has it: their configuration, agent and helpers, and credentials from the settings."""
    return personal().falling_back_to(credentials(settings))


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch as it is now: its tip, and where every canary on it stands."""

    reading: Reading
    tip: str
    found: list[Standing]

    def folder_at(self, standing: Standing) -> Callable[[str], Folder]:
        """Return how to read the canary's folder in any commit."""
        further = standing.subject.canary.further if standing.subject else frozenset()
        return lambda commit: self.reading.survey.folders.at(commit, standing.path, further)

    def entries(self, standing: Standing) -> list[Entry]:
        """Return the commits that touched the canary's record, oldest first."""
        commits = self.reading.repository.history(self.tip, [standing.record_file])
        origin = Origin(self.reading.historian.is_ours, self.reading.repository.signature)
        return read_entries(commits, self.folder_at(standing), f"{standing.name}{RECORD}", origin)

    def labels(self, standing: Standing) -> Labels:
        """Return what people call the canary's revisions."""
        return Labels(standing.subject.canary if standing.subject else None, self.folder_at(standing))

    def canary_of(self, standing: Standing, entry: Entry) -> Canary | None:
        """Return the Canary that a decision was made on; None where it cannot be read any more."""
        if entry.record is None:
            return None
        try:
            data = self.reading.repository.read(entry.record.spec)
            folder = self.folder_at(standing)(entry.revised.commit)
            return read_former(folder, entry.record.spec, data, entry.record.canary)
        except GitcanaryError:
            return None


@contextmanager
def looked_at(settings: Settings) -> Iterator[Branch]:
    """Fetch a branch and yield it."""
    with Reading(settings, caller(settings)) as reading:
        yield look(reading)


def look(reading: Reading) -> Branch:
    """Fetch, and return the branch as it is now."""
    tip = reading.repository.fetch()
    reading.survey.look(tip)
    return Branch(reading, tip, standings(reading.survey, tip))
