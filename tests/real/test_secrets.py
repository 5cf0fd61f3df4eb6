"""No secret in a log line, commit, error or trace: recognisable ones are planted, and looked for everywhere.

Children get them in their environment, which is theirs and their user's alone; arguments are everybody's to read.
"""

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import httpx
import pytest

from support.apps import DEPLOYMENT
from support.fleet import APP, CANARY, ROLLOUTS, Fleet
from support.git_server import READ_REFS, WRITE_REFS, Answer, GitServer, status
from support.http_server import Handler, Received, reply, serve
from support.keys import allow, make_key
from support.repositories import make_remote
from support.secrets import ECHOES, GIT, HOOK, TOKEN, Secrets, watched_git

pytestmark = pytest.mark.real

US = "gitcanary@example.com"
VERBS = (
    ("status",),
    ("status", "--output", "json"),
    ("history", "test/podinfo"),
    ("why", "test/podinfo"),
    ("plan", "test/podinfo"),
    ("audit",),
    ("pause", "test/podinfo", "--reason", "lunch"),
)


@dataclass
class Stage:
    """A fleet behind credentials whose every server repeats what it is sent, and more."""

    fleet: Fleet
    secrets: Secrets
    folder: Path
    variables: dict[str, str]
    trace: Path
    echoed: dict[str, int] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The repository's address, with the password in it."""
        return f"{self.fleet.git.url}/fleet.git".replace("://", f"://ci:{quote(GIT, safe='')}@")

    @property
    def flags(self) -> list[str]:
        return [word for word in self.fleet.flags if word not in ("--repository", f"{self.fleet.git.url}/fleet.git")]

    def answer(self, handler: Handler, received: Received, number: int) -> None:
        """Fail a few times at each address, repeating everything; then answer, repeating it still."""
        said = f"{ECHOES} {dict(received.headers)}"
        times = self.echoed[received.path] = self.echoed.get(received.path, 0) + 1
        if received.path == "/live" and times <= 2:
            reply((500, 200)[times - 1], json.dumps({"revision": said}))(handler, received, number)
        elif "/query" in received.path and times <= 4:
            told = f"not for {received.headers.get('authorization')}"
            body: dict[str, object] = {"status": "error", "error": told}
            if times == 4:
                body = {"status": "success", "data": {"resultType": "vector", "result": []}, "warnings": [told]}
            reply((500, 422, 200, 200)[times - 1], json.dumps(body))(handler, received, number)
        elif received.path in ("/load", "/news"):
            reply(500 if received.path == "/news" else 200, said, X_Echo=said)(handler, received, number)
        else:
            self.fleet.answer(handler, received, number)

    def looked_through(self) -> None:
        """Find nothing in what stands in the clone, in arguments, and in any commit of any branch."""
        assert self.secrets.files_with(self.folder / "cache") == []
        assert self.secrets.found_in(self.trace.read_bytes()) == []
        commits = self.fleet.remote.git("log", "--all", "--patch", "--format=raw", "--show-signature", "--notes")
        assert self.secrets.found_in(commits) == []


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    remote = make_remote(tmp_path / "served" / "fleet.git")
    key = make_key(tmp_path)
    variables, trace = watched_git(tmp_path / "bin")
    stages: list[Stage] = []
    with ExitStack() as opened:
        git = opened.enter_context(GitServer(tmp_path / "served", ("ci", GIT)))
        world = opened.enter_context(serve(lambda *given: stages[0].answer(*given)))  # noqa: PLW0108 - made below
        remote.commit({f"{APP}/canary.yaml": CANARY.replace("WORLD", world.url), f"{APP}/deployment.yaml": DEPLOYMENT})
        stage = Stage(Fleet(remote, git, world), Secrets.planted(key), tmp_path, variables, trace)
        stage.variables |= {
            "GITCANARY_CACHE": str(tmp_path / "cache"),
            "GITCANARY_REPOSITORY": stage.url,
            "GITCANARY_PROMETHEUS_TOKEN": TOKEN,
            "GITCANARY_HOOK_SECRET": HOOK,
            "GITCANARY_SIGNING_KEY": str(key.file),
            "GITCANARY_ALLOWED_SIGNERS": str(allow(tmp_path / "allowed", f"{US} {key.public}")),
            "GIT_AUTHOR_NAME": "Mia",
            "GIT_AUTHOR_EMAIL": "mia@example.com",
            "GIT_COMMITTER_NAME": "Mia",
            "GIT_COMMITTER_EMAIL": "mia@example.com",
        }
        stages.append(stage)
        yield stage


