"""A mesh to test on, one for each module."""

import subprocess
from collections.abc import Iterator

import pytest

from demo.played import PlayedController
from gitcanary.demo.mesh import Mesh, running_mesh


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    with running_mesh(tmp_path_factory.mktemp("mesh")) as mesh:
        yield mesh


@pytest.fixture(scope="module")
def controller(mesh: Mesh) -> PlayedController:
    """Somebody who commits as gitcanary, in a repository that is not onboarded yet."""
    checkout = mesh.folder / "controller"
    subprocess.run(["git", "clone", "--quiet", str(mesh.repository), str(checkout)], check=True)
    return PlayedController(mesh, checkout)


@pytest.fixture(scope="module")
def onboarded(controller: PlayedController) -> PlayedController:
    """Return the same, with a primary that gets all the traffic."""
    controller.onboard()
    return controller
