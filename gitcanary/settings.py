"""The process's own settings: flags before `GITCANARY_…` variables before a file."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from posixpath import normpath
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)
from yaml import YAMLError

from gitcanary.errors import Usage
from gitcanary.manifests.schema.canary_file import Sync, SyncDelay, SyncHttp
from gitcanary.manifests.schema.texts import duration

PREFIX = "GITCANARY_"
LONGEST_NAME = 1024  # characters
# Kubernetes tells every pod so about a Service that is named gitcanary.
OF_A_SERVICE = re.compile(rf"{PREFIX}(?:SERVICE_(?:HOST|PORT(?:_\w+)?)|PORT(?:_\d+_\w+)?)")
US = "gitcanary <gitcanary@example.com>"


def read_list(value: object) -> object:
    """Read a list that stands in one variable, its items separated by commas."""
    return [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value


def read_duration(value: object) -> object:
    """Read a duration such as 5s, 1m or 1m30s."""
    return duration(value) if isinstance(value, str) else value


def read_sync(text: str) -> Sync:
    """Read a sync gate, `delay=30s` or `http=URL`; raises `ValueError` for anything else."""
    kind, _, value = text.partition("=")
    match kind:
        case "delay" if value:
            return SyncDelay(duration(value))
        case "http" if value.startswith(("http://", "https://")):
            return SyncHttp(value)
        case "live" | "argocd" | "flux":
            raise ValueError(f"the gate {kind} is not there yet; allowed are delay=30s and http=URL")
        case _:
            raise ValueError(f"{kind!r} is no sync gate; allowed are delay=30s and http=URL")


def read_gate(value: object) -> Sync:
    """Read a sync gate as a flag spells it, or as a spec does: `delay=30s` or `{delay: 30s}`."""
    match value:
        case str():
            return read_sync(value)
        case dict() if len(value) == 1:
            ((kind, text),) = value.items()
            return read_sync(f"{kind}={text}")
        case _:
            raise ValueError("a sync gate is needed, such as delay=30s or http=URL")


def clean_path(path: str) -> str:
    """Return a folder of the repository in its plain spelling; "" and "." are all of it."""
    cleaned = normpath(path.strip("/"))
    if cleaned.startswith(".."):
        raise ValueError(f"{path!r} leads out of the repository")
    return "" if cleaned == "." else cleaned


def name_of_file(text: object) -> object:
    """Take the name of a file; its content in its place would stand in every message that names the file."""
    if isinstance(text, str) and (len(text) > LONGEST_NAME or "\n" in text or "PRIVATE KEY" in text):
        raise ValueError("the name of a file is needed, not what is in it")
    return text


Items = Annotated[tuple[str, ...], NoDecode, BeforeValidator(read_list)]
Paths = Annotated[tuple[Annotated[str, AfterValidator(clean_path)], ...], NoDecode, BeforeValidator(read_list)]
Duration = Annotated[timedelta, BeforeValidator(read_duration)]
SecretFile = Annotated[Path, BeforeValidator(name_of_file)]
Poll = Annotated[Duration, Field(ge=timedelta(seconds=1))]
Gate = Annotated[Any, PlainValidator(read_gate)]


class Settings(BaseSettings):
    """What the operator decides. Credentials belong to the addresses beside them, never to one in a spec.

    `path` are the folders that hold canaries, empty for the whole repository; `sync` is for specs that name no gate;
    `allow_host` lists, once it is given, the only hosts that a spec may name.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    repository: str
    branch: str = "main"
    path: Paths = ()
    prometheus: str = "http://prometheus:9090"
    prometheus_username: str | None = None
    prometheus_password: SecretStr | None = None
    prometheus_token: SecretStr | None = None
    sync: Annotated[tuple[Gate, ...], NoDecode, BeforeValidator(read_list)] = ()
    allow_host: Items = ()
    listen: str | None = None
    hook_secret: Annotated[SecretStr | None, Field(min_length=1)] = None
    poll: Poll = timedelta(seconds=5)
    pushes_per_minute: Annotated[int | None, Field(ge=1)] = None
    git_username: str | None = None
    git_password: SecretStr | None = None
    ssh_key: SecretFile | None = None
    ssh_known_hosts: Path | None = None
    author: str = US
    committer: str = US
    commit_suffix: str = ""
    signing_key: SecretFile | None = None
    allowed_signers: Path | None = None
    signed_after: Annotated[str | None, Field(pattern="^[0-9a-f]{40}$")] = None
    cache: Path | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take flags, variables and the file, in this order."""
        return init_settings, env_settings, YamlConfigSettingsSource(settings_cls)

    @property
    def paths(self) -> tuple[str, ...]:
        """The folders that hold canaries; empty is the whole repository."""
        return () if "" in self.path else self.path


def load(
    flags: Mapping[str, object], file: Path | None = None, located: Callable[[], tuple[str, str]] | None = None
) -> Settings:
    """Read the settings; raises `Usage` naming each one that is wrong, missing or unknown.

    Where nothing says which repository, `located` does, and its branch where nothing says that either.
    """
    if file is not None and not file.is_file():
        raise Usage(f"the settings file {file} is not there")

    class FromFile(Settings):
        model_config = SettingsConfigDict(yaml_file=file, yaml_file_encoding="utf-8")

    refuse_unknown(os.environ)
    given: dict[str, Any] = {name: value for name, value in flags.items() if value not in (None, (), [])}
    try:
        if located is None or is_located(FromFile, given):
            return FromFile(**given)
        repository, branch = located()
        settings = FromFile(**given, repository=repository)
        return settings if "branch" in settings.model_fields_set else settings.model_copy(update={"branch": branch})
    except ValidationError as error:
        raise Usage("; ".join(told(detail) for detail in error.errors(include_input=False))) from None
    except (YAMLError, UnicodeDecodeError, ValueError) as error:
        raise Usage(f"the settings file {file} is no mapping of settings in UTF-8") from error


def refuse_unknown(variables: Iterable[str]) -> None:
    """Raise `Usage` for variables that look like settings and are none: a misspelt password would be no password."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | {f"{PREFIX}SETTINGS"}
    ours = (name for name in variables if name.upper().startswith(PREFIX) and name.upper() not in known)
    if unknown := sorted(name for name in ours if not OF_A_SERVICE.fullmatch(name)):
        raise Usage(f"{', '.join(unknown)}: no such setting; docs/settings.md lists them")


def is_located(model: type[Settings], given: Mapping[str, Any]) -> bool:
    """Tell whether flags, variables or the file say which repository is meant."""
    try:
        model(**given)
    except ValidationError as error:
        return not any(detail["loc"] == ("repository",) and detail["type"] == "missing" for detail in error.errors())
    return True


def told(detail: Any) -> str:
    """Return one wrong setting in words: its flag, and what is wrong. Never its value: it may be secret."""
    name = str(detail["loc"][0]) if detail["loc"] else "settings"
    return f"--{name.replace('_', '-')}: {detail['msg'].removeprefix('Value error, ')}"
