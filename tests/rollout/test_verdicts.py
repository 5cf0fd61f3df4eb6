"""What the answers of metrics and webhooks mean."""

from math import inf, nan

import pytest

from gitcanary.rollout.checks import describe_metric, format_number, judge_hook, judge_metric, see_metric
from gitcanary.rollout.evidence import HookAnswer, MetricAnswer, Verdict
from gitcanary.rollout.spec import HookType
from support.canaries import at, metric

PASS, FAIL, INCONCLUSIVE, ERROR = Verdict


@pytest.mark.parametrize("kind", [kind for kind in HookType if kind is not HookType.ROLLBACK])
@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        *((status, PASS) for status in (200, 202, 204, 299)),
        *((status, ERROR) for status in (None, 300, 301, 307, 399, 408, 429, 502, 503, 504)),
        *((status, FAIL) for status in (100, 199, 400, 401, 403, 404, 407, 409, 428, 430, 499, 500, 501, 505, 599)),
    ],
)
def test_a_webhook_passes_fails_or_was_not_reached(kind: HookType, status: int | None, verdict: Verdict) -> None:
    assert judge_hook(kind, HookAnswer(status)) is verdict


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        *((status, FAIL) for status in (200, 202, 299)),
        *((status, PASS) for status in (403, 404, 500)),
        *((status, ERROR) for status in (None, 302, 429, 503)),
    ],
)
def test_a_rollback_webhook_is_the_inverted_one(status: int | None, verdict: Verdict) -> None:
    assert judge_hook(HookType.ROLLBACK, HookAnswer(status)) is verdict


@pytest.mark.parametrize(
    ("minimum", "maximum", "value", "verdict"),
    [
        (99, None, 99.0, PASS),
        (99, None, 98.999, FAIL),
        (99, None, 100.0, PASS),
        (None, 500, 500.0, PASS),
        (None, 500, 500.001, FAIL),
        (None, 500, -1.0, PASS),
        (1, 2, 0.5, FAIL),
        (1, 2, 1.5, PASS),
        (1, 2, 2.5, FAIL),
        (0, None, 0.0, PASS),
        (0, None, -0.1, FAIL),
        (None, 0, 0.1, FAIL),
        (None, None, 12.0, PASS),
        (99, None, None, INCONCLUSIVE),
        (99, None, nan, INCONCLUSIVE),
        (99, None, inf, INCONCLUSIVE),
        (None, 500, inf, INCONCLUSIVE),
        (99, None, -inf, INCONCLUSIVE),
    ],
)
def test_a_metric_passes_within_its_range_limits_included(
    minimum: float | None, maximum: float | None, value: float | None, verdict: Verdict
) -> None:
    asked = metric(minimum=minimum, maximum=maximum)
    assert judge_metric(asked, MetricAnswer(at(0), value)) is verdict


@pytest.mark.parametrize("value", [None, 1.0, 100.0])
def test_a_metric_that_could_not_be_asked_is_an_error_whatever_its_value(value: float | None) -> None:
    assert judge_metric(metric(), MetricAnswer(at(0), value, "several series")) is ERROR


@pytest.mark.parametrize(
    ("name", "minimum", "maximum", "value", "words"),
    [
        ("request-success-rate", 99.0, None, 97.1, "request-success-rate 97.1 % < 99"),
        ("request-duration", None, 500.0, 612.0, "request-duration 612 ms > 500"),
        ("errors", None, 0.5, 0.75, "errors 0.75 > 0.5"),
        ("errors", None, 0.0, 1.0, "errors 1 > 0"),
        ("request-success-rate", 99.0, None, nan, "request-success-rate has no data (inconclusive)"),
    ],
)
def test_a_failed_metric_is_told_in_one_line(
    name: str, minimum: float | None, maximum: float | None, value: float, words: str
) -> None:
    seen = see_metric(metric(name, minimum=minimum, maximum=maximum), MetricAnswer(at(0), value))
    assert describe_metric(seen) == words


@pytest.mark.parametrize(
    ("value", "text"),
    [(99.0, "99"), (99.824, "99.82"), (0.5, "0.5"), (0.0, "0"), (0.0012345, "0.00123"), (-0.004, "-0.004")],
)
def test_numbers_are_written_as_people_write_them(value: float, text: str) -> None:
    assert format_number(value) == text


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_what_is_no_number_is_not_kept(value: float) -> None:
    assert see_metric(metric(), MetricAnswer(at(0), value)).value is None
