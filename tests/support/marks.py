"""Who was killed where: one mark for each part of a round and each number of our commits on the branch."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import pygit2

US = "gitcanary@example.com"


class Marks:
    """A folder that test and launched process share, so that nothing is killed twice at the same place."""

    def __init__(self, folder: Path, remote: Path) -> None:
        self.folder = folder
        self._remote = remote

    def take(self, part: str) -> bool:
        """Take the mark of a part, at what the branch holds now; False where somebody took it before."""
        try:
            (self.folder / f"{part}@{self._decisions():02}").touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def kill_once(self, part: str, process: int) -> None:
        """Kill a process here, unless one was killed here before."""
        if self.take(part):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    @property
    def taken(self) -> list[str]:
        """All marks, such as `pushed@03`."""
        return sorted(path.name for path in self.folder.glob("*@*"))

    @property
    def process(self) -> int:
        """The life that is led now."""
        return int((self.folder / "pid").read_text() or 0)

    def _decisions(self) -> int:
        repository = pygit2.Repository(str(self._remote))
        walked = repository.walk(repository.references["refs/heads/main"].target)
        return sum(commit.committer.email == US for commit in walked)
