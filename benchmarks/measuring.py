"""What a row of the table is: a comparison, its goal, and what was measured."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, process_time


@dataclass(frozen=True, slots=True)
class Goal:
    """How large a figure may be, or has to be; `unit` is written behind it: `×` for a ratio."""

    limit: float
    unit: str = "×"
    is_floor: bool = False

    def is_met(self, figure: float) -> bool:
        """Tell whether a figure is as good as wanted."""
        return figure >= self.limit if self.is_floor else figure <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.is_floor else '≤'} {written(self.limit)}{spaced(self.unit)}"


@dataclass(frozen=True, slots=True)
class Measured:
    """What a row measured: the figure that its goal is about, both sides in words, and where our time goes."""

    figure: float
    ours: str
    against: str
    parts: Sequence[tuple[str, float]] = ()
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison. `measure` gets an empty folder of its own; several rows may be measured together (`family`)."""

    name: str
    title: str
    goal: Goal
    measure: Callable[[Path], Measured] = field(repr=False)


@dataclass(slots=True)
class Stopwatch:
    """Seconds by the names of what took them: on the clock, and of this process' CPU."""

    parts: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timing(self, part: str) -> Iterator[None]:
        """Add what happens inside to a part."""
        gc.collect()
        began, cpu = perf_counter(), process_time()
        yield
        self.parts[part] = self.parts.get(part, 0.0) + perf_counter() - began
        self.cpu[part] = self.cpu.get(part, 0.0) + process_time() - cpu

    @property
    def total(self) -> float:
        """All parts together, in seconds."""
        return sum(self.parts.values())


def against(ours: float, other: float, *, words: tuple[str, str], parts: Sequence[tuple[str, float]] = ()) -> Measured:
    """Return our seconds beside another's, as the ratio of the two; `words` say what each was."""
    return Measured(ours / other, f"{seconds(ours)} {words[0]}", f"{seconds(other)} {words[1]}", parts)


def seconds(count: float) -> str:
    """Write a time with the digits that mean something."""
    return f"{count * 1000:.3g} ms" if count < 1 else f"{count:.3g} s" if count < 1000 else f"{count:,.0f} s"


def written(figure: float) -> str:
    """Write a figure as people do."""
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.3g}"


def spaced(unit: str) -> str:
    """Return a unit as it stands behind a figure."""
    return unit if unit == "×" else f" {unit}"
