"""`gitcanary audit` as a person and a program call it."""

import json

import pytest

NAMES = [(), ("test/podinfo",), ("apps/podinfo",)]


@pytest.mark.parametrize("name", NAMES)
def test_a_history_in_order(story, gitcanary, name):
    said = gitcanary("audit", *name, "--repository", story.remote.url)
    assert said.exit_code == 0
    count = len(story.ours)
    assert said.stdout == f"{count} decisions taken again up to {story.remote.tip[:7]}: all as the rules say\n"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_wrong_is_a_line_and_an_exit_code(remote, gitcanary, name):
    record = remote.read("apps/podinfo/podinfo.rollout").replace("failedChecks: 0", "failedChecks: 1")
    edited = remote.commit({"apps/podinfo/podinfo.rollout": record}, "One more", by=("Mia", "mia@example.com"))
    said = gitcanary("audit", *name, "--repository", remote.url)
    assert said.exit_code == 1
    first, last = said.stdout.splitlines()
    assert first.startswith(f"{edited[:7]} ")
    assert first.endswith(" apps/podinfo/podinfo edited: the record was edited by Mia")
    assert last.endswith(f" up to {edited[:7]}: 1 commit with findings")
    told = json.loads(gitcanary("audit", *name, "--repository", remote.url, "--output", "json").stdout)
    [finding] = told["findings"]
    assert (finding["commit"], finding["fault"], finding["name"]) == (edited, "edited", "podinfo")
