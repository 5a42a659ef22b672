"""dist-infos of packages, of pip, and half-written ones."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from jupyter_envs.engine.prefix.dist_infos import normalized, read_dist_infos
from support.wheels import make_wheel

from .conftest import MakePrefix


def test_what_a_package_brought(rattler_original: Path) -> None:
    assert [(info.name, info.version, info.installer) for info in read_dist_infos(rattler_original)] == [
        ("tool", "2.0", "conda")
    ]


def test_what_pip_installs_in_a_real_venv(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "Some.Thing", "1.2")
    prefix = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(prefix)], check=True, timeout=240)
    command = [sys.executable, "-m", "pip", "--python", str(prefix / "bin/python"), "install", "-q", "--no-index"]
    subprocess.run([*command, "--disable-pip-version-check", str(wheel)], check=True, timeout=240)
    (info,) = read_dist_infos(prefix)
    assert (normalized(info.name), info.version, info.installer, info.editable) == ("some-thing", "1.2", "pip", False)


def test_half_written_and_editable_ones(make_prefix: MakePrefix) -> None:
    prefix = make_prefix(packages={"python-3.11.7-h_0": {}})
    assert read_dist_infos(prefix) == []
    site = prefix / "lib/python3.11/site-packages"
    (site / "bare_name-0.5.dist-info").mkdir(parents=True)
    (site / "nothing.dist-info").mkdir()
    editable = site / "mine-1.0.dist-info"
    editable.mkdir()
    (editable / "METADATA").write_text("Metadata-Version: 2.1\nName: Mine\nVersion: 1.0\n\nName: not this\n")
    (editable / "direct_url.json").write_text(json.dumps({"url": "file:///x", "dir_info": {"editable": True}}))
    (site / "broken-1.dist-info").mkdir()
    (site / "broken-1.dist-info/direct_url.json").write_text("{")
    assert [(info.name, info.version, info.editable) for info in read_dist_infos(prefix)] == [
        ("bare_name", "0.5", False),
        ("broken", "1", False),
        ("Mine", "1.0", True),
        ("nothing", "", False),
    ]


def test_no_python_no_dist_infos(make_prefix: MakePrefix) -> None:
    assert read_dist_infos(make_prefix()) == []
