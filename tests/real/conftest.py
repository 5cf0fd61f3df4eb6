"""Whole processes of `gitcanary`, as anybody would start them."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts `gitcanary` with words and variables; all are stopped in the end.

    What it prints goes into a file where one is given: nobody has to read it for the process to go on.
    """
    processes: list[subprocess.Popen[str]] = []

    def begin(*words: str, stdout: IO[str] | int = subprocess.PIPE, **variables: str) -> "subprocess.Popen[str]":
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GITCANARY_")}
        process = subprocess.Popen(
            [sys.executable, "-m", "gitcanary", *words],
            cwd=tmp_path,
            env={**environment, **variables},
            stdout=stdout,
            stderr=subprocess.STDOUT,
            text=True,
        )
        processes.append(process)
        return process

    yield begin
    for process in processes:
        process.kill()
        process.communicate()
