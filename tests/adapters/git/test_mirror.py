"""One branch of one remote, over a local path and over HTTP with credentials."""

import logging
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import shake_128
from pathlib import Path

import pygit2
import pytest
import structlog
from pygit2.enums import ObjectType

from gitcanary.adapters.git import Credentials, Identity, Mirror, Person, hardened, personal
from gitcanary.errors import GitcanaryError, Refused, Rewound, Unauthorized, Unreachable, Usage
from gitcanary.ports import Outcome, Repository
from support.git_server import (
    READ,
    READ_REFS,
    WRITE,
    WRITE_REFS,
    Fault,
    GitServer,
    after,
    answer_lost,
    late,
    never,
    redirect,
    silent_after,
    status,
)
from support.repositories import Remote

from .conftest import FILES, PASSWORD, USERNAME, MakeMirror, Place

NOW = datetime(2026, 11, 22, 10, 4, 37, tzinfo=UTC)
SHORT = timedelta(seconds=1)
PATH = "apps/podinfo/canary.yaml"


def advance(mirror: Mirror, tip: str, weight: int = 10) -> str:
    return mirror.commit(tip, {PATH: f"weight: {weight}\n".encode()}, f"Advance to {weight}%", NOW)


def processes_naming(text: str) -> list[str]:
    """Return the command lines of living processes that name something."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
        except OSError:
            continue
        if text in words:
            found.append(words)
    return found


def await_until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold in time"
        time.sleep(0.01)


def test_a_mirror_is_a_repository(mirror: Mirror) -> None:
    port: Repository = mirror
    assert port.fetch() == port.fetch()


def test_fetch_brings_the_tip_and_all_history(place: Place, mirror: Mirror) -> None:
    begin = place.remote.tip
    tip = place.remote.commit({PATH: "weight: 1\n"})
    assert mirror.fetch() == tip
    assert [found.commit for found in mirror.history(tip, [PATH])] == [tip, begin]
    assert {path for path, _ in mirror.files(tip)} == FILES.keys()


def test_fetch_follows_the_branch_and_nothing_else(place: Place, mirror: Mirror) -> None:
    place.remote.git("tag", "v1", place.remote.tip)
    place.remote.git("branch", "other", place.remote.tip)
    mirror.fetch()
    tip = place.remote.commit({PATH: "weight: 1\n"})
    assert mirror.fetch() == tip
    assert place.remote.git("--git-dir", str(mirror._folder), "for-each-ref").split("\t")[1:] == [
        "refs/gitcanary/upstream\n"
    ]


def test_a_chain_of_commits_lands_in_one_push(place: Place, mirror: Mirror) -> None:
    tip = mirror.fetch()
    one = advance(mirror, tip, 10)
    two = advance(mirror, one, 20)
    assert mirror.push(tip, two).outcome is Outcome.LANDED
    assert [line.commit for line in place.remote.log()] == [two, one, tip]
    assert place.remote.log()[0].author == "gitcanary <author@example.com>"
    assert place.remote.log()[0].committer == "gitcanary bot <bot@example.com>"
    assert mirror.fetch() == two


def test_a_push_after_somebody_elses_is_raced_and_changes_nothing(place: Place, mirror: Mirror) -> None:
    tip = mirror.fetch()
    new = advance(mirror, tip)
    theirs = place.remote.commit({"README.md": "theirs\n"})
    assert mirror.push(tip, new).outcome is Outcome.RACED
    assert place.remote.tip == theirs
    again = advance(mirror, mirror.fetch())
    assert mirror.push(theirs, again).outcome is Outcome.LANDED
    assert [line.commit for line in place.remote.log()] == [again, theirs, tip]


def test_pushing_again_what_has_landed_is_landed(place: Place, mirror: Mirror) -> None:
    tip = mirror.fetch()
    new = advance(mirror, tip)
    for _ in range(2):
        assert mirror.push(tip, new).outcome is Outcome.LANDED
    place.remote.commit({"README.md": "on top\n"})
    assert mirror.push(tip, new).outcome is Outcome.LANDED


def test_a_known_tip_that_moved_on_is_raced(place: Place, mirror: Mirror) -> None:
    tip = mirror.fetch()
    new = advance(mirror, tip)
    theirs = place.remote.commit({"README.md": "theirs\n"})
    mirror.fetch()
    assert mirror.push(tip, new).outcome is Outcome.RACED
    assert place.remote.tip == theirs


def test_a_branch_that_was_rewound_before_the_push_does_not_get_the_removed_commits_back(
    place: Place, mirror: Mirror
) -> None:
    begin = place.remote.tip
    tip = place.remote.commit({"README.md": "a secret\n"})
    assert mirror.fetch() == tip
    new = advance(mirror, tip)
    place.remote.rewind(begin)
    with pytest.raises(Rewound):
        mirror.push(tip, new)
    assert place.remote.tip == begin


def test_a_branch_that_was_deleted_is_not_made_again(place: Place, mirror: Mirror) -> None:
    tip = mirror.fetch()
    place.remote.git("update-ref", "-d", place.remote.ref)
    with pytest.raises(Unreachable, match="gone"):
        mirror.push(tip, advance(mirror, tip))
    with pytest.raises(Unreachable, match="gone"):
        mirror.fetch()
    assert place.remote.git("for-each-ref") == ""


def test_a_chain_that_does_not_stand_on_the_tip_is_not_sent(place: Place, mirror: Mirror) -> None:
    """The lease alone would let it through: it compares the remote's tip, and permits a force."""
    begin = mirror.fetch()
    aside = advance(mirror, begin, 5)
    tip = place.remote.commit({"README.md": "theirs\n"})
    mirror.fetch()
    for new in (aside, begin, tip):
        with pytest.raises(ValueError, match="no chain"):
            mirror.push(tip, new)
    assert place.remote.tip == tip


