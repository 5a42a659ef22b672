"""The demo: what a person would type, typed by a script. Nothing is simulated.

Everything lives below ``.demo/`` (environments, packages, kernels, jobs); beside it only the list of environments
that conda tools share, ``~/.conda/environments.txt``, gets a line. The second run
deletes the environment of the first one and makes it again, now from the packages that are already there.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent / ".demo"
NAME, EXTRA = "demo", "humanize"
BOLD, DIM, RESET = ("\x1b[1m", "\x1b[2m", "\x1b[0m") if sys.stdout.isatty() else ("", "", "")


def environ() -> dict[str, str]:
    """Return this process's variables with everything of Jupyter's and ours moved below ``.demo/``."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("CONDA_", "JUPYTER_", "VIRTUAL_ENV"))
    }
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept | {
        "JUPYTER_ENVS_ROOT": str(ROOT),
        "JUPYTER_DATA_DIR": str(ROOT / "jupyter/data"),
        "JUPYTER_CONFIG_DIR": str(ROOT / "jupyter/config"),
        "JUPYTER_RUNTIME_DIR": str(ROOT / "jupyter/runtime"),
        "IPYTHONDIR": str(ROOT / "jupyter/ipython"),
        "MPLCONFIGDIR": str(ROOT / "jupyter/matplotlib"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }


def say(text: str) -> None:
    """Say what comes next."""
    print(f"\n{BOLD}==> {text}{RESET}", flush=True)


def envs(*arguments: str, may_fail: bool = False) -> int:
    """Run ``jupyter envs …`` in plain sight; an unexpected failure ends the demo with its exit code."""
    print(f"{DIM}${RESET} {shlex.join(['jupyter', 'envs', *arguments])}", flush=True)
    code = subprocess.run(["jupyter", "envs", *arguments], env=environ(), check=False).returncode
    if code and not may_fail:
        sys.exit(code)
    return code


def kernel_name() -> str:
    """Return the name under which Jupyter itself sees the environment's kernel."""
    listed = subprocess.run(
        ["jupyter", "kernelspec", "list", "--json"], env=environ(), check=True, capture_output=True, text=True
    )
    for name, item in json.loads(listed.stdout)["kernelspecs"].items():
        metadata = item["spec"].get("metadata", {})
        if metadata.get("conda_env_path") == str(ROOT / "envs" / NAME):
            print(f"{name}: {item['spec']['display_name']}")
            return str(name)
    raise SystemExit("the environment's kernel was not registered")


def execute_notebook(kernel: str) -> None:
    """Execute the notebook in the kernel and show what its cells printed."""
    import nbformat
    from nbclient import NotebookClient

    os.environ.update(environ())
    notebook = nbformat.read(HERE / "demo.ipynb", as_version=4)
    NotebookClient(notebook, kernel_name=kernel, timeout=900, resources={"metadata": {"path": str(ROOT)}}).execute()
    nbformat.write(notebook, ROOT / "demo-executed.ipynb")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            print(f"\n{DIM}[{cell.execution_count}]{RESET} " + cell.source.replace("\n", "\n    "))
            for output in cell.outputs:
                show(output)


def show(output: dict[str, object]) -> None:
    """Print one output of a cell; a picture goes to a file."""
    data = output.get("data", {})
    if "text" in output:
        print("\n".join(settled(str(output["text"]))))
    elif isinstance(data, dict) and "image/png" in data:
        (ROOT / "plot.png").write_bytes(base64.b64decode(data["image/png"]))
        print(f"    (a plot: {ROOT / 'plot.png'})")
    elif isinstance(data, dict):
        print(str(data.get("text/plain", "")).rstrip())


def settled(text: str) -> list[str]:
    """Return what is left of a terminal's lines when the progress bars have been drawn over."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-ln-z]", "\r", re.sub(r"\x1b\[[0-9;]*m", "", text))
    lines = (line.strip("\r").rpartition("\r")[2].rstrip() for line in plain.split("\n"))
    return [line for line in lines if line and "━" not in line]


def gone() -> bool:
    """Whether the package can no longer be imported in the environment."""
    print(f"{DIM}${RESET} jupyter envs run {NAME} -- python -c 'import {EXTRA}'", flush=True)
    command = ["jupyter", "envs", "run", NAME, "--", "python", "-c", f"import {EXTRA}"]
    result = subprocess.run(command, env=environ(), check=False, capture_output=True, text=True)
    print(result.stderr.strip().splitlines()[-1] if result.stderr.strip() else "(no error)")
    return result.returncode != 0 and "ModuleNotFoundError" in result.stderr


def main() -> None:
    """Run the demo from end to end."""
    if shutil.which("jupyter-envs", path=environ()["PATH"]) is None:
        raise SystemExit("jupyter-envs is not installed here; `make demo` sets it up")
    (ROOT / "jupyter").mkdir(parents=True, exist_ok=True)
    if (ROOT / "envs" / NAME).exists():
        say("This has run before: the old environment goes, its packages stay in the cache")
        envs("delete", NAME, "--yes")
    say("A new environment, with a kernel (the first time, packages are downloaded: about 80 MB)")
    envs("create", NAME, "python", "ipykernel", "pandas", "matplotlib", "--yes")
    say("Its kernel, as Jupyter sees it")
    kernel = kernel_name()
    say(f"A notebook in that kernel; between two cells it installs {EXTRA}")
    execute_notebook(kernel)
    say("What is in the environment now")
    envs("packages", NAME)
    say(f"What was linked for {EXTRA}")
    tree = [sys.executable, str(HERE / "linked.py"), str(ROOT / "envs" / NAME), EXTRA]
    subprocess.run(tree, env=environ(), check=True)
    say("What it takes on the disk: most bytes are shared with the package cache")
    envs("disk", NAME)
    say("Its history, and one step back")
    envs("history", NAME)
    envs("undo", NAME, "--yes")
    if not gone():
        raise SystemExit(f"{EXTRA} is still there after the undo")
    envs("history", NAME)
    say("Done. The executed notebook is .demo/demo-executed.ipynb; `jupyter envs delete` or `rm -r .demo` removes it")


if __name__ == "__main__":
    main()
