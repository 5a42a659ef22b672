"""The list of packages: fast, and as patient as the full reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jupyter_envs.engine.prefix.inventory import read_inventory


def write(prefix: Path, name: str, **fields: Any) -> None:
    """Write a record; ``fields`` win."""
    value = {
        "name": name,
        "version": "1.0",
        "build": "0",
        "fn": f"{name}-1.0-0.conda",
        "url": f"file:///c/noarch/{name}.conda",
    }
    path = prefix / "conda-meta" / f"{name}-1.0-0.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value | fields))


def test_sizes_of_files_are_summed_and_origins_told(tmp_path: Path) -> None:
    paths = [{"_path": "a", "size_in_bytes": 5, "sha256": "x"}, {"_path": "b", "size_in_bytes": 7}, {"_path": "c"}]
    write(
        tmp_path,
        "tool",
        paths_data={"paths": paths, "paths_version": 1},
        channel="https://h/forge/noarch",
        noarch="python",
    )
    write(tmp_path, "wheel", fn="wheel-1.0-py3-none-any.whl", license="MIT", depends=["python"])
    tool, wheel = read_inventory(tmp_path).packages
    assert (tool.name, tool.bytes, tool.source, tool.channel, tool.noarch) == ("tool", 12, "conda", "forge", "python")
    assert (wheel.source, wheel.channel, wheel.license, wheel.depends) == ("pypi", "", "MIT", ("python",))


def test_records_of_other_tools_are_read_too(tmp_path: Path) -> None:
    write(
        tmp_path,
        "odd",
        files=None,
        license=None,
        depends=None,
        noarch=True,
        fn=None,
        url="https://h/forge/noarch/odd-1.0-0.conda",
    )
    (odd,) = read_inventory(tmp_path).packages
    assert (odd.name, odd.noarch, odd.license, odd.depends) == ("odd", "generic", "", ())


def test_a_record_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, "good")
    (tmp_path / "conda-meta/bad-1.0-0.json").write_text("{")
    assert [package.name for package in read_inventory(tmp_path).packages] == ["good"]


def test_no_environment_holds_nothing(tmp_path: Path) -> None:
    assert read_inventory(tmp_path / "absent").packages == ()
