"""Several canaries: in one folder they share files and lose no edit of each other's; in two they share nothing."""

from gitcanary.manifests import record_file
from gitcanary.rollout.state import Phase, Record
from support.apps import DEPLOYMENT, without_autoscaler
from support.environment import Environment


def named(text: str, name: str) -> str:
    """Return a manifest of podinfo's for another name and host."""
    renamed = text.replace("name: podinfo", f"name: {name}").replace("app: podinfo", f"app: {name}")
    return renamed.replace("app.example.com", f"{name}.example.com")


def record_of(environment: Environment, path: str) -> Record:
    return record_file.read(environment.remote.read(path).encode())


def test_two_canaries_in_one_folder_that_share_a_kustomization_lose_nothing(make) -> None:
    canary = without_autoscaler()["apps/podinfo/canary.yaml"]
    files = {
        "apps/podinfo/podinfo.yaml": canary + "---\n" + DEPLOYMENT,
        "apps/podinfo/other.yaml": named(canary + "---\n" + DEPLOYMENT, "other"),
        "apps/podinfo/kustomization.yaml": "namespace: test\nresources:\n- podinfo.yaml\n- other.yaml\n",
    }
    environment = make(files)
    environment.sync.workloads += ("test/other", "test/other-primary")
    environment.onboard()
    environment.run_until(lambda: record_of(environment, "apps/podinfo/other.rollout").phase is Phase.INITIALIZED)
    owned = [f"{name}.{part}.yaml" for name in ("podinfo", "other") for part in ("primary", "routing")]
    assert all(f"- {name}" in environment.read("kustomization.yaml") for name in owned)
    both = environment.read("podinfo.yaml"), environment.read("other.yaml")
    assert all("replicas: 0" in text for text in both)


def test_33_two_folders_with_the_same_name_progress_without_crosstalk(make) -> None:
    files = {**without_autoscaler("east/podinfo"), **without_autoscaler("west/podinfo")}
    environment = make(files)
    environment.app = "east/podinfo"
    environment.onboard()
    environment.set_image("6.0.1")
    environment.run_to(Phase.SUCCEEDED)
    west = record_of(environment, "west/podinfo/podinfo.rollout")
    assert (west.phase, west.weight) == (Phase.INITIALIZED, 0)
    assert "podinfo:6.0.0" in environment.remote.read("west/podinfo/podinfo.primary.yaml")
