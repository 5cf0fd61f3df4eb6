"""What a decision changes: the files of one commit and its message, and nothing else. No file is written here."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from gitcanary.errors import Refused
from gitcanary.manifests import declared, kustomization, message, names, pieces, record_file, release, weights
from gitcanary.manifests.canaries import read_canaries, read_former
from gitcanary.manifests.catalog import Folder, Found, mapping_at
from gitcanary.manifests.owned import OwnedFile
from gitcanary.manifests.pieces import Piece
from gitcanary.manifests.routing_layout import SERVICE
from gitcanary.manifests.schema.canary_file import Canary
from gitcanary.manifests.schema.declaration import Declaration, Role
from gitcanary.manifests.text.splice import Edit, splice
from gitcanary.manifests.text.values import Path
from gitcanary.rollout.decision import Commit
from gitcanary.rollout.state import Action, Phase, Promoted, Record


@dataclass(frozen=True, slots=True)
class Change:
    """One commit to make: the new content of files by path from the root (None removes one), and the message."""

    files: Mapping[str, bytes | None]
    message: str


@dataclass(frozen=True, slots=True)
class Past:
    """What older commits hold: the canary's folder in a commit, and a blob's content."""

    folder: Callable[[str], Folder]
    blob: Callable[[str], bytes]


def plan(
    folder: Folder, canary: Canary, before: Record | None, decision: Commit, past: Past, *, suffix: str = ""
) -> Change | None:
    """Return what a decision changes in the folder, None where that is nothing.

    `before` is the record that the folder holds; `suffix` ends the subject, `[skip ci]` for example. Raises `Refused`
    where people's files cannot be edited exactly.
    """
    edited = _with_manifests(folder, canary, before, decision, past)
    if edited.files == folder.files and _only_renders(before, decision):
        return None
    record = record_file.write(decision.record)
    record_file.remember(record, decision.record)
    edited = edited.holding(names.record_file(canary), record)
    files = {folder.full(name): file.data for name, file in edited.files.items() if folder.files.get(name) != file}
    if not files:
        return None
    told = message.Told(folder, canary, before, decision, past.folder, past.blob)
    return Change(files, message.write(told, suffix))


def _only_renders(before: Record | None, decision: Commit) -> bool:
    """Tell whether a decision is about what a changed spec describes, and about nothing else."""
    return decision.action is Action.ROUTE and before is not None and before.phase is not Phase.INITIALIZING


def _with_manifests(folder: Folder, canary: Canary, before: Record | None, decision: Commit, past: Past) -> Folder:
    edited = folder
    if decision.primary is not None:
        edited = _with_primary(edited, canary, before, decision.primary, past)
    if decision.canary is not None:
        edited = _with_canary(edited, canary, before, decision, past)
    if decision.action is Action.ROUTE or (decision.action is Action.INITIALIZE and canary.declared is None):
        edited = _with_routing(edited, canary, decision.action)
    if before is not None and before.spec != decision.record.spec and decision.record.phase is not Phase.TERMINATED:
        edited = _as_described(edited, canary, _former(folder, canary, before, past))
    if decision.weight is not None:
        edited = weights.with_weight(edited, canary, decision.weight)
    if decision.replicas is not None:
        edited = _with_replicas(edited, canary, decision.replicas)
    return kustomization.with_resources(edited, [name for name in edited.files if name not in folder.files])


def _with_primary(folder: Folder, canary: Canary, before: Record | None, promoted: Promoted, past: Past) -> Folder:
    """Give the primary exactly the values of one commit, whatever the branch holds by now."""
    source = past.folder(promoted.source)
    if canary.declared is not None:
        return _with_values(folder, _declarations(folder, canary, before, source, past), Role.PRIMARY, promoted, source)
    found = release.revision(source, canary)
    if found != promoted.revision:
        raise Refused(f"{promoted.source} holds {found}, not {promoted.revision}: nothing is promoted")
    wanted = pieces.workload(source, canary, folder)
    name = names.primary_file(canary)
    return OwnedFile(OwnedFile(folder, canary, name).with_missing(wanted), canary, name).renewed(wanted)


def _with_canary(folder: Folder, canary: Canary, before: Record | None, decision: Commit, past: Past) -> Folder:
    """Give the canary a revision's values; where they cannot be had, a rollback takes its traffic away all the same."""
    if canary.declared is None or decision.canary is None:
        return folder
    try:
        source = past.folder(decision.canary.source)
        declarations = _declarations(folder, canary, before, source, past)
        return _with_values(folder, declarations, Role.CANARY, decision.canary, source)
    except Refused:
        if decision.action is Action.ROLLBACK:
            return folder
        raise


def _with_values(
    folder: Folder, declarations: Iterable[Declaration], role: Role, promoted: Promoted, source: Folder
) -> Folder:
    """Put a revision's values where the first of these declarations that knows it has them."""
    refusals = []
    for declaration in declarations:
        try:
            values = declared.values_of(source, declaration, promoted.revision)
        except Refused as refusal:
            refusals.append(refusal)
        else:
            return declared.with_values(folder, declaration, role, values)
    raise refusals[0]


