"""One suite for all archive formats: whatever a package came in, the same directory comes out.

The same small project is packed as ``.conda``, as ``.tar.bz2`` and as a wheel. The first two hold what a builder would
have made of the wheel; compared is what linking reads: files with content and mode, entry points, paths.json, identity.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from jupyter_envs.engine.archive.extract import extract
from jupyter_envs.engine.archive.metadata import read_index, read_paths
from jupyter_envs.engine.models.events import CancelToken, NullReporter
from jupyter_envs.engine.models.records import LinkJson, RepodataRecord
from jupyter_envs.engine.package_cache.cache import PackageCache
from jupyter_envs.errors import ArchiveError, IntegrityError
from jupyter_envs.settings import Settings
from support.faults import snapshot_tree
from support.packages import File, make_package
from support.wheels import make_wheel

BUILD = "py3_none_any_0"
MODULES = {
    "pack/__init__.py": '"""A package."""\n',
    "pack/cli.py": "def main():\n    print('main')\n",
    "pack/data/table.csv": "a,b\n1,2\n",
    "pack/tool.sh": "#!/bin/sh\n",
}
DATA = {"scripts/tool": "#!/bin/sh\necho tool\n", "data/share/pack/doc.txt": "doc\n"}

Maker = Callable[[Path], tuple[Path, RepodataRecord]]


def record_for(path: Path) -> RepodataRecord:
    content = path.read_bytes()
    return RepodataRecord(
        name="pack",
        version="1.0",
        build=BUILD,
        depends=("python",),
        noarch="python",
        fn=path.name,
        url=path.as_uri(),
        channel=path.parent.as_uri(),
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def wheel(folder: Path) -> tuple[Path, RepodataRecord]:
    path = make_wheel(
        folder,
        "pack",
        files=MODULES,
        data=DATA,
        executable=["pack/tool.sh"],
        entry_points={"console_scripts": {"pack": "pack.cli:main"}},
    )
    return path, record_for(path)


def conda_of(extension: str) -> Maker:
    def make(folder: Path) -> tuple[Path, RepodataRecord]:
        path, record = wheel(folder / "wheel")
        root = folder / "wheel/package"
        root.mkdir()
        extract(record, str(path), str(root))
        files = {
            str(found.relative_to(root)): File(found.read_bytes(), found.stat().st_mode & 0o777)
            for found in sorted(root.rglob("*"))
            if found.is_file() and found.relative_to(root).parts[0] != "info"
        }
        package = make_package(
            folder,
            "pack",
            "1.0",
            BUILD,
            files=files,
            depends=("python",),
            noarch="python",
            entry_points=("pack = pack.cli:main",),
            extension=extension,
        )
        return package.path, record_for(package.path)

    return make


FORMATS: dict[str, Maker] = {"whl": wheel, "conda": conda_of(".conda"), "tar.bz2": conda_of(".tar.bz2")}


@pytest.fixture(params=sorted(FORMATS))
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, RepodataRecord]:
    return FORMATS[request.param](tmp_path / "archive")


def extracted(archive: tuple[Path, RepodataRecord], root: Path) -> Path:
    root.mkdir(parents=True)
    extract(archive[1], str(archive[0]), str(root))
    return root


def test_the_same_files_come_out(archive: tuple[Path, RepodataRecord], tmp_path: Path) -> None:
    reference = extracted(wheel(tmp_path / "reference"), tmp_path / "reference/package")
    root = extracted(archive, tmp_path / "package")
    assert snapshot_tree(root, ignore=lambda path: path == "info") == snapshot_tree(
        reference, ignore=lambda path: path == "info"
    )


def test_the_same_metadata_comes_out(archive: tuple[Path, RepodataRecord], tmp_path: Path) -> None:
    reference = extracted(wheel(tmp_path / "reference"), tmp_path / "reference/package")
    root = extracted(archive, tmp_path / "package")
    assert sorted(read_paths(str(root)), key=lambda one: one.path) == sorted(
        read_paths(str(reference)), key=lambda one: one.path
    )
    link = msgspec.json.decode((root / "info/link.json").read_bytes(), type=LinkJson)
    assert link.noarch is not None
    assert (link.noarch.type, link.noarch.entry_points) == ("python", ("pack = pack.cli:main",))
    index = read_index(str(root))
    assert (index.dist, index.noarch, index.depends) == (f"pack-1.0-{BUILD}", "python", ("python",))


def test_every_promise_holds(archive: tuple[Path, RepodataRecord], tmp_path: Path) -> None:
    root = extracted(archive, tmp_path / "package")
    for entry in read_paths(str(root)):
        content = (root / entry.path).read_bytes()
        assert (entry.sha256, entry.size_in_bytes) == (hashlib.sha256(content).hexdigest(), len(content))


def test_the_record_is_kept(archive: tuple[Path, RepodataRecord], tmp_path: Path) -> None:
    root = extracted(archive, tmp_path / "package")
    stored = msgspec.json.decode((root / "info/repodata_record.json").read_bytes(), type=RepodataRecord)
    assert (stored.fn, stored.url, stored.sha256) == (archive[1].fn, archive[1].url, archive[1].sha256)


def test_another_readers_view(archive: tuple[Path, RepodataRecord], tmp_path: Path) -> None:
    from rattler import IndexJson, PathsJson

    root = extracted(archive, tmp_path / "package")
    assert IndexJson.from_package_directory(root).name.normalized == "pack"
    paths = PathsJson.from_package_directory(root).paths
    assert sorted(str(one.relative_path) for one in paths) == sorted(one.path for one in read_paths(str(root)))
    assert json.loads((root / "info/repodata_record.json").read_text())["build_number"] == 0


@pytest.mark.parametrize("keep", [0.2, 0.7])
def test_truncated(archive: tuple[Path, RepodataRecord], tmp_path: Path, keep: float) -> None:
    path, record = archive
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    with pytest.raises(IntegrityError) as integrity:
        extracted(archive, tmp_path / "package")
    assert integrity.value.code == "integrity.size"
    unpromised = msgspec.structs.replace(record, size=None, sha256=None)
    with pytest.raises(ArchiveError) as caught:
        extracted((path, unpromised), tmp_path / "again")
    assert caught.value.code == "archive.corrupt"
    assert caught.value.hint


def test_corrupted(archive: tuple[Path, RepodataRecord], tmp_path: Path) -> None:
    path, _ = archive
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(IntegrityError) as caught:
        extracted(archive, tmp_path / "package")
    assert caught.value.code == "integrity.digest"


def test_another_package(archive: tuple[Path, RepodataRecord], tmp_path: Path) -> None:
    path, record = archive
    other = msgspec.structs.replace(record, name="other", fn=record.fn.replace("pack-1.0", "other-1.0"))
    with pytest.raises(ArchiveError) as caught:
        extracted((path, other), tmp_path / "package")
    assert caught.value.code == "archive.mismatch"


def test_into_the_cache_and_out_of_it(archive: tuple[Path, RepodataRecord], settings: Settings, tmp_path: Path) -> None:
    record = archive[1]
    cache = PackageCache(settings)
    assert cache.missing([record]) == [record]
    cache.populate([record], NullReporter(), CancelToken())
    assert cache.missing([record]) == []
    assert cache.verify(record) == []
    manifest = cache.manifest(record, "cpython-311")
    assert (manifest.noarch, manifest.entry_points) == ("python", ("pack = pack.cli:main",))
    assert {entry.path for entry in manifest.paths} >= {"site-packages/pack/cli.py", "python-scripts/tool"}
    assert archive[0].exists()
