"""Every setting, metric, endpoint and log line is described."""

import ast
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from docs.pages import read
from gitcanary.adapters.server import routes
from gitcanary.adapters.telemetry import UNSPOKEN, Telemetry
from gitcanary.loadtester import Limits
from gitcanary.loadtester.commands import Commands
from gitcanary.settings import PREFIX, Settings

PACKAGE = Path(__file__).resolve().parents[2] / "gitcanary"
FLAGS = ("repository", "branch", "path", "prometheus", "sync", "allow_host", "listen", "poll", "pushes_per_minute")


def exposed(registry: CollectorRegistry) -> list[str]:
    """Return the names under which metrics are exposed."""
    families = list(registry.collect())
    return [f"{one.name}_total" if one.type == "counter" else one.name for one in families]


def signals() -> set[str]:
    """Return the names of all signals that the controller tells."""
    trees = [ast.parse(module.read_text()) for module in (PACKAGE / "controller").glob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = [call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Signal"]
    return {node.value for node in named if isinstance(node, ast.Constant)} | {"wait", "overdue"}


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_is_described_by_its_variable_and_its_flag(name):
    page = read("docs/settings.md")
    [row] = [line for line in page.splitlines() if line.startswith("|") and f"`{PREFIX}{name.upper()}`" in line]
    assert f"`{name}`" in row
    flag = f"`--{name.replace('_', '-')}`"
    assert (flag in row) is (name in FLAGS)


@pytest.mark.parametrize("name", exposed(Telemetry().registry))
def test_a_metric_is_described(name):
    assert f"| `{name}` |" in read("docs/settings.md")


@pytest.mark.parametrize("name", exposed(Commands(Limits(), registry := CollectorRegistry()) and registry))
def test_a_metric_of_the_load_tester_is_described(name):
    assert f"`{name}`" in read("docs/load-tester.md")


def test_every_endpoint_is_described():
    paths = [route.path for route in routes(CollectorRegistry(), lambda: True, lambda: None)]
    page = read("docs/settings.md")
    assert [path for path in paths if f"{path}`" not in page] == []


@pytest.mark.parametrize("name", sorted(signals() - UNSPOKEN))
def test_a_log_line_is_described(name):
    assert f"| `{name}` |" in read("docs/settings.md")
