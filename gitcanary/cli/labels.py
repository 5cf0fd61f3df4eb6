"""What people call a revision: its image's tag where it has one, else the short commit that brought it."""

from collections.abc import Callable
from dataclasses import dataclass

from gitcanary.errors import GitcanaryError
from gitcanary.manifests import release
from gitcanary.manifests.catalog import Folder
from gitcanary.manifests.schema.canary_file import Canary

_SHORT = 7


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of one canary's revisions; `canary` is None where its Canary cannot be read, and all are commits."""

    canary: Canary | None
    folder_at: Callable[[str], Folder]

    def of(self, source: str) -> str:
        """Return the label of the revision that a commit brought."""
        return self._tag(source) or source[:_SHORT]

    def pair(self, old: str | None, new: str) -> tuple[str, str]:
        """Return the labels of two revisions: tags only where they tell the two apart, as commit messages do."""
        if old is None:
            return "-", self.of(new)
        tags = self._tag(old), self._tag(new)
        if tags[0] and tags[1] and tags[0] != tags[1]:
            return tags[0], tags[1]
        return old[:_SHORT], new[:_SHORT]

    def _tag(self, source: str) -> str | None:
        if self.canary is None:
            return None
        try:
            return release.label(self.folder_at(source), self.canary)
        except GitcanaryError:
            return None
