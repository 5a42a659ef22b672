"""Each file against its record, with py-rattler's records, conda's forms, and damage of every kind."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.engine.models.findings import Finding
from jupyter_envs.engine.prefix.records import read_records
from jupyter_envs.engine.prefix.verify import iter_unowned, owners, verify
from jupyter_envs.errors import StorageError

from .conftest import MakePrefix, write_record


def codes(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(found.code, Path(found.path).name) for found in findings]


def with_entries(prefix: Path, dist: str, *entries: dict[str, Any]) -> None:
    write_record(prefix, dist, {}, paths_data={"paths_version": 1, "paths": list(entries)})


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_what_rattler_installed_is_sound(rattler_original: Path) -> None:
    assert verify(rattler_original) == []


def test_damage_is_found_and_named(rattler_prefix: Path) -> None:
    (rattler_prefix / "share/native.txt").write_text("PLAIN\n")
    (rattler_prefix / "bin/native").unlink()
    (rattler_prefix / "bin/tool").write_text("#!/bin/sh\n")
    (rattler_prefix / "lib/libnative.so").unlink()
    (rattler_prefix / "lib/libnative.so").symlink_to("elsewhere.so")
    findings = verify(rattler_prefix)
    assert codes(findings) == [
        ("file.missing", "native"),
        ("file.modified", "libnative.so"),
        ("file.modified", "native.txt"),
        ("file.modified", "tool"),
    ]
    assert [found.severity for found in findings] == ["error", "warning", "warning", "warning"]
    assert [found.package for found in findings] == ["native", "native", "native", "tool"]
    assert all("repair" in found.hint for found in findings)


@pytest.mark.skipif(
    not Path("/proc/self/mem").exists(), reason="needs /proc/self/mem, whose first bytes no kernel gives"
)
def test_a_file_that_the_disk_does_not_give_is_not_called_changed(rattler_prefix: Path) -> None:
    text = rattler_prefix / "share/native.txt"
    text.unlink()
    text.symlink_to("/proc/self/mem")  # reading it is an input/output error, as on a soft mount whose server has gone
    with pytest.raises(StorageError, match=r"Input/output error while .* records: .*native") as told:
        verify(rattler_prefix)
    assert "the server of a network mount does not answer" in told.value.hint
    assert codes(verify(rattler_prefix, content=False)) == []


def test_without_content_only_presence_kind_and_size_count(rattler_prefix: Path) -> None:
    (rattler_prefix / "share/native.txt").write_text("PLAIN\n")
    assert verify(rattler_prefix, content=False) == []
    (rattler_prefix / "share/native.txt").write_text("longer than it was\n")
    assert codes(verify(rattler_prefix, content=False)) == [("file.modified", "native.txt")]
    (rattler_prefix / "share/native.txt").unlink()
    assert codes(verify(rattler_prefix, content=False)) == [("file.missing", "native.txt")]


def test_a_file_where_a_directory_or_link_should_be(rattler_prefix: Path) -> None:
    (rattler_prefix / "share/native").unlink()
    (rattler_prefix / "share/native").mkdir()
    (rattler_prefix / "share/native.txt").unlink()
    (rattler_prefix / "share/native.txt").mkdir()
    assert codes(verify(rattler_prefix)) == [("file.modified", "native"), ("file.modified", "native.txt")]


@pytest.mark.parametrize("form", ["rattler", "conda", "package", "none"])
def test_every_form_of_a_links_digest(make_prefix: MakePrefix, form: str) -> None:
    prefix = make_prefix(packages={"target-1.0-h0_0": {"lib/real.so": "content"}})
    (prefix / "lib/link.so").symlink_to("real.so")
    forms = {
        "rattler": {"sha256": digest(b"content"), "sha256_in_prefix": digest(b"real.so")},
        "conda": {"sha256": digest(b"content"), "sha256_in_prefix": digest(b"content")},
        "package": {"sha256": digest(b"content")},
        "none": {},
    }
    with_entries(prefix, "linker-1.0-h0_0", {"_path": "lib/link.so", "path_type": "softlink", **forms[form]})
    assert verify(prefix) == []
    (prefix / "lib/other.so").write_text("other")
    (prefix / "lib/link.so").unlink()
    (prefix / "lib/link.so").symlink_to("other.so")
    assert codes(verify(prefix)) == ([] if form == "none" else [("file.modified", "link.so")])


@pytest.mark.parametrize(
    ("entry", "sound"),
    [
        ({"sha256": digest(b"")}, True),  # conda-build: a link to nothing has the digest of nothing
        ({"sha256": digest(b""), "sha256_in_prefix": digest(b"nowhere")}, True),  # rattler
        ({"sha256": digest(b""), "sha256_in_prefix": digest(b"elsewhere")}, False),
        ({"sha256": digest(b"content")}, False),  # what it pointed to has gone
    ],
)
def test_a_dangling_link(make_prefix: MakePrefix, entry: dict[str, str], sound: bool) -> None:
    prefix = make_prefix()
    (prefix / "dangling").symlink_to("nowhere")
    with_entries(prefix, "linker-1.0-h0_0", {"_path": "dangling", "path_type": "softlink", **entry})
    assert codes(verify(prefix)) == ([] if sound else [("file.modified", "dangling")])


def test_a_link_that_pointed_to_nothing_when_it_was_packed_may_point_to_something_now(make_prefix: MakePrefix) -> None:
    prefix = make_prefix()
    (prefix / "python").symlink_to("/bin/sh")
    empty = digest(b"")
    for entry in ({"sha256": empty}, {"sha256": empty, "sha256_in_prefix": empty}):
        with_entries(prefix, "linker-1.0-h0_0", {"_path": "python", "path_type": "softlink", **entry})
        assert verify(prefix) == []


def test_pyc_may_be_missing_or_new(make_prefix: MakePrefix) -> None:
    prefix = make_prefix()
    entry = {"_path": "lib/__pycache__/a.cpython-311.pyc", "path_type": "pyc_file", "sha256_in_prefix": digest(b"old")}
    with_entries(prefix, "py-1.0-h0_0", entry)
    assert verify(prefix) == []
    (prefix / "lib/__pycache__").mkdir(parents=True)
    (prefix / "lib/__pycache__/a.cpython-311.pyc").write_bytes(b"new")
    assert verify(prefix) == []


def test_a_patched_file_is_compared_with_its_digest_in_the_prefix(make_prefix: MakePrefix) -> None:
    prefix = make_prefix()
    (prefix / "script").write_text("#!/new\n")
    entry = {
        "_path": "script",
        "path_type": "hardlink",
        "prefix_placeholder": "/placeholder",
        "file_mode": "text",
        "sha256": digest(b"#!/placeholder\n"),
        "size_in_bytes": 15,
    }
    with_entries(prefix, "s-1.0-h0_0", {**entry, "sha256_in_prefix": digest(b"#!/new\n")})
    assert verify(prefix) == []
    with_entries(prefix, "s-1.0-h0_0", entry)
    assert verify(prefix) == [], "without a digest of the patched file there is nothing to compare with"
    with_entries(prefix, "s-1.0-h0_0", {**entry, "sha256_in_prefix": digest(b"other")})
    assert codes(verify(prefix)) == [("file.modified", "script")]


def test_a_clobbered_path_fits_when_one_of_its_owners_fits(make_prefix: MakePrefix) -> None:
    prefix = make_prefix(packages={"one-1.0-h0_0": {"share/x": "one"}, "two-1.0-h0_0": {"share/x": "two"}})
    assert verify(prefix) == []
    (prefix / "share/x").write_text("three")
    assert codes(verify(prefix)) == [("file.modified", "x")]


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a/../../b"])
def test_a_record_that_points_out_is_not_followed(make_prefix: MakePrefix, path: str) -> None:
    prefix = make_prefix()
    with_entries(prefix, "evil-1.0-h0_0", {"_path": path, "path_type": "hardlink"})
    assert [(found.code, found.package) for found in verify(prefix)] == [("record.escape", "evil")]


def test_old_records_without_hashes_and_directories(make_prefix: MakePrefix) -> None:
    prefix = make_prefix()
    (prefix / "empty").mkdir()
    (prefix / "old.txt").write_text("anything")
    with_entries(prefix, "d-1.0-h0_0", {"_path": "empty", "path_type": "directory"})
    (prefix / "conda-meta/old-1.0-0.json").write_text(
        json.dumps({"name": "old", "version": "1.0", "build": "0", "files": ["old.txt"]})
    )
    assert verify(prefix) == []
    shutil.rmtree(prefix / "empty")
    (prefix / "empty").write_text("file")
    (prefix / "old.txt").unlink()
    assert codes(verify(prefix)) == [("file.modified", "empty"), ("file.missing", "old.txt")][::-1]


def test_broken_records_are_findings(make_prefix: MakePrefix) -> None:
    prefix = make_prefix(packages={"good-1.0-h0_0": {"a": "b"}})
    (prefix / "conda-meta/bad-1.0-h0_0.json").write_text("{")
    assert codes(verify(prefix)) == [("record.broken", "bad-1.0-h0_0.json")]


def test_files_that_nobody_owns(rattler_prefix: Path) -> None:
    records = read_records(rattler_prefix)
    before = set(iter_unowned(rattler_prefix, records))
    assert before <= {"CACHEDIR.TAG", ".mambarc"}
    (rattler_prefix / "share/mine.txt").write_text("mine")
    (rattler_prefix / "lib/python3.11/site-packages/tool/__pycache__").mkdir(exist_ok=True)
    (rattler_prefix / "lib/python3.11/site-packages/tool/__pycache__/x.cpython-311.pyc").touch()
    (rattler_prefix / "linked").symlink_to("share")
    assert set(iter_unowned(rattler_prefix, records)) - before == {"share/mine.txt", "linked"}
    notes = verify(rattler_prefix, unowned=True)
    assert {found.code for found in notes} == {"file.unowned"}
    assert {found.severity for found in notes} == {"note"}


def test_owners_of_files_and_folders(rattler_original: Path) -> None:
    records = read_records(rattler_original)
    assert [record.name for record in owners(records, "bin/native")] == ["native"]
    assert [record.name for record in owners(records, "bin/")] == ["native", "python", "tool"]
    assert owners(records, "bin/nat") == []
    assert owners(records, "nothing") == []


def test_many_files_with_several_threads_give_one_order(make_prefix: MakePrefix) -> None:
    files = {f"share/{number:04}": str(number) for number in range(900)}
    prefix = make_prefix(packages={"many-1.0-h0_0": files})
    for number in range(0, 900, 7):
        (prefix / f"share/{number:04}").write_text("x" + str(number))
    one, four = verify(prefix, threads=1), verify(prefix, threads=4)
    assert one == four
    assert len(one) == len(range(0, 900, 7))
