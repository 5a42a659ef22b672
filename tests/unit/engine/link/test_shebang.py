"""First lines: as data for three platforms, and run for real where there is a shell."""

import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_envs.engine.link.shebang import fix_shebang, python_shebang, rewrite_python_shebang
from jupyter_envs.engine.models.platform import layout_for

LINUX, MACOS, WINDOWS = layout_for("linux-64"), layout_for("osx-arm64"), layout_for("win-64")
LONG = "/" + "long-directory-name/" * 10 + "env"


def test_a_short_line_stays_as_it_is() -> None:
    assert python_shebang("/home/u/env/bin/python3.11", LINUX) == b"#!/home/u/env/bin/python3.11\n"
    data = b"#!/p/bin/perl -w\nprint 1\n"
    assert fix_shebang(data, b"/p", LINUX) == data


def test_the_limit_counts_the_whole_line_without_its_end() -> None:
    prefix = "/" + "x" * (127 - len("#!/" + "/bin/sh"))
    fitting = f"#!{prefix}/bin/sh\n".encode()
    assert len(fitting) == 128
    assert fix_shebang(fitting, prefix.encode(), LINUX) == fitting
    longer = f"#!{prefix}x/bin/sh\n".encode()
    assert fix_shebang(longer, f"{prefix}x".encode(), LINUX) == b"#!/usr/bin/env sh\n"


def test_macos_takes_longer_lines() -> None:
    assert python_shebang(f"{LONG}/bin/python", MACOS) == f"#!{LONG}/bin/python\n".encode()
    assert python_shebang(f"{LONG}/bin/python", LINUX).startswith(b"#!/bin/sh\n'''exec' ")


def test_windows_has_no_shebangs() -> None:
    data = b"#!C:/" + b"x" * 600 + b"/python.exe\n"
    assert fix_shebang(data, b"C:/" + b"x" * 600, WINDOWS) == data


def test_a_long_perl_goes_through_env_and_keeps_its_options() -> None:
    assert fix_shebang(f"#!{LONG}/bin/perl\nx\n".encode(), LONG.encode(), LINUX) == b"#!/usr/bin/env perl\nx\n"
    with_options = fix_shebang(f"#!{LONG}/bin/perl -w -T\nx\n".encode(), LONG.encode(), LINUX)
    assert with_options == b"#!/usr/bin/env -S perl -w -T\nx\n"


def test_a_line_that_does_not_name_the_prefix_is_not_ours() -> None:
    data = f"#!{LONG}/bin/python\n".encode()
    assert fix_shebang(data, b"/elsewhere", LINUX) == data


def test_a_text_without_a_shebang_is_untouched() -> None:
    assert fix_shebang(b"plain " + LONG.encode(), LONG.encode(), LINUX) == b"plain " + LONG.encode()


@pytest.mark.parametrize("second", ["# -*- coding: latin-1 -*-", "x = 1\nfrom __future__ import annotations"])
def test_a_python_script_whose_next_lines_matter_goes_through_env(second: str) -> None:
    fixed = fix_shebang(f"#!{LONG}/bin/python3.11\n{second}\n".encode(), LONG.encode(), LINUX)
    assert fixed == f"#!/usr/bin/env python3.11\n{second}\n".encode()


def test_a_utf8_declaration_does_not_matter() -> None:
    fixed = fix_shebang(f"#!{LONG}/bin/python3.11\n# -*- coding: utf-8 -*-\n".encode(), LONG.encode(), LINUX)
    assert fixed.startswith(b"#!/bin/sh\n'''exec' ")


def test_a_wheels_mark_is_filled_in() -> None:
    assert rewrite_python_shebang(b"#!python\nx\n", "/e/bin/python", LINUX) == b"#!/e/bin/python\nx\n"
    assert rewrite_python_shebang(b"#!pythonw -E\r\nx\n", "/e/bin/python", LINUX) == b"#!/e/bin/python -E\nx\n"
    assert rewrite_python_shebang(b"#!/usr/bin/python\nx\n", "/e/bin/python", LINUX) is None
    assert rewrite_python_shebang(b"#!python3\nx\n", "/e/bin/python", LINUX) is None
    assert rewrite_python_shebang(b"\x7fELF", "/e/bin/python", LINUX) is None


@pytest.mark.parametrize("name", ["with space", 'it\'s $HOME `x` "q"', "x" * 150, "'" * 4, "back\\slash and space"])
def test_a_script_in_an_awkward_prefix_runs(tmp_path: Path, name: str) -> None:
    prefix = tmp_path / name
    (prefix / "bin").mkdir(parents=True)
    (prefix / "bin/python3").symlink_to(sys.executable)
    script = prefix / "bin/tool"
    body = b"import sys\nprint(sys.argv[1:], sys.argv[0])\n"
    data = f"#!{prefix}/bin/python3 -I\n".encode() + body
    script.write_bytes(fix_shebang(data, str(prefix).encode(), LINUX))
    script.chmod(0o755)
    path = f"{prefix}/bin:/usr/bin:/bin"
    run = subprocess.run([script, "a b", "$c"], capture_output=True, text=True, env={"PATH": path}, check=False)
    assert run.stderr == ""
    assert run.stdout == f"['a b', '$c'] {script}\n"
