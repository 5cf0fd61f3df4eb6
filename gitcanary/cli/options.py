"""The flags that several verbs share. Those of settings are `GITCANARY_…` variables too, and lines of their file."""

import os
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from gitcanary.cli.console import Output
from gitcanary.settings import PREFIX

Repository: TypeAlias = Annotated[
    str | None, typer.Option("--repository", help="The Git repository: a URL or a path.", show_default=False)
]
Branch: TypeAlias = Annotated[
    str | None, typer.Option("--branch", help="The branch.  [default: main]", show_default=False)
]
Paths: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--path", help="A folder that holds canaries; may be repeated.  [default: all]", show_default=False),
]
Prometheus: TypeAlias = Annotated[
    str | None, typer.Option("--prometheus", help="The address of Prometheus.", show_default=False)
]
Sync: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--sync",
        help="The sync gate where a spec names none: delay=30s or http=URL; may be repeated.",
        show_default=False,
    ),
]
AllowHost: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-host", help="A host that specs may name, and then no other; may be repeated.", show_default=False
    ),
]
SettingsFile: TypeAlias = Annotated[
    Path | None, typer.Option("--settings", help="A YAML file with any of these settings.", show_default=False)
]
Told: TypeAlias = Annotated[Output, typer.Option("--output", help="How to tell it.")]
Name: TypeAlias = Annotated[str, typer.Argument(help="namespace/name, or the folder where two share it.")]
AnyName: TypeAlias = Annotated[
    str | None,
    typer.Argument(help="namespace/name, or the folder where two share it; all without.", show_default=False),
]


def settings_file(given: Path | None) -> Path | None:
    """Return the settings file: the flag's, else the one that the environment names."""
    name = os.environ.get(f"{PREFIX}SETTINGS")
    return given or (Path(name) if name else None)


def flags_of_loop(
    repository: str | None,
    branch: str | None,
    path: list[str] | None,
    prometheus: str | None,
    sync: list[str] | None,
    allow_host: list[str] | None,
) -> dict[str, object]:
    """Return the flags of every verb that decides, by the settings' names."""
    flags: dict[str, object] = {"repository": repository, "branch": branch, "path": path, "prometheus": prometheus}
    return {**flags, "sync": sync, "allow_host": allow_host}
