"""Builds the wheel, installs it in an empty environment, and runs `gitcanary check` of it on every example."""

import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"


def main() -> None:
    """Fail where the wheel lacks something that a checkout has."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = build(folder / "dist")
        program = install(wheel, folder / "environment")
        for example in sorted(path for path in EXAMPLES.iterdir() if path.is_dir()):
            run([str(program), "check", str(example)], folder)
        run([str(program), "--version"], folder)
    sys.stdout.write(f"{wheel.name} checks every example\n")


def build(folder: Path) -> Path:
    """Build the wheel from the source distribution, as whoever packages it would."""
    script = "from hatchling.build import build_sdist; import sys; print(build_sdist(sys.argv[1]))"
    folder.mkdir()
    run([sys.executable, "-c", script, str(folder)], ROOT)
    (archive,) = folder.glob("*.tar.gz")
    shutil.unpack_archive(archive, folder / "source", filter="data")
    (source,) = (folder / "source").iterdir()
    script = "from hatchling.build import build_wheel; import sys; print(build_wheel(sys.argv[1]))"
    run([sys.executable, "-c", script, str(folder)], source)
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(wheel: Path, folder: Path) -> Path:
    """Install the wheel with its pinned dependencies in an empty environment, and return its program."""
    uv = shutil.which("uv")
    python = folder / "bin" / "python"
    requirements = ["--require-hashes", "-r", str(ROOT / "requirements.txt")]
    if uv:
        run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)], ROOT)
        pip = [uv, "pip", "install", "--quiet", "--python", str(python)]
    else:
        venv.create(folder, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, *requirements], ROOT)
    run([*pip, "--no-deps", str(wheel)], ROOT)
    return folder / "bin" / "gitcanary"


def run(command: list[str], folder: Path) -> None:
    """Run a command elsewhere than in the checkout, and stop where it fails."""
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


main()