def test_a_merge_is_not_sent(place: Place, mirror: Mirror) -> None:
    tip = mirror.fetch()
    side = advance(mirror, tip, 5)
    tree = place.remote.git("--git-dir", str(mirror._folder), "rev-parse", f"{side}^{{tree}}").strip()
    merge = place.remote.git(
        *("--git-dir", str(mirror._folder), "-c", "user.name=x", "-c", "user.email=x@example.com"),
        *("commit-tree", "-p", tip, "-p", side, "-m", "Merge", tree),
    ).strip()
    with pytest.raises(ValueError, match="no chain"):
        mirror.push(tip, merge)


def test_a_chain_that_nobody_knows_is_refused(mirror: Mirror) -> None:
    with pytest.raises(Refused):
        mirror.push(mirror.fetch(), "1" * 40)


def test_a_hook_that_declines_is_quoted_in_one_line(place: Place, mirror: Mirror) -> None:
    place.remote.hook("pre-receive", f"echo 'no pushes on Fridays'; echo '{PASSWORD}'; exit 1")
    tip = mirror.fetch()
    pushed = mirror.push(tip, advance(mirror, tip))
    assert pushed.outcome is Outcome.DECLINED
    assert "pre-receive hook declined" in pushed.said
    assert "no pushes on Fridays" in pushed.said
    assert "\n" not in pushed.said
    assert place.remote.tip == tip
    assert mirror.fetch() == tip


