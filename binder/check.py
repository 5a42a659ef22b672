"""``make binder-check``: the steps of repo2docker that need no Docker, on a copy of what git tracks.

Runs: the reading of ``environment.yml`` (by our own reader), ``postBuild`` in a virtual environment that stands for the
image's, and what a visitor does first: JupyterLab starts, the extension answers, the kernel of the first environment
runs the notebook. Does not run: the image itself and its conda environment.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent
KERNEL = "envs-first"
FOREIGN = ("CONDA", "JUPYTER", "VIRTUAL_ENV", "PYTHON")


def say(text: str) -> None:
    """Say what comes next."""
    print(f"==> {text}", flush=True)


def read_environment() -> None:
    """Read environment.yml as a person who creates an environment from it would."""
    from jupyter_envs.engine.exchange.read import read_environment_file
    from jupyter_envs.engine.models.platform import current_subdir

    parsed = read_environment_file(HERE / "environment.yml", subdir=current_subdir())
    if parsed.warnings:
        raise SystemExit("\n".join(warning.message for warning in parsed.warnings))
    print(f"{parsed.name}: {', '.join(parsed.all_specs)} from {', '.join(parsed.channels)}")


def copy_repository(target: Path) -> None:
    """Copy what git tracks, or would: a binder has no built frontend."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (REPOSITORY / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, target / name)


def variables(home: Path, image: Path) -> dict[str, str]:
    """Return the variables of a visitor's shell in the image."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    path = f"{image / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return kept | {"HOME": str(home), "PATH": path, "VIRTUAL_ENV": str(image), "JUPYTER_PLATFORM_DIRS": "1"}


def check(folder: Path) -> None:
    """Run the steps below ``folder``."""
    image, home = folder / "image", folder / "home"
    home.mkdir()
    say("environment.yml")
    read_environment()
    say("postBuild, in a copy of this repository")
    copy_repository(home / "repository")
    subprocess.run([sys.executable, "-m", "venv", str(image)], check=True)
    environ = variables(home, image)

    def run(*command: str) -> str:
        return subprocess.run(
            command, cwd=home / "repository", env=environ, check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    print(run("binder/postBuild")[-2000:])
    say("the extensions that JupyterLab would load")
    subprocess.run(["jupyter", "server", "extension", "list"], cwd=home, env=environ, check=True)
    subprocess.run(["jupyter", "labextension", "list"], cwd=home, env=environ, check=True)
    say("the first environment and its kernel")
    kernels = json.loads(run("jupyter", "kernelspec", "list", "--json"))["kernelspecs"]
    if KERNEL not in kernels:
        raise SystemExit(f"the kernel {KERNEL} is not there, only {', '.join(kernels)}")
    execute(home, environ)
    say("what repo2docker needs Docker for was not run: the image and its conda environment")


def execute(home: Path, environ: dict[str, str]) -> None:
    """Execute the notebook's first cells in the kernel; the one that fails on purpose is left out."""
    notebook = json.loads((HERE / "start.ipynb").read_text(encoding="utf-8"))
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] != "try"]
    path = home / "start.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    command = ["jupyter", "execute", f"--kernel_name={KERNEL}", str(path)]
    subprocess.run(command, cwd=home, env=environ, check=True)


def main() -> None:
    """Check in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="binder-check-") as folder:
        check(Path(folder))


if __name__ == "__main__":
    main()