def _declarations(
    folder: Folder, canary: Canary, before: Record | None, source: Folder, past: Past
) -> Iterator[Declaration]:
    """Walk what `release` says, and what it said before: a revision is known by the list that it was made from."""
    known = [canary, _former(folder, canary, before, past) if before is not None else None]
    known += [each for each in read_canaries(source) if isinstance(each, Canary) and each.name == canary.name]
    yield from (each.declared for each in known if each is not None and each.declared is not None)


def _with_routing(folder: Folder, canary: Canary, action: Action) -> Folder:
    if canary.declared is not None:
        wanted = _routing_where_declared(folder, canary)
        return OwnedFile(folder, canary, names.routing_file(canary)).with_missing(wanted)
    label = release.required_label(release.required_target(folder, canary))
    wanted = _routing(folder, canary, label)
    if action is Action.INITIALIZE:
        generated = {canary.service.name}
        wanted = [piece for piece in wanted if piece.name not in generated]
    else:
        folder = _with_apex(folder, canary, label)
    return OwnedFile(folder, canary, names.routing_file(canary)).with_missing(wanted)


def _routing(folder: Folder, canary: Canary, label: tuple[str, str]) -> list[Piece]:
    """Return the routing's objects, the apex and the VirtualService with the Service's own name; not people's."""
    found = weights.find(folder, canary)
    is_brought = found is not None and not weights.is_owned(found, canary)
    own = [] if is_brought else [pieces.virtual_service(canary, label[0])]
    return [*pieces.services(canary, label), *pieces.destination_rules(canary), *own]


def _routing_where_declared(folder: Folder, canary: Canary) -> list[Piece]:
    """Return the routing between the Services that people have; none where they route by themselves."""
    found = weights.find(folder, canary)
    is_brought = found is not None and not weights.is_owned(found, canary)
    if canary.declared is None or not canary.declared.has_routes or is_brought:
        return []
    rules = pieces.destination_rules(canary) if canary.service.traffic_policy else []
    return [*rules, pieces.virtual_service(canary)]


def _with_apex(folder: Folder, canary: Canary, label: tuple[str, str]) -> Folder:
    """Let the apex Service that people brought select the primary, unless subsets of it are what is weighted."""
    apex = folder.find(SERVICE, canary.service.name, canary.namespace)
    routing = weights.find(folder, canary)
    if apex is None or (routing is not None and weights.uses_subsets(routing, canary)):
        return folder
    return _spliced(folder, apex, ("spec", "selector", label[0]), names.primary(label[1]))


def _former(folder: Folder, canary: Canary, before: Record, past: Past) -> Canary | None:
    """Return the Canary as the last decision knew it, None where it cannot be had any more."""
    try:
        return read_former(folder, before.spec, past.blob(before.spec), f"{canary.namespace}/{canary.name}")
    except Refused:
        return None


def _as_described(folder: Folder, canary: Canary, former: Canary | None) -> Folder:
    """Write anew what the changed spec describes, in what is there already; weights stay.

    What the former one alone gave is taken away, and what people added stays.
    """
    folder = _with_late_rules(_with_autoscaler(folder, canary), canary)
    name = names.routing_file(canary)
    if name not in folder.files:
        return folder
    given = _given(folder, former) if former is not None else []
    return OwnedFile(folder, canary, name).renewed(_given(folder, canary), given)


def _given(folder: Folder, canary: Canary) -> list[Piece]:
    """Return the routing as this spec gives it; without a policy the two rules that may be there have none either."""
    if canary.declared is not None:
        rules = [] if canary.service.traffic_policy else pieces.destination_rules(canary)
        return [*rules, *_routing_where_declared(folder, canary)]
    return _routing(folder, canary, release.required_label(release.required_target(folder, canary)))


def _with_late_rules(folder: Folder, canary: Canary) -> Folder:
    """Make the rules for a policy that the spec got after the routing of a declared layout was made."""
    if canary.declared is None or weights.find(folder, canary) is None:
        return folder
    return OwnedFile(folder, canary, names.routing_file(canary)).with_missing(_routing_where_declared(folder, canary))


def _with_autoscaler(folder: Folder, canary: Canary) -> Folder:
    """Give the primary the autoscaler that the spec names now, and take away the one that it named before."""
    name = names.primary_file(canary)
    if canary.declared is not None or name not in folder.files:
        return folder
    wanted = [pieces.autoscaler(folder, canary)] if canary.autoscaler else []
    kept = OwnedFile(folder, canary, name).without(release.AUTOSCALER, [piece.name for piece in wanted])
    held = OwnedFile(kept, canary, name).with_missing(wanted)
    return OwnedFile(held, canary, name).without_replicas() if wanted else held


def _with_replicas(folder: Folder, canary: Canary, replicas: int) -> Folder:
    if canary.replicas is not None:
        return declared.edited(folder, [(canary.replicas, replicas)])
    target = release.required_target(folder, canary)
    if mapping_at(target.value, "spec").get("replicas") is None:
        return folder
    return _spliced(folder, target, ("spec", "replicas"), replicas)


def _spliced(folder: Folder, found: Found, path: Path, value: str | int) -> Folder:
    data = splice(folder.files[found.file].data, [Edit(found.place(*path), value)], file=folder.full(found.file))
    return folder.holding(found.file, data)
