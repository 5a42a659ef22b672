"""Prefix records: CEP 32's fields, and rattler's reader over them."""

import hashlib
import json
from pathlib import Path

import msgspec
import pytest
from rattler import PrefixRecord as RattlerPrefixRecord

from jupyter_envs.engine.link.actions import LinkOptions
from jupyter_envs.engine.link.plan import link_target, plan_package
from jupyter_envs.engine.link.record import prefix_record_json
from jupyter_envs.engine.link.writer import LinkWriter
from jupyter_envs.engine.models.platform import layout_for
from jupyter_envs.engine.models.records import PackageManifest, PathsEntry, PrefixRecord, RepodataRecord
from support.settled import settle_new

PLACEHOLDER = "/opt/placeholder" + "_placehold" * 20


@pytest.fixture
def linked(package, target, tmp_path):
    """One package with every kind of path, its plan and what writing it came to."""
    (tmp_path / "pyc/site-packages/__pycache__").mkdir(parents=True)
    (tmp_path / "pyc/site-packages/__pycache__/a.cpython-311.pyc").write_bytes(b"pyc")
    manifest = package(
        "a",
        {
            "site-packages/a.py": b"x = 1",
            "lib/x.so": f"{PLACEHOLDER}\0".encode(),
            "etc/x.conf": PLACEHOLDER.encode(),
            "link": ("->", "etc/x.conf"),
            "var/empty": None,
            "copied": b"c",
        },
        placeholders={"lib/x.so": ("binary", PLACEHOLDER), "etc/x.conf": ("text", PLACEHOLDER)},
        no_link=frozenset({"copied"}),
        noarch="python",
        entry_points=("run-a = a:main",),
        pyc_directory=str(tmp_path / "pyc"),
        pyc=(PathsEntry(path="site-packages/__pycache__/a.cpython-311.pyc", path_type="pyc_file"),),
    )
    plan = plan_package(manifest, target)
    root = tmp_path / "root"
    root.mkdir()
    return plan, LinkWriter(LinkOptions()).write([plan], str(root)), root


def test_rattler_reads_the_record(linked, tmp_path) -> None:
    plan, result, _ = linked
    path = tmp_path / f"{plan.dist}.json"
    path.write_bytes(prefix_record_json(plan, result, requested_specs=["a >=1"]))
    read = RattlerPrefixRecord.from_path(path)
    assert read.name.normalized == "a"
    assert str(read.version) == "1.0"
    assert {str(file) for file in read.files} == set(plan.paths())
    assert str(read.extracted_package_dir) == plan.manifest.directory
    assert read.requested_specs == ["a >=1"]
    kinds = {str(entry.relative_path): entry for entry in read.paths_data.paths}
    assert kinds["link"].path_type.softlink
    assert kinds["var/empty"].path_type.directory
    assert kinds["bin/run-a"].path_type.unix_python_entry_point
    assert kinds["lib/python3.11/site-packages/__pycache__/a.cpython-311.pyc"].path_type.pyc_file


def test_digests_in_the_record_are_those_of_the_prefix(linked) -> None:
    plan, result, root = linked
    record = msgspec.json.decode(prefix_record_json(plan, result), type=PrefixRecord)
    checked = 0
    for entry in record.paths_data.paths:
        if entry.path_type in ("hardlink", "unix_python_entry_point"):
            assert entry.sha256_in_prefix == hashlib.sha256((root / entry.path).read_bytes()).hexdigest(), entry.path
            checked += 1
    assert checked == 5
    entries = {entry.path: entry for entry in record.paths_data.paths}
    assert entries["lib/x.so"].sha256 != entries["lib/x.so"].sha256_in_prefix
    assert (entries["lib/x.so"].prefix_placeholder, entries["lib/x.so"].file_mode) == (PLACEHOLDER, "binary")
    assert entries["etc/x.conf"].file_mode == "text"
    assert entries["copied"].no_link is True


def test_the_fields_that_conda_requires_are_always_there(linked) -> None:
    plan, result, _ = linked
    data = json.loads(prefix_record_json(plan, result))
    for field in (
        "name",
        "version",
        "build",
        "build_number",
        "subdir",
        "fn",
        "url",
        "channel",
        "depends",
        "constrains",
    ):
        assert field in data
    assert data["link"] == {"source": plan.manifest.directory, "type": 1}
    assert data["paths_data"]["paths_version"] == 1
    assert sorted(data["files"]) == sorted(plan.paths())
    assert "requested_spec" not in data
    assert None not in data.values()


def test_our_own_reader_gets_the_package_back(linked) -> None:
    plan, result, _ = linked
    data = prefix_record_json(plan, result, requested_specs=("a", "a>=1"), link_type=3)
    record = msgspec.json.decode(data, type=PrefixRecord)
    assert record.repodata() == plan.record
    assert (record.requested_spec, record.requested_specs) == ("a", ("a", "a>=1"))
    assert record.link is not None
    assert record.link.type == 3


def test_a_path_lost_to_another_package_is_still_recorded(package, target, tmp_path) -> None:
    plans = [plan_package(package(name, {"both": name.encode(), name: b""}), target) for name in ("a", "b")]
    settle_new(plans)
    (tmp_path / "root").mkdir()
    result = LinkWriter(LinkOptions()).write(plans, str(tmp_path / "root"))
    loser = json.loads(prefix_record_json(plans[0], result))
    assert sorted(loser["files"]) == ["a", "both"]
    entry = next(each for each in loser["paths_data"]["paths"] if each["_path"] == "both")
    assert entry["sha256_in_prefix"] == hashlib.sha256(b"a").hexdigest()


@pytest.mark.parametrize(
    ("fn", "recorded"),
    [
        ("x-1-0.conda", "x-1-0.conda"),
        ("x-1-0.tar.bz2", "x-1-0.tar.bz2"),
        ("x-1-py3-none-any.whl", "x-1-py3-none-any.whl"),
        ("x-1-0.interpreter", "x-1-0.conda"),
    ],
)
def test_every_source_has_an_archive_name_that_rattler_reads(tmp_path: Path, fn: str, recorded: str) -> None:
    record = RepodataRecord(
        name="x", version="1", build="0", fn=fn, url=f"interpreter:///usr/bin/{fn}", channel="interpreter://"
    )
    plan = plan_package(
        PackageManifest(record=record, directory="/pkgs/x-1-0", paths=()),
        link_target("/e", layout_for("linux-64"), None),
    )
    (tmp_path / "root").mkdir()
    result = LinkWriter(LinkOptions()).write([plan], str(tmp_path / "root"))
    path = tmp_path / "x-1-0.json"
    path.write_bytes(prefix_record_json(plan, result))
    assert RattlerPrefixRecord.from_path(path).file_name == recorded
