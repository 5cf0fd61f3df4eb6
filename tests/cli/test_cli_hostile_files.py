"""Scenario 39 by `check`: one clear error for each hostile file, and nothing that steers a terminal."""

import json
from pathlib import Path

import pytest

from support.hostile import CANARY, CASES, Files, crowd, sound


def write(folder: Path, files: Files) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


@pytest.mark.parametrize("name", CASES)
def test_39_a_hostile_file_is_told_by_its_place_in_plain_lines(name: str, tmp_path, monkeypatch, gitcanary) -> None:
    case = CASES[name]
    monkeypatch.chdir(tmp_path)
    write(tmp_path, case.change(sound()))
    result = gitcanary("check")
    lines = result.output.splitlines()
    assert (result.exit_code, result.stderr) == (1, "")
    assert any(line.startswith(case.said) for line in lines), result.output[:2000]
    assert result.output.replace("\n", "").isprintable()
    table = lines.index("")
    assert all(line.startswith(case.said.partition("/canary")[0].partition(":")[0]) for line in lines[:table])
    assert max(len(line) for line in lines) < 500
    assert json.loads(gitcanary("check", "--output", "json").stdout)[0]["readiness"] == "refused"


@pytest.mark.parametrize("files", [{**sound(), CANARY: b"\xef\xbb\xbf" + str(sound()[CANARY]).encode()}, crowd()])
def test_39_a_byte_order_mark_and_a_crowd_of_files_are_fine(files, tmp_path, monkeypatch, gitcanary) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, files)
    result = gitcanary("check")
    assert (result.exit_code, "ready" in result.output) == (0, True), result.output[:2000]
