"""Which environment a notebook needs here, with real environments from a channel of our own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.exchange.notebook_lock import KEY, lock_json, make_lock
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import NotFoundError, SpecError
from jupyter_envs.kernels.directory import RegisteredKernel
from jupyter_envs.notebooks.answers import answer_for, lock_for
from jupyter_envs.notebooks.check import check_notebook
from jupyter_envs.notebooks.document import Notebook, read_notebook, write_notebook
from jupyter_envs.notebooks.environment import check_allowed, environment_name, need_of
from jupyter_envs.notebooks.lock import get_prefix, with_lock
from jupyter_envs.settings import Settings
from support.channel import Channel


@pytest.fixture
def stocked(channel: Channel) -> Channel:
    channel.python()
    for version in ("1.0", "2.0"):
        channel.noarch("tool", version)
    channel.noarch("extra", depends=["python", "tool"])
    channel.noarch("ipykernel", "7.4.0")
    return channel.index()


@pytest.fixture
def engine(settings: Settings, stocked: Channel) -> Engine:
    return Engine(msgspec.structs.replace(settings, channels=(stocked.url,), sources=("conda",)))


def make(engine: Engine, name: str, *specs: str, action: str = "create") -> Path:
    prefix = Path(engine.settings.envs_directories[0]) / name
    request = ChangeRequest(action=action, prefix=str(prefix), specs=specs)  # type: ignore[arg-type]  # a literal
    engine.execute(engine.plan(request))
    return prefix


def notebook(folder: Path, *cells: str, **metadata: Any) -> Notebook:
    path = folder / "my work.ipynb"
    made = [{"cell_type": "code", "source": cell} for cell in cells]
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": made}))
    return read_notebook(path)


def tree(prefix: Path) -> dict[str, bytes]:
    """Return the files of an environment, without records and histories."""
    files = (path for path in prefix.rglob("*") if path.is_file() and "conda-meta" not in path.parts)
    return {str(path.relative_to(prefix)): path.read_bytes() for path in files}


@pytest.fixture
def locked(engine: Engine, tmp_path: Path) -> Notebook:
    prefix = make(engine, "a", "python", "tool=1.0", "ipykernel")
    written = with_lock(notebook(tmp_path, "import tool"), engine, prefix)
    write_notebook(written)
    return read_notebook(written.path)


def test_an_environment_that_has_it_all_is_taken(engine: Engine, locked: Notebook) -> None:
    need = need_of(locked, engine)
    assert (need.state, Path(need.prefix).name) == ("ready", "a")
    assert with_lock(locked, engine, Path(need.prefix)) is locked
    twin = make(engine, "b", "python", "tool=1.0", "ipykernel")
    assert need_of(locked, engine, preferred=str(twin)).prefix == str(twin)
    engine.delete(twin)
    make(engine, "a", "extra", action="install")
    assert need_of(locked, engine).state == "ready"
    exact = need_of(locked, engine, exact=True)
    assert exact.state == "build"


def test_without_one_exactly_what_is_locked_is_built_once(engine: Engine, locked: Notebook, settings: Settings) -> None:
    first = Path(need_of(locked, engine).prefix)
    before = tree(first)
    names = {record.dist: record.depends for record in engine.packages(first)}
    requested = engine.requested(first)
    engine.delete(first)
    root = Path(settings.root).with_name("second")
    second = msgspec.structs.replace(
        engine.settings, root=str(root), envs_directories=(str(root / "envs"),), package_directories=(str(root / "p"),)
    )
    there = Engine(second)
    need = need_of(locked, there)
    assert need.state == "build"
    assert need.request is not None
    assert Path(need.request.prefix).name.startswith("my-work-")
    plan = there.plan(need.request)
    assert plan.download_bytes > 0
    there.execute(plan)
    built = Path(need.request.prefix)
    assert {path: data.replace(bytes(built), bytes(first)) for path, data in tree(built).items()} == before
    assert {record.dist: record.depends for record in there.packages(built)} == names
    assert there.requested(built) == requested
    assert there.verify(built) == []
    assert need_of(locked, there).prefix == str(built)


def test_a_build_never_takes_the_name_of_an_environment_that_was_changed(engine: Engine, locked: Notebook) -> None:
    engine.delete(Path(need_of(locked, engine).prefix))
    need = need_of(locked, engine)
    assert need.request is not None
    engine.execute(engine.plan(need.request))
    make(engine, Path(need.request.prefix).name, "tool=2.0", action="install")
    again = need_of(locked, engine)
    assert again.request is not None
    assert again.request.prefix == f"{need.request.prefix}-2"


def test_on_another_platform_the_requests_are_solved(engine: Engine, locked: Notebook) -> None:
    mac = Engine(msgspec.structs.replace(engine.settings, subdir="osx-arm64"))
    need = need_of(locked, mac)
    assert need.state == "solve"
    assert need.because == f"it is locked for {engine.settings.subdir}, and this is osx-arm64"
    assert need.request is not None
    assert need.request.specs == ("python", "tool=1.0", "ipykernel")
    assert need.request.records == ()
    assert {record.name for record in need.locked} >= {"python", "tool"}


def test_what_was_solved_for_here_is_not_solved_twice(engine: Engine, locked: Notebook, tmp_path: Path) -> None:
    file = tmp_path / "needs.txt"
    file.write_text("python\ntool=2.0\n")
    need = need_of(locked, engine, file=file)
    assert need.state == "solve"
    assert need.request is not None
    assert need.request.add_ipykernel
    engine.execute(engine.plan(need.request))
    assert need_of(locked, engine, file=file).prefix == need.request.prefix


def test_a_python_that_a_notebook_names_is_neither_run_nor_borrowed(engine: Engine, tmp_path: Path) -> None:
    marker, program = tmp_path / "was-run", tmp_path / "python3.11"
    program.write_text(f"#!/bin/sh\ntouch {marker}\n")
    program.chmod(0o755)
    python = RepodataRecord(
        name="python", version="3.11.7", build="interpreter_0_0", fn="x.interpreter", url=f"interpreter://{program}"
    )
    lock = make_lock([python], ["python=3.11"], [], engine.settings.subdir)
    need = need_of(notebook(tmp_path, **{KEY: lock_json(lock)}), engine)
    assert need.state == "solve"
    assert need.because == f"the Python that it borrows is not here: {program}"
    assert not marker.exists()


def test_sources_that_the_settings_do_not_allow_are_refused(engine: Engine, tmp_path: Path) -> None:
    fn = "six-1.17.0-py3-none-any.whl"
    wheel = RepodataRecord(name="six", version="1.17.0", build="py3_none_any_0", fn=fn, url=f"https://files.test/{fn}")
    lock = make_lock([wheel], ["six"], [], engine.settings.subdir)
    need = need_of(notebook(tmp_path, **{KEY: lock_json(lock)}), engine)
    assert need.refused == ("pypi",)
    with pytest.raises(SpecError, match="packages from pypi, which the settings do not allow") as caught:
        check_allowed(need)
    assert caught.value.code == "sources.refused"
    assert "JUPYTER_ENVS_SOURCES" in caught.value.hint


def test_files_beside_are_offered_when_it_carries_nothing(engine: Engine, tmp_path: Path) -> None:
    assert need_of(notebook(tmp_path), engine).beside == ()
    (tmp_path / "binder").mkdir()
    for name in ("requirements.txt", "binder/environment.yml"):
        (tmp_path / name).write_text("")
    need = need_of(notebook(tmp_path), engine)
    assert need.state == "none"
    assert [Path(path).relative_to(tmp_path).as_posix() for path in need.beside] == [
        "requirements.txt",
        "binder/environment.yml",
    ]


@pytest.mark.parametrize(
    ("name", "made"),
    [("my work.ipynb", "my-work-01234567"), ("…", "my-env-01234567"), (f"{'x' * 80}.ipynb", f"{'x' * 55}-01234567")],
)
def test_environments_are_called_as_their_notebook(name: str, made: str) -> None:
    assert environment_name(Path(name), "0123456789") == made


def kernel(prefix: Path, name: str = "envs-a") -> RegisteredKernel:
    return RegisteredKernel(
        name=name,
        display_name="A",
        language="python",
        prefix=str(prefix),
        environment="a",
        kernel="python3",
        directory="",
    )


def test_the_environment_is_the_one_of_the_notebooks_kernel(tmp_path: Path) -> None:
    spec = {"name": "envs-a", "display_name": "A", "language": "python"}
    assert get_prefix(notebook(tmp_path, kernelspec=spec), [kernel(tmp_path)]) == tmp_path
    with pytest.raises(NotFoundError, match="its kernel, A, is not one of an environment here") as caught:
        get_prefix(notebook(tmp_path, kernelspec=spec), [kernel(tmp_path, "other")])
    assert "--environment NAME" in caught.value.hint
    with pytest.raises(NotFoundError, match="it names no kernel"):
        get_prefix(notebook(tmp_path), [])


def test_a_check_names_what_is_missing_unused_and_changed(engine: Engine, tmp_path: Path) -> None:
    spec = {"name": "envs-a", "display_name": "A", "language": "python"}
    prefix = make(engine, "a", "python", "tool=1.0", "ipykernel")
    cells = ("import os, absent", "import own_file")
    (tmp_path / "own_file.py").write_text("")
    here = [kernel(prefix)]
    plain = check_notebook(notebook(tmp_path, *cells), engine, here)
    assert (plain.against, plain.imports) == ("nothing", ("absent",))
    live = check_notebook(notebook(tmp_path, "import tool", kernelspec=spec), engine, here)
    assert (live.against, live.missing, live.unused, live.good) == ("kernel", (), (), True)
    carried = with_lock(notebook(tmp_path, *cells, kernelspec=spec), engine, prefix)
    found = check_notebook(carried, engine, here)
    assert found.against == "lock"
    assert [each.module for each in found.missing] == ["absent"]
    assert found.unused == ("tool",)
    assert not found.good
    make(engine, "a", "tool=2.0", action="install")
    changed = check_notebook(carried, engine, here).changed
    assert [(change.name, change.kind) for change in changed] == [("tool", "upgraded")]
    with pytest.raises(SpecError, match="imports are only read in Python"):
        check_notebook(notebook(tmp_path, kernelspec={"name": "ir", "language": "R"}), engine, here)


def test_a_script_block_is_checked_by_names(engine: Engine, tmp_path: Path) -> None:
    script = '# /// script\n# dependencies = ["scikit-learn", "rich"]\n# ///\nimport sklearn.svm, yaml\n'
    found = check_notebook(notebook(tmp_path, script), engine, [])
    assert found.against == "script"
    assert [(each.module, each.package) for each in found.missing] == [("yaml", "pyyaml")]
    assert found.unused == ("rich",)


def test_what_a_program_shows_needs_no_file_and_builds_nothing(
    engine: Engine, locked: Notebook, tmp_path: Path
) -> None:
    prefix = Path(need_of(locked, engine).prefix)
    content, path = json.loads(locked.text), tmp_path / "unsaved" / "my work.ipynb"
    ready = answer_for(content, path, engine, [kernel(prefix)])
    assert (ready.state, ready.prefix, ready.kernel, ready.request) == ("ready", str(prefix), "envs-a", None)
    assert lock_for(content, engine, prefix) == content["metadata"][KEY]
    engine.delete(prefix)
    build = answer_for(content, path, engine, [])
    assert (build.state, build.kernel, build.requested) == ("build", "", ("python", "tool=1.0", "ipykernel"))
    assert build.origins == {"channel": 3}
    assert build.download_bytes > 0
    assert build.request is not None
    assert build.name == Path(build.request.prefix).name
    assert msgspec.json.decode(msgspec.json.encode(build))["request"]["action"] == "create"
    none = answer_for({"nbformat": 4, "metadata": {}, "cells": []}, path, engine, [])
    assert (none.state, none.request) == ("none", None)
    closed = Engine(msgspec.structs.replace(engine.settings, sources=("pypi",)))
    refused = answer_for(content, path, closed, [])
    assert (refused.refused, refused.request) == (("conda",), None)
