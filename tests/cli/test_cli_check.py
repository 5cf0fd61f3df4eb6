"""`check`: any folder, every Canary, three ways to tell it."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from gitcanary.cli.findings import Level, Remark, annotation
from support.apps import seed, without_autoscaler
from support.repositories import Remote

CANARY = "apps/podinfo/canary.yaml"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder, in no Git, in which the caller stands."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def altered(old: str, new: str) -> dict[str, str]:
    """Return the seed's folder with one text of its Canary replaced."""
    files = seed()
    assert old in files[CANARY]
    return {**files, CANARY: files[CANARY].replace(old, new, 1)}


def line_of(files: Mapping[str, str], text: str) -> int:
    return files[CANARY][: files[CANARY].index(text)].count("\n") + 1


def test_the_seed_is_ready_and_a_missing_gate_is_the_operators_affair(folder: Path, gitcanary) -> None:
    write(folder, seed())
    result = gitcanary("check")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "CANARY        FILE                      RESULT",
        "test/podinfo  apps/podinfo/canary.yaml  ready",
        "",
        "one Canary names no sync gate: the controller needs one from its operator (--sync)",
    ]


def test_a_refused_canary_is_named_with_file_line_and_field(folder: Path, gitcanary) -> None:
    files = altered("stepWeight: 10", "stepWeight: ten")
    write(folder, files)
    result = gitcanary("check", "apps")
    assert result.exit_code == 1
    line = line_of(files, "stepWeight: ten")
    assert result.output.splitlines()[0].startswith(f"{CANARY}:{line}: error: spec.analysis.stepWeight: found")
    assert result.output.rstrip().endswith("refused")


def test_warnings_refuse_nothing(folder: Path, gitcanary) -> None:
    write(folder, altered("thresholdRange:\n          min: 99", "threshold: 99"))
    result = gitcanary("check")
    assert result.exit_code == 0
    assert ": warning: spec.analysis.metrics[0].threshold: " in result.output
    assert result.output.splitlines()[-3].endswith("ready with warnings")


def test_for_programs_it_is_json(folder: Path, gitcanary) -> None:
    files = altered("stepWeight: 10", "stepWeight: ten")
    write(folder, files)
    (told,) = json.loads(gitcanary("check", "--output", "json").stdout)
    assert told["readiness"] == "refused"
    assert told["file"] == CANARY
    assert told["remarks"][0] | {"text": ""} == {
        "level": "error",
        "file": CANARY,
        "line": line_of(files, "stepWeight: ten"),
        "field": "spec.analysis.stepWeight",
        "text": "",
    }


def test_for_github_each_remark_is_an_annotation(folder: Path, gitcanary) -> None:
    files = altered("stepWeight: 10", "stepWeight: ten")
    write(folder, files)
    result = gitcanary("check", "--output", "github", ".")
    assert result.exit_code == 1
    line = line_of(files, "stepWeight: ten")
    start = f"::error file={CANARY},line={line},title=gitcanary%3A spec.analysis.stepWeight::found "
    assert result.output.startswith(start)
    assert result.output.splitlines()[-1] == "0 ready, 0 ready with warnings, 1 refused"


def test_an_annotation_cannot_be_ended_by_what_it_says() -> None:
    remark = Remark(Level.ERROR, "a,b:c%.yaml", 0, "x::y", "100 %\r\n::set-output name=x::y")
    assert annotation(remark) == (
        "::error file=a%2Cb%3Ac%25.yaml,line=1,title=gitcanary%3A x%3A%3Ay::100 %25%0D%0A::set-output name=x::y"
    )


@pytest.mark.parametrize(
    ("files", "said"),
    [
        pytest.param({"apps/podinfo/deployment.yaml": "kind: {}\n"}, "spec.targetRef.name", id="no target"),
        pytest.param(
            {"other/service.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: podinfo, namespace: test}\n"},
            "also declared in other/service.yaml:1",
            id="a neighbour",
        ),
        pytest.param(
            {"apps/podinfo/again.yaml": seed()[CANARY].replace("name: podinfo", "name: again", 1)},
            "the same in another Canary of this folder",
            id="a shared target",
        ),
        pytest.param({"apps/podinfo/kustomization.yaml": "namePrefix: x-\n"}, "namePrefix", id="a transformer"),
        pytest.param({"apps/podinfo/podinfo.rollout": "version: 2\n"}, "podinfo.rollout", id="a broken record"),
        pytest.param({"broken/canary.yaml": "kind: Canary\n  x: [\n"}, "broken/canary.yaml", id="no YAML"),
    ],
)
def test_what_the_controller_would_refuse_is_refused(
    folder: Path, gitcanary, files: Mapping[str, str], said: str
) -> None:
    write(folder, seed())
    assert gitcanary("check").exit_code == 0
    write(folder, files)
    result = gitcanary("check")
    assert result.exit_code == 1
    assert said in result.output


def test_links_are_not_followed_and_git_is_passed_over(folder: Path, gitcanary) -> None:
    outside = folder / "outside"
    write(outside, seed())
    here = folder / "here"
    write(here, {".git/canary.yaml": "kind: Canary\n  x: [\n", "README.md": "x"})
    (here / "apps").symlink_to(outside / "apps")
    (here / "canary.yaml").symlink_to(outside / CANARY)
    (here / "round").symlink_to(here)
    result = gitcanary("check", "here")
    assert (result.exit_code, result.output) == (0, "no Canary below here\n")


def test_a_target_that_is_a_link_is_not_there(folder: Path, gitcanary) -> None:
    write(folder, seed())
    target = folder / "apps/podinfo/deployment.yaml"
    target.rename(folder / "elsewhere.yml")
    target.symlink_to(folder / "elsewhere.yml")
    assert gitcanary("check").exit_code == 1


def test_a_folder_elsewhere_is_told_by_its_own_paths(folder: Path, gitcanary, monkeypatch) -> None:
    write(folder / "there", altered("stepWeight: 10", "stepWeight: ten"))
    (folder / "here").mkdir()
    monkeypatch.chdir(folder / "here")
    for path in ("../there", str(folder / "there")):
        assert gitcanary("check", path).output.startswith(f"{CANARY}:")


def test_a_record_whose_canary_was_deleted_is_no_canary(folder: Path, gitcanary, story) -> None:
    write(folder, {"apps/podinfo/podinfo.rollout": story.read("podinfo.rollout")})
    result = gitcanary("check")
    assert (result.exit_code, result.output) == (0, "no Canary below .\n")


def test_a_checkout_under_control_stays_ready(remote: Remote, gitcanary, tmp_path: Path) -> None:
    remote.git("clone", "--quiet", str(remote.folder), str(tmp_path / "checkout"))
    result = gitcanary("check", str(tmp_path / "checkout"))
    assert result.exit_code == 0
    assert "test/podinfo  apps/podinfo/canary.yaml  ready" in result.output


@pytest.mark.parametrize("words", [("nowhere",), ("file.yaml",), (".", "--output", "xml"), (".", "--no-such-flag")])
def test_wrong_flags_and_unreadable_paths_are_bad_input(folder: Path, gitcanary, words: tuple[str, ...]) -> None:
    write(folder, {"file.yaml": "x"})
    assert gitcanary("check", *words).exit_code == 2


def test_no_gate_is_said_once_for_all(folder: Path, gitcanary) -> None:
    files = {**without_autoscaler(), **without_autoscaler("apps2/podinfo")}
    write(
        folder,
        {
            path: text.replace("namespace: test", "namespace: two") if "apps2" in path else text
            for path, text in files.items()
        },
    )
    assert "2 Canaries name no sync gate" in gitcanary("check").output
