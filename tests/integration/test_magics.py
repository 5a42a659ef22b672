"""``%envinstall`` and its family in real kernels: ipykernel 6 and 7 from the index, packages from our own channel."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter, MarkdownExporter

from jupyter_envs.jobs.store import JobStore
from jupyter_envs.kernels.magics import LINK_VARIABLE, own_link
from jupyter_envs.kernels.sync import list_kernels, sync_outdated
from jupyter_envs.settings_load import load_settings
from support.http_server import serve
from support.kernels import PATIENCE, Kernel, Place, options, started

pytestmark = pytest.mark.network


@pytest.fixture(params=["six", "seven"])
def environment(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def kernel(here: Place, environment: str) -> Iterator[Kernel]:
    with started(f"envs-{environment}") as kernel:
        yield kernel


def job_store(place: Place) -> JobStore:
    return JobStore(place.folder / "root/jobs")


@pytest.fixture
def without_tool(here: Place, environment: str) -> None:
    """Take away what another test may have left: workers that share the tests run them in any order."""
    left = {name.rpartition("-")[0] for name in here.names(environment)} & {"tool", "late-part"}
    if left:
        here.envs("remove", environment, *left, "--yes")


@pytest.mark.usefixtures("without_tool")
def test_what_was_installed_can_be_imported_in_the_next_cell(kernel: Kernel, here: Place, environment: str) -> None:
    assert kernel.good("print([n for n in dir() if 'envs' in n.lower()])").stdout == "[]\n"
    missing = kernel.run("import tool")
    assert missing.status == "error"
    assert missing.stderr.startswith("%envinstall tool   ")
    done = kernel.good(f'%envinstall tool "late-part" {options(here)}')
    assert done.text.splitlines()[0].startswith(f"{environment} changed: generation ")
    assert "+  tool       2.0" in done.text
    assert "restart" not in done.text
    assert not done.stdout + done.stderr + done.error
    assert kernel.good("import tool, late_space.part as p; print(tool.__version__, p.here)").stdout == "2.0 True\n"
    job = job_store(here).get("last")
    assert job.command == f"%envinstall tool late-part {options(here)}"
    assert job.state == "done"
    gone = kernel.good("%envremove tool late-part")
    assert "restart the kernel: late_space, tool were imported before they changed" in gone.text
    assert "tool-2.0" not in here.names(environment)
    assert "tool" in kernel.good("%envundo").text
    assert "tool-2.0" in here.names(environment)
    assert "tool" in kernel.good("%envlist to*").text
    assert f"name           {environment}" in kernel.good("%envinfo").text
    assert kernel.good("%envdoctor").text == "nothing is wrong"


def test_a_restart_is_asked_for_only_when_something_imported_has_changed(
    kernel: Kernel, here: Place, environment: str
) -> None:
    kernel.good(f"%envinstall tool=1.0 beside=1.0 {options(here)}")
    kernel.good("import tool")
    assert "restart" not in kernel.good(f"%envinstall beside=2.0 {options(here)}").text
    changed = kernel.good(f"%envinstall tool=2.0 {options(here)}")
    assert changed.text.endswith("restart the kernel: tool was imported before it changed")
    assert "restart" not in kernel.good("%envundo").text  # the very files that were imported are back
    kernel.good(f"%envinstall inner {options(here)}")
    assert "restart" not in kernel.good("%envremove inner").text


def test_an_interrupt_in_mid_download_leaves_the_environment_as_it_was(
    kernel: Kernel, here: Place, environment: str
) -> None:
    before = here.names(environment)
    with serve(here.channel.folder) as server:
        server.fault("*/large-*", chunk_size=2048, chunk_delay=0.1)
        stopped = kernel.run_until(
            f"%envinstall large-{environment} {options(here, server.url)}", lambda: bool(server.asked("*/large-*"))
        )
    assert stopped.status == "error"
    assert stopped.error == "error: cancelled; the environment is as it was"
    assert stopped.text.splitlines()[0] == "cancelled"
    assert job_store(here).get("last").state == "cancelled"
    assert here.names(environment) == before
    assert kernel.good("1 + 1").value == "2"
    assert f"+  large-{environment}" in kernel.good(f"%envinstall large-{environment} {options(here)}").text


def test_errors_are_sentences_with_fixes_and_nothing_of_the_engine(kernel: Kernel, here: Place) -> None:
    conflict = kernel.run(f'%envinstall "tool=1.0" "outer>=9" {options(here)}')
    assert conflict.status == "error"
    assert conflict.error.startswith("error: ")
    assert "%envinstall" in conflict.error
    for words in ("Traceback", "File ", "jupyter envs install", here.folder.name):
        assert words not in conflict.error.replace(here.channel.url, "")
    unclosed = kernel.run('%envinstall "tool')
    assert "hint: quotes come in pairs" in unclosed.error
    assert not unclosed.shown
    wrong = kernel.run("%envinstall --nonsense")
    assert wrong.error.splitlines() == [
        "error: No such option '--nonsense'",
        " hint: `%envinstall --help` shows how it is used",
    ]
    assert kernel.run("%envinstall").error.startswith("error: nothing to install was given")
    kernel.good("import os; os.environ['MARK'] = 'x'")
    assert not kernel.run("%envinstall '; touch marked #'").stdout
    assert kernel.good("os.path.exists('marked')").value == "False"


def test_what_was_not_asked_for_is_not_lost_without_a_yes(kernel: Kernel, here: Place, environment: str) -> None:
    kernel.good(f"%envinstall outer {options(here)}")
    refused = kernel.run("%envremove inner")
    assert refused.status == "error"
    assert "this removes 1 package (outer)" in refused.error
    assert "--yes" in refused.error
    assert "-  outer" in refused.text
    assert "outer-1.0" in here.names(environment)
    kernel.good("%envremove --yes inner")
    assert {"outer-1.0", "inner-1.0"}.isdisjoint(here.names(environment))
    kernel.good(f"%envinstall outer {options(here)}")
    assert "-  inner" in kernel.good("%envremove outer").text


def test_a_dry_run_changes_nothing_and_can_be_executed(kernel: Kernel, here: Place, environment: str) -> None:
    kernel.run("%envremove --yes inner")
    before = here.names(environment)
    planned = kernel.good(f"%envinstall --dry-run inner {options(here)}")
    assert "1 added" in planned.text
    assert here.names(environment) == before
    command = planned.text.splitlines()[0].partition("to execute it: ")[2]
    assert command.startswith("%envinstall --plan ")
    kernel.good(command)
    assert here.names(environment) == before | {"inner-1.0"}


def test_a_file_of_requirements_is_read_where_the_kernel_works(kernel: Kernel, here: Place, tmp_path: Path) -> None:
    (tmp_path / "my needs.txt").write_text("needed\n")
    kernel.good(f"%cd -q {tmp_path}")
    assert "needed" in kernel.good(f'%envinstall -r "my needs.txt" {options(here)}').text


def test_a_notebook_keeps_a_line_and_a_table_and_stops_at_an_error(here: Place, tmp_path: Path) -> None:
    cells = [f"%envremove --yes tool {os.linesep}", f"%envinstall tool {options(here)}", "import tool", "%envinstall"]
    here.envs("install", "seven", "tool", *options(here).split())
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in [*cells, "reached = True"]])
    with pytest.raises(CellExecutionError, match="nothing to install was given"):
        NotebookClient(notebook, kernel_name="envs-seven", timeout=PATIENCE).execute()
    assert notebook.cells[4].execution_count is None
    (shown,) = notebook.cells[1].outputs
    assert shown.data["text/plain"].splitlines()[1].split() == ["+", "tool", "2.0", "channel"]
    assert "…" not in shown.data["text/plain"]
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert page.count("seven changed: generation") == 2
    assert "<progress" not in page
    text, _ = MarkdownExporter().from_notebook_node(notebook)
    assert "solving" not in text


@pytest.mark.parametrize(
    "command", ["papermill {0} {1} -k envs-seven", "nbconvert --to notebook --execute {0} --output {1}"]
)
def test_papermill_and_nbconvert_run_a_notebook_that_installs(here: Place, tmp_path: Path, command: str) -> None:
    here.envs("install", "seven", "tool=1.0", "--yes", *options(here).split())
    cells = [f"%envinstall tool=2.0 {options(here)}", "import tool; print(tool.__version__)"]
    source, target = tmp_path / "in.ipynb", tmp_path / "out.ipynb"
    spec = {"name": "envs-seven", "display_name": "seven", "language": "python"}
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata={"kernelspec": spec}
    )
    nbformat.write(made, source)
    words = [sys.executable, "-m", *command.format(source, target).split()]
    ran = subprocess.run(words, env=here.environ, capture_output=True, text=True, check=False, timeout=180)
    assert ran.returncode == 0, ran.stderr
    installed, printed = (cell.outputs for cell in nbformat.read(target, as_version=4).cells)
    assert re.search(r"tool +1\.0 → 2\.0", installed[0].data["text/plain"])
    assert printed[0].text == "2.0\n"


def test_a_kernel_starts_when_its_files_or_jupyter_envs_have_gone(here: Place) -> None:
    (registered,) = [kernel for kernel in list_kernels() if kernel.environment == "seven"]
    folder = Path(registered.directory)
    link = json.loads((folder / "boot.json").read_text())
    (folder / "boot.json").write_text(json.dumps(link | {"package": "/nowhere", "python": "/nowhere/python"}))
    with started(registered.name) as kernel:
        assert kernel.good("1 + 1").value == "2"
    (folder / "boot.py").unlink()
    with started(registered.name) as kernel:
        assert kernel.good("2 + 1").value == "3"
    spec = json.loads((folder / "kernel.json").read_text())
    spec["metadata"]["jupyter_envs"]["tool"] = "0.0.1"
    (folder / "kernel.json").write_text(json.dumps(spec))
    assert sync_outdated(load_settings(os.environ)).written == (registered.name,)
    assert json.loads((folder / "boot.json").read_text()) == link
    assert sync_outdated(load_settings(os.environ)).kernels == ()
    with started(registered.name) as kernel:
        kernel.good("%envinfo")


def test_a_kernel_finds_jupyter_envs_where_another_image_has_it(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    (registered,) = [kernel for kernel in list_kernels() if kernel.environment == "seven"]
    folder = Path(registered.directory)
    link = json.loads((folder / "boot.json").read_text())
    (folder / "boot.json").write_text(json.dumps(link | {"package": "/nowhere", "python": "/nowhere/python"}))
    monkeypatch.setenv(LINK_VARIABLE, json.dumps(own_link()))
    with started(registered.name) as kernel:
        assert registered.prefix in kernel.good("%envinfo").text
    assert sync_outdated(load_settings(os.environ)).written == (registered.name,)
    assert json.loads((folder / "boot.json").read_text()) == link
    (folder / "boot.json").write_text(json.dumps(link | {"python": "/nowhere/python"}))
    assert sync_outdated(load_settings(os.environ)).written == (registered.name,)
    (folder / "boot.json").write_text("{")
    assert sync_outdated(load_settings(os.environ)).written == (registered.name,)
    assert sync_outdated(load_settings(os.environ)).written == ()


def test_ipython_in_a_terminal_and_plain_python_need_no_kernel(here: Place) -> None:
    (registered,) = [kernel for kernel in list_kernels() if kernel.environment == "seven"]
    code = "get_ipython().run_line_magic('envlist', 'ipykernel')"
    ran = subprocess.run(
        [
            registered.prefix + "/bin/ipython",
            f"--InteractiveShellApp.exec_files={registered.directory}/boot.py",
            "-c",
            code,
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.split()[0] for line in ran.stdout.splitlines()] == ["name", "ipykernel"]


def test_where_the_package_is_importable_it_is_an_extension_and_functions(here: Place) -> None:
    """A venv, this one, is listed and shown but not changed."""
    from ipykernel.kernelspec import install

    install(prefix=str(here.folder / "jupyter"), kernel_name="tests-own")
    (here.folder / "jupyter/data").mkdir(exist_ok=True)
    os.replace(here.folder / "jupyter/share/jupyter/kernels/tests-own", here.folder / "jupyter/data/kernels/tests-own")
    with started("tests-own") as kernel:
        kernel.good("%load_ext jupyter_envs\n%load_ext jupyter_envs")
        assert "kind           venv" in kernel.good("%envinfo").text
        refused = kernel.run("%envinstall tool")
        assert "is a venv made by another tool" in refused.error
        assert "hint: `jupyter envs create NAME` makes one that can" in refused.error
        kernel.good("from jupyter_envs import current\nanswer = current.list_packages('ipyker*')")
        assert kernel.good("answer['packages'][0]['name']").value == "'ipykernel'"
        caught = kernel.good(
            "try:\n    current.install('tool', dry_run=True, channel=['c'])\n"
            "except current.RequestError as error:\n    print(error.code, error.hint)"
        )
        assert caught.stdout.startswith("environment.venv `jupyter envs create NAME`")
