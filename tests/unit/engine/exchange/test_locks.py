"""pixi.lock through rattler, conda-lock.yml (CEP 37), and files told by name and content."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import yaml

from jupyter_envs.engine.exchange.conda_lock import parse_conda_lock
from jupyter_envs.engine.exchange.pixi_lock import export_pixi_lock, parse_pixi_lock
from jupyter_envs.engine.exchange.read import read_environment_file, sniff_format
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import NotFoundError, SpecError

PIXI = """version: 6
environments:
  default:
    channels:
    - url: https://c.example/cf/
    indexes:
    - https://i.example/simple
    packages:
      linux-64:
      - conda: https://c.example/cf/linux-64/zlib-1.3-h_0.conda
      - pypi: https://i.example/six-1.16.0-py2.py3-none-any.whl
      osx-arm64:
      - conda: https://c.example/cf/osx-arm64/zlib-1.3-h_1.conda
  docs:
    channels:
    - url: https://c.example/cf/
    packages:
      linux-64:
      - conda: https://c.example/cf/noarch/sphinx-7.0-py_0.conda
packages:
- conda: https://c.example/cf/linux-64/zlib-1.3-h_0.conda
  sha256: abababababababababababababababababababababababababababababababab
  md5: cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd
  depends:
  - __glibc >=2.17
  license: Zlib
  size: 55
- conda: https://c.example/cf/osx-arm64/zlib-1.3-h_1.conda
  sha256: efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef
- conda: https://c.example/cf/noarch/sphinx-7.0-py_0.conda
  noarch: python
  sha256: 0000000000000000000000000000000000000000000000000000000000000000
  depends:
  - python >=3.9
- pypi: https://i.example/six-1.16.0-py2.py3-none-any.whl
  name: six
  version: 1.16.0
  sha256: 1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a
"""

CONDA_LOCK = """version: 1
metadata:
  content_hash:
    linux-64: 00
  channels:
  - url: conda-forge
    used_env_vars: []
  platforms: [linux-64, osx-64]
  sources: [environment.yml]
package:
- name: zlib
  version: 1.30
  manager: conda
  platform: linux-64
  dependencies: {libgcc: '>=12', __unix: ''}
  url: https://c.example/cf/linux-64/zlib-1.30-h_0.conda
  hash:
    md5: cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd
    sha256: abababababababababababababababababababababababababababababababab
  category: main
  optional: false
- name: six
  version: 1.16.0
  manager: pip
  platform: linux-64
  url: https://i.example/six-1.16.0-py2.py3-none-any.whl
  hash: {sha256: '1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a'}
  optional: false
- name: pytest
  version: 8.0.0
  manager: conda
  platform: linux-64
  url: https://c.example/cf/noarch/pytest-8.0.0-py_0.conda
  hash: {md5: cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd}
  category: dev
  optional: true
- name: zlib
  version: 1.30
  manager: conda
  platform: osx-64
  url: https://c.example/cf/osx-64/zlib-1.30-h_1.conda
  hash: {}
  optional: false
