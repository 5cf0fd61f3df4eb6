"""Makes the repository that the demo rolls out from, and the commits that a person makes in it."""

from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from string import Template

from git import Git, GitCommandError

from gitcanary.errors import DemoError

BRANCH = "main"
FOLDER = "apps/podinfo"
NAMESPACE = "test"
APP = "podinfo"
HOST = "app.example.com"
FILES = ("canary.yaml", "deployment.yaml", "hpa.yaml")
PERSON = "Mia"
PUSH_ATTEMPTS = 5

# What a machine's own Git settings say (hooks, signing, a template) is of no concern to the demo.
_PLAIN_GIT = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
_IDENTITY = {
    **{f"GIT_{role}_NAME": PERSON for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_EMAIL": "mia@example.com" for role in ("AUTHOR", "COMMITTER")},
}


class Fault(StrEnum):
    """What is wrong with a revision."""

    NONE = "none"
    LATENCY = "latency"
    ERRORS = "errors"

    @property
    def latency_ms(self) -> int:
        """Above the seed's limit of 500 ms, and below its `perTryTimeout` of 1 s."""
        return 800 if self is Fault.LATENCY else 0

    @property
    def error_rate(self) -> float:
        return 0.1 if self is Fault.ERRORS else 0.0


@dataclass(frozen=True, slots=True)
class Addresses:
    """The `host:port` that the seed's Canary names: of the load tester, and of the canary's Service."""

    loadtester: str
    canary: str


@dataclass(frozen=True, slots=True)
class Person:
    """Mia, with a checkout of the demo's repository."""

    checkout: Path

    @property
    def app(self) -> Path:
        return self.checkout / FOLDER

    def push(self, message: str) -> str:
        """Commit everything in the checkout and push it, again if somebody else was faster; return the commit."""
        git = _git(self.checkout)
        git.add("--all")
        git.commit("--message", message)
        for _ in range(PUSH_ATTEMPTS):
            git.pull("--rebase", "--quiet", "origin", BRANCH)
            if _has_pushed(git):
                return str(git.rev_parse("HEAD"))
        raise DemoError(f"Mia could not push in {PUSH_ATTEMPTS} attempts: the branch moved each time")

    def push_revision(self, tag: str, fault: Fault) -> str:
        """Commit and push another revision of the application; return the commit."""
        git = _git(self.checkout)
        git.pull("--rebase", "--quiet", "origin", BRANCH)
        write_deployment(self.app, tag, fault)
        return self.push(f"{APP} {tag}")


def seed_repository(repository: Path, checkout: Path, addresses: Addresses, tag: str = "6.0.0") -> Person:
    """Make a bare repository with the seed's Canary, its Deployment and its autoscaler, and Mia's checkout of it."""
    repository.mkdir(parents=True)
    bare = _git(repository)
    bare.init("--bare", "--quiet", "--initial-branch", BRANCH)
    bare.config("receive.autogc", "false")  # it would go on in the background of a folder that is about to go
    person = Person(checkout)
    _git(repository.parent).clone("--quiet", str(repository), str(checkout))
    person.app.mkdir(parents=True)
    _write(person.app, "canary.yaml", {"loadtester": addresses.loadtester, "canary": addresses.canary})
    _write(person.app, "hpa.yaml", {})
    write_deployment(person.app, tag, Fault.NONE)
    git = _git(checkout)
    git.add("--all")
    git.commit("--message", f"Add {APP}")
    git.push("--quiet", "origin", f"HEAD:refs/heads/{BRANCH}")
    return person


def write_deployment(folder: Path, tag: str, fault: Fault) -> None:
    """Write the Deployment of a revision: image tag and fault are all that differs."""
    _write(
        folder,
        "deployment.yaml",
        {"tag": tag, "latency_ms": str(fault.latency_ms), "error_rate": str(fault.error_rate)},
    )


def _write(folder: Path, name: str, values: dict[str, str]) -> None:
    text = (files("gitcanary.demo") / "app" / name).read_text()
    (folder / name).write_text(Template(text).substitute(values))


def _git(folder: Path) -> Git:
    git = Git(folder)
    git.update_environment(**_PLAIN_GIT, **_IDENTITY)
    return git


def _has_pushed(git: Git) -> bool:
    try:
        git.push("--quiet", "origin", f"HEAD:refs/heads/{BRANCH}")
    except GitCommandError as error:
        if "fetch first" in str(error.stderr) or "rejected" in str(error.stderr):
            return False
        raise
    return True
