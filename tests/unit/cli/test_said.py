"""A warning that is the same all day is said once to each shell or kernel."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

from jupyter_envs.cli.said import is_first

DAY, NEXT = date(2026, 1, 1), date(2026, 1, 2)


def test_a_warning_is_said_once_a_day_to_each_process(tmp_path: Path) -> None:
    root, shell, other = str(tmp_path), os.getpid(), os.getppid()
    assert is_first(root, "away", listener=shell, today=DAY)
    assert not is_first(root, "away", listener=shell, today=DAY)
    assert is_first(root, "another", listener=shell, today=DAY)
    assert is_first(root, "away", listener=other, today=DAY)
    assert not is_first(root, "away", listener=shell, today=DAY)
    assert is_first(root, "away", listener=shell, today=NEXT)
    assert [path.name for path in tmp_path.iterdir()] == ["said.json"]


def test_a_memory_that_cannot_be_read_or_written_is_none(tmp_path: Path) -> None:
    for content in ("", "[]", '{"day": "2026-01-01", "said": 3}', '{"day": "2026-01-01"}'):
        (tmp_path / "said.json").write_text(content)
        assert is_first(str(tmp_path), "away", listener=os.getpid(), today=DAY)
    assert is_first(str(tmp_path / "gone"), "away", listener=os.getpid(), today=DAY)
