"""Blobs, trees and commits of a bare repository."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pygit2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pygit2.enums import FileMode

from gitcanary.adapters.git import Identity
from gitcanary.adapters.git.objects import Objects
from gitcanary.errors import Refused, Unreachable
from gitcanary.ports import Entry
from support.repositories import Remote

NOW = datetime(2026, 11, 22, 10, 4, 37, tzinfo=UTC)


@pytest.fixture
def objects(remote: Remote, identity: Identity) -> Objects:
    return Objects(remote.folder, identity)


def plant(remote: Remote, path: str, content: bytes, mode: FileMode) -> str:
    """Commit an entry of any mode, as a person with a worktree could."""
    repository = pygit2.Repository(remote.folder)
    index = pygit2.Index()
    index.read_tree(repository[remote.tip].peel(pygit2.Tree))
    blob = repository[remote.tip].id if mode is FileMode.COMMIT else repository.create_blob(content)
    index.add(pygit2.IndexEntry(path, blob, mode))
    who = pygit2.Signature("Alice", "alice@example.com")
    tree = index.write_tree(repository)
    return str(repository.create_commit(remote.ref, who, who, "Plant", tree, [remote.tip]))


def forget(remote: Remote, what: str) -> None:
    """Lose one object, as a broken disk does."""
    name = remote.git("rev-parse", what).strip()
    loose = remote.folder / "objects" / name[:2] / name[2:]
    loose.chmod(0o644)
    loose.unlink()


def test_entries_are_what_lies_in_one_folder_and_nothing_below(remote: Remote, objects: Objects) -> None:
    blob = remote.git("rev-parse", "main:README.md").strip()
    apps = remote.git("rev-parse", "main:apps").strip()
    assert objects.entries(remote.tip) == {"README.md": Entry(blob, 0o100644), "apps": Entry(apps, 0o040000)}
    assert list(objects.entries(remote.tip, "apps/podinfo")) == ["canary.yaml"]
    assert objects.read(blob) == b"an environment\n"


@pytest.mark.parametrize("folder", ["nowhere", "apps/nowhere/deep", "README.md", "README.md/x", "/", "apps//podinfo"])
def test_what_is_no_folder_has_no_entries_and_no_files(remote: Remote, objects: Objects, folder: str) -> None:
    assert objects.entries(remote.tip, folder) == {}
    assert list(objects.files(remote.tip, folder)) == []


def test_links_and_submodules_are_seen_for_what_they_are(remote: Remote, objects: Objects) -> None:
    plant(remote, "apps/link", b"../../etc/passwd", FileMode.LINK)
    tip = plant(remote, "apps/module", b"", FileMode.COMMIT)
    modes = {name: oct(entry.mode) for name, entry in objects.entries(tip, "apps").items()}
    assert (modes["link"], modes["module"], modes["podinfo"]) == ("0o120000", "0o160000", "0o40000")


def test_files_walks_everything_below_a_folder(remote: Remote, objects: Objects) -> None:
    assert sorted(path for path, _ in objects.files(remote.tip)) == remote.files()
    assert {path for path, _ in objects.files(remote.tip, "apps/other")} == {"apps/other/a.yaml"}


def test_names_that_are_not_utf8_do_not_stop_a_walk(remote: Remote, objects: Objects) -> None:
    repository = pygit2.Repository(remote.folder)
    blob = repository.create_blob(b"x")
    tree = repository.write(pygit2.enums.ObjectType.TREE, b"100644 caf\xe9\0" + blob.raw)
    who = pygit2.Signature(b"Ren\xe9", "rene@example.com")
    tip = str(repository.create_commit(None, who, who, b"caf\xe9", tree, [remote.tip], "latin-1"))
    assert len(list(objects.files(tip))) == len(objects.entries(tip)) == 1
    assert "README.md" in objects.changes(remote.tip, tip)
    assert objects.revised(tip).message.startswith("caf")


@pytest.mark.parametrize(
    ("edit", "changed"),
    [
        ({"README.md": "other\n"}, {"README.md"}),
        ({"apps/podinfo/new.yaml": "n: 1\n"}, {"apps/podinfo/new.yaml"}),
        ({"apps/podinfo/canary.yaml": None}, {"apps/podinfo/canary.yaml"}),
        ({"README.md": None, "README.md/in": "folder now\n"}, {"README.md", "README.md/in"}),
        ({}, set()),
    ],
)
def test_changes_are_the_paths_whose_entries_differ(
    remote: Remote, objects: Objects, edit: dict[str, str | None], changed: set[str]
) -> None:
    old = remote.tip
    new = remote.commit(edit)
    assert objects.changes(old, new) == objects.changes(new, old) == changed


def test_the_depth_of_a_change_costs_no_more_than_its_length(remote: Remote, objects: Objects) -> None:
    old, path = remote.tip, f"{'d/' * 100}file"
    new = remote.commit({path: "1\n"})
    newer = remote.commit({path: "2\n"})
    assert objects.changes(old, new) == objects.changes(new, newer) == {path}


def test_a_changed_mode_is_a_change(remote: Remote, objects: Objects) -> None:
    old = remote.tip
    new = plant(remote, "README.md", b"an environment\n", FileMode.BLOB_EXECUTABLE)
    assert objects.changes(old, new) == {"README.md"}
    assert [revised.commit for revised in objects.history(new, ["README.md"])] == [new, old]


def test_equal_folders_are_not_looked_into(remote: Remote, objects: Objects) -> None:
    old, new = remote.tip, remote.commit({"README.md": "other\n"})
    forget(remote, "main:apps")
    assert objects.changes(old, new) == {"README.md"}
    assert [revised.commit for revised in islice(objects.history(new, ["apps/x/y", "README.md"]), 1)] == [new]


@pytest.mark.parametrize(
    "read",
    [
        lambda objects, tip: objects.entries(tip, "apps/podinfo"),
        lambda objects, tip: list(objects.files(tip)),
        lambda objects, tip: list(objects.history(tip, ["apps/podinfo/canary.yaml"])),
        lambda objects, tip: objects.commit(tip, {"apps/podinfo/canary.yaml": b"x"}, "Edit", NOW),
    ],
)
@pytest.mark.parametrize("lost", ["main:apps", "main:apps/podinfo"])
def test_a_folder_that_cannot_be_read_is_an_outage_and_never_an_absent_file(
    remote: Remote, objects: Objects, read: object, lost: str
) -> None:
    forget(remote, lost)
    assert callable(read)
    with pytest.raises(Unreachable, match="cannot be read"):
        read(objects, remote.tip)


def test_a_blob_that_is_gone_is_an_outage(remote: Remote, objects: Objects) -> None:
    blob = objects.entries(remote.tip)["README.md"].blob
    forget(remote, blob)
    with pytest.raises(Unreachable):
        objects.read(blob)


@pytest.mark.parametrize("commit", ["0" * 40, "no such thing", "", "HEAD", "main", "z" * 40])
def test_a_commit_that_is_not_there_is_refused(objects: Objects, commit: str) -> None:
    with pytest.raises(Refused):
        objects.revised(commit)


def test_a_blob_is_no_commit(remote: Remote, objects: Objects) -> None:
    with pytest.raises(Refused):
        objects.revised(remote.git("rev-parse", "main:README.md").strip())


def test_revised_tells_who_when_and_why(remote: Remote, objects: Objects) -> None:
    first = remote.tip
    tip = remote.commit({"README.md": "x\n"}, "Edit\n\nBecause.\n", by=("Böb", "bob@example.com"), at=NOW)
    found = objects.revised(tip[:9])
    assert (found.commit, found.parent, found.committed_at, found.message) == (tip, first, NOW, "Edit\n\nBecause.\n")
    assert (found.author, found.author_email) == (found.committer, found.committer_email) == ("Böb", "bob@example.com")
    assert objects.revised(first).parent is None


@pytest.mark.parametrize("seconds", ["-1", "99999999999999", "9223372036854775807"])
def test_a_date_that_no_calendar_holds_does_not_stop_a_walk(remote: Remote, objects: Objects, seconds: str) -> None:
    repository = pygit2.Repository(remote.folder)
    who = f"Alice <alice@example.com> {seconds} +0000"
    heading = f"tree {repository[remote.tip].peel(pygit2.Commit).tree_id}\nparent {remote.tip}\n"
    commit = f"{heading}author {who}\ncommitter {who}\n\nWhen?\n"
    tip = str(repository.write(pygit2.enums.ObjectType.COMMIT, commit.encode()))
    assert objects.revised(tip).committed_at.tzinfo is UTC
    assert len(list(objects.history(tip, ["README.md"]))) == 1


def test_history_yields_the_commits_that_changed_a_path_newest_first(remote: Remote, objects: Objects) -> None:
    begin = remote.tip
    one = remote.commit({"apps/podinfo/canary.yaml": "weight: 1\n"})
    remote.commit({"apps/other/a.yaml": "a: 2\n"})
    gone = remote.commit({"apps/podinfo/canary.yaml": None})
    back = remote.commit({"apps/podinfo/canary.yaml": "weight: 1\n"})
    tip = remote.commit({"README.md": "x\n"})
    path = "apps/podinfo/canary.yaml"
    assert [found.commit for found in objects.history(tip, [path])] == [back, gone, one, begin]
    assert [found.commit for found in objects.history(tip, ["apps/podinfo"])] == [back, gone, one, begin]
    assert [found.commit for found in objects.history(tip, [path, "README.md"])] == [tip, back, gone, one, begin]
    assert list(objects.history(tip, ["nowhere"])) == list(objects.history(tip, [])) == []


def test_history_follows_first_parents_alone(remote: Remote, objects: Objects) -> None:
    base = remote.tip
    side = remote.commit({"apps/other/a.yaml": "a: 2\n"}, "Side")
    remote.rewind(base)
    main = remote.commit({"README.md": "x\n"}, "Main")
    repository = pygit2.Repository(remote.folder)
    who = pygit2.Signature("Alice", "alice@example.com")
    merged = repository.merge_trees(base, main, side).write_tree(repository)
    tip = str(repository.create_commit(remote.ref, who, who, "Merge", merged, [main, side]))
    assert [found.commit for found in objects.history(tip, ["apps/other/a.yaml"])] == [tip, base]


def test_history_reads_no_further_than_it_is_asked(remote: Remote, objects: Objects) -> None:
    begin = remote.tip
    commits = [remote.commit({"README.md": f"{n}\n"}) for n in range(3)]
    forget(remote, begin)
    walk = objects.history(commits[-1], ["README.md"])
    assert [next(walk).commit, next(walk).commit] == [commits[2], commits[1]]
    with pytest.raises(Unreachable):
        next(walk)


def test_ancestry_is_false_where_anything_is_unknown(remote: Remote, objects: Objects) -> None:
    old, new = remote.tip, remote.commit({"README.md": "x\n"})
    assert objects.is_ancestor(old, new)
    assert objects.is_ancestor(new, new)
    assert not objects.is_ancestor(new, old)
    for unknown in ("0" * 40, "garbage", ""):
        assert not objects.is_ancestor(unknown, new)
        assert not objects.is_ancestor(new, unknown)


def test_a_commit_changes_what_it_was_told_and_moves_no_ref(remote: Remote, objects: Objects) -> None:
    tip = remote.tip
    files = {"apps/podinfo/canary.yaml": b"weight: 10\n", "apps/podinfo/deep/er/new": b"n", "README.md": None}
    new = objects.commit(tip, files, "Advance", NOW)
    assert objects.changes(tip, new) == set(files)
    assert objects.read(objects.entries(new, "apps/podinfo")["canary.yaml"].blob) == b"weight: 10\n"
    assert remote.tip == tip
    assert remote.git("for-each-ref").count("\n") == 1
    assert remote.git("fsck", "--strict", "--no-dangling") == ""
    found = objects.revised(new)
    assert (found.author, found.author_email) == ("gitcanary", "author@example.com")
    assert (found.committer, found.committer_email) == ("gitcanary bot", "bot@example.com")
    assert (found.parent, found.committed_at, found.message) == (tip, NOW, "Advance\n")


def test_the_same_commit_twice_is_one_commit(remote: Remote, objects: Objects) -> None:
    files = {"a": b"1", "b/c": b"2"}
    again = dict(reversed(files.items()))
    assert objects.commit(remote.tip, files, "M", NOW) == objects.commit(remote.tip, again, "M", NOW)


def test_folders_that_become_empty_go(remote: Remote, objects: Objects) -> None:
    new = objects.commit(remote.tip, {"apps/podinfo/canary.yaml": None}, "Remove", NOW)
    assert remote.git("ls-tree", "--name-only", f"{new}:apps").split() == ["other"]
    bare = objects.commit(new, {"apps/other/a.yaml": None, "README.md": None}, "Remove", NOW)
    assert remote.git("ls-tree", bare) == ""
    assert objects.entries(bare) == {}


def test_removing_what_is_not_there_changes_nothing(remote: Remote, objects: Objects) -> None:
    new = objects.commit(remote.tip, {"nowhere/at/all": None, "neither": None}, "Remove", NOW)
    assert objects.changes(remote.tip, new) == frozenset()


def test_a_file_keeps_its_mode(remote: Remote, objects: Objects) -> None:
    tip = plant(remote, "run.sh", b"#!/bin/sh\n", FileMode.BLOB_EXECUTABLE)
    new = objects.commit(tip, {"run.sh": b"#!/bin/bash\n", "made": b""}, "Edit", NOW)
    assert {name: oct(entry.mode) for name, entry in objects.entries(new).items()} == {
        "README.md": "0o100644",
        "apps": "0o40000",
        "made": "0o100644",
        "run.sh": "0o100755",
    }


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../outside",
        "apps/../../outside",
        "./here",
        "apps//double",
        "apps/",
        ".git/config",
        "apps/.GIT/hooks/x",
        "apps/.Git",
        ".git./x",
        ".git /x",
        ".git::$INDEX_ALLOCATION/x",
        ".g\u200cit/config",
        "GIT~1/config",
        "apps\\..\\x",
        "nul\0byte",
        "line\nfeed",
    ],
)
@pytest.mark.parametrize("content", [b"x", None])
def test_paths_that_lead_elsewhere_are_refused(
    remote: Remote, objects: Objects, path: str, content: bytes | None
) -> None:
    with pytest.raises(Refused):
        objects.commit(remote.tip, {path: content}, "No", NOW)


@pytest.mark.parametrize(
    "path", [".gitignore", ".github/workflows/x.yaml", "git", "a.git/x", "git~x", "...", "ünï/x y"]
)
def test_paths_that_only_look_alike_are_written(remote: Remote, objects: Objects, path: str) -> None:
    assert objects.changes(remote.tip, objects.commit(remote.tip, {path: b"x"}, "Yes", NOW)) == {path}


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("apps/link", "a symbolic link"),
        ("apps/link/x", "a symbolic link"),
        ("apps/module", "a submodule"),
        ("apps/module/x/y", "a submodule"),
        ("apps/podinfo", "a folder"),
        ("README.md/x", "a file"),
    ],
)
@pytest.mark.parametrize("content", [b"x", None])
def test_nothing_is_written_over_or_through_what_is_no_plain_file(
    remote: Remote, objects: Objects, path: str, what: str, content: bytes | None
) -> None:
    plant(remote, "apps/link", b"../elsewhere", FileMode.LINK)
    tip = plant(remote, "apps/module", b"", FileMode.COMMIT)
    with pytest.raises(Refused, match=what):
        objects.commit(tip, {path: content}, "No", NOW)


@pytest.mark.parametrize("paths", [("a", "a/b"), ("a/b", "a"), ("a/b/c", "a/b")])
def test_one_path_cannot_be_both_file_and_folder(remote: Remote, objects: Objects, paths: tuple[str, ...]) -> None:
    with pytest.raises(Refused, match="both"):
        objects.commit(remote.tip, dict.fromkeys(paths, b"x"), "No", NOW)


names = st.sampled_from(["a", "b", "c.yaml", "d"])
trees = st.dictionaries(
    st.lists(names, min_size=1, max_size=3).map("/".join), st.binary(max_size=3) | st.none(), max_size=6
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=trees, edits=trees)
def test_what_is_committed_is_what_git_would_have_made(
    remote: Remote, objects: Objects, before: dict[str, bytes | None], edits: dict[str, bytes | None]
) -> None:
    """The model is a dictionary of paths; where the edits make no sense for it, the commit is refused."""
    try:
        base = objects.commit(remote.tip, before, "Before", NOW)
        new = objects.commit(base, edits, "After", NOW)
    except Refused:
        return
    model = {path: objects.read(entry.blob) for path, entry in objects.files(base)}
    expected = {path: content for path, content in {**model, **edits}.items() if content is not None}
    assert {path: objects.read(entry.blob) for path, entry in objects.files(new)} == expected
    assert objects.changes(base, new) == {
        path for path in model.keys() | expected.keys() if model.get(path) != expected.get(path)
    }
    printed = remote.git("ls-tree", "-r", "-z", "--name-only", new)
    assert sorted(printed.split("\0")[:-1]) == sorted(expected)


def test_threads_read_and_write_side_by_side(remote: Remote, objects: Objects) -> None:
    tip = remote.tip

    def work(n: int) -> bytes:
        made = objects.commit(tip, {f"apps/{n}": str(n).encode()}, "Make", NOW)
        return objects.read(objects.entries(made, "apps")[str(n)].blob)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(64))) == [str(n).encode() for n in range(64)]


def test_a_worktree_is_never_made(remote: Remote, objects: Objects, tmp_path: Path) -> None:
    objects.commit(remote.tip, {"x": b"x"}, "Make", NOW)
    assert not (remote.folder / "index").exists()
    assert not list(tmp_path.rglob("canary.yaml"))


MANY = 40  # commits: more objects than are worth a loose file each


@pytest.mark.parametrize("count", [1, MANY])
def test_a_batch_is_what_the_same_commits_are_one_by_one(remote: Remote, objects: Objects, count: int) -> None:
    edits = [{f"apps/other/{number}.yaml": b"n: %d\n" % number, "README.md": None} for number in range(count)]
    with objects.batch():
        together = chained(objects, remote.tip, edits)
        changed = objects.changes(remote.tip, together[0])
        assert not objects.is_ancestor(remote.tip, together[-1])
    assert changed == {"apps/other/0.yaml", "README.md"}
    assert objects.is_ancestor(remote.tip, together[-1])
    assert together == chained(objects, remote.tip, edits)
    remote.git("fsck", "--strict", together[-1])
    packs = list(remote.folder.glob("objects/pack/*.pack"))
    assert len(packs) == (1 if count == MANY else 0)


def test_a_batch_that_ends_with_an_error_writes_nothing(remote: Remote, objects: Objects) -> None:
    before = remote.git("count-objects", "-v")
    with pytest.raises(Refused, match="inside the repository"), objects.batch():
        chained(objects, remote.tip, [{"README.md": b"x\n"}, {"../out": b"x\n"}])
    assert remote.git("count-objects", "-v") == before


def test_folders_are_written_in_gits_order(remote: Remote, objects: Objects) -> None:
    files = {"apps/other.b": b"1\n", "apps/other0": b"2\n", "apps/a/b/c": b"3\n"}
    made = objects.commit(remote.tip, dict(files), "Names around a folder's", NOW)
    remote.git("fsck", "--strict", made)
    assert objects.changes(remote.tip, made) == set(files)


def chained(objects: Objects, tip: str, edits: list[dict[str, bytes | None]]) -> list[str]:
    made = [tip]
    for edit in edits:
        made.append(objects.commit(made[-1], edit, "Edit", NOW))
    return made[1:]
