"""From recipes to packages that are installed and run elsewhere: C, Python, outputs; the same bytes each time."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conda_package_streaming.package_streaming import stream_conda_component

from jupyter_envs.build.models import BuiltPackage
from jupyter_envs.settings import Settings
from support.channel import Channel
from support.recipes import HELLO_BUILD, build, hello, install, tool, write_recipe


def out(*command: object) -> str:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True).stdout


def members(package: BuiltPackage, component: str = "info") -> dict[str, bytes]:
    """Return the regular files of a package by name."""
    found = {}
    for tar, member in stream_conda_component(package.path, component=component):
        stream = tar.extractfile(member) if member.isfile() else None
        found[member.name] = stream.read() if stream else b""
    return found


def info(package: BuiltPackage, name: str) -> Any:
    return json.loads(members(package)[f"info/{name}.json"])


def test_a_program_finds_its_library_wherever_it_is_moved(settings: Settings, tmp_path: Path) -> None:
    channel = tmp_path / "out"
    (package,) = build(settings, channel, hello(tmp_path / "recipe")).packages
    prefix = install(settings, "a", "hello", channels=(channel,))
    assert out(prefix / "bin/hello") == f"hello from {prefix}/share\n"
    moved = tmp_path / "moved"
    prefix.rename(moved)  # the library is found relative to the program; only the text names the old place
    assert out(moved / "bin/hello") == f"hello from {prefix}/share\n"
    paths = {entry["_path"]: entry for entry in info(package, "paths")["paths"]}
    assert sorted(paths) == ["bin/hello", "lib/libgreet.so", "lib/libgreet.so.1"]
    assert paths["lib/libgreet.so.1"]["file_mode"] == "binary"
    assert len(paths["lib/libgreet.so.1"]["prefix_placeholder"]) == 255
    assert paths["lib/libgreet.so"]["path_type"] == "softlink"
    assert "prefix_placeholder" not in paths["bin/hello"], "its RPATH is relative"
    assert "info/licenses/LICENSE" in members(package)


def test_what_this_machines_compiler_made_says_which_c_library_it_needs(settings: Settings, tmp_path: Path) -> None:
    report = build(settings, tmp_path / "out", hello(tmp_path / "recipe"))
    (package,) = report.packages
    assert [need.split()[0] for need in info(package, "index")["depends"]] == ["__glibc"]
    assert "gcc" in info(package, "about")["provenance"]["system_compilers"]["gcc_linux-64"].lower()
    assert any("no channel has gcc_linux-64" in warning for warning in report.warnings)


def test_a_noarch_package_has_entry_points_and_no_compiled_files(
    settings: Settings, tmp_path: Path, channel: Channel
) -> None:
    channel.python()
    channel.index()
    output = tmp_path / "out"
    (package,) = build(settings, output, tool(tmp_path / "recipe"), channels=(str(channel.folder),)).packages
    assert (package.subdir, package.state) == ("noarch", "built")
    held = sorted(members(package, "pkg"))
    assert held == ["python-scripts/plain", "site-packages/tool/__init__.py", "site-packages/tool/cli.py"]
    assert info(package, "link")["noarch"] == {"type": "python", "entry_points": ["tool = tool.cli:main"]}
    prefix = install(settings, "b", "tool", channels=(output, channel.folder))
    assert out(prefix / "bin/tool") == "tool works\n"
    assert out(prefix / "bin/plain") == "plain\n"


@pytest.mark.parametrize("archive", ["conda", "tar.bz2"])
def test_building_twice_gives_the_same_bytes(settings: Settings, tmp_path: Path, archive: str) -> None:
    recipe = hello(tmp_path / "recipe")
    first, second = (
        Path(build(settings, tmp_path / name, recipe, archive=archive).packages[0].path) for name in ("one", "two")
    )
    assert first.name.endswith(archive)
    assert first.read_bytes() == second.read_bytes()


def test_what_is_built_is_not_built_again_unless_it_must(settings: Settings, tmp_path: Path) -> None:
    recipe, output = hello(tmp_path / "recipe"), tmp_path / "out"
    states = [build(settings, output, recipe).packages[0].state for _ in range(2)]
    assert states == ["built", "present"]
    write_recipe(recipe, {"build.sh": HELLO_BUILD + 'touch "$PREFIX/new"\n'})
    os.utime(recipe / "build.sh")
    (said,) = build(settings, output, recipe).warnings
    assert "is not built again, but its recipe has changed: raise its build number" in said
    (package,) = build(settings, output, recipe, force=True).packages
    assert package.state == "built"
    prefix = install(settings, "a", "hello", channels=(output,))
    assert (prefix / "new").exists(), "the index and the cache know the new bytes"
