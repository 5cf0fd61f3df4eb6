"""Where templates lie, and how a query is filled: never more than the value, never less than the text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitcanary import errors
from gitcanary.manifests.templates import fill, match_exactly, query

GOOD = (
    'sum( rate( istio_requests_total{ reporter="destination", destination_workload_namespace="test", '
    'destination_workload=~"podinfo", response_code!~"5.*" }[1m] ) )'
)
ALL = GOOD.replace(', response_code!~"5.*"', "")
SUCCESS_RATE = f"{GOOD} / {ALL} * 100"
DURATION = (
    'histogram_quantile( 0.99, sum( rate( istio_request_duration_milliseconds_bucket{ reporter="destination", '
    'destination_workload_namespace="test", destination_workload=~"podinfo" }[1m] ) ) by (le) )'
)


@pytest.mark.parametrize(("name", "sent"), [("request-success-rate", SUCCESS_RATE), ("request-duration", DURATION)])
def test_a_builtin_query_is_flaggers_but_for_white_space(name: str, sent: str) -> None:
    text = fill(query(f"istio/{name}"), {"namespace": "test", "target": "podinfo", "interval": "1m"})
    assert " ".join(text.split()) == sent


@pytest.mark.parametrize("text", ["{{target}}", "{{ target }}", "{{  target\t}}", "{{\ntarget\n}}"])
def test_white_space_in_a_placeholder_means_nothing(text: str) -> None:
    assert fill(f"a{text}b{text}", {"target": "x"}) == "axbx"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{{ targte }}", r"{{ targte }} is unknown; known are namespace, target"),
        ("{{ variables.reporter }}", r"{{ variables.reporter }} is unknown"),
        ("{{ if eq target `x` }}", r"only placeholders are filled, as in {{ target }}, not {{ if eq target `x` }}"),
        ("{{- target -}}", "only placeholders are filled"),
        ("{{ target | upper }}", "only placeholders are filled"),
        ("{{ target", "only placeholders are filled"),
        ("{{ __class__ }}", "only placeholders are filled"),
        ("{{}}", "only placeholders are filled"),
    ],
)
def test_whatever_is_no_known_placeholder_is_refused(text: str, says: str) -> None:
    with pytest.raises(errors.Refused, match=re.escape(says)):
        fill(f"sum(x{{a='{text}'}})", {"target": "podinfo", "namespace": "test"})


def test_a_value_is_not_filled_again() -> None:
    assert fill("{{ target }}", {"target": "{{ namespace }}", "namespace": "no"}) == "{{ namespace }}"


@pytest.mark.parametrize("quote", ['"', "'"])
@given(value=st.text(st.characters(exclude_categories=["Cs"])))
def test_a_value_stays_inside_its_literal_and_means_itself(quote: str, value: str) -> None:
    literal = fill("{{ target }}", {"target": value})
    assert quote not in literal
    assert "\n" not in literal
    assert _unquoted(literal) == value


def _unquoted(literal: str) -> str:
    """Return what PromQL reads, as far as these escapes go."""
    return re.sub(r"\\(?:x(..)|(\\))", lambda found: found[2] or chr(int(found[1], 16)), literal)


@given(st.text(st.characters(codec="ascii", exclude_characters="\n")), st.text(st.characters(codec="ascii")))
def test_an_exact_match_matches_the_text_and_no_other(text: str, other: str) -> None:
    pattern = match_exactly(text)
    assert re.fullmatch(pattern, text)
    assert bool(re.fullmatch(pattern, other)) == (other == text)


def test_a_template_that_is_nowhere_is_named() -> None:
    with pytest.raises(errors.Usage, match=r"queries/istio/no-such\.promql is in none of"):
        query("istio/no-such")
