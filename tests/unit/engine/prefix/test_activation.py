"""Activation decided, run in a shell, and compared with py-rattler's and with sourcing the scripts by hand."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from jupyter_envs.engine.models.platform import layout_for
from jupyter_envs.engine.prefix.activated import activated_environ, activation_of, note_activation
from jupyter_envs.engine.prefix.activation import (
    PrefixContents,
    default_env_name,
    path_entries,
    plan_activation,
    read_contents,
)
from jupyter_envs.errors import LinkScriptError, SpecError
from support.waiting import PATIENCE, lives, wait_until

from .conftest import MakePrefix

LINUX = layout_for("linux-64")
WINDOWS = layout_for("win-64")


def script(prefix: Path, kind: str, name: str, text: str) -> None:
    directory = prefix / "etc/conda" / f"{kind}.d"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / name).write_text(text)


def outside() -> dict[str, str]:
    return {"PATH": os.defpath, "HOME": os.environ["HOME"], "LANG": "C.UTF-8"}


def sourced(text: str, environ: dict[str, str]) -> dict[str, str]:
    """Run shell text in a real bash and return the variables it ends with, but for the shell's own."""
    output = subprocess.run(
        ["bash", "--norc", "--noprofile", "-c", f"{text}\n/usr/bin/env -0"],
        env=environ,
        capture_output=True,
        check=True,
    ).stdout.decode()
    pairs = (line.partition("=") for line in output.split("\0") if line)
    return {key: value for key, _, value in pairs if key not in ("_", "SHLVL", "PWD", "OLDPWD")}


def test_variables_of_a_conda_environment(make_prefix: MakePrefix) -> None:
    prefix = make_prefix("work")
    environ = activated_environ(prefix, outside())
    assert environ["CONDA_PREFIX"] == str(prefix)
    assert environ["CONDA_DEFAULT_ENV"] == "work"
    assert environ["CONDA_PROMPT_MODIFIER"] == "(work) "
    assert environ["CONDA_SHLVL"] == "1"
    assert environ["PATH"] == f"{prefix}/bin:{os.defpath}"
    assert "VIRTUAL_ENV" not in environ
    assert environ["LANG"] == "C.UTF-8"


def test_the_name_is_the_path_outside_a_folder_called_envs() -> None:
    assert default_env_name("/opt/conda/envs/work") == "work"
    assert default_env_name("/opt/conda") == "/opt/conda"
    assert default_env_name("C:\\conda\\envs\\work") == "work"


def test_order_env_vars_then_state_then_scripts(make_prefix: MakePrefix) -> None:
    prefix = make_prefix()
    variables = prefix / "etc/conda/env_vars.d"
    variables.mkdir(parents=True)
    (variables / "b.json").write_text(json.dumps({"ONE": "b", "TWO": "b", "THREE": "b", "N": 4, "GONE": None}))
    (variables / "a.json").write_text(json.dumps({"ONE": "a"}))
    (prefix / "conda-meta/state").write_text(json.dumps({"version": 1, "env_vars": {"TWO": "state", "THREE": "state"}}))
    script(prefix, "activate", "20-late.sh", 'export THREE="$THREE:late"\n')
    script(prefix, "activate", "10-early.sh", 'export THREE="$THREE:early"\n')
    script(prefix, "activate", "ignored.fish", "set -x THREE fish\n")
    environ = activated_environ(prefix, outside())
    assert (environ["ONE"], environ["TWO"], environ["THREE"]) == ("b", "state", "state:early:late")
    assert environ["N"] == "4" and "GONE" not in environ
    without = activated_environ(prefix, outside(), run_scripts=False)
    assert without["THREE"] == "state"


def test_it_agrees_with_rattlers_activation(rattler_original: Path) -> None:
    from rattler.shell import ActivationVariables, Shell, activate

    before = outside()
    theirs_script = activate(
        rattler_original, ActivationVariables(current_path=before["PATH"].split(":")), Shell.bash, "linux-64"
    ).script
    theirs = sourced(theirs_script, before)
    ours = activated_environ(rattler_original, before)
    assert ours["NATIVE_HOME"] == f"{rattler_original}/share"
    assert ours["NATIVE_LEVEL"] == "3"
    # rattler's script sets no CONDA_DEFAULT_ENV, and writes the rest of PATH twice
    assert list(dict.fromkeys(theirs["PATH"].split(":"))) == ours["PATH"].split(":")
    same = ("CONDA_PREFIX", "NATIVE_HOME", "NATIVE_LEVEL", "CONDA_SHLVL")
    assert {key: ours[key] for key in same} == {key: theirs[key] for key in same}


