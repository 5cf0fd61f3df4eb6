"""What the documentation says of other files, of addresses and of the code is so."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from docs.pages import PAGES, ROOT, anchors, blocks, links, name_of, read, spans
from gitcanary.rollout.state import Action, Phase

PACKAGE = ROOT / "gitcanary"
# The hosts that the documentation may name: examples, groups of Kubernetes' objects, and the projects it compares with.
HOSTS = {
    "app.example.com",
    "argocd.argoproj.io",
    "argoproj.github.io",
    "docs.flagger.app",
    "example.com",
    "flagger.app",
    "gitcanary.dev",
    "istio.io",
    "k8s.io",
    "keepachangelog.com",
    "kubernetes.io",
    "config.kubernetes.io",
    "app.kubernetes.io",
    "networking.istio.io",
    "semver.org",
}
_HOST = re.compile(r"(?<![\w@/.-])((?:[a-z0-9-]+\.)+(?:app|com|dev|io|net|org))(?![\w.-]*\w)")
_MODULE = re.compile(r"(?:gitcanary/)?(?:[a-z_]+/)*[a-z_]+(?:/|\.py)")
_SUBJECT = re.compile(r"[0-9a-f]{7} \S+  (?P<subject>\S.*)")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    for link in links(page.read_text(encoding="utf-8")):
        if urlsplit(link).scheme:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), link


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_only_addresses_that_are_meant_are_named(page):
    assert {host for host in _HOST.findall(page.read_text(encoding="utf-8")) if host not in HOSTS} <= {
        "app.example.com"
    }


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_address_is_one_of_this_machine_or_of_nobody(page):
    text = page.read_text(encoding="utf-8")
    assert re.search(r"(?<![\w.])/(?:root|home|Users|work)/", text) is None
    assert re.search(r"\b(?:TODO|FIXME|TBD|XXX)\b", text) is None


def test_every_package_of_the_architecture_is_there():
    named = [span for span in spans(read("ARCHITECTURE.md")) if _MODULE.fullmatch(span)]
    missing = [name for name in named if not (PACKAGE / name).exists() and not (ROOT / name).exists()]
    assert len(named) > 20
    assert missing == []


def test_every_package_that_is_there_is_in_the_architecture():
    named = set(spans(read("ARCHITECTURE.md")))
    packages = {f"{path.parent.name}/" for path in PACKAGE.glob("*/__init__.py")}
    modules = {path.name for path in PACKAGE.glob("*.py") if not path.name.startswith("__")}
    adapters = {f"adapters/{path.name}" for path in (PACKAGE / "adapters").glob("[a-z]*.py")}
    adapters |= {f"adapters/{path.parent.name}/" for path in (PACKAGE / "adapters").glob("*/__init__.py")}
    assert packages | modules | adapters <= named


def test_every_example_is_listed():
    examples = {f"examples/{path.name}" for path in (ROOT / "examples").iterdir() if path.is_dir()}
    assert examples <= {link.rstrip("/") for link in links(read("README.md"))}


def test_every_phase_and_action_is_told():
    words = set(spans(read("docs/behaviour.md")))
    assert [phase for phase in Phase if phase not in words] == []
    assert [action for action in Action if action not in words] == []


def test_the_log_in_the_readme_is_one_that_gitcanary_wrote():
    block = read("README.md").partition("<!-- demo-log -->")[2].partition("<!-- /demo-log -->")[0]
    [log] = blocks(block.strip() + "\n")
    lines = [line for line in log.splitlines() if line and not line.startswith("$")]
    assert all(_SUBJECT.fullmatch(line) for line in lines)
    ours = [line for line in lines if line.split()[1] == "gitcanary"]
    assert len(ours) >= 10
    assert [line for line in ours if not is_ours(_SUBJECT.fullmatch(line)["subject"])] == []


def is_ours(subject: str) -> bool:
    """Tell whether a subject begins as ours do."""
    return subject.lower().startswith(tuple(f"{spelling(action)} " for action in Action))


def spelling(action: Action) -> str:
    return {Action.SCALE_DOWN: "scale down", Action.ROLLBACK: "roll back"}.get(action, action.value)


def test_the_pages_are_there():
    expected = {
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "docs/behaviour.md",
        "docs/files.md",
        "docs/fields.md",
    }
    expected |= {"docs/settings.md", "docs/sync-gates.md", "docs/load-tester.md", "docs/cli.md", "deploy/README.md"}
    assert {name_of(page) for page in PAGES} >= expected
    assert all(isinstance(page, Path) and page.stat().st_size for page in PAGES)
