"""docs/cli.md says what is so: every verb, every exit code."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from jupyter_envs import errors
from jupyter_envs.cli.main import SECTIONS
from jupyter_envs.errors import EnvsError

MANUAL = (Path(__file__).parents[3] / "docs" / "cli.md").read_text(encoding="utf-8")


def test_every_exit_code_is_in_the_table_and_no_other() -> None:
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", MANUAL, re.MULTILINE)}
    classes = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, EnvsError)]
    assert codes == {0} | {cls.exit_code for cls in classes}


def test_the_manual_names_only_verbs_that_exist() -> None:
    verbs = {verb for section in SECTIONS.values() for verb in section}
    named = set(re.findall(r"(?:jupyter envs|^\s+jupyter envs) ([a-z]+)", MANUAL))
    assert named <= verbs | {"list"}
    assert {"create", "install", "undo", "plan", "execute", "jobs", "kernels", "run", "completion"} <= named
