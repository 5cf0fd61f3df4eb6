"""Each import contract is able to fail: an import that it forbids breaks it."""

import configparser
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINTER = Path(sys.executable).with_name("lint-imports")
SECTION = "importlinter:contract:"

# A contract, a module, and an import that the contract forbids there.
FORBIDDEN = [
    ("layers", "gitcanary/rollout/spec.py", "import gitcanary.ports"),
    ("layers", "gitcanary/ports.py", "import gitcanary.controller.subject"),
    ("layers", "gitcanary/newcomer.py", "import gitcanary.errors"),
    ("manifests-and-egress", "gitcanary/egress/allowed.py", "import gitcanary.manifests.names"),
    ("adapters", "gitcanary/adapters/delay.py", "import gitcanary.adapters.hooks"),
    ("controller", "gitcanary/controller/subject.py", "import gitcanary.adapters.clock"),
    ("controller", "gitcanary/controller/notices.py", "import gitcanary.settings"),
    ("alone", "gitcanary/demo/report.py", "import gitcanary.rollout.state"),
    ("alone", "gitcanary/loadtester/gates.py", "import gitcanary.controller.subject"),
    ("pure", "gitcanary/rollout/rules/step.py", "import logging"),
    ("pure", "gitcanary/rollout/pace.py", "from time import monotonic"),
    ("files-are-text", "gitcanary/manifests/names.py", "import subprocess"),
    ("one-adapter-one-library", "gitcanary/controller/subject.py", "import httpx"),
    ("one-adapter-one-library", "gitcanary/ports.py", "import pygit2"),
]


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the package and its contracts to a folder of their own."""
    folder = tmp_path_factory.mktemp("contracts")
    shutil.copytree(ROOT / "gitcanary", folder / "gitcanary", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", folder)
    return folder


@contextmanager
def added(module: Path, line: str) -> Iterator[None]:
    """Have one more line at the end of a module, which need not be there yet."""
    before = module.read_text() if module.exists() else None
    module.write_text(f"{before or ''}\n{line}\n")
    try:
        yield
    finally:
        if before is None:
            module.unlink()
        else:
            module.write_text(before)


def lint(folder: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    """Check some contracts of the copied package; all without any."""
    command = [LINTER, "--no-cache", *(word for contract in contracts for word in ("--contract", contract))]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)


def contracts() -> dict[str, str]:
    """Return the contracts' names by their ids."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    return {name.removeprefix(SECTION): parser[name]["name"] for name in parser if name.startswith(SECTION)}


def test_every_contract_is_tried():
    assert {contract for contract, _, _ in FORBIDDEN} == contracts().keys()


def test_the_package_as_it_is_keeps_them_all(copied):
    done = lint(copied)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("contract", "module", "line"), FORBIDDEN, ids=[f"{one[0]}: {one[1]}" for one in FORBIDDEN])
def test_a_forbidden_import_breaks_its_contract(copied, contract, module, line):
    with added(copied / module, line):
        done = lint(copied, contract)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{contracts()[contract]} BROKEN" in done.stdout
