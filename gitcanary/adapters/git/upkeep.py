"""When a clone is put in order: git's own maintenance would run beside us, and at moments of its own."""

from dataclasses import dataclass
from pathlib import Path

_LOOSE_IN_ONE_OF_256 = 4  # a thousand objects, some hundred commits: fewer than git's own gc waits for
_PACKS = 16  # and so many packs are looked through for each object
_GROWN = 1.1  # times what it was when it was packed whole
_LITTLE = 1 << 19  # bytes of which nothing is said


@dataclass(slots=True)
class Upkeep:
    """What is known of one clone: its folder, and its size when all of it was last in one pack."""

    folder: Path
    _compact: int | None = None

    def is_scattered(self) -> bool:
        """Tell whether it holds so many small packs or loose objects that reading gets slow."""
        objects = self.folder / "objects"
        return len(_files(objects / "17")) > _LOOSE_IN_ONE_OF_256 or len(list(objects.glob("pack/*.pack"))) > _PACKS

    def has_grown(self) -> bool:
        """Tell whether it is so much larger than it was that what nobody refers to may be a part of it."""
        if self._compact is None:
            self.note_compact()
        return self._size() > (self._compact or 0) * _GROWN + _LITTLE

    def note_compact(self) -> None:
        """Take the size that it has now for that of what it has to hold."""
        self._compact = self._size()

    def _size(self) -> int:
        """Return its bytes, those of loose objects by those of a part of them: names are spread evenly."""
        objects = self.folder / "objects"
        return sum(map(_bytes, _files(objects / "pack"))) + 256 * sum(map(_bytes, _files(objects / "17")))


def _files(folder: Path) -> list[Path]:
    return list(folder.glob("*"))


def _bytes(file: Path) -> int:
    return file.stat().st_size
