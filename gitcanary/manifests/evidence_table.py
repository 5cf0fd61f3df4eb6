"""The evidence of a decision as aligned lines: name, value, limit, window."""

from collections.abc import Sequence

from gitcanary.manifests.record_schema import write_duration
from gitcanary.rollout.evidence import Verdict
from gitcanary.rollout.spec import Builtin
from gitcanary.rollout.state import Observed, SeenHook, SeenMetric

_UNITS = {Builtin.SUCCESS_RATE.value: " %", Builtin.DURATION.value: " ms"}
_GAPS = (2, 3, 3, 3)  # blanks after each column


def rows(evidence: Observed) -> list[str]:
    """Return one line for each metric and webhook that was asked."""
    cells = [*map(_metric, evidence.metrics), *map(_hook, evidence.webhooks)]
    widths = [max((len(row[column]) for row in cells), default=0) + gap for column, gap in enumerate(_GAPS)]
    return ["".join(_padded(row, widths)).rstrip() for row in cells]


def number(value: float) -> str:
    """Write a number as people do: at most four decimals, small ones with their significant digits."""
    text = f"{value:.4f}" if abs(value) >= 0.001 or value == 0 else f"{value:.3g}"  # noqa: PLR2004 - where four decimals end
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)]


def _metric(metric: SeenMetric) -> tuple[str, ...]:
    unit = _UNITS.get(metric.name, "")
    value = "no data" if metric.value is None else f"{number(metric.value)}{unit}"
    limits = (("≥", metric.minimum), ("≤", metric.maximum))
    allowed = ", ".join(f"{sign} {number(limit)}" for sign, limit in limits if limit is not None)
    return metric.name, value, allowed, f"over {write_duration(metric.window)}", _unless_passed(metric.verdict)


def _hook(hook: SeenHook) -> tuple[str, ...]:
    return hook.name, "no answer" if hook.status is None else str(hook.status), "", "", _unless_passed(hook.verdict)


def _unless_passed(verdict: str) -> str:
    return "" if verdict == Verdict.PASS else verdict
