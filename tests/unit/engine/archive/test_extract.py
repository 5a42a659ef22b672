"""Whole archives: what is extracted, and every bad one refused with code and hint, leaving nothing outside."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tarfile
import zipfile
from pathlib import Path

import msgspec
import pytest
import zstandard

from jupyter_envs.engine.archive.extract import extract
from jupyter_envs.engine.archive.metadata import read_index, read_paths
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import ArchiveError, IntegrityError
from support.faults import Fault, run_forked, snapshot_tree
from support.packages import BuiltPackage, Directory, File, RawMember, Symlink, make_package

EXTENSIONS = [".conda", ".tar.bz2"]
ESCAPE_HINT = "do not use this package; report it to whoever publishes it"


@pytest.fixture(params=EXTENSIONS)
def extension(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def extracted(package: BuiltPackage, tmp_path: Path, **changes: object) -> Path:
    root = tmp_path / "outside/cache/package"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    extract(package.record(**changes), str(package.path), str(root))
    return root


def refused(package: BuiltPackage, tmp_path: Path, **changes: object) -> ArchiveError:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/precious").write_text("precious")
    with pytest.raises(ArchiveError) as caught:
        extracted(package, tmp_path, **changes)
    kept = snapshot_tree(tmp_path / "outside", ignore=lambda path: path.startswith("cache/package"))
    assert sorted(kept) == ["cache", "precious"]
    assert (tmp_path / "outside/precious").read_text() == "precious"
    assert caught.value.exit_code == 7
    assert caught.value.hint
    assert package.path.name in caught.value.message
    return caught.value


def test_an_ordinary_package(tmp_path: Path, extension: str) -> None:
    old = os.umask(0o022)
    try:
        package = make_package(
            tmp_path / "c/noarch",
            "a",
            extension=extension,
            files={
                "bin/run": File("#!/bin/sh\n", 0o775),
                "lib/a.py": File("x = 1\n", 0o664, mtime=1_234_567_890),
                "lib/set": File("s", 0o6755),
                "lib/link": Symlink("a.py"),
                "lib/dangling": Symlink("nowhere"),
                "share/empty": Directory(),
                "lib/read-only": File("r", 0o444),
            },
        )
        root = extracted(package, tmp_path)
    finally:
        os.umask(old)
    tree = snapshot_tree(root, ignore=lambda path: path == "info")
    assert {path: oct(entry.mode) for path, entry in tree.items() if entry.kind == "file"} == {
        "bin/run": "0o755",
        "lib/a.py": "0o644",
        "lib/set": "0o755",
        "lib/read-only": "0o444",
    }
    assert tree["lib/link"].content == "a.py"
    assert tree["lib/dangling"].content == "nowhere"
    assert tree["share/empty"].kind == "directory"
    assert (root / "lib/a.py").stat().st_mtime == 1_234_567_890
    assert read_index(str(root)).dist == package.dist
    assert {entry.path for entry in read_paths(str(root))} == set(tree) - {"bin", "lib", "share"}


def test_the_record_is_stored_without_credentials(tmp_path: Path, extension: str) -> None:
    package = make_package(tmp_path / "c/noarch", "a", extension=extension, index={"special": 1})
    root = extracted(package, tmp_path, url="https://me:secret@host.example/t/to-ken/noarch/a.conda")
    stored = json.loads((root / "info/repodata_record.json").read_text())
    assert stored["url"] == "https://host.example/noarch/a.conda"
    assert stored["sha256"] == package.repodata()["sha256"]
    assert stored["special"] == 1
    assert stored["depends"] == []


def test_packages_older_than_paths_json(tmp_path: Path, extension: str) -> None:
    files = {"bin/a": File("#!/opt/p/bin/python"), "bin/l": Symlink("a"), "lib/n": File("n", no_link=True)}
    package = make_package(tmp_path / "c", "a", extension=extension, legacy=True, placeholder="/opt/p", files=files)
    root = extracted(package, tmp_path)
    entries = {entry.path: entry for entry in read_paths(str(root))}
    assert (entries["bin/a"].prefix_placeholder, entries["bin/a"].file_mode) == ("/opt/p", "text")
    assert entries["bin/l"].path_type == "softlink"
    assert entries["lib/n"].no_link is True


def test_a_wrong_archive_is_refused_before_anything_is_written(tmp_path: Path, extension: str) -> None:
    package = make_package(tmp_path / "c", "a", extension=extension)
    for changes, code in (
        ({"sha256": "0" * 64}, "integrity.digest"),
        ({"sha256": None, "md5": "0" * 32}, "integrity.digest"),
        ({"size": 1}, "integrity.size"),
    ):
        with pytest.raises(IntegrityError) as caught:
            extracted(package, tmp_path, **changes)
        assert caught.value.code == code
        assert caught.value.hint == "try again; if it stays, the file on the server or its index entry is wrong"
        assert list((tmp_path / "outside/cache/package").iterdir()) == []


@pytest.mark.parametrize(
    "bad",
    [
        RawMember("../../precious", b"gotcha"),
        RawMember("/tmp/cache-test-absolute", b"gotcha"),
        RawMember("lib/../../../precious", b"gotcha"),
        RawMember("lib//x", b"gotcha"),
        RawMember("lib/l", kind=tarfile.SYMTYPE, linkname="../../../precious"),
        RawMember("lib/l", kind=tarfile.SYMTYPE, linkname="/etc/passwd"),
        RawMember("lib/h", kind=tarfile.LNKTYPE, linkname="../../precious"),
        RawMember("lib/h", kind=tarfile.LNKTYPE, linkname="/etc/passwd"),
        RawMember("../d", kind=tarfile.DIRTYPE),
    ],
    ids=lambda bad: f"{bad.name}->{bad.linkname}",
)
def test_members_that_climb_out(tmp_path: Path, extension: str, bad: RawMember) -> None:
    error = refused(make_package(tmp_path / "c", "a", extension=extension, members=[bad]), tmp_path)
    assert (error.code, error.hint) == ("archive.escape", ESCAPE_HINT)


def test_a_file_through_a_link_of_the_same_archive(tmp_path: Path, extension: str) -> None:
    members = [
        RawMember("there", kind=tarfile.SYMTYPE, linkname="lib"),
        RawMember("there/precious", b"gotcha"),
    ]
    error = refused(make_package(tmp_path / "c", "a", extension=extension, members=members), tmp_path)
    assert error.code == "archive.escape"


def test_links_that_climb_out_step_by_step(tmp_path: Path, extension: str) -> None:
    members = [
        RawMember("x/y/up", kind=tarfile.SYMTYPE, linkname="../.."),
        RawMember("evil", kind=tarfile.SYMTYPE, linkname="x/y/up/../../precious"),
    ]
    error = refused(make_package(tmp_path / "c", "a", extension=extension, members=members), tmp_path)
    assert error.code == "archive.escape"


@pytest.mark.parametrize("kind", [tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE])
def test_devices_and_pipes(tmp_path: Path, extension: str, kind: bytes) -> None:
    package = make_package(tmp_path / "c", "a", extension=extension, members=[RawMember("dev/x", kind=kind)])
    assert refused(package, tmp_path).code == "archive.kind"


def test_the_same_path_twice(tmp_path: Path, extension: str) -> None:
    members = [RawMember("lib/a", b"1"), RawMember("lib/a", b"2")]
    assert refused(make_package(tmp_path / "c", "a", extension=extension, members=members), tmp_path).code == (
        "archive.duplicate"
    )


def test_a_path_that_is_a_file_and_a_folder(tmp_path: Path, extension: str) -> None:
    members = [RawMember("lib/a", b"1"), RawMember("lib/a/b", b"2")]
    package = make_package(tmp_path / "c", "a", extension=extension, members=members)
    assert refused(package, tmp_path).code == "archive.duplicate"


def test_hard_links_inside(tmp_path: Path, extension: str) -> None:
    members = [
        RawMember("lib/b", kind=tarfile.LNKTYPE, linkname="lib/a"),
        RawMember("lib/s", kind=tarfile.SYMTYPE, linkname="a"),
        RawMember("share/t", kind=tarfile.LNKTYPE, linkname="lib/s"),
    ]
    root = extracted(
        make_package(tmp_path / "c", "a", extension=extension, files={"lib/a": "x"}, members=members), tmp_path
    )
    assert (root / "lib/b").stat().st_ino == (root / "lib/a").stat().st_ino
    assert os.readlink(root / "share/t") == "../lib/s"


def test_paths_json_that_names_paths_outside(tmp_path: Path, extension: str) -> None:
    for path in ("../../precious", "conda-meta/history"):
        paths = {"paths": [{"_path": path, "path_type": "hardlink"}], "paths_version": 1}
        package = make_package(tmp_path / "c", "a", extension=extension, paths_json=paths)
        with pytest.raises(ArchiveError) as caught:
            extracted(package, tmp_path)
        assert caught.value.code == "archive.escape"


@pytest.mark.parametrize("wrong", [{"sha256": "0" * 64}, {"size_in_bytes": 99}, {"_path": "lib/missing"}])
def test_paths_json_that_promises_something_else(tmp_path: Path, extension: str, wrong: dict[str, object]) -> None:
    entry = {"_path": "lib/a", "path_type": "hardlink", **wrong}
    package = make_package(
        tmp_path / "c",
        "a",
        extension=extension,
        files={"lib/a": "x"},
        paths_json={"paths": [entry], "paths_version": 1},
    )
    assert refused(package, tmp_path).code == "archive.mismatch"


def test_another_package_than_the_record(tmp_path: Path, extension: str) -> None:
    package = make_package(tmp_path / "c", "a", extension=extension)
    error = refused(package, tmp_path, version="2.0")
    assert error.code == "archive.mismatch"
    assert "holds a-1.0-h0_0, not a-2.0-h0_0" in error.message


@pytest.mark.parametrize("without", [("index.json",), ("paths.json", "files")])
def test_missing_metadata(tmp_path: Path, extension: str, without: tuple[str, ...]) -> None:
    package = make_package(tmp_path / "c", "a", extension=extension, without=without)
    assert refused(package, tmp_path).code == "archive.metadata"


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9])
def test_a_truncated_archive(tmp_path: Path, extension: str, part: float) -> None:
    package = make_package(tmp_path / "c", "a", extension=extension, files={"lib/a": os.urandom(100_000)})
    content = package.path.read_bytes()
    package.path.write_bytes(content[: int(len(content) * part)])
    assert refused(package, tmp_path).code == "archive.corrupt"


@pytest.mark.parametrize("part", [0.3, 0.6])
def test_a_corrupted_archive(tmp_path: Path, extension: str, part: float) -> None:
    package = make_package(tmp_path / "c", "a", extension=extension, files={"lib/a": os.urandom(100_000)})
    content = bytearray(package.path.read_bytes())
    content[int(len(content) * part)] ^= 0xFF
    package.path.write_bytes(content)
    assert refused(package, tmp_path).code in ("archive.corrupt", "archive.mismatch")


def test_not_an_archive_at_all(tmp_path: Path, extension: str) -> None:
    package = make_package(tmp_path / "c", "a", extension=extension)
    package.path.write_bytes(b"<html>proxy error</html>" * 100)
    assert refused(package, tmp_path).code == "archive.corrupt"


def test_an_unknown_format(tmp_path: Path) -> None:
    package = make_package(tmp_path / "c", "a")
    with pytest.raises(ArchiveError) as caught:
        extracted(package, tmp_path, fn="a.rpm")
    assert (caught.value.code, caught.value.hint) == (
        "archive.format",
        "packages end in .conda, .tar.bz2, .whl",
    )


def test_a_bomb_of_a_million_entries_is_refused_early(tmp_path: Path) -> None:
    package = make_package(tmp_path / "c", "a")
    header = tarfile.TarInfo("d")
    header.type = tarfile.DIRTYPE
    compressor = zstandard.ZstdCompressor(level=1).compressobj()
    thousand = header.tobuf(tarfile.USTAR_FORMAT) * 1000
    payload = b"".join(compressor.compress(thousand) for _ in range(1000)) + compressor.flush()
    assert len(payload) < 1 << 20
    rezip(package, **{"pkg-a-1.0-h0_0.tar.zst": payload})
    error = refused(package, tmp_path)
    assert (error.code, error.hint) == ("archive.bomb", "do not use this package; a real one is never that large")
    assert "more than 500,000 entries" in error.message


def test_a_bomb_of_bytes_is_refused_before_it_is_written(tmp_path: Path) -> None:
    header = tarfile.TarInfo("lib/big")
    header.size = 3 << 30
    payload = zstandard.ZstdCompressor().compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20))
    package = make_package(tmp_path / "c", "a")
    rezip(package, **{"pkg-a-1.0-h0_0.tar.zst": payload})
    error = refused(package, tmp_path)
    assert error.code == "archive.bomb"
    assert not (tmp_path / "outside/cache/package/lib/big").exists()


def rezip(package: BuiltPackage, **changes: bytes | None) -> None:
    with zipfile.ZipFile(package.path) as archive:
        parts: dict[str, bytes | None] = {name: archive.read(name) for name in archive.namelist()}
    parts.update(changes)
    with zipfile.ZipFile(package.path, "w") as archive:
        for name, content in parts.items():
            if content is not None:
                archive.writestr(name, content)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"metadata.json": None}, "archive.layout"),
        ({"metadata.json": b"{"}, "archive.corrupt"),
        ({"metadata.json": b'{"conda_pkg_format_version": 3}'}, "archive.version"),
        ({"info-a-1.0-h0_0.tar.zst": None}, "archive.layout"),
        ({"info-b-1.0-h0_0.tar.zst": b""}, "archive.layout"),
        ({"pkg-a-1.0-h0_0.tar.zst": b"not zstandard"}, "archive.corrupt"),
    ],
)
def test_conda_archives_whose_inside_is_wrong(tmp_path: Path, changes: dict[str, bytes | None], code: str) -> None:
    package = make_package(tmp_path / "c", "a")
    rezip(package, **changes)
    assert refused(package, tmp_path).code == code


def test_inner_archives_of_another_name(tmp_path: Path) -> None:
    package = make_package(tmp_path / "c", "a")
    with zipfile.ZipFile(package.path) as archive:
        parts = {name.replace("a-1.0", "b-1.0"): archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(package.path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    error = refused(package, tmp_path)
    assert error.code == "archive.mismatch"
    assert "b-1.0-h0_0" in error.message


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "storage.full"), (errno.EIO, "storage")])
def test_a_disk_that_refuses(tmp_path: Path, extension: str, number: int, code: str) -> None:
    package = make_package(tmp_path / "c", "a", extension=extension, files={"lib/a": "x", "lib/b": Symlink("a")})
    record = package.record()
    root = tmp_path / "package"
    for at in range(1, 9):
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        outcome = run_forked(lambda: act(record, package.path, root), below=root, fault=Fault(at, "raise", number))
        assert (outcome.error, outcome.code) == ("StorageError", code), at
        assert f"extracting {record.fn}" in outcome.message


def act(record: RepodataRecord, archive: Path, root: Path) -> None:
    extract(record, str(archive), str(root))


def test_upper_case_names_match(tmp_path: Path) -> None:
    package = make_package(tmp_path / "c", "a", index={"name": "A"})
    assert extracted(package, tmp_path, name="a", fn=msgspec.structs.asdict(package.record())["fn"]).is_dir()
