"""The Python that an environment borrows is gone one day, or another: with a new image, or an upgrade of the system."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.findings import Finding
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.engine.prefix.borrowed import replacement
from jupyter_envs.engine.prefix.discovery import describe_environment
from jupyter_envs.errors import EnvsError, NotFoundError
from jupyter_envs.settings import Settings
from support.channel import Channel
from support.pythons import fake_python


class Machine:
    """Folders of programs that come first on PATH: what an image brings, in versions that no real machine has yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def brings(self, version: str, folder: str = "bin") -> Path:
        minor = ".".join(version.split(".")[:2])
        return fake_python(self.folder / folder / f"python{minor}", version)

    def is_replaced(self) -> None:
        for program in self.folder.glob("*/python*"):
            program.unlink()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(tmp_path / "machine")
    folders = [str(machine.folder / name) for name in ("bin", "opt")]
    monkeypatch.setenv("PATH", os.pathsep.join([*folders, os.environ["PATH"]]))
    return machine


@pytest.fixture
def engine(settings: Settings, channel: Channel) -> Engine:
    """Packages of a channel, and no Python in it."""
    for name in ("tool", "pure"):
        channel.noarch(name)
    channel.index()
    return Engine(msgspec.structs.replace(settings, channels=(channel.url,), sources=("conda", "interpreter")))


def change(engine: Engine, action: str, *specs: str, **more: object) -> None:
    prefix = str(engine.new_prefix("a")) if action == "create" else str(engine.resolve("a"))
    request = ChangeRequest(action=action, prefix=prefix, specs=specs, command=action, **more)  # type: ignore[arg-type]
    engine.execute(engine.plan(request))


def found(engine: Engine) -> dict[str, str]:
    return {record.name: record.version for record in engine.packages(engine.resolve("a"))}


def gone(findings: list[Finding]) -> Finding:
    (finding,) = [finding for finding in findings if finding.severity == "error"]
    assert finding.code == "python.gone"
    return finding


def test_another_minor_version_is_in_its_place(engine: Engine, machine: Machine) -> None:
    old = machine.brings("3.72.1")
    change(engine, "create", "interpreter::python=3.72", "tool")
    prefix = engine.resolve("a")
    machine.is_replaced()
    machine.brings("3.74.0")
    machine.brings("3.73.2")
    for findings in (engine.doctor(prefix), engine.verify(prefix)):
        finding = gone(findings)
        assert finding.message == f"the Python 3.72.1 that a borrows has gone: {old}"
        assert finding.hint.startswith("`jupyter envs install a interpreter::python=3.73` gives it another")
        assert finding.specs == ("interpreter::python=3.73",)
    with pytest.raises(EnvsError, match=r"interpreter::python=3\.72 cannot be installed"):
        change(engine, "install", "pure")
    change(engine, "install", *finding.specs)
    assert found(engine) == {"python": "3.73.2", "tool": "1.0"}
    assert (prefix / "lib/python3.73/site-packages/tool/__init__.py").is_file()
    assert not (prefix / "lib/python3.72").exists()
    assert os.path.exists(prefix / "bin/python")
    assert engine.verify(prefix) == []
    assert not [finding for finding in engine.doctor(prefix) if finding.severity == "error"]


def test_what_was_asked_for_says_no_version_and_any_change_brings_the_new_one(engine: Engine, machine: Machine) -> None:
    machine.brings("3.98.1")  # the newest of all that this machine has
    change(engine, "create", "interpreter::python", "tool")
    machine.is_replaced()
    machine.brings("3.99.2")
    change(engine, "install", "pure")
    assert found(engine) == {"python": "3.99.2", "tool": "1.0", "pure": "1.0"}


def test_the_same_minor_version_is_elsewhere_and_only_the_python_is_exchanged(engine: Engine, machine: Machine) -> None:
    machine.brings("3.72.1")
    change(engine, "create", "interpreter::python=3.72", "tool")
    prefix = engine.resolve("a")
    machine.is_replaced()
    new = machine.brings("3.72.7", "opt")
    machine.brings("3.73.2")
    assert gone(engine.doctor(prefix)).specs == ("interpreter::python=3.72",)
    plan = engine.plan(ChangeRequest(action="update", prefix=str(prefix), specs=("python",)))
    assert [(each.name, each.kind) for each in plan.changes] == [("python", "upgraded")]
    engine.execute(plan)
    assert os.path.realpath(prefix / "bin/python") == str(new)
    assert engine.verify(prefix) == []