def test_it_agrees_with_sourcing_by_hand(make_prefix: MakePrefix) -> None:
    prefix = make_prefix("with space'and\"quotes")
    script(
        prefix,
        "activate",
        "a.sh",
        "export MULTI='line one\nline two'\nexport FROM_PREFIX=$CONDA_PREFIX\nlocal_only=1\n",
    )
    script(prefix, "activate", "b b.sh", 'unset LANG\nexport PATH="/first:$PATH"\necho noise; echo noise >&2\n')
    scripts = prefix / "etc/conda/activate.d"
    text = f"""
        export CONDA_PREFIX={sq(prefix)} CONDA_DEFAULT_ENV={sq(prefix.name)} CONDA_SHLVL=1
        export CONDA_PROMPT_MODIFIER={sq(f"({prefix.name}) ")}
        export PATH={sq(prefix)}/bin:"$PATH"
        . {sq(scripts / "a.sh")} >/dev/null
        . {sq(scripts / "b b.sh")} >/dev/null 2>&1
    """
    assert activated_environ(prefix, outside()) == sourced(text, outside())


def sq(text: object) -> str:
    return "'" + str(text).replace("'", "'\\''") + "'"


def test_entering_leaves_the_environment_that_was_active(make_prefix: MakePrefix) -> None:
    old, new = make_prefix("old"), make_prefix("new")
    (old / "conda-meta/state").write_text(json.dumps({"env_vars": {"OLD_STATE": "1", "CHANGED": "old"}}))
    script(old, "activate", "a.sh", "export OLD_SCRIPT=1 ORDER=\n")
    script(old, "deactivate", "1.sh", 'unset OLD_SCRIPT\nexport ORDER="$ORDER:1"\n')
    script(old, "deactivate", "2.sh", 'export ORDER="$ORDER:2"\n')
    inside = activated_environ(old, outside())
    assert inside["OLD_SCRIPT"] == inside["OLD_STATE"] == "1"
    inside["CHANGED"] = "by the user"
    both = activated_environ(new, inside)
    assert both["CONDA_PREFIX"] == str(new)
    assert (both["CONDA_SHLVL"], both["CONDA_PREFIX_1"]) == ("2", str(old))
    assert both["PATH"] == f"{new}/bin:{os.defpath}"
    assert "OLD_SCRIPT" not in both and "OLD_STATE" not in both
    assert both["CHANGED"] == "by the user"
    assert both["ORDER"] == ":2:1"


def test_entering_again_changes_nothing(make_prefix: MakePrefix) -> None:
    prefix = make_prefix()
    (prefix / "conda-meta/state").write_text(json.dumps({"env_vars": {"A": "1"}}))
    once = activated_environ(prefix, outside())
    assert activated_environ(prefix, once) == once


def test_an_environment_that_has_gone_can_be_left(make_prefix: MakePrefix, tmp_path: Path) -> None:
    prefix = make_prefix()
    gone = {**outside(), "CONDA_PREFIX": str(tmp_path / "gone"), "CONDA_SHLVL": "1"}
    assert activated_environ(prefix, gone)["CONDA_SHLVL"] == "2"
    broken = make_prefix("broken")
    (broken / "conda-meta/state").write_text("{")
    leaving = {**outside(), "CONDA_PREFIX": str(broken), "CONDA_SHLVL": "1"}
    assert activated_environ(prefix, leaving)["CONDA_PREFIX"] == str(prefix)
    with pytest.raises(SpecError, match="conda-meta/state"):
        activated_environ(broken, outside())


def test_an_interpreter_based_environment_is_a_venv_too(make_prefix: MakePrefix) -> None:
    prefix = make_prefix()
    (prefix / "pyvenv.cfg").write_text("home = /usr/bin\n")
    leaked = {**outside(), "VIRTUAL_ENV": "/other", "PYTHONHOME": "/usr", "PATH": f"/other/bin:{os.defpath}"}
    environ = activated_environ(prefix, leaked)
    assert environ["VIRTUAL_ENV"] == environ["CONDA_PREFIX"] == str(prefix)
    assert "PYTHONHOME" not in environ
    assert environ["PATH"] == f"{prefix}/bin:{os.defpath}"


def test_a_venv_is_entered_without_conda_and_a_conda_environment_without_venv(
    make_prefix: MakePrefix, tmp_path: Path
) -> None:
    venv = tmp_path / "project/.venv"
    venv.mkdir(parents=True)
    (venv / "pyvenv.cfg").write_text("home = /usr/bin\n")
    conda = make_prefix()
    in_conda = activated_environ(conda, outside())
    in_venv = activated_environ(venv, in_conda)
    assert in_venv["VIRTUAL_ENV"] == str(venv)
    assert not [key for key in in_venv if key.startswith("CONDA_")]
    assert "VIRTUAL_ENV" not in activated_environ(conda, in_venv)


