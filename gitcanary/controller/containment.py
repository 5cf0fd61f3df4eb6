"""The last gate: what a commit of a canary may touch, judged from the final difference alone.

It believes nothing of what the code before it meant to do.
"""

from posixpath import normpath

from gitcanary.controller.subject import folder_of
from gitcanary.errors import OutOfRoom
from gitcanary.ports import Repository


def contain(repository: Repository, parent: str, commit: str, room: str, further: frozenset[str] = frozenset()) -> None:
    """Raise `OutOfRoom` if the commit changes any file that is not in the room, a folder.

    In folders below it only the files `further` may change, named from the room.
    """
    outside = sorted(path for path in repository.changes(parent, commit) if not is_inside(path, room, further))
    if outside:
        raise OutOfRoom(f"a commit for {room or 'the root'} would change {', '.join(outside[:3])}")


def is_inside(path: str, room: str, further: frozenset[str] = frozenset()) -> bool:
    """Tell whether a path from the root names a file directly in a folder, or one of `further`, and says so plainly."""
    if normpath(path) != path or path.startswith(("/", "../")):
        return False
    below = path.removeprefix(f"{room}/") if room else path
    return folder_of(path) == room or ((path != below or not room) and below in further)
