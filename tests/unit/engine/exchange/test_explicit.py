"""CEP 23: explicit files with every form of hash, wheels, interpreters; lists of specs."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from jupyter_envs.engine.exchange.explicit import export_explicit, parse_explicit, parse_spec_list
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import SpecError


def identity(record: RepodataRecord) -> tuple[str, ...]:
    return (record.dist, record.subdir, record.fn, record.url, record.sha256 or "")


def test_the_files_of_the_cep() -> None:
    text = """# comment
   \t
# platform: osx-arm64
@EXPLICIT
https://c.example/cf/osx-arm64/bzip2-1.0.8-h93_5.conda#1bbc659ca658bfd49a481b5ef7a0f40f
https://c.example/cf/osx-arm64/libffi-3.4.2-h34_5.tar.bz2#086914b672be056eb70fd4285b6783b6
https://c.example/cf/noarch/tzdata-2024a-h0_0.conda#7b2b69c54ec62a243eb6fba2391b5e443421608c3ae5dbff938ad33ca8db5122
https://c.example/cf/noarch/setuptools-69.5.1-py_0.conda#sha256:72d143408507043628b32bed089730b6d5f5445eccc44b59911ec9f262e365e7
  https://c.example/cf/noarch/pip-24.0-pyhd8ed1ab_1.conda
"""
    parsed = parse_explicit(text, subdir="linux-64")
    assert parsed.platforms == ("osx-arm64",)
    names = [(record.name, record.version, record.build, record.build_number) for record in parsed.records]
    assert names == [
        ("bzip2", "1.0.8", "h93_5", 5),
        ("libffi", "3.4.2", "h34_5", 5),
        ("tzdata", "2024a", "h0_0", 0),
        ("setuptools", "69.5.1", "py_0", 0),
        ("pip", "24.0", "pyhd8ed1ab_1", 1),
    ]
    first, _, third, fourth, last = parsed.records
    assert (first.md5, first.sha256) == ("1bbc659ca658bfd49a481b5ef7a0f40f", None)
    assert third.sha256 is not None and third.md5 is None
    assert fourth.sha256 is not None and fourth.sha256.startswith("72d143")
    assert (last.md5, last.sha256) == (None, None)
    assert (first.subdir, last.subdir, first.channel) == ("osx-arm64", "noarch", "https://c.example/cf")


def test_what_is_written_is_read_as_the_same(records: list[RepodataRecord]) -> None:
    text = export_explicit(records, "linux-64")
    parsed = parse_explicit(text, subdir="win-64")
    assert [identity(record) for record in parsed.records] == [identity(record) for record in records]
    assert parsed.platforms == ("linux-64",)
    assert export_explicit(parsed.records, "linux-64") == text


def test_what_was_asked_for_is_kept(records: list[RepodataRecord]) -> None:
    requested = ("python=3.11", "numpy >=1.26,<2", "pypi::torch[opt]==2.3.0", "https://me:secret@c.example/x::y")
    parsed = parse_explicit(export_explicit(records, "linux-64", requested), subdir="linux-64")
    assert parsed.requested == (*requested[:3], "https://c.example/x::y")
    assert parse_explicit(export_explicit(records, "linux-64"), subdir="linux-64").requested == ()


def test_without_wheels_rattler_reads_it_too(conda_record: RepodataRecord) -> None:
    from rattler.explicit_environment.environment import ExplicitEnvironmentSpec

    spec = ExplicitEnvironmentSpec.from_str(export_explicit([conda_record], "linux-64", ["numpy >=1"]))
    assert str(spec.platform) == "linux-64"
    assert [entry.url for entry in spec.packages] == [f"{conda_record.url}#sha256:{conda_record.sha256}"]


def test_a_wheel_without_note_gets_its_names_from_the_file() -> None:
    text = "@EXPLICIT\nhttps://i.example/Some_Thing-1.0rc1-py2.py3-none-any.whl#sha256:" + "0" * 64
    (record,) = parse_explicit(text, subdir="linux-64").records
    assert (record.name, record.version, record.build) == ("some-thing", "1.0rc1", "py2_py3_none_any_0")
    assert (record.subdir, record.depends, record.noarch) == ("noarch", (), "python"), "as of every wheel"


def test_paths_are_packages_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHERE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    text = "@EXPLICIT\n$WHERE/linux-64/a b-1-0.conda\nlinux-64/c-1-0.tar.bz2\n~/noarch/d-1-0.conda\n"
    records = parse_explicit(text, subdir="linux-64").records
    assert [record.url for record in records] == [
        f"{tmp_path.as_uri()}/linux-64/a%20b-1-0.conda",
        f"{tmp_path.as_uri()}/linux-64/c-1-0.tar.bz2",
        f"{Path.home().as_uri()}/noarch/d-1-0.conda",
    ]
    assert records[0].name == "a b" and records[0].fn == "a b-1-0.conda"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("numpy", "not the URL of a package"),
        ("https://c.example/noarch/a-1.conda", "not the URL of a package"),
        ("https://c.example/noarch/a-1-0.zip", "not the URL of a package"),
        ("https://c.example/noarch/a-1-0.conda#zz", "not a checksum: zz"),
        ("https://c.example/noarch/a-1-0.conda#" + "A" * 32, "not a checksum"),
        ("https://c.example/x-1.whl", "not the file name of a wheel"),
        ("~nobody-by-this-name/a-1-0.conda", "not a path: ~nobody"),
        ("interpreter:///usr/bin/python3", "the version of an interpreter is not given"),
    ],
)
def test_bad_lines_are_named_with_their_number(line: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_explicit(f"# one\n@EXPLICIT\n\n{line}\n", subdir="linux-64", path="lock.txt")
    assert caught.value.message.startswith(f"lock.txt:4: {message}")
    assert caught.value.code == "exchange.explicit"
    assert caught.value.hint


def test_a_record_without_url_cannot_be_written(conda_record: RepodataRecord) -> None:
    with pytest.raises(SpecError, match="numpy") as caught:
        export_explicit([msgspec.structs.replace(conda_record, url="")], "linux-64")
    assert caught.value.code == "exchange.no_url"


def test_hashes_best_first_and_no_secrets(conda_record: RepodataRecord) -> None:
    private = msgspec.structs.replace(
        conda_record, sha256=None, url="https://me:secret@c.example/t/secret/cf/linux-64/" + conda_record.fn
    )
    line = export_explicit([private], "linux-64").splitlines()[-1]
    assert line == f"https://c.example/cf/linux-64/{conda_record.fn}#{'cd' * 16}"
    bare = msgspec.structs.replace(conda_record, sha256=None, md5=None)
    assert export_explicit([bare], "linux-64").endswith(".conda\n")


def test_a_list_of_specs() -> None:
    parsed = parse_spec_list("# platform: linux-64\npython\n\n  scipy=1.13.1  # why\ntk[build=h5083fa2_1]\n")
    assert parsed.specs == ("python", "scipy=1.13.1", "tk[build=h5083fa2_1]")
    assert parsed.platforms == ("linux-64",) and parsed.format == "specs"