def test_no_shell_without_scripts(make_prefix: MakePrefix) -> None:
    prefix = make_prefix()
    environ = activated_environ(prefix, {"PATH": "", "HOME": "/"})
    assert environ["PATH"] == f"{prefix}/bin"


@pytest.mark.parametrize("text", ["exit 0", "echo went wrong; exit 3", "exec true", "kill -9 $$"])
def test_a_script_that_ends_the_shell_is_an_error(make_prefix: MakePrefix, text: str) -> None:
    prefix = make_prefix()
    script(prefix, "activate", "a.sh", text)
    with pytest.raises(LinkScriptError, match="ended the shell") as caught:
        activated_environ(prefix, outside())
    assert caught.value.code == "activation.script"
    assert "activate.d" in caught.value.hint
    assert ("went wrong" in caught.value.message) == ("went wrong" in text)


def test_a_script_that_fails_or_is_wrong_does_not_stop_the_others(make_prefix: MakePrefix) -> None:
    prefix = make_prefix()
    script(prefix, "activate", "a.sh", "false\nnot-a-command\n")
    script(prefix, "activate", "b.sh", "export B=1\n")
    assert activated_environ(prefix, outside())["B"] == "1"


def test_a_script_that_hangs_is_killed_with_its_children(make_prefix: MakePrefix, tmp_path: Path) -> None:
    prefix = make_prefix()
    script(prefix, "activate", "a.sh", f"sleep 600 & echo $! > {tmp_path}/child; wait\n")
    with pytest.raises(LinkScriptError, match=r"longer than 3 seconds") as caught:
        activated_environ(prefix, outside(), timeout=3)
    assert caught.value.code == "activation.timeout"
    child = int((tmp_path / "child").read_text())
    wait_until(lambda: not lives(child), "the script's child has ended")


def test_scripts_do_not_read_the_terminal(make_prefix: MakePrefix) -> None:
    prefix = make_prefix()
    script(prefix, "activate", "a.sh", "read -r LINE; export LINE=got:$LINE\n")
    assert activated_environ(prefix, outside(), timeout=PATIENCE)["LINE"] == "got:"


def test_broken_env_vars_name_the_file(make_prefix: MakePrefix) -> None:
    prefix = make_prefix()
    directory = prefix / "etc/conda/env_vars.d"
    directory.mkdir(parents=True)
    (directory / "bad.json").write_text('{"A": [1]}')
    with pytest.raises(SpecError, match=r"env_vars\.d/bad\.json") as caught:
        read_contents(prefix, LINUX)
    assert caught.value.code == "prefix.env_vars"


def test_windows_path_and_scripts(make_prefix: MakePrefix) -> None:
    contents = PrefixContents(
        prefix="C:\\envs\\work", activate_scripts=("C:\\envs\\work\\etc\\conda\\activate.d\\a.bat",)
    )
    plan = plan_activation(contents, WINDOWS, {"PATH": "C:\\Windows;C:\\other", "CONDA_SHLVL": "x"})
    assert plan.path_entries == (
        "C:\\envs\\work",
        "C:\\envs\\work\\Library\\mingw-w64\\bin",
        "C:\\envs\\work\\Library\\usr\\bin",
        "C:\\envs\\work\\Library\\bin",
        "C:\\envs\\work\\Scripts",
        "C:\\envs\\work\\bin",
    )
    assert plan.variables["PATH"].endswith(";C:\\Windows;C:\\other")
    assert plan.variables["CONDA_DEFAULT_ENV"] == "work"
    assert path_entries(PrefixContents(prefix="C:\\v", conda=False, venv=True), WINDOWS) == ("C:\\v\\Scripts",)
    prefix = make_prefix()
    script(prefix, "activate", "a.sh", "")
    script(prefix, "activate", "a.bat", "")
    assert [Path(path).name for path in read_contents(prefix, WINDOWS).activate_scripts] == ["a.bat"]


def test_activation_is_noted_where_that_is_possible(make_prefix: MakePrefix, tmp_path: Path) -> None:
    prefix = make_prefix()
    assert note_activation(prefix)
    marker = prefix / "conda-meta/last_activated"
    os.utime(marker, (1, 1))
    assert note_activation(prefix)
    assert time.time() - marker.stat().st_mtime < 60
    assert not note_activation(tmp_path / "gone")


def test_the_plan_is_data_for_who_does_not_run_a_shell(make_prefix: MakePrefix) -> None:
    prefix = make_prefix()
    script(prefix, "activate", "a.sh", "")
    plan = activation_of(prefix, {**outside(), "PYTHONHOME": "/x"}, name="shown")
    assert plan.unset == ("PYTHONHOME",)
    assert plan.activate_scripts == (str(prefix / "etc/conda/activate.d/a.sh"),)
    assert plan.variables["CONDA_DEFAULT_ENV"] == "shown"
