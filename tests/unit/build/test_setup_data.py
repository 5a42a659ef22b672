"""What a project's own files say, read and not run."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_envs.build.recipe.setup_data import read_setup
from jupyter_envs.errors import RecipeError

SETUP = """\
import os, setuptools
NAME = "demo"
BASE = ["six>=1"]
os.mkdir("/ran")
if __name__ == "__main__":
    setuptools.setup(
        name=NAME,
        version=__import__("os").environ["V"],
        install_requires=BASE + ["attrs"],
        extras_require={"fast": ("numpy",), "all": []},
        description="one " "two",
        entry_points=dict(console_scripts=["demo = demo:main"]),
        zip_safe=False,
        **{"license": "MIT"},
    )
"""


def test_what_is_written_out_is_known_and_what_is_computed_is_an_error(tmp_path: Path) -> None:
    data = read_setup(SETUP.replace("/ran", f"{tmp_path}/ran"), "", "")
    assert not (tmp_path / "ran").exists(), "nothing of it is run"
    assert dict(data) == {
        "name": "demo",
        "install_requires": ["six>=1", "attrs"],
        "extras_require": {"fast": ["numpy"], "all": []},
        "description": "one two",
        "entry_points": {"console_scripts": ["demo = demo:main"]},
        "zip_safe": False,
        "license": "MIT",
    }
    assert data.get("url") is None
    assert data.get("url", "none") == "none"
    for ask in (data.get, data.__getitem__):
        with pytest.raises(RecipeError, match=r"setup\.py computes version") as caught:
            ask("version")
        assert "write version into the recipe" in caught.value.hint
    with pytest.raises(KeyError):
        data["url"]


def test_which_file_counts() -> None:
    config = """\
[metadata]
name = of-cfg
version = attr: demo.__version__
license = BSD
[options]
python-requires = >=3.8
install_requires =
    six
    attrs>=1
packages = find:
[options.extras_require]
fast = numpy; scipy
"""
    data = read_setup("from setuptools import setup\nsetup(name='of-py')\n", config, "")
    assert (data["name"], data["license"], data["python_requires"]) == ("of-py", "BSD", ">=3.8")
    assert data["install_requires"] == ["six", "attrs>=1"]
    with pytest.raises(RecipeError):
        data.get("version")
    project = '[project]\nname = "of-project"\ndynamic = ["version"]\ndependencies = ["a"]\nscripts = {x = "y:z"}\n'
    data = read_setup("setup(name='of-py', version='2')", config, project)
    assert (data["name"], data["version"], data["install_requires"]) == ("of-project", "2", ["a"])
    assert data["entry_points"] == {"console_scripts": ["x = y:z"]}
    with pytest.raises(RecipeError):
        read_setup("", "", project).get("version")


@pytest.mark.parametrize("texts", [("setup(", "", ""), ("", "[metadata", ""), ("", "", "[project")])
def test_what_cannot_be_read(texts: tuple[str, str, str]) -> None:
    with pytest.raises(RecipeError, match="what the project says of itself cannot be read"):
        read_setup(*texts)
