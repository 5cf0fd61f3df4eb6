"""Settings: flags before variables before the file, and every mistake said by the flag's name."""

from datetime import timedelta
from pathlib import Path

import pytest

from gitcanary.errors import Usage
from gitcanary.manifests.schema.canary_file import SyncDelay, SyncHttp
from gitcanary.settings import load


def test_defaults() -> None:
    settings = load({"repository": "https://git.example.com/fleet.git"})
    assert settings.branch == "main"
    assert settings.paths == ()
    assert settings.poll == timedelta(seconds=5)
    assert settings.listen is None
    assert settings.author == settings.committer == "gitcanary <gitcanary@example.com>"


def test_a_flag_beats_a_variable_and_a_variable_beats_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("repository: from-file\nbranch: from-file\npoll: 1m\nsync: [delay=30s]\n")
    monkeypatch.setenv("GITCANARY_BRANCH", "from-variable")
    monkeypatch.setenv("GITCANARY_REPOSITORY", "from-variable")
    settings = load({"repository": "from-flag"}, file)
    assert (settings.repository, settings.branch, settings.poll) == ("from-flag", "from-variable", timedelta(minutes=1))
    assert settings.sync == (SyncDelay(timedelta(seconds=30)),)


def test_lists_stand_in_one_variable_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITCANARY_REPOSITORY", "x")
    monkeypatch.setenv("GITCANARY_PATH", "apps/, ./clusters/prod")
    monkeypatch.setenv("GITCANARY_ALLOW_HOST", "a.example.com,b.example.com:8080")
    monkeypatch.setenv("GITCANARY_SYNC", "http=http://agent.example.com/applied,delay=1m30s")
    settings = load({})
    assert settings.paths == ("apps", "clusters/prod")
    assert settings.allow_host == ("a.example.com", "b.example.com:8080")
    assert settings.sync == (SyncHttp("http://agent.example.com/applied"), SyncDelay(timedelta(seconds=90)))


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({}, "--repository: Field required"),
        ({"repository": "x", "poll": "soon"}, "--poll:"),
        ({"repository": "x", "sync": ["argocd=argocd/podinfo"]}, "--sync: the gate argocd is not there yet"),
        (
            {"repository": "x", "sync": ["sleep=3"]},
            "--sync: 'sleep' is no sync gate; allowed are delay=30s and http=URL",
        ),
        ({"repository": "x", "colour": "red"}, "--colour:"),
    ],
)
def test_what_is_wrong_is_said_by_its_flag(flags: dict[str, object], said: str) -> None:
    with pytest.raises(Usage) as wrong:
        load(flags)
    assert said in str(wrong.value)


def test_a_secret_is_neither_shown_nor_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITCANARY_GIT_PASSWORD", "s3cr3t-token")
    settings = load({"repository": "x"})
    assert "s3cr3t" not in repr(settings)
    with pytest.raises(Usage) as wrong:
        load({"repository": "x", "git_password": ["s3cr3t-token"]})
    assert "s3cr3t" not in str(wrong.value)


def test_a_settings_file_that_is_not_there_is_said() -> None:
    with pytest.raises(Usage, match=r"nowhere\.yaml"):
        load({"repository": "x"}, Path("nowhere.yaml"))


@pytest.mark.parametrize("name", ["GITCANARY_GIT_PASWORD", "GITCANARY_", "gitcanary_colour", "GITCANARY_SERVICE"])
def test_a_variable_that_is_no_setting_is_refused_by_its_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "s3cr3t")
    with pytest.raises(Usage) as wrong:
        load({"repository": "x"})
    assert str(wrong.value) == f"{name}: no such setting; docs/settings.md lists them"


def test_what_kubernetes_says_about_a_service_of_that_name_is_no_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT", "PORT_8080_TCP", "PORT_8080_TCP_ADDR"):
        monkeypatch.setenv(f"GITCANARY_{name}", "10.0.0.1")
    assert load({"repository": "x"}).repository == "x"


@pytest.mark.parametrize("name", ["ssh_key", "signing_key"])
@pytest.mark.parametrize("content", ["-----BEGIN OPENSSH PRIVATE KEY-----", "b3BlbnNzaC1rZXk\n", "s3cret" * 300])
def test_a_key_in_the_place_of_its_files_name_is_refused_and_not_repeated(name: str, content: str) -> None:
    with pytest.raises(Usage) as wrong:
        load({"repository": "x", name: content})
    assert str(wrong.value) == f"--{name.replace('_', '-')}: the name of a file is needed, not what is in it"
