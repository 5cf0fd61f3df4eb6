"""The command line as one: what it knows, what it refuses, and its exit codes."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import httpx
import pytest

GITCANARY = (sys.executable, "-m", "gitcanary")


def test_the_version_is_the_packages(gitcanary) -> None:
    result = gitcanary("--version")
    assert (result.exit_code, result.output) == (0, f"gitcanary {version('gitcanary')}\n")


@pytest.mark.parametrize("verb", ["init", "doctor", "eject"])
def test_what_is_not_there_yet_is_refused_by_name(gitcanary, verb: str) -> None:
    for words in ([], ["test/podinfo", "--reason", "why not"]):
        result = gitcanary(verb, *words)
        assert (result.exit_code, result.stderr) == (2, f"gitcanary: `{verb}` is not there yet\n")


@pytest.mark.parametrize("words", [(), ("explode",), ("--no-such-flag",), ("status", "--no-such-flag"), ("run", "x")])
def test_wrong_words_are_bad_usage(gitcanary, words: tuple[str, ...]) -> None:
    assert gitcanary(*words).exit_code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("status", "--repository", "ext::sh"), "not the address of a repository"),
        (("run", "--repository", "/nowhere", "--sync", "flux=x"), "--sync"),
        (("run", "--once"), "--repository: Field required"),
        (("status", "--settings", "/nowhere.yaml"), "is not there"),
        (("loadtester", "--max-commands", "0"), "--max-commands"),
        (("loadtester", "--max-output", "-1"), "--max-output"),
        (("loadtester", "--timeout", "0s"), "--timeout"),
        (("loadtester", "--timeout", "soon"), "--timeout"),
        (("loadtester", "--namespace-regexp", "("), "--namespace-regexp"),
        (("loadtester", "--listen", "nowhere"), "'nowhere' is not an address"),
        (("demo", "--fault", "fire"), "--fault"),
    ],
)
def test_wrong_flags_are_named(gitcanary, words: tuple[str, ...], said: str) -> None:
    result = gitcanary(*words)
    assert result.exit_code == 2
    assert said in result.output


def test_a_repository_that_cannot_be_reached_is_a_no(gitcanary, tmp_path: Path) -> None:
    result = gitcanary("status", "--repository", str(tmp_path / "nowhere"))
    assert result.exit_code == 1
    assert result.stderr.startswith("gitcanary: ")
    assert "cannot be reached" in result.stderr


@pytest.mark.real
def test_the_load_tester_answers_where_it_is_told_to() -> None:
    command = [*GITCANARY, "loadtester", "--listen", "127.0.0.1:0", "--timeout", "10s"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            address = json.loads(process.stderr.readline())["address"]
            answer = httpx.get(f"{address}/healthz", trust_env=False)
            assert answer.is_success
        finally:
            process.terminate()
            process.communicate(timeout=30)


@pytest.mark.real
def test_the_demo_without_its_extra_names_it(tmp_path: Path) -> None:
    (tmp_path / "envoy.py").write_text("raise ImportError('not installed')\n")
    variables = {**os.environ, "PYTHONPATH": str(tmp_path), "NO_COLOR": "1"}
    result = subprocess.run([*GITCANARY, "demo"], env=variables, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "pip install 'gitcanary[demo]'" in result.stdout
