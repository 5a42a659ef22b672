"""The classes for jupyter-scheduler, with jupyter-scheduler: what is offered, and in which kernel a notebook runs."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path

import nbformat
import pytest

from jupyter_envs.errors import NotFoundError
from jupyter_envs.kernels.spec import MARK
from jupyter_envs.kernels.sync import remove_kernels
from jupyter_envs.settings_load import load_settings
from support.api import Make

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of SQLAlchemy, for how jupyter-scheduler uses it
    from jupyter_scheduler.extension import SchedulerApp

    from jupyter_envs.server.scheduler import EnvsEnvironmentManager, kernel_of, use_kernel


async def test_environments_with_a_kernel_are_offered(make: Make) -> None:
    manager = EnvsEnvironmentManager()
    assert manager.list_environments() == []
    made = await make("report", "tool")
    (offered,) = manager.list_environments()
    assert (offered.name, offered.label, offered.file_extensions) == ("envs-report", "report", ["ipynb"])
    assert offered.metadata == {"path": str(made.prefix), "kernel": "envs-report"}
    assert set(offered.output_formats) == set(manager.output_formats_mapping())
    shutil.rmtree(made.prefix)
    assert manager.list_environments() == []


async def test_shared_environments_are_offered_once_by_the_path_that_people_know(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = (await make("built", "tool")).prefix
    known = tmp_path / "shared/envs/course"
    known.parent.mkdir(parents=True)
    known.symlink_to(built)
    kernels = tmp_path / "shared/share/jupyter/kernels"
    for name in ("shared-course", "shared-other"):
        mark = {"prefix": str(built), "name": "course", "kernel": "python3" if name == "shared-course" else "toy"}
        metadata = {MARK: mark, "conda_env_path": str(known)}
        spec = {"argv": ["true"], "display_name": "Python (course, shared)", "language": "python", "metadata": metadata}
        (kernels / name).mkdir(parents=True)
        (kernels / name / "kernel.json").write_text(json.dumps(spec))
    remove_kernels(built, load_settings())
    assert EnvsEnvironmentManager().list_environments() == [], "Jupyter does not find it"
    monkeypatch.setenv("JUPYTER_PATH", str(kernels.parent))
    (offered,) = EnvsEnvironmentManager().list_environments()
    assert (offered.name, offered.label) == ("shared-course", "course")
    assert offered.metadata == {"path": str(known), "kernel": "shared-course"}
    assert kernel_of("shared-course").prefix == str(built)


async def test_a_staged_notebook_gets_the_kernel_of_the_chosen_environment(make: Make, tmp_path: Path) -> None:
    await make("report", "tool")
    notebook = tmp_path / "staged.ipynb"
    nbformat.write(
        nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}), notebook
    )
    use_kernel(notebook, kernel_of("envs-report"))
    assert nbformat.read(notebook, as_version=4).metadata.kernelspec["name"] == "envs-report"


def test_an_environment_that_has_gone_is_named() -> None:
    with pytest.raises(NotFoundError) as caught:
        kernel_of("envs-gone")
    assert caught.value.code == "not_found.environment"
    assert "envs-gone" in caught.value.message
    assert caught.value.hint


def test_jupyter_scheduler_takes_it_by_its_name() -> None:
    app = SchedulerApp(environment_manager_class="jupyter_envs.server.scheduler.EnvsEnvironmentManager")
    assert app.environment_manager_class is EnvsEnvironmentManager
