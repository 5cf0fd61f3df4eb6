"""What surrounds git: whose configuration it sees, whose credentials it presents, which addresses it may be given."""

from pathlib import Path

import pytest

from gitcanary.adapters.git import Credentials, Environment, Person, hardened, personal
from gitcanary.adapters.git.address import remote_address
from gitcanary.errors import Unauthorized, Unreachable, Usage
from support.repositories import Remote

from .conftest import PASSWORD, USERNAME, MakeMirror, Place


@pytest.fixture
def users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the user a credential helper and a .netrc that know the password."""
    home = tmp_path / "home"
    home.mkdir()
    helper = f"!f() {{ echo username={USERNAME}; echo 'password={PASSWORD}'; }}; f"
    (home / ".gitconfig").write_text(f'[credential]\n\thelper = "{helper}"\n')
    (home / ".netrc").write_text(f"machine 127.0.0.1 login {USERNAME} password {PASSWORD}\n")
    (home / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


@pytest.mark.usefixtures("users_own")
def test_a_person_is_let_in_by_their_own_credential_helper(over_http: Place, make_mirror: MakeMirror) -> None:
    mirror = make_mirror(Place(over_http.remote, over_http.url, personal()))
    assert mirror.fetch() == over_http.remote.tip


@pytest.mark.usefixtures("users_own")
def test_a_controller_is_let_in_by_its_settings_alone(over_http: Place, make_mirror: MakeMirror) -> None:
    with pytest.raises(Unauthorized):
        make_mirror(Place(over_http.remote, over_http.url, hardened())).fetch()
    assert make_mirror(over_http).fetch() == over_http.remote.tip


def test_a_controller_does_not_see_the_configuration_of_who_started_it(
    over_http: Place, make_mirror: MakeMirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "git").mkdir()
    (tmp_path / "git" / "config").write_text("[http]\n\tproxy = http://127.0.0.1:9\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    credentials = over_http.environment.credentials
    assert make_mirror(Place(over_http.remote, over_http.url, hardened(credentials))).fetch()
    with pytest.raises(Unreachable):
        make_mirror(Place(over_http.remote, over_http.url, personal().falling_back_to(credentials))).fetch()


@pytest.mark.parametrize("build", [hardened, personal])
def test_a_repository_that_the_caller_stands_in_does_not_matter(
    remote: Remote, make_mirror: MakeMirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, build: object
) -> None:
    """As in a hook of Git's, which runs with these variables."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "protocol.file.allow")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "never")
    assert callable(build)
    assert make_mirror(Place(remote, remote.url, build())).fetch() == remote.tip
    assert not (tmp_path / "elsewhere").exists()


