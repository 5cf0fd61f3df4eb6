"""Scenarios 14 and 22: many canaries beside a slow one, many at rest, and what is kept of them."""

import gc
from collections.abc import Iterable, Mapping
from datetime import timedelta
from threading import Event

import pytest

from gitcanary.controller.facts import Known
from gitcanary.controller.inquiry import Inquiry
from gitcanary.manifests import record_file
from gitcanary.manifests.catalog import blob_id
from gitcanary.rollout.evidence import MetricAnswer
from gitcanary.rollout.spec import Metric
from gitcanary.rollout.state import Phase, Record
from support.apps import without_autoscaler
from support.environment import US, Environment

OTHERS = 50
RESTING = 200
SLOW = "http://slow.example.com"


def copied(files: Mapping[str, str], namespaces: Iterable[str]) -> dict[str, str]:
    """Return the files of one canary, by their names, once for each namespace, in a folder of its own."""
    return {f"apps/{each}/{name}": in_namespace(text, each) for each in namespaces for name, text in files.items()}


def in_namespace(text: str, namespace: str) -> str:
    return text.replace("namespace: test", f"namespace: {namespace}").replace("test/podinfo", f"{namespace}/podinfo")


def at_rest(environment: Environment) -> dict[str, str]:
    """Return the files of the canary that was onboarded, by their names."""
    return {
        path.rpartition("/")[2]: environment.remote.read(path) for path in environment.remote.files() if "/" in path
    }


def onboarded(environment: Environment, namespaces: Iterable[str], **edits: tuple[str, str]) -> None:
    """Put a copy of the onboarded canary in further namespaces, as our own commit; `edits` are of their Canaries."""
    environment.is_audited = False  # a copy in our name is no decision
    names = list(namespaces)
    here = at_rest(environment)
    files = copied(here, names)
    for name in names:
        canary = files[f"apps/{name}/canary.yaml"].replace(*edits.get(name, ("", "")))
        record = files[f"apps/{name}/podinfo.rollout"]
        was, now = (blob_id(text.encode()) for text in (here["canary.yaml"], canary))
        files |= {f"apps/{name}/canary.yaml": canary, f"apps/{name}/podinfo.rollout": record.replace(was, now)}
    environment.remote.commit(files, "Onboard", by=(US.name, US.email), at=environment.clock.now())
    environment.sync.workloads += tuple(f"{name}/{one}" for name in names for one in ("podinfo", "podinfo-primary"))


def record_of(environment: Environment, namespace: str) -> Record:
    return record_file.read(environment.remote.read(f"apps/{namespace}/podinfo.rollout").encode())


def release(environment: Environment, namespaces: Iterable[str]) -> None:
    """Let a person give all of them another image, in one commit."""
    paths = [f"apps/{name}/deployment.yaml" for name in namespaces]
    texts = {path: environment.remote.read(path).replace("podinfo:6.0.0", "podinfo:6.0.1") for path in paths}
    environment.commit(texts, "6.0.1 for all")


class SlowElsewhere:
    """Answers as the Prometheus behind it, but about metrics of one server only once it is let."""

    def __init__(self, inner: object) -> None:
        self.inner = inner
        self.may_answer = Event()
        self.holding = 0

    def ask(self, metrics: Iterable[Metric], at: object) -> Mapping[Metric, MetricAnswer]:
        wanted = list(metrics)
        if any(metric.server == SLOW for metric in wanted):
            self.holding += 1
            self.may_answer.wait()
            self.holding -= 1
        return self.inner.ask(wanted, at)


@pytest.mark.parametrize("what", ["load tester", "metrics server"])
def test_14_what_is_slow_for_one_canary_makes_none_of_50_others_late(environment, what: str) -> None:
    others = [f"n{number}" for number in range(OTHERS)]
    slow_server = ("spec:\n", f"spec:\n  metricsServer: {SLOW}\n") if what == "metrics server" else ("", "")
    measurements = environment.prometheus = SlowElsewhere(environment.prometheus)
    onboarded(environment, [*others, "slow"], slow=slow_server)
    held = environment.hooks.hold("slow", "load-test") if what == "load tester" else measurements.may_answer
    environment.restart()
    release(environment, [*others, "slow"])
    environment.run_until(lambda: record_of(environment, others[0]).weight == 30, timedelta(minutes=20))
    rises = [line for line in environment.ours if line.subject.startswith("Advance n") and "to 10%" not in line.subject]
    assert len(rises) == 2 * OTHERS
    for line in rises:
        namespace = line.subject.split()[1].partition("/")[0]
        record = record_file.read(environment.remote.read(f"apps/{namespace}/podinfo.rollout", line.commit).encode())
        assert line.committed_at == record.evidence.checked_at
    assert record_of(environment, "slow").weight == 10
    held.set()
    environment.run_until(lambda: record_of(environment, "slow").weight == 20)


def test_22_a_version_that_renders_otherwise_commits_and_asks_nothing_for_those_at_rest(environment) -> None:
    older = {"  ports:\n": "  sessionAffinity: None\n  ports:\n"}
    names = [f"n{number}" for number in range(RESTING)]
    onboarded(environment, names)
    owned = [f"apps/{name}/podinfo.routing.yaml" for name in names]
    changed = {path: environment.remote.read(path).replace(*next(iter(older.items()))) for path in owned}
    assert all("sessionAffinity" in text for text in changed.values())
    environment.remote.commit(changed, "As an older version wrote it", by=(US.name, US.email))
    tip = environment.remote.tip
    environment.prometheus.asked.clear()
    environment.hooks.called.clear()
    environment.restart()
    environment.run(timedelta(minutes=3))
    assert environment.remote.tip == tip
    assert len(environment.controller.survey.subjects) == RESTING + 1
    assert environment.prometheus.asked == environment.hooks.called == []


def test_nothing_is_kept_of_a_canary_at_rest_but_where_it_stands(environment) -> None:
    for tag in ("6.0.1", "6.0.2"):
        environment.set_image(tag)
        environment.run_to(Phase.PROGRESSING)
        environment.run_to(Phase.SUCCEEDED)
        environment.run(timedelta(minutes=1))
    gc.collect()
    kept = [one for one in gc.get_objects() if isinstance(one, Inquiry | Known)]
    assert kept == []
    assert environment.controller.rounds.agenda.next_due() is None


def test_a_canary_that_collides_with_another_comes_back_when_that_one_goes(make) -> None:
    files = {path.rpartition("/")[2]: text for path, text in without_autoscaler().items()}
    environment = make(without_autoscaler())
    environment.onboard()
    taken = "apiVersion: v1\nkind: Service\nmetadata: {name: podinfo-canary, namespace: test}\n"
    environment.commit({**copied(files, ["rival"]), "apps/rival/taken.yaml": taken}, "A rival")
    environment.run(timedelta(minutes=1))
    assert list(environment.controller.survey.unfit) == [("apps/podinfo", "podinfo")]
    environment.commit({"apps/rival/taken.yaml": None}, "The rival gives way")
    environment.set_image("6.0.1")
    environment.run_until(lambda: environment.record.phase is Phase.PROGRESSING)
