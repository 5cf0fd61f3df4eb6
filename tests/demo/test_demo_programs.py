"""Programs of the system's packages are installed where that is allowed, and named where it is not."""

from pathlib import Path

import pytest

from gitcanary.demo.programs import find_envoy, provide_programs
from gitcanary.errors import DemoError

APT = """#!/bin/sh
echo "$@" >> {folder}/asked
if [ "$1" = install ]; then {end}; fi
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that is all of the PATH, with a sudo that lets everybody do everything."""
    monkeypatch.setenv("PATH", str(tmp_path))
    write_program(tmp_path / "sudo", '#!/bin/sh\nshift\nexec "$@"\n')
    write_program(tmp_path / "true", "#!/bin/sh\n")
    return tmp_path


def write_program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def test_what_is_there_is_left_alone(folder: Path) -> None:
    write_program(folder / "apt-get", APT.format(folder=folder, end="exit 1"))
    provide_programs(["true", "sudo"])
    assert not (folder / "asked").exists()


def test_only_what_is_missing_is_installed(folder: Path) -> None:
    write_program(folder / "apt-get", APT.format(folder=folder, end="exit 0"))
    provide_programs(["true", "hey", "prometheus"])
    asked = (folder / "asked").read_text().splitlines()
    assert asked == ["update", "install --yes --no-install-recommends hey prometheus"]


def test_an_installation_that_fails_says_so_in_the_installers_words(folder: Path) -> None:
    write_program(folder / "apt-get", APT.format(folder=folder, end="echo 'E: no space left' >&2; exit 100"))
    with pytest.raises(DemoError, match=r"install .*hey` failed \(E: no space left\)"):
        provide_programs(["hey"])


@pytest.mark.usefixtures("folder")
def test_without_an_installer_one_line_says_what_to_run() -> None:
    with pytest.raises(DemoError) as failure:
        provide_programs(["hey", "prometheus"])
    assert str(failure.value).startswith("hey and prometheus missing: run `sudo apt-get install")
    assert "\n" not in str(failure.value)


def test_envoy_comes_with_the_demo_extra() -> None:
    assert find_envoy().is_file()