def script(folder: Path, body: str) -> Path:
    path = folder / "ssh.sh"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def test_ssh_is_the_operators(
    remote: Remote, make_mirror: MakeMirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command stands in for ssh: it runs on this machine what it should have run on the other one."""
    ssh = script(tmp_path, 'for last in "$@"; do :; done; exec sh -c "$last"')
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    monkeypatch.setenv("GIT_SSH_VARIANT", "simple")
    for url in (f"ssh://git@forge.example.com{remote.folder}", f"git@forge.example.com:{remote.folder}"):
        assert make_mirror(Place(remote, url, hardened())).fetch() == remote.tip


def test_ssh_that_is_not_let_in_is_unauthorized(
    remote: Remote, make_mirror: MakeMirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "GIT_SSH_COMMAND", str(script(tmp_path, "echo 'x: Permission denied (publickey).' >&2; exit 255"))
    )
    with pytest.raises(Unauthorized):
        make_mirror(Place(remote, "ssh://git@forge.example.com/x.git", hardened())).fetch()


def test_credentials_are_bound_to_their_remote() -> None:
    credentials = Credentials("bot", "t0ken")
    variables = hardened(credentials).variables_for("https://forge.example.com/x.git")
    bound = [name for name, value in variables.items() if value == credentials.header]
    keys = [variables[name.replace("VALUE", "KEY")] for name in bound]
    assert keys == ["http.https://forge.example.com/x.git.extraHeader"]


@pytest.mark.parametrize(
    ("username", "password"), [("a:b", "p"), ("a\n", "p"), ("a", "p\r\nX-Header: y"), ("a", "nul\0")]
)
def test_credentials_that_would_break_a_header_are_refused(username: str, password: str) -> None:
    with pytest.raises(Usage) as raised:
        Credentials(username, password)
    assert "X-Header" not in str(raised.value)


def test_settings_win_over_an_address() -> None:
    environment: Environment = hardened(Credentials("a", "one"))
    assert environment.falling_back_to(Credentials("b", "two")) is environment
    assert hardened().falling_back_to(Credentials("b", "two")).secrets[0] == "two"


@pytest.mark.parametrize(
    ("url", "shown", "credentials"),
    [
        ("https://h/x.git", "https://h/x.git", None),
        ("https://bot@h:8443/x", "https://bot@h:8443/x", None),
        ("https://bot:p%40ss@h/x", "https://h/x", Credentials("bot", "p@ss")),
        ("https://ghp_abc123@h/x", "https://h/x", Credentials("ghp_abc123", "")),
        (f"https://{'5e7' * 8}@h/x", "https://h/x", Credentials("5e7" * 8, "")),  # a forge's whose tokens have no shape
        ("https://a-very-long-name-of-somebody@h/x", "https://a-very-long-name-of-somebody@h/x", None),
        ("ssh://git@h/x", "ssh://git@h/x", None),
        ("git@h:acme/x.git", "git@h:acme/x.git", None),
        ("h:x", "h:x", None),
        ("file:///srv/x.git", "file:///srv/x.git", None),
        ("/srv/x.git", "/srv/x.git", None),
    ],
)
def test_addresses(url: str, shown: str, credentials: Credentials | None) -> None:
    assert remote_address(url) == (shown, credentials)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "-oProxyCommand=x",
        "--upload-pack=x",
        "ext::sh -c id",
        "ext::https://h/x",
        "fd::17",
        "git://h/x",
        "ftp://h/x",
        "javascript://x",
        "h:-oProxyCommand=x",
        "https://[::1/x",
        "git@-oProxyCommand=x:y",
    ],
)
def test_what_is_no_address_is_a_wrong_flag(url: str) -> None:
    with pytest.raises(Usage):
        remote_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://ci:s3cret/1@h/x",  # an address would end at that slash, and the host be `ci`
        "https://ci:8/s3cret@h/x",
        "https://ci:s3cret#1@h/x",
        "https://ci:8#s3cret@h/x",
        "https://ci:8?s3cret@h/x",
        "https://h/x.git?private_token=s3cret",
        "https://ci:s3cret℀@h/x",
        "https:/ci:s3cret@h/x",
        "https:ci:s3cret@h/x",
        "https//ci:s3cret@h/x",
        "ci:s3cret@h/x",
        "hg::https://ci:s3cret@h/x",
    ],
)
def test_a_password_where_none_is_looked_for_is_refused_and_not_repeated(url: str) -> None:
    """Taken as it is, it would stand in the arguments of git."""
    with pytest.raises(Usage) as wrong:
        remote_address(url)
    assert "s3cret" not in str(wrong.value)


def test_git_sees_none_of_our_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITCANARY_PROMETHEUS_TOKEN", "s3cret")
    monkeypatch.setenv("GIT_SSH_VARIANT", "ssh")
    assert "GITCANARY_PROMETHEUS_TOKEN" in hardened().withheld
    assert "GIT_SSH_VARIANT" not in hardened().withheld


@pytest.mark.parametrize("url", ["ssh://-oProxyCommand=touch%20pwned/x", "-host:x"])
def test_no_address_becomes_an_option(remote: Remote, make_mirror: MakeMirror, url: str) -> None:
    with pytest.raises((Usage, Unreachable)):
        make_mirror(Place(remote, url, hardened())).fetch()
    assert not Path("pwned").exists()


def test_a_person_is_a_name_and_an_address() -> None:
    person = Person.parse(" gitcanary bot <bot@example.com> ")
    assert person == Person("gitcanary bot", "bot@example.com")
    assert Person.parse(str(person)) == person


@pytest.mark.parametrize("text", ["", "bot", "<bot@example.com>", "bot <>", "a <b> <c@d>", "a\nb <c@d>", "a <b c>"])
def test_anything_else_is_no_person(text: str) -> None:
    with pytest.raises(Usage, match="name <email>"):
        Person.parse(text)
