"""Measures the rows and prints the table; all rows together also write `docs/benchmarks.md`."""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from benchmarks import machine, table
from benchmarks.fleet import in_memory
from benchmarks.measuring import Measured, Row
from benchmarks.rows import ROWS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what is in memory is removed
    parser = argparse.ArgumentParser(description="Measure what gitcanary costs.")
    parser.add_argument("row", nargs="*", choices=[[], *(row.name for row in ROWS)], help="only these rows")
    names = parser.parse_args().row
    results = [(row, _measured(row)) for row in ROWS if not names or row.name in names]
    text = table.page(results, machine.described())
    print(text)
    if not names:
        PAGE.write_text(text, encoding="utf-8")


def _measured(row: Row) -> Measured:
    print(f"measuring {row.name} ...", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="gitcanary-bench-", dir=in_memory()) as folder:
        return row.measure(Path(folder))


if __name__ == "__main__":
    main()
