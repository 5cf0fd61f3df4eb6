"""Bare repositories for tests, and people who commit to them."""

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pygit2

ALICE = ("Alice", "alice@example.com")


@dataclass(frozen=True, slots=True)
class Line:
    """One commit as `git log` shows it."""

    commit: str
    parents: tuple[str, ...]
    author: str
    committer: str
    committed_at: datetime
    message: str

    @property
    def subject(self) -> str:
        return self.message.split("\n", 1)[0]


@dataclass(frozen=True, slots=True)
class Remote:
    """A bare repository that people and controllers push to."""

    folder: Path
    branch: str = "main"

    @property
    def url(self) -> str:
        return self.folder.absolute().as_uri()

    @property
    def tip(self) -> str:
        """The branch's newest commit."""
        return self.git("rev-parse", self.ref).strip()

    @property
    def ref(self) -> str:
        return f"refs/heads/{self.branch}"

    def git(self, *arguments: str) -> str:
        """Run git in the bare repository and return what it printed."""
        outside = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        command = ["git", "--git-dir", str(self.folder), *arguments]
        return subprocess.run(command, env=outside, check=True, capture_output=True, text=True).stdout

    def commit(
        self,
        files: Mapping[str, str | bytes | None],
        message: str = "Edit",
        *,
        by: tuple[str, str] = ALICE,
        at: datetime | None = None,
        on: str = "",
    ) -> str:
        """Commit files on top of the branch, as a person would (None removes one), and return the commit's id.

        Raises `pygit2.GitError` if the branch is not at `on`.
        """
        repository = pygit2.Repository(self.folder)
        parents = [repository.references[self.ref].target] if self.ref in repository.references else []
        parents = [pygit2.Oid(hex=on)] if on else parents
        tree = _write_tree(repository, parents, files)
        instant = at or datetime.now(UTC)
        who = pygit2.Signature(*by, int(instant.timestamp()), 0)
        return str(repository.create_commit(self.ref, who, who, message, tree, parents))

    def edit(self, path: str, change: Callable[[str], str], message: str, *, by: tuple[str, str] = ALICE) -> str:
        """Change a file of the newest commit, again and again until nobody else was faster."""
        while True:
            tip = self.tip
            with suppress(pygit2.GitError):
                return self.commit({path: change(self.read(path, tip))}, message, by=by, on=tip)

    def remove(self, *paths: str, message: str = "Remove") -> str:
        """Commit the removal of files."""
        return self.commit(dict.fromkeys(paths), message)

    def rewind(self, to: str) -> None:
        """Force the branch to another commit."""
        self.git("update-ref", self.ref, to)

    def read(self, path: str, commit: str = "") -> str:
        """Return a file's text at a commit, or at the tip."""
        return self.git("show", f"{commit or self.tip}:{path}")

    def files(self, commit: str = "") -> list[str]:
        """Return the paths of all files at a commit, or at the tip."""
        return self.git("ls-tree", "-r", "--name-only", commit or self.tip).splitlines()

    def log(self, *paths: str) -> list[Line]:
        """Return the branch's first-parent history, newest first, of these paths or of everything."""
        form = "%H%x1f%P%x1f%an <%ae>%x1f%cn <%ce>%x1f%ct%x1f%B%x1e"
        printed = self.git("log", "--first-parent", f"--format={form}", self.ref, "--", *paths)
        return [_line(entry.strip("\n")) for entry in printed.split("\x1e") if entry.strip("\n")]

    def subjects(self, *paths: str) -> list[str]:
        """Return the subjects of the history, oldest first."""
        return [line.subject for line in reversed(self.log(*paths))]

    def hook(self, name: str, script: str) -> None:
        """Install a server-side hook, such as a `pre-receive` that declines."""
        path = self.folder / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)


def make_remote(
    folder: Path,
    files: Mapping[str, str | bytes] | None = None,
    *,
    branch: str = "main",
    at: datetime | None = None,
) -> Remote:
    """Make a bare repository whose branch holds these files in a first commit."""
    folder.mkdir(parents=True, exist_ok=True)
    pygit2.init_repository(folder, bare=True, initial_head=branch)
    remote = Remote(folder, branch)
    remote.git("config", "http.receivepack", "true")
    remote.commit(files if files is not None else {"README.md": "an environment\n"}, "Begin", at=at)
    return remote


def _write_tree(
    repository: pygit2.Repository, parents: Sequence[pygit2.Oid | str], files: Mapping[str, str | bytes | None]
) -> pygit2.Oid:
    index = pygit2.Index()
    for parent in parents:
        index.read_tree(repository[parent].peel(pygit2.Tree))
    for path, content in files.items():
        if content is None:
            index.remove(path)
        else:
            data = content.encode() if isinstance(content, str) else content
            index.add(pygit2.IndexEntry(path, repository.create_blob(data), pygit2.enums.FileMode.BLOB))
    return index.write_tree(repository)


def _line(text: str) -> Line:
    commit, parents, author, committer, seconds, message = text.split("\x1f")
    at = datetime.fromtimestamp(int(seconds), UTC)
    return Line(commit, tuple(parents.split()), author, committer, at, message.strip("\n"))
