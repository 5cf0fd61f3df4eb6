"""What a commit says: a subject that names what changed, the evidence, and trailers that are ours alone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import PurePosixPath
from typing import Any

from gitcanary.errors import GitcanaryError
from gitcanary.manifests import release
from gitcanary.manifests.catalog import Folder
from gitcanary.manifests.differences import changed_fields
from gitcanary.manifests.evidence_table import rows
from gitcanary.manifests.record_schema import write_duration
from gitcanary.manifests.rendering import render_message
from gitcanary.manifests.schema.canary_file import Canary
from gitcanary.rollout.decision import Commit
from gitcanary.rollout.evidence import LiveStatus
from gitcanary.rollout.state import Action, Observed, Promoted, Record

BY_FORMER = "Its Canary cannot be honoured as it is now: decided by the spec of"
_SHORT = 7  # characters of a commit's id
_NAMING = frozenset({Action.INITIALIZE, Action.START, Action.PROMOTE, Action.RESTART})
_WITHOUT_EVIDENCE = frozenset({Action.INITIALIZE, Action.HOLD, Action.PAUSE, Action.ADOPT, Action.ANSWER})
# A forge or a CI would act on these: `[skip ci]`, `#1`, `@somebody`.
_HARMLESS = str.maketrans({"[": "(", "]": ")", "#": " ", "@": " "})


@dataclass(frozen=True, slots=True)
class Told:
    """What a message is about: a decision in a folder, the record before it, and what older commits hold."""

    folder: Folder
    canary: Canary
    before: Record | None
    decision: Commit
    folder_at: Callable[[str], Folder] = field(repr=False)
    blob: Callable[[str], bytes] = field(repr=False)


def write(told: Told, suffix: str = "") -> str:
    """Write the whole message; `suffix` ends the subject."""
    record, action = told.decision.record, told.decision.action
    old, new = _names(told) if action in _NAMING else ("", "")
    context: dict[str, Any] = {
        "action": action.value,
        "who": f"{told.canary.namespace}/{told.canary.name}",
        "old": old,
        "new": new,
        "weight": record.weight,
        "reason": told.decision.reason.translate(_HARMLESS),
        "replicas_before": _replicas_before(told),
        "adopts": action is Action.INITIALIZE and told.decision.primary is None,
        "replicas": told.decision.replicas,
        "live": None if action in _WITHOUT_EVIDENCE else _live(record.evidence),
        "rows": [row.translate(_HARMLESS) for row in rows(record.evidence)],
        "remarks": list(_remarks(told)),
        "trailers": list(_trailers(told)),
        "suffix": f" {suffix}" if suffix else "",
    }
    return render_message("messages/commit.txt.j2", context)


def _replicas_before(told: Told) -> int | None:
    """Return the target's replicas where a decision changes them; for all others its manifest need not be parsed."""
    return None if told.decision.replicas is None else release.target_replicas(told.folder, told.canary)


def _names(told: Told) -> tuple[str, str]:
    """Return what people call the revision before and the one that this is about: tags, or short commits."""
    before = told.before
    new = told.decision.primary or told.decision.record
    if before is None:
        return "", _tag(told, new) or new.source[:_SHORT]
    is_restart = told.decision.action is Action.RESTART
    old = before.promoted[0] if before.promoted and not is_restart else before
    old_tag, new_tag = _tag(told, old), _tag(told, new)
    if old_tag and new_tag and old_tag != new_tag:
        return old_tag, new_tag
    return old.source[:_SHORT], new.source[:_SHORT]


def _tag(told: Told, brought: Promoted | Record) -> str | None:
    try:
        return release.label(told.folder_at(brought.source), told.canary, brought.revision)
    except GitcanaryError:
        return None


def _live(evidence: Observed) -> dict[str, Any] | None:
    live = evidence.live
    if live is None or live.since is None:
        return None
    lasted = write_duration(max(evidence.observed_at - live.since, evidence.observed_at - evidence.observed_at))
    return {
        "weight": live.weight,
        "since": live.since.astimezone(UTC).strftime("%H:%M:%S"),
        "lasted": lasted,
        "commit": live.commit[:_SHORT],
        "by": live.by.translate(_HARMLESS),
        "is_applied": live.status == LiveStatus.APPLIED,
    }


def _remarks(told: Told) -> Iterator[str]:
    action, canary = told.decision.action, told.canary
    if action in {Action.ROUTE, Action.FINISH} and not release.is_scalable(told.folder, canary):
        yield f"The target keeps its pods: {_owner_of_pods(canary)}."
    if action is Action.ROLLBACK and told.decision.primary is not None:
        source = told.decision.primary.source[:_SHORT]
        yield f"The primary takes back the values of {source}; weights stay until it is ready."
    if action is Action.ROLLBACK and told.decision.canary is not None:
        yield f"The canary takes back the values of {told.decision.canary.source[:_SHORT]}, where they can be had."
    yield from _asked(told)
    yield from _quarantined(told)
    yield from _kept_replicas(told)
    yield from _changed_spec(told)
    if canary.spec.is_former:
        yield f"{BY_FORMER} {canary.spec.blob[:_SHORT]}."


def _owner_of_pods(canary: Canary) -> str:
    if canary.autoscaler:
        return "its autoscaler decides"
    return "no `replicas` is declared" if canary.declared else "its manifest states no number"


def _asked(told: Told) -> Iterator[str]:
    asked = told.decision.asked
    if asked is None:
        return
    where = f" in {asked.commit[:_SHORT]}" if asked.commit else ""
    yield f"Asked for by {asked.by}{where}{f': {asked.reason}' if asked.reason else '.'}"


def _quarantined(told: Told) -> Iterator[str]:
    known = told.before.quarantine if told.before else ()
    for entry in told.decision.record.quarantine:
        if entry not in known:
            who = f"{told.canary.namespace}/{told.canary.name}"
            yield f"{entry.revision} is in quarantine; `gitcanary retry {who}` tries it again."


def _kept_replicas(told: Told) -> Iterator[str]:
    if told.decision.action is not Action.PROMOTE or told.canary.autoscaler:
        return
    kept = release.primary_replicas(told.folder, told.canary)
    own = release.target_replicas(told.folder, told.canary)
    if kept is not None and own is not None and kept != own:
        yield f"The primary keeps its {kept} replicas; the target has {own}."


def _changed_spec(told: Told) -> Iterator[str]:
    before, now = told.before, told.decision.record
    if before is None or before.spec == now.spec:
        return
    name = PurePosixPath(told.canary.file).name
    try:
        fields = changed_fields(told.blob(before.spec), told.blob(now.spec), told.canary)
    except GitcanaryError:
        fields = ""
    if fields:
        yield f"{name} changed since: {fields}."


def _trailers(told: Told) -> Iterator[tuple[str, str]]:
    before, record = told.before, told.decision.record
    yield "Gitcanary-Canary", f"{told.canary.namespace}/{told.canary.name}"
    yield "Gitcanary-Path", told.folder.path or "."
    yield "Gitcanary-Action", told.decision.action.value
    if before is not None and before.weight != record.weight:
        yield "Gitcanary-Weight", f"{before.weight} -> {record.weight}"
    yield "Gitcanary-Revision", record.revision
    yield "Gitcanary-Source", record.source
    if record.evidence.live is not None:
        yield "Gitcanary-Live", record.evidence.live.commit
