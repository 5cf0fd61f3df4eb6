"""The record as text: people read it, edit two fields of it, and nothing gets lost."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitcanary.errors import InvalidFile
from gitcanary.manifests import record_file
from gitcanary.manifests.record_schema import read_duration, write_duration
from gitcanary.rollout import state
from gitcanary.rollout.state import Phase, Record, Request

NOON = datetime(2026, 11, 22, 10, 4, 37, tzinfo=UTC)
FULL = """\
# Written by gitcanary. `request` is yours: pause, resume, promote, abort, retry, skip-analysis, adopt.
version: 1
canary: test/podinfo
phase: Progressing
weight: 20
iterations: 0
since: 2026-11-22T10:04:37Z
step: {index: 2, of: 5}
revision: sha256:9a1f
source: 7c4be21
cleanSince: 2026-11-22T10:02:05Z
promoted:
- {revision: sha256:51d0, source: 1f20c9a, at: 2026-11-20T16:11:02Z, side: canary}
failedChecks: 0
restoring: null
waiting: {gate: confirm-promotion, since: 2026-11-22T10:04:37Z}
hold: {reason: weights edited, commit: 88e1a47, by: Mia, since: 2026-11-22T10:04:37Z}
paused: {by: Mia, reason: null, since: 2026-11-22T10:04:37Z}
replicas: 2
spec: 5d41
evidence:
  observedAt: 2026-11-22T10:04:37Z
  checkedAt: 2026-11-22T10:04:37Z
  settle: 15s
  live: {commit: 88e1a47, since: 2026-11-22T10:03:22Z, weight: 10, by: argocd/podinfo, status: applied}
  ready: {primary: true, canary: true, notReadySince: null}
  metrics:
  - {name: request-success-rate, value: 99.82, min: 99, window: 1m, until: 2026-11-22T10:04:37Z, verdict: pass}
  - {name: request-duration, value: 184, max: 500, window: 30s, until: 2026-11-22T10:04:37Z, verdict: pass}
  webhooks:
  - {name: load-test, type: rollout, status: 202, verdict: pass}
