"""Kernelspecs in the user's directory: written, refreshed, renamed, removed; nothing of others is touched."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from jupyter_envs.engine.prefix.discovery import find_environments
from jupyter_envs.errors import KernelError, NotFoundError
from jupyter_envs.kernels.directory import remove_kernel, user_kernels_directory
from jupyter_envs.kernels.names import short_hash
from jupyter_envs.kernels.sync import (
    OPT_OUT,
    add_kernels,
    list_kernels,
    remove_kernels,
    sync_environment,
    sync_kernels,
)
from jupyter_envs.settings import Settings

OTHER = {"argv": ["R", "--slave", "{connection_file}", "{prefix}/x"], "display_name": "R 4", "language": "R"}
PYTHON3 = {
    "argv": ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
    "display_name": "Python 3 (ipykernel)",
    "language": "python",
    "metadata": {"debugger": True, "supported_encryption": ["curve"]},
    "kernel_protocol_version": "5.5",
}


def make_environment(
    prefix: Path, *, ipykernel: bool = True, kernels: Mapping[str, Any] | None = None, python: str = "3.11.7"
) -> Path:
    meta = prefix / "conda-meta"
    (meta / "jupyter-envs").mkdir(parents=True)
    (meta / "history").write_text("")
    dists = [("python", python)] + ([("ipykernel", "7.4.0")] if ipykernel else [])
    for name, version in dists:
        record = {"name": name, "version": version, "build": "0", "build_number": 0, "depends": []}
        (meta / f"{name}-{version}-0.json").write_text(json.dumps(record))
    (prefix / "bin").mkdir()
    (prefix / "bin" / "python").symlink_to("/bin/sh")
    for name, spec in (kernels or {}).items():
        directory = prefix / "share" / "jupyter" / "kernels" / name
        directory.mkdir(parents=True)
        (directory / "kernel.json").write_text(spec if isinstance(spec, str) else json.dumps(spec))
        (directory / "logo-64x64.png").write_bytes(b"png of " + name.encode())
    return prefix


def read(name: str) -> dict[str, Any]:
    spec: dict[str, Any] = json.loads((user_kernels_directory() / name / "kernel.json").read_text())
    return spec


@pytest.fixture
def envs(settings: Settings) -> Path:
    return Path(settings.envs_directories[0])


def test_an_environment_gets_its_kernel_as_jupyter_reads_it(envs: Path, settings: Settings) -> None:
    prefix = make_environment(envs / "analysis", kernels={"python3": PYTHON3})
    report = sync_environment(prefix, settings)
    assert [kernel.name for kernel in report.kernels] == ["envs-analysis"]
    assert report.warnings == ()
    spec = KernelSpecManager().get_kernel_spec("envs-analysis")
    command = [str(prefix / "bin/python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    assert spec.argv == [*command, "--IPKernelApp.exec_files=['{resource_dir}/boot.py']"]
    assert spec.display_name == "Python 3.11 (analysis)"
    assert spec.language == "python"
    assert spec.metadata["conda_env_name"] == "analysis"
    assert spec.metadata["conda_env_path"] == str(prefix)
    assert spec.metadata["supported_encryption"] == ["curve"]
    assert spec.env["PATH"] == f"{prefix}/bin:${{PATH}}"
    assert spec.env["CONDA_PREFIX"] == spec.env["VIRTUAL_ENV"] == str(prefix)
    assert (Path(spec.resource_dir) / "logo-64x64.png").read_bytes() == b"png of python3"


def test_logos_of_ipykernel_stand_in_when_the_environment_has_no_spec(envs: Path, settings: Settings) -> None:
    prefix = make_environment(envs / "a")
    logos = prefix / "lib/python3.11/site-packages/ipykernel/resources"
    logos.mkdir(parents=True)
    (logos / "logo-svg.svg").write_text("<svg/>")
    sync_environment(prefix, settings)
    assert (user_kernels_directory() / "envs-a" / "logo-svg.svg").read_text() == "<svg/>"
    assert read("envs-a")["metadata"]["debugger"] is True


def test_without_ipykernel_there_is_no_python_kernel(envs: Path, settings: Settings) -> None:
    prefix = make_environment(envs / "a", ipykernel=False, kernels={"python3": PYTHON3})
    assert sync_environment(prefix, settings).kernels == ()


def test_other_languages_start_the_environments_own_program(envs: Path, settings: Settings) -> None:
    prefix = make_environment(envs / "a", kernels={"ir": OTHER, "python3": PYTHON3, "Weird Name": OTHER})
    (prefix / "bin" / "R").write_text("")
    names = [kernel.name for kernel in sync_environment(prefix, settings).kernels]
    assert names == ["envs-a", "envs-a-ir", "envs-a-weird-name"]
    spec = read("envs-a-ir")
    assert spec["argv"] == [f"{prefix}/bin/R", "--slave", "{connection_file}", f"{prefix}/x"]
    assert spec["display_name"] == "R 4 (a)"


@pytest.mark.parametrize("broken", ["{", "[]", '{"argv": []}', '{"argv": [1]}'])
def test_a_spec_that_cannot_be_read_is_a_warning(envs: Path, settings: Settings, broken: str) -> None:
    prefix = make_environment(envs / "a", kernels={"bad": broken})
    report = sync_environment(prefix, settings)
    assert [kernel.name for kernel in report.kernels] == ["envs-a"]
    assert [warning.code for warning in report.warnings] == ["kernel.spec"]
    assert "bad/kernel.json" in report.warnings[0].message


def test_files_that_lead_out_of_the_environment_are_not_copied(envs: Path, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    prefix = make_environment(envs / "a", kernels={"ir": OTHER})
    (prefix / "share/jupyter/kernels/ir/logo-svg.svg").symlink_to(tmp_path / "secret")
    sync_environment(prefix, settings)
    assert sorted(path.name for path in (user_kernels_directory() / "envs-a-ir").iterdir()) == [
        "kernel.json",
        "logo-64x64.png",
    ]


def test_activation_is_computed_and_again_at_the_next_refresh(envs: Path, settings: Settings) -> None:
    prefix = make_environment(envs / "a")
    scripts = prefix / "etc/conda/activate.d"
    scripts.mkdir(parents=True)
    (scripts / "x.sh").write_text('export MY_HOME="$CONDA_PREFIX/my"\nexport COST=\'5$\'\nexport PATH="/extra:$PATH"\n')
    sync_environment(prefix, settings)
    env = read("envs-a")["env"]
    assert (env["MY_HOME"], env["COST"]) == (f"{prefix}/my", "5$$")
    assert env["PATH"] == f"/extra:{prefix}/bin:${{PATH}}"
    (scripts / "x.sh").write_text("export MY_HOME=changed\n")
    assert sync_environment(prefix, settings).written == ("envs-a",)
    assert read("envs-a")["env"]["MY_HOME"] == "changed"


def test_a_failing_script_is_a_warning_and_the_kernel_still_stands(envs: Path, settings: Settings) -> None:
    prefix = make_environment(envs / "a")
    scripts = prefix / "etc/conda/activate.d"
    scripts.mkdir(parents=True)
    (scripts / "x.sh").write_text("exit 3\n")
    report = sync_environment(prefix, settings)
    assert [warning.code for warning in report.warnings] == ["kernel.activation"]
    assert read("envs-a")["env"]["CONDA_PREFIX"] == str(prefix)


def test_variables_that_cannot_be_read_are_a_warning(envs: Path, settings: Settings) -> None:
    prefix = make_environment(envs / "a")
    (prefix / "conda-meta/state").write_text("not json")
    report = sync_environment(prefix, settings)
    assert [warning.code for warning in report.warnings] == ["kernel.activation"]
    assert read("envs-a")["env"]["PATH"] == f"{prefix}/bin:${{PATH}}"


def test_a_second_time_writes_nothing(envs: Path, settings: Settings) -> None:
    prefix = make_environment(envs / "a", kernels={"python3": PYTHON3})
    assert sync_environment(prefix, settings).written == ("envs-a",)
    before = (user_kernels_directory() / "envs-a" / "kernel.json").stat()
    assert sync_environment(prefix, settings).written == ()
    assert (user_kernels_directory() / "envs-a" / "kernel.json").stat().st_ino == before.st_ino


def test_a_kernel_of_somebody_else_is_never_overwritten(envs: Path, settings: Settings) -> None:
    foreign = user_kernels_directory() / "envs-a"
    foreign.mkdir(parents=True)
    (foreign / "kernel.json").write_text(json.dumps(PYTHON3))
    prefix = make_environment(envs / "a")
    other = f"envs-a-{short_hash(str(prefix))}"
    assert [kernel.name for kernel in sync_environment(prefix, settings).kernels] == [other]
    assert json.loads((foreign / "kernel.json").read_text()) == PYTHON3
    assert read(other)["display_name"] == f"Python 3.11 (a, {envs})"


def test_when_both_names_are_taken_the_person_is_told(envs: Path, settings: Settings) -> None:
    prefix = make_environment(envs / "a")
    for name in ("envs-a", f"envs-a-{short_hash(str(prefix))}"):
        (user_kernels_directory() / name).mkdir(parents=True)
        (user_kernels_directory() / name / "kernel.json").write_text("{}")
    report = sync_environment(prefix, settings)
    assert report.kernels == ()
    assert [warning.code for warning in report.warnings] == ["kernel.taken"]
    assert "jupyter kernelspec remove" in report.warnings[0].hint


def test_a_kernel_anywhere_on_jupyters_path_is_not_hidden(
    envs: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = tmp_path / "system/kernels/Envs-A"
    system.mkdir(parents=True)
    (system / "kernel.json").write_text(json.dumps(PYTHON3))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "system"))
    names = [kernel.name for kernel in sync_environment(make_environment(envs / "a"), settings).kernels]
    assert names == [f"envs-a-{short_hash(str(envs / 'a'))}"]


def test_two_environments_of_one_name_get_two_kernels(envs: Path, settings: Settings, tmp_path: Path) -> None:
    first, second = make_environment(envs / "a"), make_environment(tmp_path / "elsewhere/a")
    threads = [threading.Thread(target=sync_environment, args=(prefix, settings)) for prefix in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list_kernels()) == 2
    assert {kernel.prefix for kernel in list_kernels()} == {str(first), str(second)}
    assert "envs-a" in {kernel.name for kernel in list_kernels()}


def test_kernels_go_with_their_environment_and_with_its_ipykernel(envs: Path, settings: Settings) -> None:
    prefix = make_environment(envs / "a", kernels={"ir": OTHER})
    sync_environment(prefix, settings)
    (prefix / "conda-meta/ipykernel-7.4.0-0.json").unlink()
    assert sync_environment(prefix, settings).removed == ("envs-a",)
    prefix.rename(envs / "b")
    assert sync_environment(prefix, settings).removed == ("envs-a-ir",)
    assert list(user_kernels_directory().iterdir()) == []


def test_all_kernels_are_brought_in_line(envs: Path, settings: Settings) -> None:
    for name in ("a", "b", "c"):
        make_environment(envs / name)
    sync_environment(envs / "a", settings)
    (envs / "a").rename(envs / "z")
    report = sync_kernels(find_environments(settings, os.environ), settings)
    assert report.removed == ("envs-a",)
    assert {kernel.name for kernel in list_kernels()} == {"envs-b", "envs-c", "envs-z"}


def test_kernels_of_other_tools_are_only_kept_up_once_they_were_added(
    envs: Path, settings: Settings, tmp_path: Path
) -> None:
    venv = tmp_path / "project" / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin/python").symlink_to("/bin/sh")
    (venv / "pyvenv.cfg").write_text("version = 3.12.1\n")
    packages = venv / "lib/python3.12/site-packages"
    (packages / "ipykernel-7.4.0.dist-info").mkdir(parents=True)
    found = find_environments(settings, {}, cwd=tmp_path / "project")
    assert sync_kernels(found, settings).kernels == ()
    assert [kernel.name for kernel in add_kernels(venv, settings).kernels] == ["envs-project"]
    assert read("envs-project")["display_name"] == "Python 3.12 (project)"
    assert [kernel.name for kernel in sync_kernels(found, settings).kernels] == ["envs-project"]


def test_removed_by_hand_stays_removed_until_added_again(envs: Path, settings: Settings) -> None:
    prefix = make_environment(envs / "a")
    sync_environment(prefix, settings)
    assert remove_kernels(prefix, settings) == ("envs-a",)
    assert (prefix / OPT_OUT).exists()
    assert sync_environment(prefix, settings).kernels == ()
    assert [kernel.name for kernel in add_kernels(prefix, settings).kernels] == ["envs-a"]


def test_what_cannot_be_added_says_why(envs: Path, settings: Settings) -> None:
    with pytest.raises(NotFoundError) as caught:
        add_kernels(envs / "nothing", settings)
    assert caught.value.code == "not_found.environment"
    with pytest.raises(NotFoundError) as caught:
        add_kernels(make_environment(envs / "a", ipykernel=False), settings)
    assert "ipykernel" in caught.value.hint


def test_a_data_directory_that_cannot_be_written(
    envs: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "file"))
    report = sync_environment(make_environment(envs / "a"), settings)
    assert [warning.code for warning in report.warnings] == ["kernel"]
    assert "JUPYTER_DATA_DIR" in report.warnings[0].hint


def test_a_runtime_directory_that_cannot_be_written(
    envs: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "file"))
    with pytest.raises(KernelError, match="cannot be registered"):
        sync_environment(make_environment(envs / "a"), settings)


def test_a_folder_without_a_spec_is_free(envs: Path, settings: Settings) -> None:
    (user_kernels_directory() / "envs-a").mkdir(parents=True)
    (user_kernels_directory() / "envs-a" / ".new-halfway").write_text("")
    sync_environment(make_environment(envs / "a"), settings)
    there = {path.name for path in (user_kernels_directory() / "envs-a").iterdir()}
    assert there == {"kernel.json", "boot.py", "boot.json", "modules.json"}


def test_removing_what_somebody_took_over_leaves_it(envs: Path, settings: Settings) -> None:
    (kernel,) = sync_environment(make_environment(envs / "a"), settings).kernels
    (Path(kernel.directory) / "kernel.json").write_text(json.dumps(PYTHON3))
    remove_kernel(kernel)
    assert json.loads((Path(kernel.directory) / "kernel.json").read_text()) == PYTHON3
