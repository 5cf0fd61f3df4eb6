"""A simulated month: what the clone weighs at its end beside a fresh one, and whether memory stays flat."""

import subprocess
import sys
from pathlib import Path

from benchmarks.measuring import Goal, Measured, Row
from benchmarks.month import MARK

CANARIES = 100
DAYS = 20


def clone(measured: Path) -> Measured:
    """Let a process of its own live through it."""
    command = [sys.executable, "-m", "benchmarks.month", str(measured), str(CANARIES), str(DAYS)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    [numbers] = (line.split()[1:] for line in printed.splitlines() if line.startswith(MARK))
    ours, fresh, commits, *resident = map(float, numbers)
    words = f"{ours / 1e6:.2f} MB", f"{fresh / 1e6:.2f} MB of a fresh bare clone"
    quarters = ", ".join(f"{each:.1f}" for each in resident)
    remark = (
        f"Scaled down: {CANARIES} canaries and {DAYS} days, each released once: {commits:,.0f} commits of ours. "
        f"Resident after each quarter: {quarters} MB."
    )
    return Measured(ours / fresh, *words, remark=remark)


ROWS = (Row("month", "the clone after a simulated month", Goal(1.2), clone),)
