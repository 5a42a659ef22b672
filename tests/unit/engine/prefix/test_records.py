"""Records as py-rattler writes them, as conda and mamba write them, and files that are no records."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from jupyter_envs.engine.models.findings import Finding
from jupyter_envs.engine.prefix.records import (
    RecordName,
    find_record_name,
    fingerprint,
    iter_record_names,
    parse_dist,
    read_record,
    read_record_file,
    read_records,
)
from jupyter_envs.errors import StorageError

from .conftest import MakePrefix, write_record


def test_records_by_rattler_are_read_whole(rattler_original: Path) -> None:
    records = {record.name: record for record in read_records(rattler_original)}
    assert sorted(records) == ["native", "python", "tool"]
    native = records["native"]
    assert (native.version, native.build, native.subdir) == ("1.5", "h0_0", "linux-64")
    assert native.depends == ("python >=3.9",)
    assert native.sha256 and native.url.endswith("/native-1.5-h0_0.conda")
    kinds = {entry.path: entry.path_type for entry in native.paths_data.paths}
    assert kinds["lib/libnative.so"] == "softlink"
    assert kinds["bin/native"] == "hardlink"
    assert any(entry.path == "bin/tool" for entry in records["tool"].paths_data.paths)
    assert native.link is not None and native.link.type == 1


def test_names_come_from_file_names_and_agree_with_the_records(rattler_original: Path) -> None:
    assert iter_record_names(rattler_original) == [
        RecordName(record.name, record.version, record.build) for record in read_records(rattler_original)
    ]
    assert iter_record_names(rattler_original)[0].dist == "native-1.5-h0_0"


def test_names_with_dashes_and_files_that_are_no_records(make_prefix: MakePrefix) -> None:
    prefix = make_prefix(packages={"scikit-learn-1.5.0-py311_0": {}, "ca-certificates-2024.1-h_0": {}})
    (prefix / "conda-meta" / "notes.json").write_text("{}")
    (prefix / "conda-meta" / "state").write_text("{}")
    assert [entry.name for entry in iter_record_names(prefix)] == ["ca-certificates", "scikit-learn"]
    assert find_record_name(prefix, "scikit-learn") == RecordName("scikit-learn", "1.5.0", "py311_0")
    assert find_record_name(prefix, "scikit") is None


def test_parse_dist_refuses_what_has_fewer_parts() -> None:
    assert parse_dist("a-b-1.0-h_0") == RecordName("a-b", "1.0", "h_0")
    assert parse_dist("a-1.0") is None
    assert parse_dist("-1.0-h_0") is None


@pytest.mark.parametrize("place", ["missing", "file", "empty"])
def test_a_folder_without_records_has_none(tmp_path: Path, place: str) -> None:
    prefix = tmp_path / "prefix"
    if place != "missing":
        prefix.mkdir()
    if place == "file":
        (prefix / "conda-meta").write_text("not a directory")
    assert iter_record_names(prefix) == []
    assert read_records(prefix) == []
    assert read_record(prefix, "python") is None
    assert fingerprint(prefix) == ""


def test_a_record_of_old_conda_is_amended(make_prefix: MakePrefix) -> None:
    """Conda before 4.4 wrote neither ``paths_data`` nor ``fn``; others write null for what they do not know."""
    prefix = make_prefix()
    (prefix / "conda-meta" / "old-0.9-py27_1.json").write_text(
        json.dumps(
            {
                "name": "old",
                "version": "0.9",
                "build": "py27_1",
                "build_number": "1",
                "depends": None,
                "constrains": None,
                "files": ["bin/old", "share/old.txt"],
                "paths_data": None,
                "link": {"type": 1},
                "requested_spec": "None",
                "schannel": "defaults",
                "auth": "",
            }
        )
    )
    record = read_record(prefix, "old")
    assert record is not None
    assert (record.build_number, record.depends, record.fn, record.url) == (1, (), "old-0.9-py27_1.conda", "")
    assert [entry.path for entry in record.paths_data.paths] == ["bin/old", "share/old.txt"]
    assert record.link is None


def test_a_record_without_name_takes_it_from_its_file(make_prefix: MakePrefix) -> None:
    prefix = make_prefix()
    url = "https://channel.example/noarch/a-b-2.0-0.tar.bz2"
    (prefix / "conda-meta" / "a-b-2.0-0.json").write_text(json.dumps({"url": url}))
    record = read_records(prefix)[0]
    assert (record.name, record.version, record.build, record.fn) == ("a-b", "2.0", "0", "a-b-2.0-0.tar.bz2")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"text"', b"\xff\xfe", b'{"depends": 5}', b"\0" * 100])
def test_a_broken_record_is_named(make_prefix: MakePrefix, content: bytes) -> None:
    prefix = make_prefix(packages={"good-1.0-h0_0": {}})
    broken = prefix / "conda-meta" / "broken-1.0-h0_0.json"
    broken.write_bytes(content)
    findings: list[Finding] = []
    assert [record.name for record in read_records(prefix, findings.append)] == ["good"]
    assert [(found.code, found.severity, found.path, found.package) for found in findings] == [
        ("record.broken", "error", str(broken), "broken")
    ]
    with pytest.raises(StorageError, match=r"broken-1\.0-h0_0\.json") as caught:
        read_records(prefix)
    assert caught.value.code == "prefix.record_broken"
    assert "repair" in caught.value.hint


def test_a_record_that_is_a_directory_is_named(make_prefix: MakePrefix) -> None:
    prefix = make_prefix()
    (prefix / "conda-meta" / "odd-1.0-h0_0.json").mkdir()
    with pytest.raises(StorageError, match="reading a package record"):
        read_records(prefix)


def test_reading_one_record_opens_only_it(make_prefix: MakePrefix) -> None:
    prefix = make_prefix(packages={"good-1.0-h0_0": {"share/good": "x"}})
    (prefix / "conda-meta" / "goods-1.0-h0_0.json").write_text("{")
    record = read_record(prefix, "good")
    assert record is not None and record.files == ("share/good",)


def test_record_file_decodes_what_we_write_ourselves(make_prefix: MakePrefix) -> None:
    path = write_record(make_prefix(), "own-1.0-h0_0", {"a": "b"}, requested_specs=["own >=1"], license=None)
    assert read_record_file(path).requested_specs == ("own >=1",)


def test_fingerprint_changes_with_packages_history_pins_and_variables(make_prefix: MakePrefix) -> None:
    prefix = make_prefix(packages={"a-1.0-h0_0": {}})
    seen = [fingerprint(prefix)]
    assert fingerprint(prefix) == seen[0]
    meta = prefix / "conda-meta"
    (meta / "unrelated.txt").write_text("x")
    assert fingerprint(prefix) == seen[0]
    for change in (
        lambda: write_record(prefix, "b-1.0-h0_0", {}),
        lambda: (meta / "history").write_text("==> x <=="),
        lambda: (meta / "pinned").write_text("a 1.*"),
        lambda: (meta / "state").write_text("{}"),
        (meta / "frozen").touch,
        lambda: os.utime(meta / "a-1.0-h0_0.json", ns=(1, 1)),
        (meta / "b-1.0-h0_0.json").unlink,
    ):
        change()
        seen.append(fingerprint(prefix))
    assert len(set(seen)) == len(seen)
