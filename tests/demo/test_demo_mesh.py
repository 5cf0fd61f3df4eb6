"""The agent on a real Envoy: what is committed is what users get."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from demo.played import PATIENCE, PlayedController, ask_users, gate_answer
from gitcanary.demo.agent import run_agent
from gitcanary.demo.http_service import serving
from gitcanary.demo.loopback import get
from gitcanary.demo.mesh import CANARY_SERVICE, PRIMARY, Mesh, gate_of
from gitcanary.demo.seed import APP, Fault
from gitcanary.demo.waiting import wait_until

pytestmark = pytest.mark.real


def test_the_target_serves_everybody_before_anything_is_routed(mesh: Mesh) -> None:
    assert ask_users(mesh, 10) == [APP] * 10


def test_the_gate_answers_503_before_anything_is_applied(mesh: Mesh) -> None:
    with serving(gate_of(run_agent(mesh.repository, mesh.processes, mesh.envoy))) as address:
        assert get(f"{address}/applied").status_code == httpx.codes.SERVICE_UNAVAILABLE


def test_the_gate_answers_what_was_applied_and_what_is_ready(onboarded: PlayedController) -> None:
    commit = onboarded.weigh(0)
    answer = gate_answer(onboarded.mesh)
    assert answer.pop("revision") == commit
    at = datetime.fromisoformat(str(answer.pop("at")))
    assert timedelta(0) <= datetime.now(UTC) - at < PATIENCE
    assert answer == {"ready": {"test/podinfo": True, "test/podinfo-primary": True}, "notReadySince": None}


@pytest.mark.parametrize("weight", [10, 50, 100, 0])
def test_the_weight_committed_is_the_share_observed_in_requests(onboarded: PlayedController, weight: int) -> None:
    onboarded.weigh(weight)
    answers = ask_users(onboarded.mesh, 400)
    assert set(answers) <= {APP, PRIMARY}
    share = 100 * answers.count(APP) / 400
    assert abs(share - weight) <= (11 if 0 < weight < 100 else 0)  # more than four standard deviations
    assert onboarded.mesh.agent.applied[-1].weight == weight


def test_a_service_is_asked_directly_whatever_the_weights(onboarded: PlayedController) -> None:
    onboarded.weigh(0)
    answer = get(f"http://{onboarded.mesh.envoy.address(CANARY_SERVICE)}/token")
    assert answer.json() == {"token": "podinfo-6.0.0"}


def test_no_request_is_lost_while_a_commit_replaces_the_pods(onboarded: PlayedController) -> None:
    onboarded.weigh(50)
    with onboarded.mesh.traffic as traffic:
        wait_until(lambda: bool(traffic.answers), PATIENCE, lambda: "no user asked")
        onboarded.await_ready(onboarded.mesh.person.push_revision("6.1.0", Fault.NONE))
        wait_until(lambda: traffic.by_version()["6.1.0"] > 20, PATIENCE, lambda: f"only {traffic.by_version()}")
    assert traffic.failures() == 0
    assert set(traffic.by_version()) == {"6.0.0", "6.1.0"}


def test_the_fault_of_a_revision_hits_its_own_users_only(onboarded: PlayedController) -> None:
    onboarded.weigh(50)
    onboarded.await_ready(onboarded.mesh.person.push_revision("6.1.1", Fault.ERRORS))
    with httpx.Client(trust_env=False) as client:
        url = f"http://{onboarded.mesh.envoy.address(CANARY_SERVICE)}"
        statuses = [client.get(f"{url}/").status_code for _ in range(100)]
        assert statuses.count(500) == 10
        assert client.post(f"{url}/token", content="test").status_code == httpx.codes.OK
        primary = f"http://{onboarded.mesh.envoy.address(PRIMARY)}/"
        assert {client.get(primary).status_code for _ in range(100)} == {httpx.codes.OK}


def test_a_workload_at_zero_is_ready_and_runs_nowhere(onboarded: PlayedController) -> None:
    onboarded.weigh(0)
    scaled = (onboarded.app / "deployment.yaml").read_text().replace("spec:\n", "spec:\n  replicas: 0\n", 1)
    onboarded.apply("Scale down", {"deployment.yaml": scaled})
    assert gate_answer(onboarded.mesh)["ready"] == {"test/podinfo": True, "test/podinfo-primary": True}
    canary = f"http://{onboarded.mesh.envoy.address(CANARY_SERVICE)}/"
    wait_until(lambda: get(canary).status_code == httpx.codes.SERVICE_UNAVAILABLE, PATIENCE, lambda: "still served")
    onboarded.apply("Scale up", {"deployment.yaml": scaled.replace("replicas: 0", "replicas: 1")})
    assert get(canary).is_success


def test_pods_that_crash_are_not_ready_and_the_old_ones_serve_on(onboarded: PlayedController) -> None:
    healthy = (onboarded.app / "deployment.yaml").read_text()
    onboarded.weigh(100)
    broken = healthy.replace('value: "0', 'value: "no number')
    commit = onboarded.commit("Crash", {"deployment.yaml": broken})
    agent, log = onboarded.mesh.agent, onboarded.mesh.folder / "logs/podinfo.log"
    wait_until(lambda: agent.has_applied(commit), PATIENCE, lambda: agent.refusal)
    wait_until(lambda: log.read_text().count("no number") > 1, PATIENCE, lambda: "it was not started again")
    answer = gate_answer(onboarded.mesh)
    assert answer["ready"] == {"test/podinfo": False, "test/podinfo-primary": True}
    assert datetime.fromisoformat(str(answer["notReadySince"])) <= datetime.now(UTC)
    assert ask_users(onboarded.mesh, 10) == [APP] * 10
    onboarded.apply("Mend", {"deployment.yaml": healthy})
    assert gate_answer(onboarded.mesh)["notReadySince"] is None


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"broken.yaml": "a: ["}, "expected"),
        ({"service.yaml": "kind: Service\n"}, "metadata"),
        ({"other.yaml": "kind: VirtualService\nmetadata: {name: x, namespace: test}\nspec: {http: []}\n"}, "2 Virtual"),
    ],
)
def test_a_commit_that_cannot_be_applied_changes_nothing_and_says_why(
    onboarded: PlayedController, files: dict[str, str], reason: str
) -> None:
    live = onboarded.weigh(0)
    commit = onboarded.commit("Break", {**files, "podinfo.routing.yaml": onboarded.routing(100)})
    agent = onboarded.mesh.agent
    wait_until(lambda: bool(agent.refusal), PATIENCE, lambda: "it was taken")
    assert commit[:7] in agent.refusal
    assert reason in agent.refusal
    assert gate_answer(onboarded.mesh)["revision"] == live
    assert ask_users(onboarded.mesh, 10) == [PRIMARY] * 10
    onboarded.apply("Mend", dict.fromkeys(files))
    assert not agent.refusal


def test_every_commit_of_one_push_is_known_to_be_live(onboarded: PlayedController) -> None:
    onboarded.git("pull", "--quiet", "--rebase", "origin", "main")
    onboarded.git("commit", "--quiet", "--allow-empty", "--message", "First of a push")
    first = onboarded.git("rev-parse", "HEAD")
    second = onboarded.commit("Second of a push", {})
    onboarded.await_ready(second)
    assert [each.commit for each in onboarded.mesh.agent.applied[-2:]] == [first, second]
