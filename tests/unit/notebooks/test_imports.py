"""What cells import, and what of it an environment provides."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.notebooks.check import compare
from jupyter_envs.notebooks.imports import Imported, imports_of, is_standard, local_modules

PUBLIC = json.loads((Path(__file__).parents[2] / "data/notebook_imports.json").read_text())["notebooks"]


def modules(*cells: str) -> list[str]:
    return [f"{each.module}?" if each.optional else each.module for each in imports_of(cells)]


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("import numpy as np, os\nfrom a.b import c", ["a.b", "numpy", "os"]),
        ("%matplotlib inline\n!pip install x\n%load_ext y\nimport z", ["z"]),
        ("files = !ls\nlines = %time 1\nimport z", ["z"]),
        ("!pip install \\\n  import-me \\\n  more\nimport z", ["z"]),
        ("import z\nz.thing?\n?z", ["z"]),
        ("rest = 7 % 3\nimport z", ["z"]),
        ("if True:\n    %pip install z\n    import z", ["z"]),
        ("%%bash\nimport nothing", []),
        ("%%time\nimport z", ["z"]),
        ("%%html\n<b>import x</b>", []),
        ("try:\n    import fast\nexcept ImportError:\n    import slow", ["fast?", "slow?"]),
        ("try:\n    import sure\nexcept ValueError:\n    pass", ["sure"]),
        ("try:\n    import once\nexcept ImportError:\n    once = None\nimport once", ["once"]),
        ("def f():\n    import late\n    return importlib.import_module('later.part')", ["late", "later.part"]),
        ("importlib.import_module(name)\nimportlib.import_module('.own', 'x')", []),
        ("from . import own\nfrom .own import x", []),
        ("import old\nprint 'Python 2'\n    from nested import x", ["nested?", "old"]),
        ("x = '''\nimport text\n'''", []),
        ("this is no code at all", []),
        ("import z\n" + "-" * 100_000 + "1", ["z"]),
        ("import z\na" + ".b" * 2_000, ["z"]),
    ],
)
def test_imports_are_read_from_what_cells_really_hold(cell: str, found: list[str]) -> None:
    assert modules(cell) == found


def test_modules_of_python_and_files_beside_are_not_packages(tmp_path: Path) -> None:
    assert is_standard("os.path")
    assert not is_standard("numpy.linalg")
    (tmp_path / "helpers.py").write_text("")
    (tmp_path / "package").mkdir()
    (tmp_path / "package/__init__.py").write_text("")
    (tmp_path / "data").mkdir()
    assert local_modules(tmp_path) == {"helpers", "package"}
    assert local_modules(tmp_path / "nowhere") == set()


@pytest.mark.parametrize("public", PUBLIC, ids=lambda public: public["notebook"].rpartition("/")[2])
def test_imports_of_public_notebooks_lead_to_their_packages(public: dict[str, Any]) -> None:
    cells = [f"import {module}" for module in [*public["imports"], *public["unknown"]]]
    cells += [f"try:\n    import {module}\nexcept ImportError:\n    pass" for module in public["optional"]]
    found = imports_of(cells)
    assert {each.module for each in found if each.optional} == set(public["optional"])
    missing, unused = compare(found, set(public["packages"]), None, [*public["packages"], "ipykernel", "unrelated"])
    assert [each.module for each in missing] == sorted(public["unknown"])
    assert unused == ["unrelated"]
    missing, _ = compare(found, set(), None, ())
    assert {each.package for each in missing if each.module not in public["unknown"]} == set(public["packages"])


def test_where_packages_are_installed_their_files_say_what_they_bring() -> None:
    brought = {"yaml": "pyyaml", "_yaml": "pyyaml", "google": "protobuf", "mine": "my-tools"}
    names = {"pyyaml", "protobuf", "my-tools", "fonts"}
    imports = [Imported(module=module) for module in ("yaml", "mine.part", "absent")]
    missing, unused = compare(imports, names, brought, ["pyyaml", "protobuf>=4", "fonts", "python=3.11"])
    assert [(each.module, each.package) for each in missing] == [("absent", "absent")]
    assert unused == ["protobuf"]  # fonts bring no module, so nothing can import them


def test_conda_names_count_as_well() -> None:
    missing, unused = compare([Imported(module="torch")], {"pytorch"}, None, ["pytorch"])
    assert (missing, unused) == ([], [])
