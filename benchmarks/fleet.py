"""A repository with thousands of onboarded canaries: the files of a few that were really rolled out, under other names.

10,000 canaries are 40,000 files in sharded folders (`apps/t012/app-01234/…`): what people wrote, both owned files and
the record. Those at rest have run 6.0.0 since they were onboarded; those on the way have 10 % on 6.0.1 live. Only the
history differs from a real one: it is two commits of people and two of ours, whatever the number of canaries.
"""

import atexit
import json
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from shutil import copytree, rmtree

from gitcanary.adapters.git import Person
from gitcanary.manifests import release
from gitcanary.manifests.canaries import read_canaries
from gitcanary.manifests.catalog import File, Folder, blob_id, mapping_at
from gitcanary.manifests.schema.canary_file import Canary
from support.apps import DEPLOYMENT, without_autoscaler
from support.environment import MIA, US, Environment
from support.repositories import Remote, make_remote

SAMPLE = "app-sample"
WRITTEN = "app.yaml"
SHARD = 100
TENTH = 10
PEOPLE = Person(*MIA)

_MEMORY = Path("/dev/shm")  # noqa: S108 - folders in it get names that nobody can guess

Files = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Fleet:
    """A bare repository and the folders of its canaries; those on the way moved at `since` and may advance at `due`."""

    remote: Remote
    resting: tuple[str, ...]
    rolling: tuple[str, ...]
    since: datetime
    due: datetime

    def copied(self, folder: Path) -> Remote:
        """Return a copy of the repository, for one measurement to push to."""
        copytree(self.remote.folder, folder)
        return Remote(folder, self.remote.branch)


@cache
def shared_fleet() -> Fleet:
    """Return the fleet that all rows share: made once in a run, and only copied by them."""
    return fleet(scratch("fleet") / "fleet.git")


def scratch(name: str) -> Path:
    """Return a new folder that is gone when this process ends."""
    folder = tempfile.mkdtemp(prefix=f"gitcanary-{name}-", dir=in_memory())
    atexit.register(rmtree, folder, ignore_errors=True)
    return Path(folder)


def in_memory() -> str | None:
    """Return a folder whose files are in memory, so that no disk's mood is measured; None where there is none."""
    return str(_MEMORY) if _MEMORY.is_dir() else None


def fleet(where: Path, canaries: int = 10_000, rolling: int = 1_000, canary: str | None = None) -> Fleet:
    """Make a repository with so many canaries, `rolling` of them at 10 % with a good check due.

    `canary` is a Canary named podinfo that all are like; the seed's by default.
    """
    sample = _sample(canary or without_autoscaler()["apps/podinfo/canary.yaml"])
    apps = names(canaries)
    moving, remote = apps[:rolling], make_remote(where)
    first = _import(remote, sample.at_first, "Add the apps", _all(apps, sample, sample.before, {}))
    commits = {sample.first: first}
    onboarded = _import(remote, sample.at_rest, "Onboard the apps", _all(apps, sample, sample.resting, commits), US)
    second = _import(remote, sample.at_second, "6.0.1", _all(moving, sample, sample.bumped, commits))
    commits |= {sample.second: second, sample.live: onboarded}
    tip = _import(remote, sample.since, "Advance to 10%", _all(moving, sample, sample.rolling, commits), US)
    remote.git("update-ref", remote.ref, tip)
    resting = tuple(folder_of(name) for name in apps[rolling:])
    return Fleet(remote, resting, tuple(map(folder_of, moving)), sample.since, sample.due)


def names(count: int) -> list[str]:
    """Return the names of so many canaries."""
    return [f"app-{number:05}" for number in range(count)]


def canary_named(name: str) -> Canary:
    """Return the Canary of this name, as people wrote it."""
    seed = without_autoscaler()["apps/podinfo/canary.yaml"]
    return _read(_written(seed)[f"app/{WRITTEN}"].replace(SAMPLE, name))[1]


def folder_of(name: str) -> str:
    """Return the folder of one canary."""
    return f"apps/t{int(name[-5:]) // SHARD:03}/{name}"


@dataclass(frozen=True, slots=True)
class _Sample:
    """The files of one canary at four points of its life, when that was, and the commits that its records name."""

    before: Files
    resting: Files
    bumped: Files
    rolling: Files
    at_first: datetime
    at_rest: datetime
    at_second: datetime
    since: datetime
    due: datetime
    first: str
    second: str
    live: str


