"""A notebook that carries its environment: locked, run elsewhere, opened, checked, with real kernels."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest

from support.kernels import PROGRAM, Place, started, variables_for
from support.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.network

CELLS = ("import ipykernel, sys\nprint(ipykernel.__version__, sys.version_info[:2])", "40 + 2")


def write(path: Path, *cells: str, kernel: str = "envs-seven", **metadata: Any) -> Path:
    spec = {"name": kernel, "display_name": "Python", "language": "python"}
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata={"kernelspec": spec, **metadata}
    )
    nbformat.write(made, path)
    return path


@pytest.fixture(scope="module")
def near(place: Place) -> str:
    """Return the name of an environment as ``seven``, in which no other test installs anything."""
    place.envs("create", "near", "python", "ipykernel>=7,<8")
    return "near"


def outputs(path: Path) -> list[Any]:
    return [cell.get("outputs") for cell in json.loads(path.read_text())["cells"]]


def envs(place: Place, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environ = {**place.environ, **variables}
    return subprocess.run([*PROGRAM, *arguments], env=environ, capture_output=True, text=True, check=False, timeout=280)


def tree(prefix: Path) -> dict[str, bytes]:
    """Return the files of an environment with its path taken out, without records, histories and compiled files."""
    files = (path for path in prefix.rglob("*") if path.is_file() and not path.is_symlink())
    return {
        str(path.relative_to(prefix)): path.read_bytes().replace(bytes(prefix), b"PREFIX")
        for path in files
        if not {"conda-meta", "__pycache__"} & set(path.parts)
    }


def test_a_locked_notebook_runs_elsewhere_on_the_same_files_with_the_same_outputs(here: Place, tmp_path: Path) -> None:
    here.envs("create", "plain", "python", "ipykernel>=7,<8")
    notebook = write(tmp_path / "work.ipynb", *CELLS, kernel="envs-plain")
    written = envs(here, "lock", str(notebook), "--json")
    assert json.loads(written.stdout)["written"], written.stderr
    assert not json.loads(envs(here, "lock", str(notebook), "--json").stdout)["written"]
    assert json.loads(envs(here, "check", str(notebook), "--json").stdout)["against"] == "lock"
    ran = envs(here, "run", str(notebook))
    assert ran.returncode == 0, ran.stderr
    assert "2 cells executed in plain" in ran.stdout
    elsewhere = {**variables_for(tmp_path / "second"), "HOME": str(tmp_path / "home")}
    copy = tmp_path / "copy.ipynb"
    built = envs(here, "run", "--exact", str(notebook), "-o", str(copy), **elsewhere)
    assert built.returncode == 0, built.stderr
    assert "cell 2 of 2" in built.stderr
    assert outputs(copy) == outputs(notebook)
    assert "42" in json.dumps(outputs(copy))
    (prefix,) = (tmp_path / "second/root/envs").iterdir()
    assert prefix.name.startswith("work-")
    assert tree(prefix) == tree(here.folder / "root/envs/plain")
    assert envs(here, "verify", prefix.name, **elsewhere).returncode == 0
    again = envs(here, "run", str(notebook), "--exact", **elsewhere)
    assert again.returncode == 0, again.stderr
    assert "added" not in again.stdout
    assert len(list((tmp_path / "second/root/envs").iterdir())) == 1


def test_a_lock_from_elsewhere_is_solved_for_here_and_the_difference_to_it_shown(
    here: Place, near: str, tmp_path: Path
) -> None:
    notebook = write(tmp_path / "far.ipynb", *CELLS, kernel="envs-nowhere")
    envs(here, "lock", str(notebook), "-e", near)
    original = notebook.read_text()
    ((subdir, locked),) = json.loads(original)["metadata"]["jupyter_envs"]["platforms"].items()

    def relock(platform: str, old: str, new: str) -> None:
        content = json.loads(original)
        packages = [line.replace(old, new) for line in locked["packages"]]
        content["metadata"]["jupyter_envs"]["platforms"] = {platform: {**locked, "packages": packages}}
        notebook.write_text(json.dumps(content))

    (ipykernel,) = (name for name in here.names(near) if name.startswith("ipykernel-"))
    (python,) = (name for name in here.names(near) if name.startswith("python-3"))
    for platform, package, other, because in (
        ("osx-arm64", ipykernel, "ipykernel-7.0.0a1", f"it is locked for osx-arm64, and this is {subdir}"),
        (subdir, python, "python-3.9.99", "the Python that it borrows is another one here"),
    ):
        relock(platform, package, other)
        copy = tmp_path / f"{platform}.ipynb"
        ran = envs(here, "run", str(notebook), "-o", str(copy))
        assert ran.returncode == 0, ran.stderr
        assert because in ran.stderr
        assert "what was asked for is solved for here" in ran.stderr
        name, _, before = other.partition("-")
        shown = ran.stdout.partition("otherwise than in the lock:")[2]
        assert re.search(rf"{name} +{re.escape(before)} → ", shown), ran.stdout
        assert "42" in json.dumps(outputs(copy))
    assert len(list((here.folder / "root/envs").glob("far-*"))) == 1  # asked for the same, so solved for once
    refused = envs(here, "run", "--exact", str(notebook))
    assert refused.returncode == 2
    assert f"error: far.ipynb cannot have exactly what was locked: {because}" in refused.stderr
    assert " hint: without --exact, what was asked for is solved for here" in refused.stderr


def test_a_cell_that_fails_ends_the_run_and_what_was_said_is_written(here: Place, near: str, tmp_path: Path) -> None:
    notebook = write(tmp_path / "fails.ipynb", "print('before')", "1 / 0", "print('after')", kernel=f"envs-{near}")
    envs(here, "lock", str(notebook))
    ran = envs(here, "run", str(notebook))
    assert ran.returncode == 1
    assert "error: a cell failed: ZeroDivisionError: division by zero" in ran.stderr
    assert "Traceback" not in ran.stderr
    before, failed, after = outputs(notebook)
    assert before[0]["text"] == ["before\n"]
    assert failed[0]["ename"] == "ZeroDivisionError"
    assert after == []
    nowhere = tmp_path / "nowhere/out.ipynb"
    for output, said in ((nowhere, f"there is no folder {nowhere.parent}"), (tmp_path, f"{tmp_path} is a folder")):
        refused = envs(here, "run", str(notebook), "-o", str(output))
        assert refused.returncode == 3
        assert f"error: the executed notebook cannot be written: {said}" in refused.stderr
        assert "cell 1" not in refused.stderr
    going_on = envs(here, "run", str(notebook), "--allow-errors")
    assert going_on.returncode == 0, going_on.stderr
    assert outputs(notebook)[2][0]["text"] == ["after\n"]


LATE = """\
import sys, time
sys.stdout.flush_timeout = sys.stderr.flush_timeout = 0.1
get_ipython().kernel.iopub_thread.schedule(lambda: time.sleep(6))
40 + 2
"""


def test_what_a_cell_says_is_waited_for_on_a_busy_machine(here: Place, near: str, tmp_path: Path) -> None:
    notebook = write(tmp_path / "late.ipynb", LATE, kernel=f"envs-{near}")
    envs(here, "lock", str(notebook))
    ran = envs(here, "run", str(notebook))
    assert ran.returncode == 0, ran.stderr
    assert [output["data"] for output in outputs(notebook)[0]] == [{"text/plain": ["42"]}], "its reply came 6 s before"


def test_ctrl_c_ends_the_cells_with_a_sentence_and_keeps_their_outputs(here: Place, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    notebook = write(tmp_path / "long.ipynb", "40 + 2", f"open({str(begun)!r}, 'w')\nimport time; time.sleep(600)")
    envs(here, "lock", str(notebook))
    words = [*PROGRAM, "run", str(notebook)]
    process = subprocess.Popen(words, env=here.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        wait_until(begun.exists)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert (process.returncode, "Traceback" in said) == (130, False), said
    assert f"stopped; {notebook} has the outputs until then" in said
    assert "42" in json.dumps(outputs(notebook)[0])


def test_a_script_block_is_an_environment_too(here: Place, tmp_path: Path) -> None:
    notebook = write(tmp_path / "script.ipynb", "# /// script\n# dependencies = []\n# ///\nprint('ran')", kernel="none")
    ran = envs(here, "run", str(notebook))
    assert ran.returncode == 0, ran.stderr
    assert outputs(notebook)[0][0]["text"] == ["ran\n"]
    exact = envs(here, "run", "--exact", str(notebook))
    assert exact.returncode == 2
    assert "cannot have exactly what was locked: it carries no lock" in exact.stderr


def test_what_a_kernel_says_to_nobody_is_told_when_it_dies(here: Place, tmp_path: Path) -> None:
    says = "import os; os.write(2, b'for nobody\\n')"
    notebook = write(
        tmp_path / "dying.ipynb", f"# /// script\n# dependencies = []\n# ///\n{says}", "os._exit(3)", kernel="none"
    )
    ran = envs(here, "run", str(notebook))
    assert ran.returncode == 1
    assert ran.stderr.count("for nobody") == 1, ran.stderr
    assert "error: the kernel died: for nobody" in ran.stderr
    assert "WARNING" not in ran.stderr


def test_without_an_environment_the_files_beside_are_offered(here: Place, tmp_path: Path) -> None:
    notebook = write(tmp_path / "bare.ipynb", "1")
    (tmp_path / "requirements.txt").write_text("six\n")
    ran = envs(here, "run", str(notebook))
    assert ran.returncode == 2
    assert "error: bare.ipynb carries no environment" in ran.stderr
    assert f"--file {tmp_path}/requirements.txt" in ran.stderr
    gone = envs(here, "run", str(tmp_path / "gone.ipynb"))
    assert gone.returncode == 3
    assert "there is no notebook" in gone.stderr


def test_commands_of_an_environment_may_be_about_notebooks(here: Place) -> None:
    ran = envs(here, "run", "seven", "--", "python", "-c", "import sys; print(sys.argv[1])", "x.ipynb")
    assert ran.stdout == "x.ipynb\n", ran.stderr
    absent = envs(here, "run", "seven", "nofile.ipynb")
    assert (absent.returncode, "error: there is no notebook nofile.ipynb" in absent.stderr) == (3, True)
    assert "Execute a NOTEBOOK" in envs(here, "run", "x.ipynb", "--help").stdout


def test_a_kernel_shows_the_lock_and_writes_it_into_a_saved_notebook(here: Place, tmp_path: Path) -> None:
    notebook = write(tmp_path / "open.ipynb", "1")
    with started("envs-seven") as kernel:
        shown = kernel.good("%envlock").text
        assert '"lock_version": 1' in shown
        assert shown.endswith("%envlock NAME.ipynb writes this into the file")
        done = kernel.good(f"%envlock {notebook}").text
    assert done.splitlines()[0].startswith("open.ipynb carries seven: ")
    assert done.endswith("reload the notebook from disk before you save it again")
    assert "jupyter_envs" in json.loads(notebook.read_text())["metadata"]


def test_open_starts_jupyterlab_on_the_kernel_of_the_environment(here: Place, tmp_path: Path) -> None:
    notebook = write(tmp_path / "opened.ipynb", "1", kernel="somewhere-else")
    assert envs(here, "lock", str(notebook), "-e", "seven").returncode == 0
    config = tmp_path / "config"
    config.mkdir()
    (config / "jupyter_server_config.json").write_text(
        json.dumps({"ServerApp": {"open_browser": False, "port": 0, "allow_root": True, "ip": "127.0.0.1"}})
    )
    runtime = tmp_path / "runtime"
    environ = {**here.environ, "JUPYTER_CONFIG_DIR": str(config), "JUPYTER_RUNTIME_DIR": str(runtime)}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([*PROGRAM, "open", str(notebook)], env=environ, stdout=log, stderr=log)
    try:
        wait_until(lambda: list(runtime.glob("jpserver-*.json")) or process.poll() is not None)
        (server,) = runtime.glob("jpserver-*.json")
        assert server.name == f"jpserver-{process.pid}.json"
        assert str(notebook) in psutil.Process(process.pid).cmdline()
    finally:
        process.terminate()
        process.wait(PATIENCE)
    assert json.loads(notebook.read_text())["metadata"]["kernelspec"]["name"].startswith("envs-")
    assert b"is now on the kernel" in (tmp_path / "log").read_bytes()