quarantine:
- {revision: sha256:c41d, reason: request-success-rate 91.1 % < 99 (3 of 3), at: 2026-11-20T16:11:02Z}
request: {pause: lunch}
answer: null
"""

TEXT = st.text(max_size=12)
WORD = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=12)
INSTANT = st.datetimes(datetime(2001, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given a zone
DURATION = st.timedeltas(timedelta(0), timedelta(days=3))
COUNT = st.integers(0, 10**9)
NUMBER = st.none() | st.floats(allow_nan=False)


def built(kind: type, **fields: st.SearchStrategy) -> st.SearchStrategy:
    return st.builds(kind, **fields)


METRIC = built(
    state.SeenMetric,
    name=TEXT,
    value=NUMBER,
    minimum=NUMBER,
    maximum=NUMBER,
    window=DURATION,
    until=INSTANT,
    verdict=TEXT,
)
OBSERVED = built(
    state.Observed,
    observed_at=INSTANT,
    checked_at=st.none() | INSTANT,
    settle=st.none() | DURATION,
    live=st.none()
    | built(state.SeenLive, commit=TEXT, since=st.none() | INSTANT, weight=st.none() | COUNT, by=TEXT, status=TEXT),
    ready=st.none()
    | built(
        state.SeenReady,
        primary=st.none() | st.booleans(),
        canary=st.none() | st.booleans(),
        not_ready_since=st.none() | INSTANT,
    ),
    metrics=st.lists(METRIC, max_size=2).map(tuple),
    webhooks=st.lists(
        built(state.SeenHook, name=TEXT, type=TEXT, status=st.none() | COUNT, verdict=TEXT), max_size=2
    ).map(tuple),
)
RECORD = built(
    Record,
    canary=TEXT,
    phase=st.sampled_from(Phase),
    weight=st.integers(0, 100),
    since=INSTANT,
    revision=TEXT,
    source=TEXT,
    spec=TEXT,
    evidence=OBSERVED,
    iterations=COUNT,
    step=st.none() | built(state.Step, index=COUNT, of=COUNT),
    clean_since=st.none() | INSTANT,
    promoted=st.lists(
        built(state.Promoted, revision=TEXT, source=TEXT, at=INSTANT, side=st.sampled_from(["canary", "primary"])),
        max_size=3,
    ).map(tuple),
    failed_checks=COUNT,
    restoring=st.none() | TEXT,
    waiting=st.none() | built(state.Waiting, gate=TEXT, since=INSTANT),
    hold=st.none() | built(state.Hold, reason=TEXT, commit=st.none() | TEXT, by=st.none() | TEXT, since=INSTANT),
    paused=st.none() | built(state.Pause, by=TEXT, reason=st.none() | TEXT, since=INSTANT),
    replicas=st.none() | COUNT,
    quarantine=st.lists(built(state.Quarantined, revision=TEXT, reason=TEXT, at=INSTANT), max_size=2).map(tuple),
    request=st.none() | built(Request, verb=WORD, reason=st.none() | TEXT),
    answer=st.none() | TEXT,
)


@settings(max_examples=40, deadline=None)
@given(RECORD)
def test_what_is_written_is_read_again_and_written_the_same(record):
    data = record_file.write(record)
    assert record_file.read(data) == record
    assert record_file.write(record_file.read(data)) == data


def test_a_record_is_written_as_people_read_it():
    assert record_file.write(record_file.read(FULL.encode())).decode() == FULL


@given(DURATION)
def test_a_duration_is_written_as_it_is_read(duration):
    assert read_duration(write_duration(duration)) == duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("15s", 15), ("1m", 60), ("1m30s", 90), ("1h", 3600), ("500ms", 0.5), ("0s", 0)]
)
def test_durations_are_read_as_flagger_writes_them(text, seconds):
    assert read_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "15", "1 m", "s", "m30s", "-5s", None, 15])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="a duration such as"):
        read_duration(text)


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("weight: 20\n", "weight: twenty\n", 5, "weight"),
        ("weight: 20\n", "weight: 120\n", 5, "weight"),
        ("weight: 20\n", "weigth: 20\n", 5, "weigth"),
        ("phase: Progressing", "phase: progressing", 4, "one of Initializing"),
        ("version: 1", "version: 2", 2, "version"),
        ("since: 2026-11-22T10:04:37Z\nstep", "since: 2026-11-22\nstep", 7, "an instant such as"),
        ("since: 2026-11-22T10:04:37Z\nstep", "since: 0001-01-01T00:00:00+14:00\nstep", 7, "an instant such as"),
        ("since: 2026-11-22T10:04:37Z\nstep", "since: 9999-12-31T23:59:59-12:00\nstep", 7, "an instant such as"),
        ("window: 1m", f"window: {'9' * 400}h", 28, "a duration such as"),
        ("{index: 2, of: 5}", "{index: 2}", 8, "step.of"),
        ("window: 1m", "window: soon", 28, "a duration such as"),
        ("request: {pause: lunch}", "request: {pause: lunch, abort: now}", 34, "one word"),
        ("canary: test/podinfo\n", "canary: a\ncanary: b\n", 4, "second time"),
    ],
)
def test_what_a_person_broke_is_named_with_its_line(old, new, line, said):
    assert old in FULL
    with pytest.raises(InvalidFile, match=said) as refusal:
        record_file.read(FULL.replace(old, new, 1).encode(), file="podinfo.rollout")
    assert (refusal.value.file, refusal.value.line) == ("podinfo.rollout", line)


@pytest.mark.parametrize("text", ["", "- 1\n", "a: 1\n---\nb: 2\n", "pause\n"])
def test_what_is_no_single_mapping_is_refused(text):
    with pytest.raises(InvalidFile):
        record_file.read(text.encode())


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("request: pause", Request("pause")),
        ("request: {pause: 'lunch'}", Request("pause", "lunch")),
        ("request:\n  abort: it burns", Request("abort", "it burns")),
        ("request: {pause: }", Request("pause")),
        ("request:", None),
        ("request: dance", Request("dance")),
    ],
)
def test_a_request_is_a_word_or_a_word_with_its_reason(line, request_):
    assert record_file.read(FULL.replace("request: {pause: lunch}", line).encode()).request == request_


def test_lists_may_be_left_empty_by_hand():
    text = FULL[: FULL.index("quarantine:")] + "quarantine:\nrequest: retry\nanswer: null\n"
    assert record_file.read(text.encode()).quarantine == ()


@pytest.mark.parametrize(
    "request_", [None, Request("abort"), Request("pause", 'a "b": {c} # d'), Request("promote", "two\nlines")]
)
def test_a_request_changes_its_own_line_alone(request_):
    text = FULL.replace("request: {pause: lunch}", "request: null") + "# a note of mine\n"
    data = record_file.set_request(text.encode(), request_)
    assert record_file.read(data).request == request_
    before, after = text.splitlines(), data.decode().splitlines()
    assert [line for line in before if not line.startswith("request")] == [
        line for line in after if not line.startswith("request")
    ]
    assert record_file.set_request(data, None).decode() == text


def test_an_instant_in_another_zone_is_the_same_instant():
    text = FULL.replace("since: 2026-11-22T10:04:37Z\nstep", "since: 2026-11-22T11:04:37+01:00\nstep")
    assert record_file.read(text.encode()).since == NOON
