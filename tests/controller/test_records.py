"""What is believed of a record, by its history in a real repository: ours, people's, reverted, merged."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gitcanary.adapters.git import Identity, Mirror, hardened
from gitcanary.controller.facts import Historian
from gitcanary.controller.survey import Survey
from gitcanary.manifests import record_file
from gitcanary.rollout.state import Phase, Promoted, Quarantined, Record, Request, State
from support.apps import without_autoscaler
from support.environment import MIA, US, Environment
from support.repositories import Remote

RECORD = "apps/podinfo/podinfo.rollout"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BOB = ("Bob", "bob@example.com")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """Bring 6.0.1 to 20 %."""
    with Environment(tmp_path_factory.mktemp("story"), without_autoscaler()) as environment:
        environment.onboard()
        environment.set_image("6.0.1")
        environment.run_until(lambda: environment.record.weight == 20)
        yield environment


@pytest.fixture
def remote(story: Environment, tmp_path: Path) -> Remote:
    shutil.copytree(story.remote.folder, tmp_path / "remote.git")
    return Remote(tmp_path / "remote.git", story.remote.branch)


@pytest.fixture
def state(remote: Remote, tmp_path: Path) -> Iterator[Callable[[], State]]:
    """Return how to read the canary's state at the tip, as a controller that just started."""
    with ExitStack() as stack:

        def read() -> State:
            mirror = stack.enter_context(
                Mirror(remote.url, remote.branch, tmp_path / "cache", Identity(US, US), hardened())
            )
            survey = Survey(mirror)
            tip = mirror.fetch()
            survey.look(tip)
            [subject] = survey.subjects.values()
            return Historian(mirror, survey.folders, US.email).state(subject, tip)

        yield read


def present(remote: Remote, commit: str = "") -> Record:
    return record_file.read(remote.read(RECORD, commit).encode())


def write(remote: Remote, by: tuple[str, str] = MIA, **changes: object) -> str:
    """Write the record with changes."""
    data = record_file.write(replace(present(remote), **changes))
    return remote.commit({RECORD: data}, "Edit the record", by=by)


def restore(remote: Remote, commit: str, *files: str) -> str:
    """Put files back to what they were in a commit, as Mia."""
    return remote.commit({file: remote.read(file, commit) for file in files}, "Revert", by=MIA)


FIELDS = {
    "phase": {"phase": Phase.SUCCEEDED},
    "weight": {"weight": 70},
    "revision": {"revision": f"sha256:{'0' * 64}"},
    "source": {"source": "a" * 40},
    "promoted": {"promoted": (Promoted(f"sha256:{'1' * 64}", "b" * 40, NOW),)},
    "failedChecks": {"failed_checks": 2},
    "restoring": {"restoring": "because"},
    "replicas": {"replicas": 50},
    "cleanSince": {"clean_since": NOW},
    "spec": {"spec": "c" * 40},
}


@pytest.mark.parametrize("field", FIELDS)
def test_what_a_person_writes_in_the_record_is_told_and_not_believed(remote: Remote, state, field: str) -> None:
    ours = present(remote)
    edit = write(remote, **FIELDS[field])
    read = state()
    assert read.record == ours
    assert read.is_record_edited
    assert (read.record_touch.commit, read.record_touch.by, read.record_touch.is_ours) == (edit, "Mia", False)


def test_request_and_quarantine_are_peoples_own(remote: Remote, state) -> None:
    ours = present(remote)
    theirs = {"request": Request("pause", "lunch"), "quarantine": (Quarantined(ours.revision, "no", NOW),)}
    write(remote, **theirs)
    read = state()
    assert (read.record, read.is_record_edited) == (replace(ours, **theirs), False)
    assert read.record_touch.is_ours


def test_request_and_quarantine_count_beside_an_edit_too(remote: Remote, state) -> None:
    ours = present(remote)
    write(remote, weight=70, request=Request("abort"))
    assert state().record == replace(ours, request=Request("abort"))


def test_who_asked_is_who_wrote_the_request_and_not_who_touched_the_record_last(remote: Remote, state) -> None:
    asked = write(remote, request=Request("pause"))
    write(remote, by=BOB, quarantine=(Quarantined(f"sha256:{'0' * 64}", "no", NOW),))
    touch = state().request_touch
    assert (touch.commit, touch.by) == (asked, "Mia")


