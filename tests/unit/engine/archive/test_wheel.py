"""Wheels become noarch packages; wheels that lie are refused."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
from pathlib import Path

import pytest

from jupyter_envs.engine.archive.extract import extract
from jupyter_envs.engine.archive.wheel import INSTALLER, PLACEHOLDER, parse_entry_points
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import ArchiveError
from support.wheels import make_wheel

WHEEL_HINT = "use another version, or report it to whoever publishes it"


def record_of(wheel: Path, name: str = "pack-age", version: str = "1.0") -> RepodataRecord:
    return RepodataRecord(
        name=name,
        version=version,
        build="py3_none_any_0",
        noarch="python",
        depends=("python",),
        fn=wheel.name,
        url=wheel.as_uri(),
    )


def extracted(wheel: Path, tmp_path: Path, folder: str = "package") -> Path:
    root = tmp_path / folder
    root.mkdir()
    extract(record_of(wheel), str(wheel), str(root))
    return root


def refused(wheel: Path, tmp_path: Path) -> ArchiveError:
    with pytest.raises(ArchiveError) as caught:
        extracted(wheel, tmp_path)
    assert caught.value.hint
    assert wheel.name in caught.value.message
    return caught.value


def test_where_everything_goes(tmp_path: Path) -> None:
    wheel = make_wheel(
        tmp_path,
        "pack-age",
        files={"pack/__init__.py": "x = 1\n", "pack/tool": "#!/bin/sh\n", "top.py": ""},
        executable=["pack/tool"],
        data={
            "scripts/run": "#!python\nprint(1)\n",
            "scripts/runw": "#!pythonw -E\nprint(1)\n",
            "scripts/sh": "#!/bin/sh\n",
            "data/share/doc.txt": "doc",
            "headers/pack.h": "int x;",
            "purelib/pure.py": "p = 1\n",
            "platlib/plat.py": "p = 1\n",
        },
    )
    root = extracted(wheel, tmp_path)
    info = "site-packages/pack_age-1.0.dist-info"
    modes = {str(p.relative_to(root)): p.stat().st_mode & 0o111 for p in root.rglob("*") if p.is_file()}
    executable = {"site-packages/pack/tool", "python-scripts/run", "python-scripts/runw", "python-scripts/sh"}
    assert {path for path, mode in modes.items() if mode} == executable
    assert set(modes) - executable == {
        "site-packages/pack/__init__.py",
        "site-packages/top.py",
        "site-packages/pure.py",
        "site-packages/plat.py",
        "share/doc.txt",
        "include/pack_age/pack.h",
        f"{info}/METADATA",
        f"{info}/WHEEL",
        f"{info}/RECORD",
        f"{info}/INSTALLER",
        "info/index.json",
        "info/paths.json",
        "info/link.json",
        "info/repodata_record.json",
    }
    assert (root / info / "INSTALLER").read_bytes() == INSTALLER


def test_scripts_run_the_environments_python(tmp_path: Path) -> None:
    data = {"scripts/run": "#!python\nprint(1)\n", "scripts/w": "#!pythonw -E\n", "scripts/sh": "#!/bin/sh\n"}
    root = extracted(make_wheel(tmp_path, "pack-age", data=data), tmp_path)
    assert (root / "python-scripts/run").read_text() == f"#!{PLACEHOLDER}/bin/python\nprint(1)\n"
    assert (root / "python-scripts/w").read_text() == f"#!{PLACEHOLDER}/bin/python -E\n"
    entries = {one["_path"]: one for one in json.loads((root / "info/paths.json").read_text())["paths"]}
    assert entries["python-scripts/run"]["prefix_placeholder"] == PLACEHOLDER
    assert entries["python-scripts/run"]["file_mode"] == "text"
    assert "prefix_placeholder" not in entries["python-scripts/sh"]


def test_entry_points_and_metadata(tmp_path: Path) -> None:
    wheel = make_wheel(
        tmp_path,
        "pack-age",
        entry_points={
            "console_scripts": {"run": "pack:main", "Extra-1": "pack.cli:app.run [extra1,extra2]"},
            "gui_scripts": {"win": "pack:gui"},
            "other.group": {"x": "anything at all"},
        },
    )
    root = extracted(wheel, tmp_path)
    assert json.loads((root / "info/link.json").read_text())["noarch"] == {
        "type": "python",
        "entry_points": ["run = pack:main", "Extra-1 = pack.cli:app.run", "win = pack:gui"],
    }
    index = json.loads((root / "info/index.json").read_text())
    assert (index["name"], index["noarch"], index["depends"]) == ("pack-age", "python", ["python"])
    assert (index["build_number"], index["constrains"], index["subdir"]) == (0, [], "noarch")
    assert "url" not in index


def test_record_is_that_of_an_installed_project(tmp_path: Path) -> None:
    root = extracted(make_wheel(tmp_path, "pack-age", data={"scripts/run": "#!python\n", "data/etc/x": "x"}), tmp_path)
    with (root / "site-packages/pack_age-1.0.dist-info/RECORD").open(newline="") as stream:
        rows = {row[0]: row[1] for row in csv.reader(stream)}
    assert rows["pack_age/__init__.py"].startswith("sha256=")
    assert rows["../../../bin/run"] == ""
    assert rows["../../../etc/x"] == ""
    assert "pack_age-1.0.dist-info/INSTALLER" in rows
    assert rows["pack_age-1.0.dist-info/RECORD"] == ""


def test_times_are_the_wheels_own_and_stable(tmp_path: Path) -> None:
    wheels = [
        make_wheel(tmp_path / str(n), "pack-age", files={"a.py": f"version = {n}\n", "b.py": ""}) for n in range(2)
    ]
    times = [
        {path.stat().st_mtime for path in extracted(wheel, tmp_path, f"p{n}").rglob("site-packages/**/*.py")}
        for n, wheel in enumerate([*wheels, wheels[0]])
    ]
    assert all(len(own) == 1 for own in times)
    assert times[0] != times[1]
    assert times[0] == times[2]
    assert all(1_700_000_000 - (1 << 24) < time <= 1_700_000_000 for own in times for time in own)


@pytest.mark.parametrize("name", ["../evil.py", "/evil.py", "a/../../evil.py", "a//b", "..\\evil.py"])
def test_paths_that_climb_out(tmp_path: Path, name: str) -> None:
    error = refused(make_wheel(tmp_path, "pack-age", raw={name: "gotcha"}), tmp_path)
    assert error.code == "archive.escape"


@pytest.mark.parametrize("path", ["conda-meta/history", "info/index.json", "site-packages/x.py", "pyvenv.cfg"])
def test_data_where_the_engine_keeps_its_own(tmp_path: Path, path: str) -> None:
    error = refused(make_wheel(tmp_path, "pack-age", data={f"data/{path}": "gotcha"}), tmp_path)
    assert error.code == "archive.escape"


def test_a_file_that_record_does_not_list(tmp_path: Path) -> None:
    error = refused(make_wheel(tmp_path, "pack-age", raw={"extra.py": "x"}), tmp_path)
    assert (error.code, error.hint) == ("archive.wheel", WHEEL_HINT)
    assert "extra.py" in error.message


def test_other_content_than_record_says(tmp_path: Path) -> None:
    right = make_wheel(tmp_path / "right", "pack-age", files={"a.py": "x = 1\n"})
    extracted(right, tmp_path, "right-package")
    other = base64.urlsafe_b64encode(hashlib.sha256(b"other").digest()).decode()
    listing = f"a.py,sha256={other},5\npack_age-1.0.dist-info/METADATA,,\n"
    error = refused(make_wheel(tmp_path, "pack-age", files={"a.py": "x = 1\n"}, record=listing), tmp_path)
    assert (error.code, error.hint) == ("archive.mismatch", WHEEL_HINT)


@pytest.mark.parametrize(
    ("listing", "said"), [("a.py,md5=abc,1\n", "md5"), (b"\xff\xfe,sha256=x,1\n", "cannot be read")]
)
def test_bad_records(tmp_path: Path, listing: str | bytes, said: str) -> None:
    error = refused(make_wheel(tmp_path, "pack-age", files={"a.py": "x"}, record=listing), tmp_path)
    assert error.code == "archive.wheel"
    assert said in error.message


def test_another_dist_info_than_the_name_says(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "pack-age")
    for name in ("pack_age-2.0-py3-none-any.whl", "other-1.0-py3-none-any.whl"):
        error = refused(wheel.rename(wheel.with_name(name)), tmp_path)
        assert error.code == "archive.mismatch"
        wheel = wheel.with_name(name)
        (tmp_path / "package").rmdir()


def test_two_dist_infos(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "pack-age", files={"other-1.0.dist-info/METADATA": "x"})
    assert refused(wheel, tmp_path).code == "archive.wheel"


def test_unknown_data(tmp_path: Path) -> None:
    assert refused(make_wheel(tmp_path, "pack-age", data={"magic/x": "x"}), tmp_path).code == "archive.wheel"


@pytest.mark.parametrize(
    "content",
    [
        "[console_scripts]\nrun = pack\n",
        "[console_scripts]\n../run = pack:main\n",
        "[console_scripts]\nrun = pack:main; import os\n",
        "[gui_scripts]\nrun = 1pack:main\n",
        "not an ini file",
    ],
)
def test_entry_points_that_are_none(content: str) -> None:
    with pytest.raises(ArchiveError) as caught:
        parse_entry_points(content.encode(), "a.whl")
    assert (caught.value.code, caught.value.hint) == ("archive.wheel", WHEEL_HINT)


def test_entry_points_keep_their_case_and_spaces() -> None:
    content = b"[console_scripts]\nMy-Run = pack.cli : main\n; a comment\n"
    assert parse_entry_points(content, "a.whl") == ("My-Run = pack.cli:main",)
