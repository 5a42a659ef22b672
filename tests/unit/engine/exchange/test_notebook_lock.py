"""The lock in a notebook's metadata, and the script block of a cell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

import jupyter_envs
from jupyter_envs.engine.exchange.notebook import parse_notebook
from jupyter_envs.engine.exchange.notebook_lock import (
    KEY,
    find_lock,
    lock_digest,
    lock_json,
    locked_records,
    make_lock,
)
from jupyter_envs.engine.exchange.read import parse_environment_file
from jupyter_envs.engine.exchange.script_metadata import parse_script_metadata
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import SpecError

SCHEMA = json.loads((Path(jupyter_envs.__file__).parent / "engine/exchange/schemas/notebook-lock-v1.json").read_text())
SHA = "0123456789abcdef" * 4


def conda(name: str, version: str = "1.0", *, channel: str = "https://conda.test/forge", **more: Any) -> RepodataRecord:
    subdir = more.pop("subdir", "noarch")
    fn = f"{name}-{version}-py_0.conda"
    url = f"{channel}/{subdir}/{fn}"
    said = {"sha256": SHA, "size": 100, **more}
    return RepodataRecord(
        name=name, version=version, build="py_0", subdir=subdir, fn=fn, url=url, channel=channel, **said
    )


def wheel(name: str, folder: str, fn: str, build: str = "py3_none_any_0", **more: Any) -> RepodataRecord:
    version = fn.split("-")[1]
    url = f"https://files.test/packages/{folder}/{fn}"
    said = {"sha256": SHA, "size": 7, "noarch": "python", **more}
    return RepodataRecord(name=name, version=version, build=build, fn=fn, url=url, channel="https://index.test", **said)


PYTHON = RepodataRecord(
    name="python",
    version="3.11.7",
    build="interpreter_0a1b2c3d_0",
    subdir="linux-64",
    fn="python-3.11.7-interpreter_0a1b2c3d_0.interpreter",
    url="interpreter:///opt/my%20python/bin/python3.11",
    channel="interpreter://",
)
RECORDS = (
    PYTHON,
    conda("tool"),
    conda("other", subdir="linux-64", sha256=None, md5="0123456789abcdef" * 2, size=None),
    conda("local", channel="file:///srv/channel"),
    wheel(
        "pytorch",
        "ab/cd",
        "torch-2.3.0-cp311-cp311-manylinux1_x86_64.whl",
        "cp311_cp311_manylinux1_x86_64_0",
        subdir="linux-64",
    ),
    wheel("six", "ef/01", "six-1.17.0-py2.py3-none-any.whl", depends=("python >=3.3,<4", "tool")),
)


def metadata(records: tuple[RepodataRecord, ...] = RECORDS, **more: Any) -> dict[str, Any]:
    lock = make_lock(records, ["tool", "pypi::six"], ["forge"], "linux-64", **more)
    return {KEY: json.loads(json.dumps(lock_json(lock)))}


def test_what_is_read_is_what_was_written() -> None:
    lock = find_lock(metadata())
    assert lock is not None
    read = locked_records(lock, "linux-64")
    names = ("name", "version", "build", "subdir", "fn", "url", "size", "sha256", "md5")
    for before, after in zip(RECORDS, read, strict=True):
        assert {name: getattr(before, name) for name in names} == {name: getattr(after, name) for name in names}
    assert read[-1].depends == ("python >=3.3,<4", "tool")
    assert read[-1].noarch == "python"
    assert lock.requested == ("tool", "pypi::six")
    assert lock.platforms["linux-64"].python == "3.11.7"


def test_it_is_small_readable_and_follows_its_schema() -> None:
    value = metadata()[KEY]
    jsonschema.Draft202012Validator(SCHEMA).validate(value)
    assert value["platforms"]["linux-64"]["origins"] == {
        "channel": "file:///srv/channel",
        "forge": "https://conda.test/forge",
        "interpreter": "interpreter:///opt/my%20python/bin",
        "pypi": "https://files.test/packages",
    }
    lines = value["platforms"]["linux-64"]["packages"]
    assert lines[1] == f"forge noarch/tool-1.0-py_0.conda sha256:{SHA} 100"
    assert lines[0].endswith("as python-3.11.7-interpreter_0a1b2c3d_0")
    assert lines[4].endswith(" 7 as pytorch-2.3.0-cp311_cp311_manylinux1_x86_64_0")
    for broken in ("tool", "forge noarch/tool sha256:12", "forge a b c d"):
        damaged = json.loads(json.dumps(value))
        damaged["platforms"]["linux-64"]["packages"] = [broken]
        assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(damaged)
        with pytest.raises(SpecError, match="cannot be read") as caught:
            find_lock({KEY: damaged})
        assert "jupyter envs lock" in caught.value.hint


def test_it_is_the_same_each_time_and_its_digest_is_of_the_packages_alone() -> None:
    assert metadata() == metadata()
    elsewhere = tuple(
        msgspec.structs.replace(record, url=record.url.replace("conda.test", "mirror")) for record in RECORDS
    )
    assert lock_digest(RECORDS) == lock_digest(tuple(reversed(elsewhere)))
    assert lock_digest(RECORDS) != lock_digest(RECORDS[1:])


def test_no_credential_gets_into_a_notebook() -> None:
    record = conda("tool", channel="https://me:secret@conda.test/t/tk-123/forge")
    text = json.dumps(
        lock_json(make_lock([record], ["https://me:secret@h/c::tool"], [str(record.channel)], "linux-64"))
    )
    assert "secret" not in text
    assert "tk-123" not in text
    assert "https://conda.test/forge" in text


def test_a_token_is_one_below_a_servers_folder_too() -> None:
    record = conda("tool", channel="https://mirror.test/conda/t/tk-123/forge")
    text = json.dumps(lock_json(make_lock([record], [], [str(record.channel)], "linux-64")))
    assert "tk-123" not in text
    assert "https://mirror.test/conda/forge" in text


def test_other_platforms_stay_as_long_as_the_same_is_asked_for() -> None:
    first = find_lock(metadata())
    mac = (conda("tool", subdir="osx-arm64"),)
    both = make_lock(mac, ["pypi::six", "tool"], [], "osx-arm64", first)
    assert list(both.platforms) == ["linux-64", "osx-arm64"]
    assert list(make_lock(mac, ["tool"], [], "osx-arm64", first).platforms) == ["osx-arm64"]


def test_origins_of_the_same_name_are_told_apart() -> None:
    records = (conda("a", channel="https://one.test/forge"), conda("b", channel="https://two.test/forge"))
    lock = make_lock(records, [], [], "linux-64")
    assert lock.platforms["linux-64"].origins == {
        "forge": "https://one.test/forge",
        "forge-2": "https://two.test/forge",
    }
    assert [record.url for record in locked_records(lock, "linux-64")] == [record.url for record in records]


def test_newer_locks_and_records_without_a_url_are_refused() -> None:
    with pytest.raises(SpecError, match="has version 2") as caught:
        find_lock({KEY: {"lock_version": 2}}, "n.ipynb")
    assert caught.value.hint == "upgrade jupyter-envs"
    with pytest.raises(SpecError, match="is not recorded"):
        make_lock([msgspec.structs.replace(conda("tool"), url="")], [], [], "linux-64")
    assert find_lock({}) is None
    with pytest.raises(SpecError, match="cannot be read"):
        find_lock({KEY: "text"})


def notebook(*cells: str, **metadata: Any) -> str:
    made = [{"cell_type": "markdown", "source": "# first"}]
    made += [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": made})


@pytest.mark.parametrize(
    "line",
    [
        "c linux-64/..%2F..%2Fevil-1-0.conda",
        "c linux-64/a-1-..%5C0.conda",
        "c linux-64/a-1-0%00.tar.bz2",
        "c a-1.0-py3-none-any.whl as ../../a-1.0-0",
        "c a-1.0-py3-none-any.whl as a-1.0-0/../../b",
        f"c a-1.0-py3-none-any.whl as {'a' * 250}-1.0-0",
    ],
)
def test_names_that_lead_out_of_the_folder_for_packages_are_refused(line: str) -> None:
    platform = {"origins": {"c": "https://conda.test/c"}, "packages": [line]}
    with pytest.raises(SpecError, match="a package cannot be called"):
        find_lock({KEY: {"lock_version": 1, "requested": [], "platforms": {"linux-64": platform}}})


def test_a_notebook_is_a_file_like_others() -> None:
    parsed = parse_environment_file(notebook(**metadata()), path="n.ipynb", subdir="linux-64")
    assert parsed.format == "notebook"
    assert len(parsed.records) == len(RECORDS)
    assert parsed.requested == ("tool", "pypi::six")
    assert parsed.all_specs == ()
    other = parse_notebook(notebook(**metadata()), subdir="osx-arm64")
    assert other.records == ()
    assert other.all_specs == ("tool", "pypi::six")
    assert other.platforms == ("linux-64",)
    with pytest.raises(SpecError, match="carries no environment") as caught:
        parse_notebook(notebook("import x"), subdir="linux-64")
    assert caught.value.code == "exchange.no_lock"


SCRIPT = """# /// script
# requires-python = ">=3.11, <4"
# dependencies = [
#   "requests<3",
#   "rich ; python_version > '3'",
#   "winonly ; sys_platform == 'win32'",
# ]
# ///
import requests
"""


def test_the_script_block_of_the_first_cell_is_read() -> None:
    parsed = parse_notebook(notebook(SCRIPT, "second"), subdir="linux-64")
    assert parsed.specs == ("python>=3.11,<4",)
    assert [spec.partition(";")[0] for spec in parsed.pip_specs] == ["pypi::requests<3", "pypi::rich"]
    with pytest.raises(SpecError, match="carries no environment"):
        parse_notebook(notebook("first", SCRIPT), subdir="linux-64")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (SCRIPT + SCRIPT, "two of it"),
        ("# /// script\n# dependencies = 3\n# ///\n", "a list of requirements"),
        ('# /// script\n# dependencies = ["-r /etc/passwd"]\n# ///\n', "a list of requirements"),
        ('# /// script\n# dependencies = ["a\\n--index-url x"]\n# ///\n', "a list of requirements"),
        ("# /// script\n# dependencies = [\n# ///\n", "cannot be read"),
    ],
)
def test_script_blocks_that_are_none_are_refused(text: str, reason: str) -> None:
    with pytest.raises(SpecError, match=reason) as caught:
        parse_script_metadata(text, subdir="linux-64", path="n.ipynb")
    assert caught.value.code == "exchange.script"
    assert "# /// script" in caught.value.hint


@pytest.mark.parametrize(
    "text", ["", "# /// other\n# x = 1\n# ///\n", "# /// script\nx = 1\n# ///\n", "print('# /// script')"]
)
def test_other_comments_are_no_script_block(text: str) -> None:
    assert parse_script_metadata(text, subdir="linux-64") is None
