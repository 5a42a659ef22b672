"""pip's format: what is read, what is refused and why, and hashes that are held to."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from jupyter_envs.engine.exchange.parsed import ParsedEnvironment
from jupyter_envs.engine.exchange.requirements import check_hashes, export_requirements, parse_requirements
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import IntegrityError, NotFoundError, SpecError


def parse(text: str, path: str = "requirements.txt", subdir: str = "linux-64") -> ParsedEnvironment:
    return parse_requirements(text, subdir=subdir, path=path, python="3.11")


def test_lines_comments_and_continuations() -> None:
    parsed = parse(
        """# header
Flask>=2,<3   # web
requests[socks] == 2.31.0 \\
    --hash=sha256:aaa \\
    --hash=sha256:bbb

# comment with a backslash \\
six
polars~=1.0;sys_platform=="linux"
pywin32 ; sys_platform == "win32"
name#not-a-comment
""".replace("name#not-a-comment\n", "")
    )
    assert parsed.pip_specs == (
        "pypi::Flask<3,>=2",
        "pypi::requests[socks]==2.31.0",
        "pypi::six",
        "pypi::polars~=1.0",
    )
    assert parsed.hashes == {"requests": ("sha256:aaa", "sha256:bbb")}
    assert parsed.warnings == () and parsed.specs == ()


def test_a_last_line_may_end_in_a_backslash() -> None:
    assert parse("six \\").pip_specs == ("pypi::six",)


def test_files_in_files_and_constraints(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/more.txt").write_text("numpy\n-r deeper.txt\n")
    (tmp_path / "sub/deeper.txt").write_text("\ufeffsix\n", encoding="utf-8")
    (tmp_path / "limits.txt").write_text("NumPy<2\nsix>1; sys_platform == 'win32'\nother==1\n")
    text = "-rsub/more.txt\n--constraint=limits.txt\nflask\n-r sub/deeper.txt\n"
    parsed = parse(text, str(tmp_path / "requirements.txt"))
    assert parsed.pip_specs == ("pypi::numpy<2", "pypi::six", "pypi::flask")
    assert [warning.code for warning in parsed.warnings] == ["exchange.constraint"]
    assert "other" in parsed.warnings[0].message


def test_options_for_the_index_are_left_to_pip() -> None:
    parsed = parse("-i https://x/simple\n--extra-index-url=https://y\n--pre\n--find-links ./wheels\nsix\n")
    assert parsed.pip_specs == ("pypi::six",)
    assert [warning.message for warning in parsed.warnings] == [
        "requirements.txt:1: -i is not taken from the file",
        "requirements.txt:2: --extra-index-url is not taken from the file",
        "requirements.txt:3: --pre is not taken from the file",
        "requirements.txt:4: --find-links is not taken from the file",
    ]


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("-e .", "editable installs are refused: .", "run NAME"),
        ("--editable=git+https://x/y", "editable installs are refused: git+https://x/y", "run NAME"),
        ("git+https://x/y.git@main", "URLs and version control are refused", "wheel"),
        ("https://x/y-1-py3-none-any.whl", "URLs and version control are refused", "wheel"),
        ("name @ https://x/y.whl", "URLs are refused", "write `name`"),
        ("name @ file:///x/y.whl", "URLs are refused: name @ file:///x/y.whl", "name"),
        ("./name", "local paths are refused", "find-links"),
        ("../name[extra]", "local paths are refused", "find-links"),
        ("dist/name-1-py3-none-any.whl", "local paths are refused", "find-links"),
        ("~/x", "local paths are refused", "find-links"),
        ("name>>1", "'name>>1' is not a requirement", "name>=1.0"),
        ("--wat", "unknown option --wat", "remove"),
        ('-r "open', "cannot be read", "quotes"),
    ],
)
def test_what_is_refused_says_why_and_where(line: str, message: str, hint: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse(f"six\n{line}\n")
    assert caught.value.message.startswith("requirements.txt:2: ")
    assert message.split(" @ ", maxsplit=1)[0] in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.code == "exchange.requirements"


def test_missing_circular_and_binary_files(tmp_path: Path) -> None:
    path = str(tmp_path / "requirements.txt")
    with pytest.raises(NotFoundError, match=r"requirements\.txt:1: no such file: .*gone\.txt"):
        parse("-r gone.txt", path)
    (tmp_path / "a.txt").write_text("-r b.txt\n")
    (tmp_path / "b.txt").write_text("-r a.txt\n")
    with pytest.raises(SpecError, match="includes itself"):
        parse("-r a.txt", path)
    (tmp_path / "bin.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpecError, match="not a text file"):
        parse("-r bin.txt", path)


def test_written_requirements_are_read_back(records: list[RepodataRecord]) -> None:
    text = export_requirements(records)
    assert text.splitlines() == [
        "# python 3.11.7",
        "# not from a Python index: numpy=1.26.4=py311h_2",
        f"torch==2.3.0 --hash=sha256:{'ef' * 32}",
    ]
    parsed = parse(text)
    assert parsed.pip_specs == ("pypi::torch==2.3.0",)
    assert parsed.python == "3.11.7"
    check_hashes(parsed.hashes, records)
    assert "--hash" not in export_requirements(records, hashes=False)


def test_pip_accepts_what_is_written(records: list[RepodataRecord], tmp_path: Path) -> None:
    """pip's own parser, by way of its command line: nothing is found, but every line is read."""
    import subprocess
    import sys

    (tmp_path / "r.txt").write_text(export_requirements(records))
    command = [sys.executable, "-m", "pip", "download", "--no-index", "-q", "--disable-pip-version-check", "-d"]
    done = subprocess.run(
        [*command, str(tmp_path), "-r", str(tmp_path / "r.txt")],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert "No matching distribution found for torch==2.3.0" in done.stderr
    assert "Invalid requirement" not in done.stderr


def test_another_digest_is_refused_before_anything_is_downloaded(records: list[RepodataRecord]) -> None:
    hashes = parse(export_requirements(records)).hashes
    other = [msgspec.structs.replace(record, sha256="00" * 32) for record in records]
    with pytest.raises(IntegrityError, match=r"torch 2\.3\.0") as caught:
        check_hashes(hashes, other)
    assert caught.value.code == "integrity.requirements"
    assert f"--hash=sha256:{'00' * 32}" in caught.value.hint
    check_hashes({}, other)


@pytest.mark.parametrize(("asked", "wanted"), [(None, "3.11.7"), ("3.13", "3.13")])
def test_markers_are_decided_for_the_python_that_is_asked_for_or_that_the_file_names(
    asked: str | None, wanted: str
) -> None:
    text = "# python 3.11.7\na; python_version < '3.12'\nb; python_version >= '3.12'\n"
    parsed = parse_requirements(text, subdir="linux-64", python=asked)
    assert parsed.pip_specs == (("pypi::a",) if wanted == "3.11.7" else ("pypi::b",))
    assert parsed.warnings == ()
