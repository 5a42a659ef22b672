"""The packages that tests are made of are themselves as CEP 34 and 35 say."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from support.channel import Channel
from support.packages import PLACEHOLDER, SUBDIR, Directory, File, RawMember, Symlink, make_package, python_package


def extract(package: Path, target: Path) -> Path:
    from rattler.package_streaming import extract as rattler_extract

    rattler_extract(package, target)
    return target


@pytest.mark.parametrize("extension", [".conda", ".tar.bz2"])
def test_an_archive_holds_what_was_described(tmp_path: Path, extension: str) -> None:
    files = {
        "bin/tool": File(f"#!{PLACEHOLDER}/bin/sh\n", 0o755),
        "lib/libx.so": b"\x7fELF\0" + PLACEHOLDER.encode() + b"/lib\0tail",
        "lib/libx.so.1": Symlink("libx.so"),
        "share/empty": Directory(),
        "share/text": "hello",
    }
    built = make_package(tmp_path, "tool", "2.0", files=files, depends=["python"], extension=extension)
    assert built.path.name == f"tool-2.0-h0_0{extension}"
    folder = extract(built.path, tmp_path / "out")
    paths = {entry["_path"]: entry for entry in json.loads((folder / "info/paths.json").read_text())["paths"]}
    assert paths["bin/tool"]["file_mode"] == "text"
    assert paths["lib/libx.so"]["file_mode"] == "binary"
    assert paths["lib/libx.so.1"]["path_type"] == "softlink"
    assert paths["share/empty"]["path_type"] == "directory"
    assert (folder / "share/empty").is_dir()
    assert (folder / "lib/libx.so.1").readlink() == Path("libx.so")
    assert (folder / "bin/tool").stat().st_mode & 0o777 == 0o755
    assert paths["share/text"]["sha256"] == hashlib.sha256((folder / "share/text").read_bytes()).hexdigest()
    assert json.loads((folder / "info/index.json").read_text())["depends"] == ["python"]
    assert f'"{PLACEHOLDER}" "text" "bin/tool"' in (folder / "info/has_prefix").read_text()


def test_a_member_that_climbs_out_is_written_as_asked(tmp_path: Path) -> None:
    built = make_package(
        tmp_path,
        "evil",
        extension=".tar.bz2",
        members=[RawMember("../outside", b"x"), RawMember("l", kind=tarfile.SYMTYPE, linkname="/etc")],
    )
    with tarfile.open(built.path) as tar:
        assert {"../outside", "l"} <= set(tar.getnames())


def test_the_python_package_runs_with_the_prefix_as_its_own(tmp_path: Path) -> None:
    built = python_package(tmp_path / "channel")
    prefix = extract(built.path, tmp_path / "prefix")
    code = "import sys, site; print(sys.prefix); print(site.getsitepackages()[0])"
    result = subprocess.run([prefix / "bin/python", "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == [str(prefix), str(prefix / "lib/python3.11/site-packages")]


def test_a_channel_is_read_by_py_rattler(tmp_path: Path) -> None:
    channel = Channel(tmp_path / "channel")
    channel.python()
    channel.noarch("tool", "1.2", entry_points=["tool = tool.cli:main"])
    channel.index()
    from rattler import Channel as RattlerChannel
    from rattler import PackageFormatSelection, PackageName, SparseRepoData

    listing = SparseRepoData(RattlerChannel(channel.url), "noarch", tmp_path / "channel/noarch/repodata.json")
    found = listing.load_records(PackageName("tool"), PackageFormatSelection.PREFER_CONDA)
    assert [(record.name.normalized, str(record.version)) for record in found] == [("tool", "1.2")]
    record = channel.record("tool")
    assert record.dist == "tool-1.2-py_0"
    assert record.url == f"{channel.url}/noarch/tool-1.2-py_0.conda"
    assert record.sha256 == hashlib.sha256((tmp_path / "channel/noarch/tool-1.2-py_0.conda").read_bytes()).hexdigest()
    assert channel.record("python").subdir == SUBDIR
