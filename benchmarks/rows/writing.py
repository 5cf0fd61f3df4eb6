"""A round in which 1,000 of 10,000 canaries advance: beside Git alone, and beside what one would write first."""

import io
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import git
from ruamel.yaml import YAML

from benchmarks.fleet import Fleet, data, shared_fleet
from benchmarks.loop import Address, Known, Loop
from benchmarks.measuring import Goal, Measured, Row, Stopwatch, against
from gitcanary.controller.publisher import Chain
from gitcanary.ports import Outcome
from support.environment import US
from support.git_server import GitServer

SAMPLED = 8


@dataclass(frozen=True, slots=True)
class Written:
    """A round of ours that was measured, and what it committed."""

    watch: Stopwatch
    chain: Chain
    at: datetime


def commits(measured: Path) -> Measured:
    """Measure a round beside `git fast-import` of the same blobs, messages and commits, and one `git push` of them."""
    written = _ours()
    stream = _stream(written)
    remote = shared_fleet().copied(measured / "remote.git")
    clone = _clone(shared_fleet(), measured / "clone.git")
    watch = Stopwatch()
    with GitServer(measured) as server:
        with watch.timing("fast-import"):
            _run("git", "-C", str(clone), "fast-import", "--quiet", "--done", given=stream)
        with watch.timing("push"):
            _run(
                "git",
                "-C",
                str(clone),
                "push",
                "--quiet",
                f"{server.url}/remote.git",
                "refs/heads/main:refs/heads/main",
            )
    assert remote.tip == written.chain.head  # the very same commits
    words = ("for 1,000 decisions, commits and one push", "for `git fast-import` and `git push` of the same")
    return against(written.watch.total, watch.total, words=words, parts=tuple(written.watch.parts.items()))


def first_thought(measured: Path) -> Measured:
    """Measure the same beside GitPython's index, a ruamel round trip and a push each, on a few of the canaries."""
    written, fleet = _ours(), shared_fleet()
    fleet.copied(measured / "remote.git")
    watch = Stopwatch()
    with GitServer(measured) as server:
        _run("git", "clone", "--quiet", "--branch", "main", f"{server.url}/remote.git", str(measured / "tree"))
        with git.Repo(measured / "tree") as tree, watch.timing("all"):
            for folder in fleet.rolling[:SAMPLED]:
                _advance(tree, folder)
    each, ours = watch.total / SAMPLED, written.watch.total / len(fleet.rolling)
    compared = against(each, ours, words=("for each", "for each"))
    remark = f"The other side is {SAMPLED} canaries of the 1,000, one after the other; both figures are per canary."
    words = f"{compared.against[: -len(' for each')]} a canary", f"{compared.ours[: -len(' for each')]} a canary"
    return Measured(compared.figure, words[0], f"{words[1]}: GitPython's index, ruamel, a push each", remark=remark)


ROWS = (
    Row("commits", "a round in which 1,000 of 10,000 canaries advance, beside Git's own floor", Goal(1.2), commits),
    Row("first-thought", "the same beside what one would write first", Goal(1000, is_floor=True), first_thought),
)


@cache
def _ours() -> Written:
    """Run the round once for all rows that speak of it."""
    fleet, folder = shared_fleet(), Path(mkdtemp(prefix="round-", dir=shared_fleet().remote.folder.parent))
    remote = fleet.copied(folder / "remote.git")
    with GitServer(folder) as server:
        loop = Loop(folder, fleet, Address(f"{server.url}/remote.git", remote.branch))
        watch, chain = round_of(loop, loop.known(fleet.rolling))
        loop.close()
    return Written(watch, chain, loop.now)


def round_of(loop: Loop, known: Sequence[Known]) -> tuple[Stopwatch, Chain]:
    """Measure deciding, planning, committing and pushing, once everything that is asked is answered."""
    watch, publisher = Stopwatch(), loop.process.publisher
    with watch.timing("deciding"):
        decisions = [each.decided() for each in known]
    with watch.timing("planning and writing commits"):
        chain = publisher.chain(loop.tip, decisions, loop.now)
    with watch.timing("git push"):
        pushed = publisher.push(chain)
    if pushed.outcome is not Outcome.LANDED or len(chain.decided) != len(known):
        raise RuntimeError(f"{pushed}, {len(chain.decided)} commits, {chain.stuck[:1]}")
    return watch, chain


def _clone(fleet: Fleet, folder: Path) -> Path:
    _run("git", "clone", "--quiet", "--bare", str(fleet.remote.folder), str(folder))
    return folder


def _stream(written: Written) -> bytes:
    """Return what `git fast-import` needs to make the same commits, their blobs ready."""
    stream: list[bytes] = []
    parent = written.chain.tip
    for each in written.chain.decided:
        who = f"{US} {int(written.at.timestamp())} +0000"
        stream.append(f"commit refs/heads/main\nmark :1\nauthor {who}\ncommitter {who}\n".encode())
        stream += [*data(each.change.message.encode()), f"from {parent}\n".encode()]
        for path, content in each.change.files.items():
            stream += [f"M 100644 inline {path}\n".encode(), *data(content or b"")]
        parent = ":1"
    return b"".join([*stream, b"\ndone\n"])


def _advance(tree: git.Repo, folder: str) -> None:
    """Move one canary from 10 % to 20 %, as a first script would."""
    name, yaml = folder.rpartition("/")[2], YAML()
    for file in (f"{name}.routing.yaml", f"{name}.rollout"):
        path = Path(tree.working_dir) / folder / file
        documents = list(yaml.load_all(path.read_text(encoding="utf-8")))
        for document in documents:
            _set_weights(document)
        text = io.StringIO()
        yaml.dump_all(documents, text)
        path.write_text(text.getvalue(), encoding="utf-8")
        tree.index.add([f"{folder}/{file}"])
    tree.index.commit(f"Advance {name} to 20%")
    tree.remote().push("main:main").raise_if_error()


def _set_weights(document: dict[str, object]) -> None:
    if document.get("kind") == "VirtualService":
        primary, canary = document["spec"]["http"][0]["route"]
        primary["weight"], canary["weight"] = 80, 20
    elif "phase" in document:
        document["weight"], document["step"]["index"] = 20, 2


def _run(*command: str, given: bytes | None = None) -> None:
    subprocess.run(command, input=given, check=True, capture_output=True)
