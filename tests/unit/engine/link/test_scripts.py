"""Link scripts, run for real."""

import os
import signal
import threading
from pathlib import Path

import pytest
from msgspec.structs import replace

from jupyter_envs.engine.link.scripts import ScriptRun, run_link_script, script_command, script_environ
from jupyter_envs.engine.models.events import CancelToken
from jupyter_envs.engine.models.platform import layout_for
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import CancelledError, LinkScriptError
from support.waiting import lives, wait_until

RECORD = RepodataRecord(name="pack", version="1.2", build="0", build_number=3, fn="pack.conda", url="x")


FOR_EVER = 600  # seconds: longer than a test may take


def script(tmp_path: Path, text: str, *, timeout: float = 20.0) -> ScriptRun:
    path = tmp_path / "env/bin/.pack-post-link.sh"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return ScriptRun(
        record=RECORD,
        kind="post-link",
        script=str(path),
        prefix=str(tmp_path / "env"),
        root_prefix="/base",
        source_directory="/pkgs/pack-1.2-0",
        environ={"PATH": f"{tmp_path}/env/bin:{os.environ['PATH']}", "CONDA_PREFIX": "x", "ACTIVATED": "yes"},
        layout=layout_for("linux-64"),
        timeout=timeout,
    )


def test_a_script_sees_its_variables_and_its_messages_are_taken(tmp_path: Path) -> None:
    names = "$PREFIX|$PKG_NAME|$PKG_VERSION|$PKG_BUILDNUM|$ROOT_PREFIX|$SOURCE_DIR|$ACTIVATED|$PWD"
    run = script(tmp_path, f'echo noise\necho "{names}" >> "$PREFIX/.messages.txt"\n')
    prefix = tmp_path / "env"
    expected = f"{prefix}|pack|1.2|3|/base|/pkgs/pack-1.2-0|yes|{prefix}/bin\n"
    assert run_link_script(run) == expected
    assert not (prefix / ".messages.txt").exists()


def test_a_silent_script_has_no_messages(tmp_path: Path) -> None:
    assert run_link_script(script(tmp_path, "true\n")) == ""


def test_a_failure_shows_the_end_of_the_output(tmp_path: Path) -> None:
    text = "for i in $(seq 100); do echo line $i; done\necho gone >&2\necho told > $PREFIX/.messages.txt\nexit 4\n"
    with pytest.raises(LinkScriptError) as caught:
        run_link_script(script(tmp_path, text))
    error = caught.value
    assert error.code == "link.script"
    assert error.message.startswith("the post-link script of pack-1.2-0 ended with code 4:\nline 82\n")
    assert error.message.endswith("line 100\ngone")
    assert "run_link_scripts" in error.hint
    assert error.detail["messages"] == "told\n"


def test_a_script_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    run = script(tmp_path, f"echo started\nsleep {FOR_EVER} &\necho $! > {tmp_path}/child\nwait\n", timeout=3)
    with pytest.raises(LinkScriptError) as caught:
        run_link_script(run)
    assert "took too long" in caught.value.message
    assert "started" in caught.value.message
    child = int((tmp_path / "child").read_text())
    wait_until(lambda: not lives(child), "the script's child has ended")


def test_cancelling_ends_a_script(tmp_path: Path) -> None:
    cancel = CancelToken()
    run = replace(script(tmp_path, f"touch {tmp_path}/started\nsleep {FOR_EVER}\n", timeout=FOR_EVER), cancel=cancel)

    def cancel_when_it_runs() -> None:
        wait_until((tmp_path / "started").exists)
        cancel.cancel()

    thread = threading.Thread(target=cancel_when_it_runs)
    thread.start()
    with pytest.raises(CancelledError):
        run_link_script(run)
    thread.join()


def test_what_a_script_leaves_running_does_not_hold_it(tmp_path: Path) -> None:
    text = f"sleep {FOR_EVER} &\necho $! > {tmp_path}/child\n"
    assert run_link_script(script(tmp_path, text, timeout=FOR_EVER)) == ""
    child = int((tmp_path / "child").read_text())
    assert lives(child)
    os.kill(child, signal.SIGKILL)


def test_endless_output_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(LinkScriptError) as caught:
        run_link_script(script(tmp_path, "yes | head -c 5000000\nexit 1\n"))
    assert caught.value.message.count("y\n") < 30


def test_a_shell_that_is_missing_is_a_failure_of_the_script(tmp_path: Path) -> None:
    run = replace(script(tmp_path, "true\n"), environ={"PATH": "/nowhere"})
    with pytest.raises(LinkScriptError) as caught:
        run_link_script(run)
    assert "bash" in caught.value.message


def test_scripts_of_windows_are_run_by_its_shell() -> None:
    run = ScriptRun(
        record=RECORD,
        kind="post-link",
        script="C:/env/Scripts/.pack-post-link.bat",
        prefix="C:/env",
        root_prefix="C:/base",
        source_directory="C:/pkgs/pack",
        environ={"COMSPEC": "C:/Windows/cmd.exe", "PKG_NAME": "another"},
        layout=layout_for("win-64"),
    )
    assert script_command(run) == ["C:/Windows/cmd.exe", "/d", "/c", "C:/env/Scripts/.pack-post-link.bat"]
    assert script_environ(run)["PKG_NAME"] == "pack"
