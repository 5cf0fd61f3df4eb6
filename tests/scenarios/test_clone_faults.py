"""The clone is a cache: whatever happens to it costs at most a new one, said once, and no decision changes."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import structlog

from support.environment import Environment
from support.ordeal import ends_as_ever, many_steps, stand_still, turn, turn_until_moved

from .conftest import Make

FOLLOWED = "refs/gitcanary/upstream"


def packed(clone: Path) -> list[Path]:
    subprocess.run(["git", "--git-dir", str(clone), "repack", "-adq"], check=True)
    return sorted((clone / "objects" / "pack").iterdir())


def truncate_pack(clone: Path) -> None:
    for path in packed(clone):
        path.chmod(0o644)
        os.truncate(path, path.stat().st_size // 2)


def garble_pack(clone: Path) -> None:
    for path in packed(clone):
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:40] + b"\0" * 200)


def garble_loose(clone: Path) -> None:
    for path in clone.glob("objects/??/*"):
        path.chmod(0o644)
        path.write_bytes(b"not zlib")


def remove_objects(clone: Path) -> None:
    shutil.rmtree(clone / "objects")


def put_a_file(clone: Path) -> None:
    shutil.rmtree(clone)
    clone.write_text("")


def write(name: str, text: str) -> Callable[[Path], None]:
    def damage(clone: Path) -> None:
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text(text)

    return damage


DAMAGES: dict[str, Callable[[Path], None]] = {
    "its packs cut": truncate_pack,
    "its packs overwritten": garble_pack,
    "its objects overwritten": garble_loose,
    "its objects gone": remove_objects,
    "all of it gone": shutil.rmtree,
    "a file in its place": put_a_file,
    "its ref garbage": write(FOLLOWED, "garbage\n"),
    "its ref empty": write(FOLLOWED, ""),
    "its ref on nothing": write(FOLLOWED, "1" * 40 + "\n"),
    "its HEAD garbage": write("HEAD", "\0\0\0"),
    "its configuration garbage": write("config", "[core\n"),
    "a lock on its ref": write(f"{FOLLOWED}.lock", ""),
    "a lock on its packed refs": write("packed-refs.lock", ""),
    "a lock on its configuration": write("config.lock", ""),
}


@pytest.fixture
def environment(make: Make) -> Environment:
    environment = make(many_steps())
    environment.onboard()
    return environment


def test_no_damage_to_the_clone_changes_a_rollout(environment: Environment) -> None:
    environment.set_image("6.0.1")
    for name, damage in DAMAGES.items():
        damage(environment.controller.mirror._folder)
        with structlog.testing.capture_logs() as events:
            turn_until_moved(environment)
        again = [event for event in events if event["event"] == "clone replaced"]
        assert len(again) <= 1, name
        assert len(environment.told.named("outage")) <= len(environment.told.named("recovered")), name
        assert not environment.told.named("defect"), (name, environment.told.named("defect"))
    ends_as_ever(environment)
    assert len(list((environment.folder / "cache").glob("mirror-*/*.git"))) == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder on a disk of its own of one megabyte."""
    folder = tmp_path / "cache"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only who may mount has a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_is_waited_out(small_disk: Path, make: Make) -> None:
    environment = make(many_steps())
    environment.onboard()
    environment.set_image("6.0.1")
    turn_until_moved(environment)

    @contextmanager
    def full() -> Iterator[None]:
        filler = small_disk / "filler"
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(b"\0" * 4096):
                pass
        yield
        filler.unlink()

    stand_still(environment, "a full disk", full)
    ends_as_ever(environment)
    environment.close()


def test_damage_that_comes_again_is_repaired_again(environment: Environment) -> None:
    for _ in range(3):
        environment.controller.mirror._replaced = None  # as if some minutes had passed
        remove_objects(environment.controller.mirror._folder)
        turn(environment, 2)
    assert len(environment.told.named("outage")) <= len(environment.told.named("recovered"))