def reader(process: "subprocess.Popen[str]", lines: list[str]) -> Thread:
    """Read all that a process prints, as it comes."""
    assert process.stdout is not None
    thread = Thread(target=lines.extend, args=(process.stdout,), daemon=True)
    thread.start()
    return thread


def test_a_rollout_shows_no_secret_anywhere(start: Callable[..., "subprocess.Popen[str]"], stage: Stage) -> None:
    process = start(*stage.flags, "--listen", "127.0.0.1:0", **stage.variables)
    assert process.stdout is not None
    first = next(line for line in process.stdout if '"listening"' in line)
    address, lines, served = json.loads(first)["address"], [first], []
    reading = reader(process, lines)
    tips = set()

    def is_alive() -> None:
        assert process.poll() is None, "".join(lines)
        if (tip := stage.fleet.remote.tip) not in tips:
            tips.add(tip)
            served.append("".join(httpx.get(address + path, timeout=60).text for path in ("/metrics", "/status")))
            assert stage.secrets.files_with(stage.folder / "cache") == []

    assert httpx.post(address + "/hooks/push", headers={"X-Gitlab-Token": f"{HOOK}?"}, timeout=60).status_code == 401
    stage.fleet.roll_out(is_alive)
    assert Path(f"/proc/{process.pid}/cmdline").read_bytes().count(b"gitcanary")
    assert stage.secrets.found_in(Path(f"/proc/{process.pid}/cmdline").read_bytes()) == []
    for verb in VERBS:
        ran = start(*verb, **stage.variables)
        lines.append(ran.communicate(timeout=300)[0])
        assert ran.returncode == 0, lines[-1]
    process.send_signal(signal.SIGTERM)
    assert process.wait(300) == 0
    reading.join(300)
    assert stage.secrets.found_in("".join((*lines, *served))) == []
    stage.looked_through()
    assert stage.fleet.steps()[: len(ROLLOUTS)] == ROLLOUTS
    assert min(stage.echoed[path] for path in ("/live", "/load", "/news")) > 2
    assert "event refused" in "".join(lines)


def echo(code: int) -> Callable[..., Answer]:
    """Answer as a proxy does that repeats what it was sent."""
    return status(code, f"not for ci:{GIT}, {GIT}, {quote(GIT, safe='')}, Basic {Secrets.basic()}")


TURNED_AWAY: dict[str, tuple[str, Callable[..., Answer]]] = {
    f"{operation} {code}": (operation, echo(code))
    for operation, code in ((READ_REFS, 500), (READ_REFS, 403), (WRITE_REFS, 403))
}


@pytest.mark.parametrize("case", [*TURNED_AWAY, "declined"])
def test_what_the_remote_repeats_is_told_without_secrets(start, stage: Stage, case: str) -> None:
    if case in TURNED_AWAY:
        stage.fleet.git.break_always(*TURNED_AWAY[case])
    else:
        hook = stage.fleet.remote.folder / "hooks" / "pre-receive"
        hook.write_text(f"#!/bin/sh\necho 'not for {GIT}, Basic {Secrets.basic()}' >&2\nexit 1\n")
        hook.chmod(0o755)
    said = []
    is_readable = "receive" in case or case == "declined"
    for verb, expected in (((*stage.flags, "--once"), 1), (("status",), 0 if is_readable else 1)):
        ran = start(*verb, **stage.variables)
        said.append(ran.communicate(timeout=300)[0])
        assert ran.returncode == expected, said[-1]
    assert stage.secrets.found_in("".join(said)) == []
    assert "***" in said[0] or not ("upload" in case or case == "declined"), said
    assert "Traceback" not in "".join(said)
    stage.looked_through()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GITCANARY_REPOSITORY", f"https://ci:{GIT}@127.0.0.1:1/x.git"),  # the slash in it was not escaped
        ("GITCANARY_SIGNING_KEY", "KEY"),
        ("GITCANARY_SETTINGS", "SETTINGS"),
        ("GITCANARY_PROMETHEUS_TOKEN", f"{TOKEN}\n"),
    ],
)
def test_settings_that_are_wrong_are_not_repeated(start, stage: Stage, variable: str, value: str) -> None:
    if value == "KEY":
        value = (stage.folder / "key").read_text()
    if value == "SETTINGS":
        (stage.folder / "settings.yaml").write_text(f"git_password: [{GIT}\nhook_secret: {HOOK}\n")
        value = str(stage.folder / "settings.yaml")
    process = start(*stage.flags, "--once", **{**stage.variables, variable: value})
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 2, said
    assert stage.secrets.found_in(said) == []
    assert "Traceback" not in said