def test_hooks_of_the_users_own_are_not_run(
    over_http: Place, make_mirror: MakeMirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("pre-push", "reference-transaction"):
        (hooks / name).write_text("#!/bin/sh\nexit 1\n")
        (hooks / name).chmod(0o755)
    configuration = tmp_path / "gitconfig"
    configuration.write_text(f"[core]\n\thooksPath = {hooks}\n[push]\n\tfollowTags = true\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(configuration))
    environment = personal().falling_back_to(over_http.environment.credentials)
    mirror = make_mirror(Place(over_http.remote, over_http.url, environment))
    tip = mirror.fetch()
    assert mirror.push(tip, advance(mirror, tip)).outcome is Outcome.LANDED


def test_a_rewind_stops_everything_until_a_restart(place: Place, mirror: Mirror, make_mirror: MakeMirror) -> None:
    begin = place.remote.tip
    tip = place.remote.commit({"README.md": "x\n"})
    assert mirror.fetch() == tip
    place.remote.rewind(begin)
    for _ in range(2):
        with pytest.raises(Rewound) as raised:
            mirror.fetch()
        assert begin in str(raised.value)
        assert tip in str(raised.value)
    place.remote.rewind(tip)
    with pytest.raises(Rewound):
        mirror.fetch()
    with pytest.raises(Rewound):
        mirror.push(tip, advance(mirror, tip))
    assert make_mirror(place).fetch() == tip


def test_losing_what_was_just_pushed_is_a_rewind(place: Place, mirror: Mirror) -> None:
    tip = mirror.fetch()
    assert mirror.push(tip, advance(mirror, tip)).outcome is Outcome.LANDED
    place.remote.rewind(tip)
    with pytest.raises(Rewound):
        mirror.fetch()


def test_an_unknown_branch_is_a_wrong_flag(place: Place, make_mirror: MakeMirror) -> None:
    with pytest.raises(Usage, match=r"no branch 'nowhere' at "):
        make_mirror(place, branch="nowhere").fetch()


@pytest.mark.parametrize("branch", ["", "-f", "a b", "a..b", "../x", "x.lock", "a:b", "+main"])
def test_a_branch_that_cannot_be_one_is_a_wrong_flag(place: Place, make_mirror: MakeMirror, branch: str) -> None:
    if branch == "+main":
        with pytest.raises(Usage, match="no branch"):
            make_mirror(place, branch=branch).fetch()
    else:
        with pytest.raises(Usage, match="not the name of a branch"):
            make_mirror(place, branch=branch)


def test_a_remote_that_is_not_there_is_an_outage_and_comes_back(place: Place, mirror: Mirror) -> None:
    tip = mirror.fetch()
    elsewhere = place.remote.folder.with_name("moved.git")
    place.remote.folder.rename(elsewhere)
    with pytest.raises(Unreachable):
        mirror.fetch()
    with pytest.raises(Unreachable):
        mirror.push(tip, advance(mirror, tip))
    elsewhere.rename(place.remote.folder)
    assert mirror.fetch() == tip


@pytest.mark.parametrize("code", [500, 502, 503, 404, 429])
def test_a_server_in_trouble_is_an_outage(
    over_http: Place, server: GitServer, make_mirror: MakeMirror, code: int
) -> None:
    mirror = make_mirror(over_http)
    tip = mirror.fetch()
    new = advance(mirror, tip)
    for operation in (READ_REFS, WRITE_REFS):
        server.break_always(operation, status(code))
    with pytest.raises(Unreachable) as fetching:
        mirror.fetch()
    with pytest.raises(Unreachable) as pushing:
        mirror.push(tip, new)
    assert not {type(fetching.value), type(pushing.value)} & {Unauthorized, Rewound}
    server.heal()
    assert mirror.push(mirror.fetch(), new).outcome is Outcome.LANDED


@pytest.mark.parametrize("fault", [answer_lost, status(502)])
def test_an_answer_that_is_lost_is_settled_by_ancestry(
    over_http: Place, server: GitServer, make_mirror: MakeMirror, fault: Fault
) -> None:
    mirror = make_mirror(over_http)
    tip = mirror.fetch()
    new = advance(mirror, tip)
    server.break_once(WRITE, fault)
    if fault is answer_lost:
        assert mirror.push(tip, new).outcome is Outcome.LANDED
        assert over_http.remote.tip == new
    else:
        with pytest.raises(Unreachable, match="did not arrive"):
            mirror.push(tip, new)
        assert over_http.remote.tip == tip
        assert mirror.push(tip, new).outcome is Outcome.LANDED


def test_a_lost_answer_with_somebodys_commit_on_top_has_landed(
    over_http: Place, server: GitServer, make_mirror: MakeMirror
) -> None:
    mirror = make_mirror(over_http)
    tip = mirror.fetch()
    new = advance(mirror, tip)
    server.break_once(WRITE, answer_lost)
    server.break_once(READ_REFS, after(lambda: over_http.remote.commit({"README.md": "on top\n"})))
    assert mirror.push(tip, new).outcome is Outcome.LANDED
    assert mirror.fetch() == over_http.remote.tip != new


def test_a_connection_lost_on_the_way_there_with_somebodys_push_is_raced(
    over_http: Place, server: GitServer, make_mirror: MakeMirror
) -> None:
    mirror = make_mirror(over_http)
    tip = mirror.fetch()
    new = advance(mirror, tip)
    server.break_once(WRITE, status(500))
    server.break_once(READ_REFS, after(lambda: over_http.remote.commit({"README.md": "theirs\n"})))
    assert mirror.push(tip, new).outcome is Outcome.RACED


def test_a_lost_answer_of_a_remote_that_stays_away_is_unreachable_and_the_next_fetch_tells(
    over_http: Place, server: GitServer, make_mirror: MakeMirror
) -> None:
    mirror = make_mirror(over_http)
    tip = mirror.fetch()
    new = advance(mirror, tip)
    server.break_once(WRITE, answer_lost)
    server.break_always(READ_REFS, status(503))
    with pytest.raises(Unreachable):
        mirror.push(tip, new)
    server.heal()
    assert mirror.is_ancestor(new, mirror.fetch())


def test_a_race_inside_the_server_is_raced(over_http: Place, server: GitServer, make_mirror: MakeMirror) -> None:
    """The branch moves after the remote announced its tip, so that only the server can see it."""
    mirror = make_mirror(over_http)
    tip = mirror.fetch()
    new = advance(mirror, tip)
    server.break_once(WRITE, after(lambda: over_http.remote.commit({"README.md": "theirs\n"})))
    assert mirror.push(tip, new).outcome is Outcome.RACED
    assert over_http.remote.log()[0].subject == "Edit"


def test_a_branch_locked_by_another_push_is_raced(place: Place, mirror: Mirror) -> None:
    tip = mirror.fetch()
    (place.remote.folder / "refs" / "heads" / "main.lock").touch()
    assert mirror.push(tip, advance(mirror, tip)).outcome is Outcome.RACED


@pytest.mark.parametrize("wrong", [None, Credentials(USERNAME, "wr0ng"), Credentials("nobody", PASSWORD)])
def test_credentials_that_are_not_accepted_are_said_so(
    over_http: Place, make_mirror: MakeMirror, wrong: Credentials | None
) -> None:
    mirror = make_mirror(Place(over_http.remote, over_http.url, hardened(wrong)))
    with pytest.raises(Unauthorized) as raised:
        mirror.fetch()
    assert "wr0ng" not in str(raised.value)


@pytest.mark.parametrize("code", [401, 403])
def test_a_push_that_is_forbidden_is_unauthorized(
    over_http: Place, server: GitServer, make_mirror: MakeMirror, code: int
) -> None:
    mirror = make_mirror(over_http)
    tip = mirror.fetch()
    server.break_always(WRITE_REFS, status(code))
    with pytest.raises(Unauthorized):
        mirror.push(tip, advance(mirror, tip))


def test_credentials_in_an_address_are_used_and_taken_out_of_it(over_http: Place, make_mirror: MakeMirror) -> None:
    url = over_http.url.replace("://", f"://{USERNAME}:pl4nted-s3cret%2F%2B@")
    mirror = make_mirror(Place(over_http.remote, url, hardened()))
    assert mirror.fetch() == over_http.remote.tip
    assert mirror.url == over_http.url


def test_credentials_do_not_follow_a_redirect(
    over_http: Place, server: GitServer, make_mirror: MakeMirror, tmp_path: Path
) -> None:
    with GitServer(tmp_path) as other:
        server.break_always(READ_REFS, redirect(f"{other.url}/x.git/info/refs?service=git-upload-pack"))
        with pytest.raises(Unreachable):
            make_mirror(over_http).fetch()
        assert other.requests == []


@pytest.mark.parametrize("operation", [READ_REFS, READ])
def test_a_server_that_hangs_is_given_up_with_nothing_left_running(
    over_http: Place, server: GitServer, make_mirror: MakeMirror, operation: str
) -> None:
    mirror = make_mirror(over_http, SHORT)
    mirror.fetch()
    over_http.remote.commit({"README.md": "new\n"})
    server.break_always(operation, never)
    with pytest.raises(Unreachable, match="no answer before the deadline"):
        mirror.fetch()
    await_until(lambda: not processes_naming(over_http.url))
    server.heal()
    assert mirror.fetch() == over_http.remote.tip


def test_a_push_that_hangs_is_settled_by_ancestry(over_http: Place, server: GitServer, make_mirror: MakeMirror) -> None:
    mirror = make_mirror(over_http, SHORT)
    tip = mirror.fetch()
    new = advance(mirror, tip)
    server.break_once(WRITE, silent_after)
    assert mirror.push(tip, new).outcome is Outcome.LANDED
    assert not processes_naming(over_http.url)


def test_a_slow_server_is_waited_for(over_http: Place, server: GitServer, make_mirror: MakeMirror) -> None:
    server.break_always(READ_REFS, late(0.3))
    assert make_mirror(over_http).fetch() == over_http.remote.tip


def test_an_interrupt_ends_what_was_started(over_http: Place, server: GitServer, tmp_path: Path) -> None:
    server.break_always(READ_REFS, never)
    script = f"""
import signal
from datetime import timedelta
from pathlib import Path
from gitcanary.adapters.git import Identity, Mirror, Person, hardened, Credentials
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests may have it ignored
who = Person("x", "x@example.com")
with Mirror({over_http.url!r}, "main", Path({str(tmp_path / "cache")!r}), Identity(who, who),
            hardened(Credentials({USERNAME!r}, {PASSWORD!r}))) as mirror:
    mirror.fetch()
"""
    process = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, start_new_session=True)
    await_until(lambda: bool(server.requests))
    os.kill(process.pid, signal.SIGINT)
    _, complained = process.communicate(timeout=20)
    assert b"KeyboardInterrupt" in complained
    await_until(lambda: not processes_naming(over_http.url + " "))
    assert not list((tmp_path / "cache").glob("mirror-*"))


def test_secrets_reach_no_argument_no_error_and_no_log(
    over_http: Place, server: GitServer, make_mirror: MakeMirror, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    encoded = over_http.environment.secrets[-1]
    seen: list[str] = []
    server.break_always(READ_REFS, after(lambda: seen.extend(processes_naming("git"))))
    mirror = make_mirror(over_http)
    with structlog.testing.capture_logs() as events:
        tip = mirror.fetch()
        server.break_always(WRITE_REFS, status(500, f"remote says {PASSWORD} {encoded}"))
        over_http.remote.hook(
            "pre-receive", f"echo '{PASSWORD} {encoded} http://u:{PASSWORD}@h/ ghp_abcdef123'; exit 1"
        )
        errors: list[object] = []
        with pytest.raises(GitcanaryError) as raised:
            mirror.push(tip, advance(mirror, tip))
        errors.append(raised.value)
        server.heal()
        errors.append(mirror.push(tip, advance(mirror, tip)))
        server.break_always(READ_REFS, status(401, PASSWORD))
        with pytest.raises(GitcanaryError) as raised:
            mirror.fetch()
        errors.append(raised.value)
        shutil.rmtree(mirror._folder / "objects")
    assert any("fetch" in line for line in seen)
    everything = " ".join(map(str, [*seen, *events, *errors, *caplog.messages, mirror.__dict__, over_http.environment]))
    for secret in (PASSWORD, "pl4nted", "ghp_abcdef123"):
        assert secret not in everything.replace(repr(over_http.environment), "")
    assert PASSWORD not in repr(over_http.environment)
    assert encoded not in everything
    assert "***" in str(errors[1])
    for file in mirror._folder.parent.rglob("*"):
        assert not file.is_file() or PASSWORD.encode() not in file.read_bytes()


def test_a_clone_that_is_damaged_is_replaced_and_said_so_once(mirror: Mirror) -> None:
    tip = mirror.fetch()
    shutil.rmtree(mirror._folder / "objects")
    with structlog.testing.capture_logs() as events:
        assert mirror.fetch() == tip
        assert mirror.fetch() == tip
    assert [event["event"] for event in events] == ["clone replaced"]
    assert mirror.revised(tip).commit == tip
    assert mirror.push(tip, advance(mirror, tip)).outcome is Outcome.LANDED


def test_damage_that_a_reader_met_is_repaired_by_the_next_fetch(mirror: Mirror) -> None:
    tip = mirror.fetch()
    blob = mirror.entries(tip)["README.md"].blob
    loose = mirror._folder / "objects" / blob[:2] / blob[2:]
    loose.chmod(0o644)
    loose.write_bytes(b"not zlib")
    with pytest.raises(Unreachable):
        mirror.read(blob)
    assert mirror.fetch() == tip
    assert mirror.read(blob) == b"an environment\n"


def test_what_no_clone_can_read_is_not_cloned_for_ever(place: Place, mirror: Mirror) -> None:
    """Whoever may push to a remote that does not check can bring a tree in which an entry has no name."""
    tip = mirror.fetch()
    repository = pygit2.Repository(place.remote.folder)
    tree = repository.write(ObjectType.TREE, b"100644 \0" + repository[tip].id.raw)
    heading = f"tree {tree}\nparent {tip}\n"
    who = "A <a@example.com> 1 +0000"
    made = repository.write(ObjectType.COMMIT, f"{heading}author {who}\ncommitter {who}\n\nBroken\n".encode())
    place.remote.rewind(str(made))
    with structlog.testing.capture_logs() as events:
        for _ in range(3):
            with pytest.raises(Unreachable):
                mirror.fetch()
    assert [event["event"] for event in events] == ["clone replaced"]
    place.remote.rewind(tip)
    assert mirror.fetch() == tip


def test_loose_objects_are_packed_now_and_then(place: Place, mirror: Mirror) -> None:
    tip = mirror.fetch()
    kept = advance(mirror, tip)
    for n in range(9000):
        mirror._repository.create_blob(str(n).encode())
    place.remote.commit({"README.md": "new\n"})
    new = mirror.fetch()
    assert list((mirror._folder / "objects" / "pack").glob("*.pack"))
    assert mirror.revised(kept).parent == tip
    assert mirror.read(mirror.entries(new)["README.md"].blob) == b"new\n"


def test_many_packs_are_put_together_and_a_killed_one_is_cleaned_away(place: Place, mirror: Mirror) -> None:
    tip = mirror.fetch()
    packs = mirror._folder / "objects" / "pack"
    (packs / "tmp_pack_killed").write_bytes(b"PACK")
    kept = push_rounds(mirror, tip, 20, commits=14)
    abandoned = round_of(mirror, kept, 14)
    assert mirror.fetch() == kept
    assert 0 < len(list(packs.glob("*.pack"))) < 17
    assert not list(packs.glob("tmp_*"))
    assert mirror.is_ancestor(tip, abandoned), "what was not pushed is lost"
    mirror_size, clone_size = size_of(mirror._folder), size_of(fresh_clone(place, mirror))
    assert (
        mirror_size < 2 * clone_size
    )  # twenty rounds of a tiny repository; thousands of them are measured, not tested


def push_rounds(mirror: Mirror, tip: str, rounds: int, commits: int) -> str:
    """Push so many rounds, each of so many commits, fetching before each."""
    for _ in range(rounds):
        new = round_of(mirror, tip, commits)
        assert mirror.push(tip, new).outcome is Outcome.LANDED
        tip = mirror.fetch()
        assert tip == new
    return tip


def round_of(mirror: Mirror, tip: str, commits: int) -> str:
    """Write commits in one batch, each with a file of its own and one that all change."""
    new = tip
    with mirror.batch():
        for number in range(commits):
            files = {f"apps/other/{number}.rollout": new.encode(), "apps/other/last": new[::-1].encode()}
            new = mirror.commit(new, files, f"Advance to {number}%", NOW)
    return new


def fresh_clone(place: Place, mirror: Mirror) -> Path:
    folder = mirror._folder.parent / "fresh.git"
    place.remote.git("clone", "--quiet", "--bare", "--no-local", str(place.remote.folder), str(folder))
    return folder


def size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("objects/**/*") if file.is_file())


def test_a_clone_in_memory_works_like_any_other(place: Place, identity: Identity) -> None:
    memory = Path("/dev/shm")
    if not memory.is_dir():
        pytest.skip("no folder in memory here")
    with (
        tempfile.TemporaryDirectory(dir=memory) as cache,
        Mirror(place.url, "main", Path(cache), identity, place.environment) as mirror,
    ):
        push_rounds(mirror, mirror.fetch(), 2, commits=14)


def test_mirrors_with_the_same_flags_do_not_disturb_each_other(place: Place, make_mirror: MakeMirror) -> None:
    one, two = make_mirror(place), make_mirror(place)
    tip = one.fetch()
    assert two.fetch() == tip
    assert one.push(tip, advance(one, tip, 10)).outcome is Outcome.LANDED
    one.close()
    assert two.push(tip, advance(two, tip, 20)).outcome is Outcome.RACED
    new = two.fetch()
    assert two.push(new, advance(two, new, 20)).outcome is Outcome.LANDED


def test_closing_leaves_nothing_behind(mirror: Mirror, tmp_path: Path) -> None:
    mirror.fetch()
    assert list((tmp_path / "cache").glob("mirror-*"))
    mirror.close()
    mirror.close()
    assert not list((tmp_path / "cache").glob("mirror-*"))


def write(times: int, url: str, credentials: Credentials | None, cache: Path, name: str) -> None:
    """Commit files in a push each, deciding again after each race, as a controller does."""
    who = Person(name, f"{name}@example.com")
    with Mirror(url, "main", cache, Identity(who, who), hardened(credentials)) as mirror:
        done = 0
        while done < times:
            tip = mirror.fetch()
            new = mirror.commit(tip, {f"apps/{name}/{done}": b"x"}, f"{name} {done}", NOW)
            done += mirror.push(tip, new).outcome is Outcome.LANDED


def test_writers_side_by_side_lose_no_commit_and_keep_history_linear(place: Place, tmp_path: Path) -> None:
    times = 10 if place.url == place.remote.url else 3  # every attempt over HTTP starts a dozen processes
    spawn = multiprocessing.get_context("spawn")
    names = ["ada", "bob", "cyd", "dan"]
    arguments = (times, place.url, place.environment.credentials, tmp_path / "cache")
    writers = [spawn.Process(target=write, args=(*arguments, name)) for name in names]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0, 0]
    log = place.remote.log()
    assert all(len(line.parents) == 1 for line in log[:-1])
    assert sorted(line.subject for line in log[:-1]) == sorted(f"{name} {n}" for name in names for n in range(times))
    assert len(place.remote.files()) == len(FILES) + 4 * times


