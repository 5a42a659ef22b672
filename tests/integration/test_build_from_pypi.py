"""A recipe written from a wheel of the configured index, built, tested and installed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from jupyter_envs.build.from_pypi import recipe_text, write_recipe
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import AlreadyExistsError
from jupyter_envs.settings import Settings
from support.recipes import build, install


def record(file_name: str) -> RepodataRecord:
    return RepodataRecord(
        name="a-tool",
        version="1.5",
        depends=("python >=3.9", "click >=8"),
        fn=file_name,
        url=f"http://localhost/{file_name}",
        sha256="0" * 64,
    )


def test_only_a_wheel_for_any_platform_is_noarch() -> None:
    pure, other = (
        recipe_text(record("a_tool-1.5-py3-none-any.whl")),
        recipe_text(record("a_tool-1.5-cp311-cp311-x.whl")),
    )
    assert "noarch: python" in pure
    assert "python >=3.9" in pure
    assert "noarch" not in other
    assert "click >=8" in other


@pytest.mark.network
def test_a_recipe_from_the_index_builds(settings: Settings, tmp_path: Path) -> None:
    path = write_recipe("six", tmp_path / "recipe", settings)
    (package,) = build(settings, tmp_path / "out", path.parent, sources=("conda", "pypi", "interpreter")).packages
    assert (package.subdir, package.state) == ("noarch", "built")
    with pytest.raises(AlreadyExistsError):
        write_recipe("six", tmp_path / "recipe", settings)
    specs = ("six", "interpreter::python")
    prefix = install(settings, "e", *specs, channels=(tmp_path / "out",), sources=("conda", "interpreter"))
    code = "import six, sys; assert six.__file__.startswith(sys.prefix)"
    subprocess.run([prefix / "bin/python", "-c", code], check=True)