"""


def identity(record: RepodataRecord) -> tuple[object, ...]:
    return (record.dist, record.subdir, record.fn, record.url, record.sha256, record.build_number)


def test_pixi_lock_as_pixi_writes_it() -> None:
    parsed = parse_pixi_lock(PIXI, subdir="linux-64")
    zlib, six = parsed.records
    assert identity(zlib)[:3] == ("zlib-1.3-h_0", "linux-64", "zlib-1.3-h_0.conda")
    assert (zlib.sha256, zlib.md5) == ("ab" * 32, "cd" * 16)
    assert (zlib.depends, zlib.license, zlib.size) == (("__glibc >=2.17",), "Zlib", 55)
    assert (six.name, six.version, six.sha256, six.subdir) == ("six", "1.16.0", "1a" * 32, "noarch")
    assert parsed.channels == ("https://c.example/cf",) and not parsed.default_channels
    assert set(parsed.platforms) == {"linux-64", "osx-arm64"}


def test_another_environment_and_another_platform() -> None:
    (sphinx,) = parse_pixi_lock(PIXI, subdir="linux-64", environment="docs").records
    assert (sphinx.name, sphinx.noarch, sphinx.subdir) == ("sphinx", "python", "noarch")
    (zlib,) = parse_pixi_lock(PIXI, subdir="osx-arm64").records
    assert zlib.build == "h_1"
    with pytest.raises(SpecError, match="is not for win-64") as caught:
        parse_pixi_lock(PIXI, subdir="win-64")
    assert "linux-64" in caught.value.hint
    with pytest.raises(NotFoundError, match="has no environment 'test'") as missing:
        parse_pixi_lock(PIXI, subdir="linux-64", environment="test")
    assert "docs" in missing.value.hint


def test_pixi_lock_written_here_is_read_as_the_same(records: list[RepodataRecord]) -> None:
    text = export_pixi_lock(records, ["https://channel.example/cf"], "linux-64")
    parsed = parse_pixi_lock(text, subdir="linux-64")
    assert [identity(record) for record in parsed.records] == [identity(record) for record in records]
    numpy = parsed.records[1]
    assert (numpy.depends, numpy.size, numpy.md5) == (records[1].depends, records[1].size, records[1].md5)
    assert parsed.channels == ("https://channel.example/cf",)


def test_the_written_lock_has_wheels_as_pixi_has_them(records: list[RepodataRecord]) -> None:
    document = yaml.safe_load(export_pixi_lock(records, ["https://channel.example/cf"], "linux-64"))
    wheel = next(package for package in document["packages"] if "pypi" in package)
    assert wheel == {"pypi": records[2].url, "name": "torch", "version": "2.3.0", "sha256": records[2].sha256}
    assert {"pypi": records[2].url} in document["environments"]["default"]["packages"]["linux-64"]


def test_noarch_and_constrains_survive(conda_record: RepodataRecord) -> None:
    changed = msgspec.structs.replace(
        conda_record,
        noarch="generic",
        subdir="noarch",
        url=conda_record.url.replace("linux-64", "noarch"),
        constrains=("other <2",),
        license="MIT",
    )
    (read,) = parse_pixi_lock(
        export_pixi_lock([changed], ["https://channel.example/cf"], "linux-64"), subdir="linux-64"
    ).records
    assert (read.noarch, read.subdir, read.constrains, read.license) == ("generic", "noarch", ("other <2",), "MIT")


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("./wheels/six-1.16.0-py2.py3-none-any.whl", "file:///project/wheels/six-1.16.0-py2.py3-none-any.whl"),
        ("/data/six-1.16.0-py2.py3-none-any.whl", "file:///data/six-1.16.0-py2.py3-none-any.whl"),
    ],
)
def test_wheels_by_path_are_relative_to_the_lock(location: str, url: str) -> None:
    text = PIXI.replace("https://i.example/six-1.16.0-py2.py3-none-any.whl", location)
    assert parse_pixi_lock(text, subdir="linux-64", path="/project/pixi.lock").records[1].url == url


@pytest.mark.parametrize("text", ["", "version: 99\n", "a: [", "environments: {}\npackages: []\n", "\0"])
def test_broken_pixi_locks(text: str) -> None:
    with pytest.raises(SpecError, match=r"not a pixi\.lock") as caught:
        parse_pixi_lock(text, subdir="linux-64")
    assert caught.value.code == "exchange.lock"
    assert "pixi lock" in caught.value.hint


def test_sdists_in_a_pixi_lock_are_refused() -> None:
    with pytest.raises(SpecError, match="six is not a wheel") as caught:
        parse_pixi_lock(PIXI.replace("-py2.py3-none-any.whl", ".tar.gz"), subdir="linux-64")
    assert caught.value.code == "exchange.source"


def test_conda_lock() -> None:
    parsed = parse_conda_lock(CONDA_LOCK, subdir="linux-64")
    zlib, six = parsed.records
    assert (zlib.dist, zlib.md5, zlib.sha256) == ("zlib-1.30-h_0", "cd" * 16, "ab" * 32)
    assert zlib.depends == ("libgcc >=12", "__unix")
    assert (six.name, six.sha256) == ("six", "1a" * 32)
    assert parsed.channels == ("conda-forge",)
    assert [warning.message for warning in parsed.warnings] == ["packages of dev are left out"]
    assert [record.build for record in parse_conda_lock(CONDA_LOCK, subdir="osx-64").records] == ["h_1"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("version: 1\n", "version: 2\n", "has version 2"),
        ("platforms: [linux-64, osx-64]", "platforms: 5", "platforms"),
        ("manager: pip", "manger: pip", "manager"),
        ("package:", "package: {", "not a conda-lock.yml"),
        ("-py2.py3-none-any.whl", ".tar.gz", "six is not a wheel"),
        ("platforms: [linux-64, osx-64]", "platforms: [osx-64]", "is not for linux-64"),
    ],
)
def test_broken_conda_locks(old: str, new: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_conda_lock(CONDA_LOCK.replace(old, new, 1), subdir="linux-64", path="conda-lock.yml")
    assert message in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("environment.yml", "dependencies: [a]", "yaml"),
        ("anything.yaml", "nonsense", "yaml"),
        ("pixi.lock", PIXI, "pixi"),
        ("renamed.yml", PIXI, "pixi"),
        ("pixi.lock", "nonsense", "pixi"),
        ("conda-lock.yml", CONDA_LOCK, "conda-lock"),
        ("lock.txt", "# x\n@EXPLICIT\nhttps://x/a-1-0.conda", "explicit"),
        ("requirements-dev.txt", "numpy", "requirements"),
        ("constraints.txt", "numpy", "requirements"),
        ("deps.txt", "numpy>=1\nrequests[socks]\n", "requirements"),
        ("deps.txt", "-r other.txt\n", "requirements"),
        ("deps.txt", "numpy==1.26.4 --hash=sha256:0a\n", "requirements"),
        ("deps.txt", "# python 3.11.7\nnumpy==1.26.4\n", "requirements"),
        ("deps.txt", "# python and numpy\nnumpy==1.26.4\n", "specs"),
        ("deps.txt", "numpy\nscipy=1.13\n", "specs"),
        ("specs", "numpy", "specs"),
    ],
)
def test_formats_are_told_apart(name: str, text: str, expected: str) -> None:
    assert sniff_format(name, text) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("environment.yml", "dependencies: [a]"),
        ("pixi.lock", PIXI),
        ("conda-lock.yml", CONDA_LOCK),
        ("lock.txt", "@EXPLICIT\nhttps://x/a-1-0.conda"),
        ("requirements.txt", "a"),
        ("specs.txt", "a"),
    ],
)
def test_every_format_is_read_from_a_file(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    parsed = read_environment_file(path, subdir="linux-64")
    assert parsed.path == str(path)
    assert parsed.records or parsed.all_specs


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such file"):
        read_environment_file(tmp_path / "gone.yml")
    (tmp_path / "binary.yml").write_bytes(b"\x89PNG\r\n\xff")
    with pytest.raises(SpecError, match="not a text file"):
        read_environment_file(tmp_path / "binary.yml")
    with (tmp_path / "huge.yml").open("wb") as file:
        file.truncate(65 << 20)
    with pytest.raises(SpecError, match="too large"):
        read_environment_file(tmp_path / "huge.yml")