def test_a_remote_may_be_named_by_its_folder(remote: Remote, make_mirror: MakeMirror) -> None:
    assert make_mirror(Place(remote, str(remote.folder), hardened())).fetch() == remote.tip


def test_a_clone_stays_as_small_as_a_fresh_one_though_chains_are_given_up(
    remote: Remote, make_mirror: MakeMirror
) -> None:
    """Two thousand commits, and as many that lost a race: what those wrote goes, what landed stays."""
    place = Place(remote, remote.url, hardened())
    mirror = make_mirror(place)
    tip, lost = mirror.fetch(), []
    for number in range(20):
        chain = noisy_chain(mirror, tip, f"{number} lands")
        lost.append(noisy_chain(mirror, tip, f"{number} is lost"))
        assert mirror.push(tip, chain).outcome is Outcome.LANDED
        tip = mirror.fetch()
    assert not mirror.is_ancestor(lost[0], lost[0]), "a chain that was given up is still there"
    assert len([*mirror.history(tip, ["apps/podinfo"])]) == 2001
    mirror_size, clone_size = size_of(mirror._folder), size_of(fresh_clone(place, mirror))
    assert mirror_size <= 1.2 * clone_size


def noisy_chain(mirror: Mirror, tip: str, text: str) -> str:
    """Write a hundred commits in a batch whose files compress badly, as a fleet's do together."""
    with mirror.batch():
        for number in range(100):
            noise = shake_128(f"{text} {number}".encode()).digest(2000)
            tip = mirror.commit(tip, {f"apps/podinfo/{number % 10}": noise}, f"{text} {number}", NOW)
    return tip
