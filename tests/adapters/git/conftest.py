"""A remote, reached in each of the ways that a mirror is made for."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from gitcanary.adapters.git import Credentials, Environment, Identity, Mirror, Person, hardened
from support.git_server import GitServer
from support.repositories import Remote, make_remote

USERNAME, PASSWORD = "bot", "pl4nted-s3cret/+"
FILES = {"README.md": "an environment\n", "apps/podinfo/canary.yaml": "weight: 0\n", "apps/other/a.yaml": "a: 1\n"}

MakeMirror = Callable[..., Mirror]


@dataclass(frozen=True, slots=True)
class Place:
    """A remote, the address that it is reached at, and what git needs to get in."""

    remote: Remote
    url: str
    environment: Environment


@pytest.fixture
def identity() -> Identity:
    return Identity(Person("gitcanary", "author@example.com"), Person("gitcanary bot", "bot@example.com"))


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return make_remote(tmp_path / "served" / "environment.git", FILES)


@pytest.fixture
def server(remote: Remote) -> Iterator[GitServer]:
    with GitServer(remote.folder.parent, (USERNAME, PASSWORD)) as serving:
        yield serving


@pytest.fixture
def over_http(remote: Remote, server: GitServer) -> Place:
    return Place(remote, f"{server.url}/{remote.folder.name}", hardened(Credentials(USERNAME, PASSWORD)))


@pytest.fixture(params=["file", "http"])
def place(request: pytest.FixtureRequest, remote: Remote) -> Place:
    if request.param == "file":
        return Place(remote, remote.url, hardened())
    served: Place = request.getfixturevalue("over_http")
    return served


@pytest.fixture
def make_mirror(tmp_path: Path, identity: Identity) -> Iterator[MakeMirror]:
    """Make mirrors that all share one cache folder, and close them in the end."""
    with ExitStack() as open_mirrors:

        def make(place: Place, deadline: timedelta = timedelta(seconds=30), branch: str = "main") -> Mirror:
            mirror = Mirror(place.url, branch, tmp_path / "cache", identity, place.environment, deadline)
            return open_mirrors.enter_context(mirror)

        yield make


@pytest.fixture
def mirror(place: Place, make_mirror: MakeMirror) -> Mirror:
    return make_mirror(place)
