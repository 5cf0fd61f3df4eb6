"""What surrounds the system's git when it runs: variables, settings, credentials.

`hardened` is for a controller: nothing of the machine's or the user's Git configuration, credentials from settings
alone. `personal` is for a person at a terminal: their configuration, credential helpers and SSH agent.
"""

import os
import shlex
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from gitcanary.errors import Usage

_SETTINGS = {
    "core.hooksPath": os.devnull,
    "gc.auto": "0",
    "http.lowSpeedLimit": "1",  # bytes a second
    "http.lowSpeedTime": "60",  # seconds
    "maintenance.auto": "false",
    "protocol.allow": "never",
    "protocol.file.allow": "always",
    "protocol.http.allow": "always",
    "protocol.https.allow": "always",
    "protocol.ssh.allow": "always",
    "push.followTags": "false",
    "push.gpgSign": "false",
    "submodule.recurse": "false",
}
_VARIABLES = {
    "GIT_TERMINAL_PROMPT": "0",  # a prompt would wait for somebody who is not there
    "GIT_LFS_SKIP_SMUDGE": "1",
    "LANGUAGE": "C",
    "LC_ALL": "C",
}
# What the operator may say about the transport stays; what says where a repository or a configuration lies does not.
_KEPT = frozenset(
    {"GIT_EXEC_PATH", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH"}
)
_OURS = ("GIT_", "GITCANARY_")
_OF_A_REPOSITORY = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_CONFIG",
        "GIT_CONFIG_PARAMETERS",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_NAMESPACE",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_QUARANTINE_PATH",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name and a password or token, for one remote over HTTP."""

    username: str
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        if ":" in self.username or not f"{self.username}{self.password}".isprintable():
            raise Usage("a user name has no colon, and neither it nor a password holds control characters")

    @property
    def header(self) -> str:
        """The HTTP header that presents them."""
        return f"Authorization: Basic {self._encoded}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be seen anywhere."""
        return (self.password or self.username, self._encoded)

    @property
    def _encoded(self) -> str:
        return b64encode(f"{self.username}:{self.password}".encode()).decode()


@dataclass(frozen=True, slots=True)
class Ssh:
    """What SSH is told: the key that it presents, and the file of the hosts' keys; None leaves it what the machine has.

    Nothing is ever asked of anybody, and a host whose key is not the known one is refused, whatever is configured.
    """

    key: Path | None = None
    known_hosts: Path | None = None

    def __post_init__(self) -> None:
        for file in (self.key, self.known_hosts):
            if file is not None and not file.is_file():
                raise Usage(f"{file} is not there: SSH would go on without it")

    @property
    def command(self) -> str:
        """The command line for git, which gives it to a shell."""
        options = ["BatchMode=yes", "StrictHostKeyChecking=yes", "ConnectTimeout=10"]
        if self.key is not None:
            # Else it would present every key of an agent first, and be turned away for too many.
            options += ["IdentitiesOnly=yes", "IdentityAgent=none", f'IdentityFile="{self.key.absolute()}"']
        if self.known_hosts is not None:
            options += [f'UserKnownHostsFile="{self.known_hosts.absolute()}"', f"GlobalKnownHostsFile={os.devnull}"]
        own = ["-F", os.devnull] if self.key or self.known_hosts else []
        return shlex.join(["ssh", *own, *(word for option in options for word in ("-o", option))])


@dataclass(frozen=True, slots=True)
class Environment:
    """How git is run: variables that are set, variables of this process that are withheld, and Git's settings."""

    variables: Mapping[str, str]
    withheld: frozenset[str]
    settings: Mapping[str, str]
    credentials: Credentials | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be seen anywhere."""
        return self.credentials.secrets if self.credentials else ()

    def falling_back_to(self, credentials: Credentials | None) -> Self:
        """Return the same environment, with these credentials where it has none."""
        return self if self.credentials else replace(self, credentials=credentials)

    def variables_for(self, url: str) -> dict[str, str]:
        """Return what git finds in its environment when it talks to one remote.

        The credentials are bound to that address, so that git presents them to no other.
        """
        settings = dict(self.settings)
        if self.credentials is not None:
            settings[f"http.{url}.extraHeader"] = self.credentials.header
        return {**self.variables, **_as_variables(settings)}


def hardened(credentials: Credentials | None = None, ssh: Ssh | None = None) -> Environment:
    """Let git see no configuration but this: no prompts, no redirects, no helpers, unknown SSH hosts refused.

    Nor does it see our own settings: what it starts has no use for the credentials of others.
    """
    command = ssh.command if ssh else os.environ.get("GIT_SSH_COMMAND", Ssh().command)
    return Environment(
        variables={
            **_VARIABLES,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_SSH_COMMAND": command,
            "HOME": os.devnull,  # curl would take credentials from a .netrc there
        },
        withheld=frozenset(name for name in os.environ if name.upper().startswith(_OURS) and name not in _KEPT),
        settings={**_SETTINGS, "credential.helper": "", "http.followRedirects": "false"},
        credentials=credentials,
    )


def personal() -> Environment:
    """Let git see the caller's own configuration: credential helpers, SSH agent, proxies."""
    return Environment(
        variables=_VARIABLES,
        withheld=_OF_A_REPOSITORY.intersection(os.environ),
        settings=_SETTINGS,
    )


def _as_variables(settings: Mapping[str, str]) -> dict[str, str]:
    """Put settings where no list of processes shows them: into variables, not arguments."""
    variables = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables
