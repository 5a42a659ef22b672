"""What `check` says of a notebook."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_envs.cli.notebooks import check_hints, check_lines
from jupyter_envs.kernels.directory import RegisteredKernel
from jupyter_envs.notebooks.check import MissingModule, NotebookCheck

KERNEL = RegisteredKernel(
    name="envs-a",
    display_name="Python (a)",
    language="python",
    prefix="/envs/a",
    environment="a",
    kernel="python3",
    directory="/kernels/envs-a",
)
YAML = MissingModule(module="yaml", package="pyyaml")
MINE = MissingModule(module="my_module", package="my-module", optional=True)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (NotebookCheck(against="kernel", imports=()), "it imports nothing but what Python itself has"),
        (NotebookCheck(against="lock", imports=("six",)), "its one import is in its lock"),
        (NotebookCheck(against="script", imports=("six", "a")), "all 2 imports are in its script block"),
        (
            NotebookCheck(against="kernel", imports=("six", "yaml"), missing=(YAML,)),
            "1 of 2 imports is not in its kernel's environment",
        ),
    ],
)
def test_the_last_line_says_what_it_comes_to(found: NotebookCheck, said: str) -> None:
    assert check_lines(found, "x.ipynb")[-1] == said


def test_what_is_missing_is_named_with_what_brings_it_and_how_it_is_installed() -> None:
    found = NotebookCheck(against="kernel", imports=("yaml", "my_module"), missing=(YAML, MINE))
    assert check_lines(found, "x.ipynb")[:-1] == [
        "missing: yaml (pyyaml brings it)",
        "missing: my_module (optional)",
    ]
    (hint,) = check_hints(found, Path("x.ipynb"), KERNEL)
    assert hint == " hint: `jupyter envs install a pyyaml` brings what is missing"


def test_a_notebook_without_an_environment_is_told_how_it_gets_one(tmp_path: Path) -> None:
    notebook = tmp_path / "x y.ipynb"
    found = NotebookCheck(against="nothing", imports=("yaml",))
    assert check_lines(found, notebook.name)[0] == "x y.ipynb imports yaml"
    assert check_hints(found, notebook, None) == [
        f" hint: `jupyter envs lock '{notebook}' --environment NAME` writes an environment into it"
    ]
    (tmp_path / "requirements.txt").write_text("six\n")
    assert f"--file '{tmp_path}" not in check_hints(found, notebook, None)[1]
    assert f"run '{notebook}' --file {tmp_path}/requirements.txt" in check_hints(found, notebook, None)[0]
