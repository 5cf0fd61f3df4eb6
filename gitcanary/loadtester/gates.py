"""Gates that people open and close by hand; kept in memory, closed until opened."""

from gitcanary.loadtester.protocol import Canary


class Gates:
    """Which canaries' gates are open. An open one stays open until it is closed or the load tester stops."""

    def __init__(self) -> None:
        self._open: set[Canary] = set()

    def open(self, canary: Canary) -> None:
        self._open.add(canary)

    def close(self, canary: Canary) -> None:
        self._open.discard(canary)

    def is_open(self, canary: Canary) -> bool:
        return canary in self._open