def test_what_would_borrow_it_again_is_refused(engine: Engine, machine: Machine) -> None:
    old = machine.brings("3.72.1")
    change(engine, "create", "interpreter::python=3.72", "tool")
    machine.is_replaced()
    machine.brings("3.73.2")
    clone = ChangeRequest(action="clone", prefix=str(engine.new_prefix("b")), clone_from=str(engine.resolve("a")))
    for request in (clone, ChangeRequest(action="repair", prefix=str(engine.resolve("a")))):
        with pytest.raises(NotFoundError, match=r"the Python 3\.72\.1 that a borrows has gone") as caught:
            engine.plan(request)
        assert caught.value.code.endswith("interpreter.missing")
        assert caught.value.hint == "`jupyter envs doctor a` says what gives it another"
        assert caught.value.detail == {"path": str(old), "version": "3.72.1"}
    change(engine, "install", "interpreter::python=3.73")
    change(engine, "install", "pure")
    change(engine, "undo")
    assert found(engine) == {"python": "3.73.2", "tool": "1.0"}
    with pytest.raises(NotFoundError, match="that generation 1 of a borrows has gone") as caught:
        change(engine, "restore", generation=1)
    assert caught.value.hint == "`jupyter envs history a` shows what was asked for then"
    machine.brings("3.72.1")
    change(engine, "restore", generation=1)
    assert found(engine)["python"] == "3.72.1"


def test_a_package_can_leave_without_the_python(engine: Engine, machine: Machine) -> None:
    machine.brings("3.72.1")
    change(engine, "create", "interpreter::python=3.72", "tool", "pure")
    machine.is_replaced()
    change(engine, "remove", "pure")
    assert found(engine) == {"python": "3.72.1", "tool": "1.0"}


def test_another_patch_version_in_the_same_place_is_no_fault_and_an_update_names_it(
    engine: Engine, machine: Machine
) -> None:
    machine.brings("3.72.1")
    change(engine, "create", "interpreter::python=3.72", "tool")
    machine.brings("3.72.7")
    assert not [finding for finding in engine.doctor(engine.resolve("a")) if finding.severity == "error"]
    assert engine.verify(engine.resolve("a")) == []
    change(engine, "install", "pure")
    assert found(engine)["python"] == "3.72.1"
    change(engine, "update", "python")
    assert found(engine) == {"python": "3.72.7", "tool": "1.0", "pure": "1.0"}


@pytest.mark.parametrize(
    ("sources", "spec"),
    [
        (("conda", "pypi"), "python=3.72"),
        (("conda", "pypi", "interpreter"), "interpreter::python=3.73"),
        (("pypi",), "interpreter::python=3.73"),
    ],
)
def test_what_is_offered_instead_is_of_a_source_that_may_be_used(
    settings: Settings, machine: Machine, sources: tuple[str, ...], spec: str
) -> None:
    machine.brings("3.73.2")
    assert replacement("3.72.1", msgspec.structs.replace(settings, sources=sources), os.environ) == spec


def test_of_a_shared_environment_its_publisher_is_told_of(engine: Engine, machine: Machine, tmp_path: Path) -> None:
    machine.brings("3.72.1")
    change(engine, "create", "interpreter::python=3.72", "tool")
    shared = tmp_path / "shared/envs"
    shared.mkdir(parents=True)
    (shared / "a").symlink_to(engine.resolve("a"))
    machine.is_replaced()
    user = Engine(msgspec.structs.replace(engine.settings, shared_directories=(str(tmp_path / "shared"),)))
    finding = gone(user.doctor(shared / "a"))
    assert finding.hint == "whoever publishes it has to publish it again"
    assert finding.specs == ()
    info = describe_environment(shared / "a", user.settings)
    assert info is not None
    assert info.problem == "its Python is not there any more"
