"""The table of fields is complete, true and printed."""

from pathlib import Path

import pytest

from gitcanary.manifests.schema.fields import render, rows
from support.canary_specs import altered, problems

PAGE = Path(__file__).parents[2] / "docs" / "fields.md"
TABLE = {row.path: row for row in rows()}


def test_the_page_is_what_the_code_says():
    assert PAGE.read_text(encoding="utf-8") == render(), (
        "print gitcanary.manifests.schema.fields.render() to docs/fields.md"
    )


def test_no_field_stands_there_twice():
    assert len(TABLE) == len(list(rows()))


@pytest.mark.parametrize(
    ("path", "is_honoured"),
    [
        ("spec.analysis.stepWeight", True),
        ("spec.analysis.iterations", False),
        ("spec.analysis.match[].headers.*.suffix", False),
        ("spec.service.trafficPolicy.outlierDetection.consecutive5xxErrors", True),
        ("spec.service.match[].uri.prefix", False),
        ("spec.analysis.webhooks[].disableTLS", True),
        ("spec.targetRef.kind", True),
        ("spec.gitops.sync[].delay", True),
        ("spec.gitops.sync[].argocd", False),
    ],
)
def test_says_what_is_honoured(path, is_honoured):
    assert TABLE[path].is_honoured is is_honoured


@pytest.mark.parametrize("path", [path for path, row in TABLE.items() if not row.is_honoured and path.count(".") == 2])
def test_what_the_table_refuses_is_refused(path):
    _, parent, key = path.split(".")
    if parent not in {"service", "analysis", "autoscalerRef"}:
        return
    holder = "  autoscalerRef:\n    name: x\n" if parent == "autoscalerRef" else f"  {parent}:\n"
    line = f'    {key}: "some text"\n'
    text = altered(("spec:\n", f"spec:\n{holder}{line}") if parent == "autoscalerRef" else (holder, holder + line))
    assert path in problems(text)