def test_a_later_request_takes_the_place_of_one_that_waits(remote: Remote, state) -> None:
    write(remote, request=Request("pause"))
    asked = write(remote, by=BOB, request=Request("abort"))
    read = state()
    assert (read.record.request.verb, read.request_touch.commit, read.request_touch.by) == ("abort", asked, "Bob")


def test_a_deleted_record_that_is_put_back_is_believed(remote: Remote, state) -> None:
    ours, before = present(remote), remote.tip
    remote.remove(RECORD)
    assert state().record is None
    restore(remote, before, RECORD)
    read = state()
    assert (read.record, read.is_record_edited, read.record_touch.is_ours) == (ours, False, False)


def test_an_edit_that_is_reverted_is_none(remote: Remote, state) -> None:
    ours, before = present(remote), remote.tip
    write(remote, failed_checks=2)
    restore(remote, before, RECORD)
    assert (state().record, state().is_record_edited) == (ours, False)


def test_what_we_wrote_once_is_believed_and_is_an_edit_all_the_same(remote: Remote, state) -> None:
    older = present(remote, f"{remote.tip}^")
    restore(remote, f"{remote.tip}^", RECORD)
    read = state()
    assert (read.record, read.is_record_edited, read.reverted) == (older, True, None)


def test_a_forged_beginning_does_not_count_where_we_wrote_before(remote: Remote, state) -> None:
    ours = present(remote)
    first = next(line.commit for line in reversed(remote.log(RECORD)))
    forged = replace(present(remote, first), source="a" * 40)
    remote.remove(RECORD)
    remote.commit({RECORD: record_file.write(forged)}, "Begin again", by=MIA)
    assert (state().record, state().is_record_edited) == (ours, True)


@pytest.mark.parametrize(
    ("changes", "is_edited"), [({}, False), ({"phase": Phase.PROGRESSING}, True), ({"failed_checks": 1}, True)]
)
def test_a_first_record_may_be_anybodys_if_it_claims_nothing(remote: Remote, state, changes, is_edited: bool) -> None:
    initialized = next(line for line in reversed(remote.log(RECORD)))
    files = {path: remote.read(path, initialized.commit) for path in remote.files(initialized.commit)}
    files[RECORD] = record_file.write(replace(present(remote, initialized.commit), **changes))
    remote.rewind(initialized.parents[0])
    remote.commit(files, "Merge what init wrote", by=MIA)
    assert state().is_record_edited is is_edited


def merge(remote: Remote, first: str, second: str, tree_of: str) -> None:
    """Merge as Mia, with the files of one commit, and let the branch be that."""
    settings = [word for name, value in zip(("user.name", "user.email"), MIA, strict=True)
                for word in ("-c", f"{name}={value}")]  # fmt: skip
    tree = remote.git("rev-parse", f"{tree_of}^{{tree}}").strip()
    remote.rewind(remote.git(*settings, "commit-tree", tree, "-p", first, "-p", second, "-m", "Merge").strip())


def test_our_line_merged_into_a_persons_and_pushed_is_no_edit(remote: Remote, state) -> None:
    ours, tip = present(remote), remote.tip
    fork = remote.log(RECORD)[2].commit
    remote.rewind(fork)
    own = remote.commit({"README.md": "Mine.\n"}, "Mine", by=MIA)
    merge(remote, own, tip, tree_of=tip)
    read = state()
    assert (read.record, read.is_record_edited, read.record_touch.is_ours) == (ours, False, True)


def test_a_pull_request_merged_over_our_commits_is_an_edit_where_it_brings_an_old_record_back(
    remote: Remote, state
) -> None:
    tip, fork = remote.tip, remote.log(RECORD)[2].commit
    remote.rewind(fork)
    theirs = remote.commit({"README.md": "Theirs.\n"}, "Theirs", by=MIA)
    merge(remote, tip, theirs, tree_of=theirs)
    assert state().is_record_edited


def test_a_pull_request_that_leaves_the_record_alone_is_no_edit(remote: Remote, state) -> None:
    ours, tip = present(remote), remote.tip
    remote.rewind(remote.log(RECORD)[2].commit)
    theirs = remote.commit({"README.md": "Theirs.\n"}, "Theirs", by=MIA)
    remote.rewind(tip)
    merged = remote.commit({"README.md": "Theirs.\n"}, "What the merge holds", by=MIA)
    merge(remote, tip, theirs, tree_of=merged)
    read = state()
    assert (read.record, read.is_record_edited, read.record_touch.is_ours) == (ours, False, True)
