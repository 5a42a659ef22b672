"""What runs in the Python of an environment: its syntax, its imports, its variables, the line below a failed import."""

from __future__ import annotations

import ast
import json
import os
import sys
from pathlib import Path

import pytest

import jupyter_envs
from jupyter_envs.magics.child import Child, environ_for
from jupyter_envs.magics.missing import suggestion
from jupyter_envs.magics.problems import RequestError

PACKAGE = Path(jupyter_envs.__file__).parent
SOURCES = [*sorted((PACKAGE / "magics").glob("*.py")), PACKAGE / "kernels/boot.py"]
OLDEST = (3, 8)
NEWER = {"removeprefix": 9, "removesuffix": 9, "is_relative_to": 9, "pairwise": 10}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_the_oldest_python_reads_it_and_it_imports_only_what_is_there(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=OLDEST)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            assert node.attr not in NEWER, f"{node.attr} came with 3.{NEWER.get(node.attr)}"
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            modules = [node.module or ""]
        for module in modules:
            top = module.split(".")[0]
            assert top == "IPython" or top in sys.stdlib_module_names


def test_nothing_of_the_environments_python_reaches_the_child() -> None:
    environ = {"PATH": "/envs/a/bin:/usr/bin", "PYTHONPATH": "x", "PYTHONHOME": "y", "HTTPS_PROXY": "p"}
    made = environ_for({"python": "p", "root": "/root"}, environ, "/envs/a")
    assert made == {"PATH": "/usr/bin", "HTTPS_PROXY": "p", "JUPYTER_ENVS_ROOT": "/root"}
    assert environ_for({"root": "/root"}, {"JUPYTER_ENVS_ROOT": "/other"}, "/e")["JUPYTER_ENVS_ROOT"] == "/other"


def test_a_jupyter_envs_that_has_gone_is_said_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="cannot be started") as caught:
        Child({"python": str(tmp_path / "gone")}, {}, lambda message: None)
    assert "jupyter envs kernels sync" in caught.value.hint
    assert caught.value._render_traceback_()[0].startswith("error: jupyter-envs")


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    (tmp_path / "conda-meta").mkdir()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    known = tmp_path / "modules.json"
    known.write_text(json.dumps({"sklearn": "scikit-learn", "google.protobuf": "protobuf"}))
    return {"modules": str(known)}


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("sklearn.linear_model", "%envinstall scikit-learn   brings sklearn.linear_model"),
        ("google.protobuf", "%envinstall protobuf   brings"),
        ("no_such_module", "%envinstall no-such-module   installs a package of that name, if"),
        ("os.nothing", ""),  # of the standard library
        ("pytest.nothing", ""),  # there, but without that part
        ("", ""),
    ],
)
def test_a_failed_import_gets_the_line_that_helps(environment: dict[str, str], module: str, said: str) -> None:
    line = suggestion(ModuleNotFoundError("no", name=module), environment)
    assert line.startswith(said)
    assert bool(line) == bool(said)


def test_no_line_where_the_environment_cannot_be_changed(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    os.rmdir(tmp_path / "conda-meta")
    assert suggestion(ModuleNotFoundError("no", name="sklearn"), environment) == ""
