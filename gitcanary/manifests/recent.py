"""What was needed last, within bounds: whatever was forgotten can be made again."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Values by what they were made from. `bound` is the most that all together may weigh; by default each weighs 1."""

    def __init__(self, bound: int, weigh: Callable[[V], int] = lambda _: 1) -> None:
        self._bound = bound
        self._weigh = weigh
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._weight = 0
        self._turn = Lock()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """Return the value that is kept for this key, or make it."""
        with self._turn:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept[0]
        value = make()
        self.put(key, value)
        return value

    def put(self, key: K, value: V) -> None:
        """Keep a value that was made elsewhere."""
        with self._turn:
            self._keep(key, value, self._weigh(value))

    def clear(self) -> None:
        """Forget everything."""
        with self._turn:
            self._kept.clear()
            self._weight = 0

    def _keep(self, key: K, value: V, weight: int) -> None:
        self._weight += weight - self._kept.pop(key, (value, 0))[1]
        self._kept[key] = value, weight
        while self._weight > self._bound and self._kept:
            self._weight -= self._kept.popitem(last=False)[1][1]
