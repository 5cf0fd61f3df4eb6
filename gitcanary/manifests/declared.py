"""Values at declared locations: what a release is where `release` says so, and how its values move.

Everything that is read here is a fact about one folder of one commit; what is not there, or cannot be read, is refused.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from gitcanary.errors import InvalidFile, InvalidLocation, Refused, RefusedText
from gitcanary.manifests.catalog import File, Folder
from gitcanary.manifests.digest import hashed
from gitcanary.manifests.schema.canary_file import Canary
from gitcanary.manifests.schema.declaration import Declaration, Role
from gitcanary.manifests.schema.terms import shown
from gitcanary.manifests.text.documents import Document, is_template, line_of
from gitcanary.manifests.text.locations import Location, resolve_scalar
from gitcanary.manifests.text.splice import Edit, splice
from gitcanary.manifests.text.values import Place, Value, value_at

Scalar = str | int


@dataclass(frozen=True, slots=True)
class Spot:
    """What a location names: the file, the place in it, and the value that stands there."""

    file: File
    place: Place
    value: Value

    @property
    def document(self) -> Document:
        """The document that holds it."""
        return self.file.documents[self.place.document]

    @property
    def line(self) -> int:
        """The line that it stands on."""
        return line_of(self.document, self.place.path)


def find(folder: Folder, location: Location) -> Spot:
    """Return the one scalar that a location names. Raises `RefusedText` where it names none, or several."""
    file = folder.files.get(location.file)
    if file is None:
        linked = ", but a symlink, submodule or folder" if location.file in folder.links else ""
        raise InvalidLocation(f"{location}: no such file{linked}", file=location.file)
    documents = file.documents
    place = resolve_scalar(location, documents)
    return Spot(file, place, value_at(documents[place.document].value, place.path))


def place(folder: Folder, location: Location) -> tuple[str, Place] | None:
    """Return which value of which file a location names, None where it names none: whoever reads it says so."""
    try:
        return location.file, find(folder, location).place
    except RefusedText:
        return None


def scalar(folder: Folder, location: Location) -> Scalar:
    """Return a value of a release, a text or a whole number. Raises `RefusedText` for any other."""
    spot = find(folder, location)
    value = spot.value
    is_filled_in = isinstance(value, str) and is_template(value)
    if isinstance(value, str | int) and not isinstance(value, bool) and not is_filled_in:
        return value
    seen = "waits for a template engine" if is_filled_in else f"is {shown(value)}"
    advice = ": put it in quotes" if isinstance(value, float) else ""
    reason = f"{location} {seen}; what is moved is text or a whole number{advice}"
    raise InvalidFile(reason, line=spot.line, file=spot.file.name)


def number(folder: Folder, location: Location) -> int | None:
    """Return the whole number at a location, None where there is none."""
    try:
        value = scalar(folder, location)
    except RefusedText:
        return None
    return value if isinstance(value, int) else None


def values(folder: Folder, declared: Declaration, role: Role) -> tuple[Scalar, ...]:
    """Return a release's values on one side, in the order in which they are declared. Raises `RefusedText`."""
    return tuple(scalar(folder, pair.at(role)) for pair in declared.release)


def digest(folder: Folder, declared: Declaration, role: Role) -> str | None:
    """Return the revision that one side holds, None where its values cannot be read."""
    try:
        return hashed(list(values(folder, declared, role)))
    except RefusedText:
        return None


def values_of(folder: Folder, declared: Declaration, revision: str) -> tuple[Scalar, ...]:
    """Return the values of a revision, at whichever side this folder holds them. Raises `Refused` where at none."""
    for role in Role:
        if digest(folder, declared, role) == revision:
            return values(folder, declared, role)
    raise Refused(f"{revision} stands at none of the declared locations there: nothing is moved")


def with_values(folder: Folder, declared: Declaration, role: Role, new: Iterable[Scalar]) -> Folder:
    """Return the folder with a release's values on one side. Raises `RefusedText` where one cannot be put in place."""
    return edited(folder, zip((pair.at(role) for pair in declared.release), new, strict=True))


def edited(folder: Folder, changes: Iterable[tuple[Location, Scalar]]) -> Folder:
    """Return the folder with new values at these locations, every other byte kept."""
    edits: dict[str, list[Edit]] = {}
    for location, value in changes:
        spot = find(folder, location)
        edits.setdefault(spot.file.name, []).append(Edit(spot.place, value))
    for name, several in edits.items():
        folder = folder.holding(name, splice(folder.files[name].data, several, file=folder.full(name)))
    return folder


def tag(folder: Folder, declared: Declaration, revision: str) -> str | None:
    """Return the one text of a release by which people call it, None where it has several values or a number."""
    try:
        found = values_of(folder, declared, revision)
    except Refused:
        return None
    return found[0] if len(found) == 1 and isinstance(found[0], str) else None


def weight(folder: Folder, canary: Canary) -> tuple[int, int] | None:
    """Return the declared weights of primary and canary, None where there are none or no numbers."""
    weights = canary.declared.weights if canary.declared else None
    if weights is None:
        return None
    primary, share = number(folder, weights.primary), number(folder, weights.canary)
    return None if primary is None or share is None else (primary, share)


def with_weights(folder: Folder, canary: Canary, primary: int, share: int) -> Folder:
    """Return the folder with these weights at their declared locations, if there are any."""
    weights = canary.declared.weights if canary.declared else None
    return folder if weights is None else edited(folder, [(weights.primary, primary), (weights.canary, share)])
