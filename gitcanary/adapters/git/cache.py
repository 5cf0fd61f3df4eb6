"""A folder for one process alone, below one that many may share, and gone when the process is.

The operating system's file locks say who is alive: what a killed process left behind is removed by the next one.
"""

import fcntl
import os
import shutil
import stat
import tempfile
import weakref
from pathlib import Path
from typing import BinaryIO

from gitcanary.errors import Usage

_PREFIX = "mirror-"


def own_cache() -> Path:
    """Return the folder that all processes of this user share where the settings name none.

    One that is always the same: what a killed process left there is found by the next. Raises `Usage` where somebody
    else made it first, as the system's folder for temporary files is everybody's.
    """
    folder = Path(tempfile.gettempdir()) / f"gitcanary-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise Usage(f"{folder} is not this user's own folder: name another one in GITCANARY_CACHE")
    return folder


class Claim:
    """A folder that no other process uses, removed when it is released, collected or the process exits."""

    def __init__(self, cache: Path) -> None:
        cache.mkdir(parents=True, exist_ok=True)
        with (cache / ".lock").open("wb") as turn:  # between making a folder and locking it nobody may sweep
            fcntl.flock(turn, fcntl.LOCK_EX)
            _sweep(cache)
            self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=cache))
            held = (self.folder / "lock").open("wb")
            fcntl.flock(held, fcntl.LOCK_EX)
        self.release = weakref.finalize(self, _release, self.folder, held)


def _release(folder: Path, held: BinaryIO) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    held.close()


def _sweep(cache: Path) -> None:
    for folder in cache.glob(f"{_PREFIX}*"):
        if not _is_held(folder / "lock"):
            shutil.rmtree(folder, ignore_errors=True)


def _is_held(lock: Path) -> bool:
    try:
        with lock.open("rb") as found:
            fcntl.flock(found, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
