"""A process of its own that reads a fleet of canaries at rest, and prints what it has resident before and after."""

import gc
import sys
from pathlib import Path

from benchmarks.fleet import Fleet
from benchmarks.loop import Address, Loop
from support.fakes import MONDAY
from support.repositories import Remote

MARK = "resident"
PAGE = 4096


def main() -> None:
    remote, folder = Remote(Path(sys.argv[1])), Path(sys.argv[2])
    loop = Loop(folder, Fleet(remote, (), (), MONDAY, MONDAY), Address(remote.url, remote.branch), fetches=False)
    _tell()
    loop.fetch()
    for _ in range(3):
        loop.process.rounds.run()
    _tell()
    loop.close()


def resident() -> float:
    """Return what this process has resident, in MB."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * PAGE / 1e6


def _tell() -> None:
    gc.collect()
    print(MARK, resident())


if __name__ == "__main__":
    main()
