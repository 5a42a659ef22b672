"""The law on whole environments: exported, read from the file and made again, an environment is the same.

Made by the engine of a conda channel, a wheel and the Python of this machine; explicit files and locks without a solve,
an environment.yml with one.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec
import pytest
from rattler.lock import LockFile

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.exchange.additions import add_file
from jupyter_envs.engine.exchange.read import read_environment_file
from jupyter_envs.engine.models.origins import is_interpreter, is_wheel
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.errors import SpecError
from jupyter_envs.settings import Settings
from support.channel import Channel
from support.wheels import make_wheel


@pytest.fixture
def engine(settings: Settings, channel: Channel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine with one channel, a folder of wheels as its whole index, and this machine's Python."""
    channel.noarch("tool", "1.0", depends=["python"])
    channel.noarch("tool", "2.0", depends=["python"], entry_points=["tool = tool.cli:main"])
    channel.add("native", "1.5", files={"share/native.txt": "native\n"})
    channel.index()
    wheels = tmp_path / "wheels"
    make_wheel(wheels, "Msgpack_Thing", "3.1", requires=["leaf>=1"])
    make_wheel(wheels, "leaf", "1.2")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    return Engine(msgspec.structs.replace(settings, channels=(channel.url,), sources=("conda", "pypi", "interpreter")))


@pytest.fixture
def original(engine: Engine) -> Path:
    specs = ("python", "tool >=2", "native", "pypi::msgpack-thing")
    prefix = engine.new_prefix("original")
    variables = {"MODE": "yes", "LEVEL": "3"}
    request = ChangeRequest(action="create", prefix=str(prefix), specs=specs, variables=variables)
    engine.execute(engine.plan(request))
    return prefix


def make_again(engine: Engine, original: Path, file: Path, form: str, *, exact: bool = False) -> Path:
    file.write_text(engine.export(original, form, exact=exact))
    prefix = engine.new_prefix("again")
    request = add_file(ChangeRequest(action="create", prefix=str(prefix)), read_environment_file(file), engine.settings)
    engine.execute(engine.plan(request))
    return prefix


def packages(engine: Engine, prefix: Path) -> set[tuple[str, ...]]:
    return {
        (record.dist, record.subdir, record.fn, record.url, record.sha256 or "") for record in engine.packages(prefix)
    }


def tree(prefix: Path) -> dict[str, str]:
    """Every file outside conda-meta, with the prefix in it replaced: what is to be the same."""
    found = {}
    for path in sorted(prefix.rglob("*")):
        relative = str(path.relative_to(prefix))
        if path.is_dir() or relative.startswith("conda-meta") or relative.endswith(".pyc"):
            continue
        content = str(path.readlink()) if path.is_symlink() else path.read_text(errors="replace")
        found[relative] = content.replace(str(prefix), "<prefix>")
    return found


def test_the_original_is_of_three_sources(engine: Engine, original: Path) -> None:
    records = engine.packages(original)
    assert {record.name for record in records if is_wheel(record)} == {"msgpack-thing", "leaf"}
    assert [record.name for record in records if is_interpreter(record)] == ["python"]
    assert {record.name for record in records} == {"python", "tool", "native", "msgpack-thing", "leaf"}


@pytest.mark.parametrize(("form", "name"), [("explicit", "lock.txt"), ("pixi", "pixi.lock")])
def test_without_a_solve(engine: Engine, original: Path, tmp_path: Path, form: str, name: str) -> None:
    again = make_again(engine, original, tmp_path / name, form)
    assert packages(engine, again) == packages(engine, original)
    assert tree(again) == tree(original)
    assert engine.requested(again) == engine.requested(original)
    code = "import leaf, msgpack_thing, tool, sys; print(tool.__version__, sys.prefix)"
    output = subprocess.run([again / "bin/python", "-c", code], capture_output=True, text=True, check=True).stdout
    assert output == f"2.0 {again}\n"


def test_a_lock_with_what_was_asked_for_is_one_for_rattler_too(engine: Engine, original: Path, tmp_path: Path) -> None:
    (tmp_path / "pixi.lock").write_text(engine.export(original, "pixi"))
    assert [name for name, _ in LockFile.from_path(tmp_path / "pixi.lock").environments()] == ["default"]


def test_requirements_bring_their_python_with_them(engine: Engine, original: Path, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(engine.export(original, "requirements"))
    parsed = read_environment_file(tmp_path / "requirements.txt")
    version = next(record.version for record in engine.packages(original) if record.name == "python")
    minor = ".".join(version.split(".")[:2])
    for specs, python in (((), f"python={minor}"), (("python>=3",), "python>=3"), (("interpreter::python",), None)):
        request = add_file(ChangeRequest(action="create", prefix="/p", specs=specs), parsed, engine.settings)
        assert [spec for spec in request.specs if spec.startswith("python")] == ([python] if python else [])
    change = add_file(ChangeRequest(action="install", prefix="/p"), parsed, engine.settings)
    assert not any(spec.startswith("python") for spec in change.specs)


def test_exact_packages_are_not_mixed_with_specs(engine: Engine, original: Path, tmp_path: Path) -> None:
    (tmp_path / "lock.txt").write_text(engine.export(original, "explicit"))
    exact = read_environment_file(tmp_path / "lock.txt")
    (tmp_path / "more.yml").write_text("dependencies: [native]\n")
    more = read_environment_file(tmp_path / "more.yml")
    create = ChangeRequest(action="create", prefix="/p")
    for first, second in (
        (msgspec.structs.replace(create, specs=("native",)), exact),
        (add_file(create, exact, engine.settings), more),
    ):
        with pytest.raises(SpecError) as caught:
            add_file(first, second, engine.settings)
        assert caught.value.code == "exchange.mixed"
        assert "then install the rest" in caught.value.hint
    both = add_file(add_file(create, exact, engine.settings), exact, engine.settings)
    assert set(both.records) == set(exact.records)


@pytest.mark.parametrize("exact", [True, False])
def test_with_a_solve(engine: Engine, original: Path, tmp_path: Path, exact: bool) -> None:
    again = make_again(engine, original, tmp_path / "environment.yml", "yaml", exact=exact)
    assert packages(engine, again) == packages(engine, original)
    assert tree(again) == tree(original)
    state = (again / "conda-meta/state").read_text()
    assert state == (original / "conda-meta/state").read_text()


def test_dependencies_survive_a_file_that_does_not_name_them(engine: Engine, original: Path, tmp_path: Path) -> None:
    """``@EXPLICIT`` has only URLs; what packages need is in the archives, and must be in the records again."""
    again = make_again(engine, original, tmp_path / "lock.txt", "explicit")
    depends = {record.name: set(record.depends) for record in engine.packages(original)}
    assert {record.name: set(record.depends) for record in engine.packages(again)} == depends
