"""Calls to the world, beside the round, in threads that never keep the process from ending."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import BoundedSemaphore, Thread
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Calls:
    """Makes calls side by side, at most so many at a time; the others wait for their turn.

    An executor's threads would be waited for when the process ends, for as long as the slowest receiver likes.
    """

    def __init__(self, at_once: int) -> None:
        self._turn = BoundedSemaphore(at_once)

    def submit(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Begin a call and return its future."""
        future: Future[T] = Future()
        Thread(target=self._run, args=(future, lambda: call(*args, **kwargs)), daemon=True).start()
        return future

    def _run(self, future: Future[T], call: Callable[[], T]) -> None:
        with self._turn:
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001 - whoever reads the future gets it
                future.set_exception(error)
