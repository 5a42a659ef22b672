"""Entry points: reading them, the script for Unix (run for real), the launcher for Windows (looked into)."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from jupyter_envs.engine.link.entry_points import (
    entry_point_path,
    entry_point_script,
    parse_entry_point,
    windows_launcher,
)
from jupyter_envs.engine.models.platform import layout_for
from jupyter_envs.errors import LinkError

LINUX, WINDOWS = layout_for("linux-64"), layout_for("win-64")


def test_the_usual_spellings_are_read() -> None:
    for text in ("cmd = pkg.mod:main.run", "cmd=pkg.mod:main.run", "cmd = pkg.mod:main.run [extra]"):
        entry = parse_entry_point(text, "pkg-1-0")
        assert (entry.command, entry.module, entry.function) == ("cmd", "pkg.mod", "main.run")
    assert parse_entry_point("pip3.11 = pip:main", "pip-1-0").command == "pip3.11"


@pytest.mark.parametrize("text", ["", "cmd", "cmd = module", "a/b = m:f", "../x = m:f", ".. = m:f", "c = m:f; evil()"])
def test_what_is_not_an_entry_point_is_refused(text: str) -> None:
    with pytest.raises(LinkError) as caught:
        parse_entry_point(text, "pkg-1-0")
    assert caught.value.code == "link.entry_point"
    assert "pkg-1-0" in caught.value.message
    assert caught.value.hint


def test_the_script_calls_its_function_and_exits_with_what_it_returns(tmp_path: Path) -> None:
    (tmp_path / "tool_module.py").write_text(
        "import sys\nclass App:\n    @staticmethod\n    def run():\n        print(sys.argv)\n        return 7\n"
    )
    script = tmp_path / "tool"
    entry = parse_entry_point("tool = tool_module:App.run", "tool-1-0")
    script.write_bytes(entry_point_script(entry, sys.executable, LINUX))
    script.chmod(0o755)
    run = subprocess.run([script, "x"], capture_output=True, text=True, env={"PYTHONPATH": str(tmp_path)}, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (7, f"['{script}', 'x']\n", "")


def test_paths_follow_the_platform() -> None:
    entry = parse_entry_point("tool = m:f", "tool-1-0")
    assert entry_point_path(entry, LINUX) == "bin/tool"
    assert entry_point_path(entry, WINDOWS) == "Scripts/tool.exe"


@pytest.mark.parametrize("subdir", ["win-32", "win-64", "win-arm64"])
def test_a_windows_launcher_is_a_program_that_carries_its_script(subdir: str) -> None:
    entry = parse_entry_point("tool = m.n:f.g", "tool-1-0")
    content = windows_launcher(entry, "C:/Users/u/my env/python.exe", layout_for(subdir))
    assert content.startswith(b"MZ")
    assert b"#!C:/Users/u/my env/python.exe" in content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = archive.read("__main__.py").decode()
    assert "from m.n import f" in text
    assert "f.g()" in text


def test_an_unknown_windows_has_no_launcher() -> None:
    entry = parse_entry_point("tool = m:f", "tool-1-0")
    with pytest.raises(LinkError) as caught:
        windows_launcher(entry, "C:/env/python.exe", layout_for("win-riscv64"))
    assert caught.value.code == "link.launcher"