@cache
def _sample(canary: str) -> _Sample:
    """Roll one canary out up to 10 %, as the scenarios do, and keep its files."""
    written = _written(canary)
    with tempfile.TemporaryDirectory() as folder, Environment(Path(folder), written, name=SAMPLE, app="app") as here:
        here.sync.workloads = tuple(f"test/{name}" for name in (SAMPLE, f"{SAMPLE}-primary"))
        at_first, before = here.clock.now(), _files(here)
        here.onboard()
        at_rest, resting, first = here.clock.now(), _files(here), here.record.source
        text = here.read(WRITTEN)
        second = here.commit({f"app/{WRITTEN}": text.replace("podinfo:6.0.0", "podinfo:6.0.1")}, "6.0.1")
        at_second, bumped = here.clock.now(), _files(here)
        here.run_until(lambda: here.record.weight == TENTH)
        rolling, record = _files(here), here.record
        here.run_until(lambda: here.record.weight > TENTH)
        live = record.evidence.live.commit if record.evidence.live else ""
        instants = (at_first, at_rest, at_second, record.since, here.clock.now())
        return _Sample(before, resting, bumped, rolling, *instants, first, second, live)


def _written(canary: str) -> dict[str, str]:
    """Return what people wrote: Canary and Deployment in one file."""
    text = re.sub(r"(name|app): podinfo(?=[\n}])", rf"\1: {SAMPLE}", f"{canary}---\n{DEPLOYMENT}")
    return {f"app/{WRITTEN}": text.replace("app.example.com", f"{SAMPLE}.example.com")}


def _files(environment: Environment) -> Files:
    paths = (path for path in environment.remote.files() if path.startswith("app/"))
    return {path.removeprefix("app/"): environment.remote.read(path) for path in paths}


def _all(names: Iterable[str], sample: _Sample, files: Files, commits: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the files of every name, by path: the sample's with its name, digests, blobs and commits replaced."""
    digests = [_revision(written[WRITTEN]) for written in (sample.before, sample.bumped)]
    for name in names:
        words = dict(commits)
        for written in (sample.before, sample.resting, sample.bumped, sample.rolling):
            words[blob_id(written[WRITTEN].encode())] = blob_id(written[WRITTEN].replace(SAMPLE, name).encode())
        for digest, values in digests:
            words[digest] = release.hashed(json.loads(values.replace(SAMPLE, name)))
        for file, text in files.items():
            renamed = text.replace(SAMPLE, name)
            if file.endswith(".rollout"):
                for old, new in words.items():
                    renamed = renamed.replace(old, new)
            yield f"{folder_of(name)}/{file.replace(SAMPLE, name)}", renamed


def _revision(text: str) -> tuple[str, str]:
    """Return the sample's revision, and as JSON the values that it is the digest of."""
    folder, canary = _read(text)
    target = release.required_target(folder, canary)
    values = {"template": mapping_at(target.value, "spec", "template"), "configMaps": {}, "secrets": []}
    digest = release.revision(folder, canary)
    assert digest == release.hashed(values)
    return digest, json.dumps(values)


def _read(text: str) -> tuple[Folder, Canary]:
    folder = Folder("app", {WRITTEN: File(WRITTEN, blob_id(text.encode()), text.encode())})
    [canary] = read_canaries(folder)
    assert isinstance(canary, Canary)
    return folder, canary


def _import(remote: Remote, at: datetime, message: str, files: Iterable[tuple[str, str]], by: Person = PEOPLE) -> str:
    """Commit files on top of the branch, all in one pack, and return the commit."""
    stream = [
        f"commit {remote.ref}\nmark :1\ncommitter {by} {int(at.timestamp())} +0000\n".encode(),
        *data(message.encode()),
        f"from {remote.tip}\n".encode(),
    ]
    for path, text in files:
        stream += [f"M 100644 inline {path}\n".encode(), *data(text.encode())]
    stream.append(b"\ndone\n")
    command = ["git", "--git-dir", str(remote.folder), "fast-import", "--quiet", "--force", "--done"]
    subprocess.run(command, input=b"".join(stream), check=True)
    return remote.tip


def data(content: bytes) -> tuple[bytes, bytes, bytes]:
    """Return a blob or a message as `git fast-import` takes it."""
    return b"data %d\n" % len(content), content, b"\n"
