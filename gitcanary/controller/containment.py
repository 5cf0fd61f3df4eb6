"""The last gate: what a commit of a canary may touch, judged from the final difference alone.

It believes nothing of what the code before it meant to do.
"""

from posixpath import normpath

from gitcanary.controller.subject import folder_of
from gitcanary.errors import OutOfRoom
from gitcanary.ports import Repository


def contain(repository: Repository, parent: str, commit: str, room: str) -> None:
    """Raise `OutOfRoom` if the commit changes any file that is not directly in the room, a folder."""
    outside = sorted(path for path in repository.changes(parent, commit) if not is_inside(path, room))
    if outside:
        raise OutOfRoom(f"a commit for {room or 'the root'} would change {', '.join(outside[:3])}")


def is_inside(path: str, room: str) -> bool:
    """Tell whether a path from the root names a file directly in a folder, and says so plainly."""
    return folder_of(path) == room and normpath(path) == path and not path.startswith(("/", "../"))
