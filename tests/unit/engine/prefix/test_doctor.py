"""One fault at a time put into a sound environment: doctor names it, with a hint, and nothing else."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.engine.models.findings import Finding, sort_findings
from jupyter_envs.engine.prefix.doctor import doctor, doctor_registry
from jupyter_envs.engine.prefix.registry import register_environment
from jupyter_envs.errors import NotFoundError
from jupyter_envs.settings import Settings

from .conftest import MakePrefix, write_record

Examine = Callable[..., dict[str, Finding]]


@pytest.fixture
def examine(settings: Settings, home: Path) -> Examine:
    """Return findings by code; those that every environment by rattler has are left out."""

    def run(prefix: Path, *, keep: tuple[str, ...] = (), **environ: str) -> dict[str, Finding]:
        findings = doctor(prefix, settings, {"HOME": str(home), **environ})
        assert findings == sort_findings(findings)
        return {found.code: found for found in findings if found.code not in {"ipykernel.missing"} - set(keep)}

    return run


@pytest.fixture
def sound(settings: Settings, make_prefix: MakePrefix) -> Path:
    """An environment of ours without a fault."""
    site = "lib/python3.11/site-packages"
    prefix = make_prefix(
        "sound",
        {
            "python-3.11.7-h_0": {"bin/python": "", "bin/python3.11": ""},
            "ipykernel-6.29.5-py_0": {f"{site}/ipykernel/__init__.py": ""},
            "tool-2.0-py_0": {
                f"{site}/tool.py": "",
                f"{site}/tool-2.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: Tool\nVersion: 2.0\n",
                "bin/tool": "#!/bin/sh\n",
            },
        },
        root=Path(settings.envs_directories[0]),
    )
    write_record(prefix, "needy-1.0-0", {}, depends=["python >=3.9,<4", "tool", "__glibc >=99", "tool 2.*"])
    return prefix


def test_a_sound_environment_has_no_finding(sound: Path, examine: Examine) -> None:
    assert examine(sound) == {}


def test_what_rattler_made_is_sound_but_for_ipykernel(rattler_original: Path, examine: Examine) -> None:
    findings = examine(rattler_original, keep=("ipykernel.missing",))
    assert list(findings) == ["ipykernel.missing"]
    assert findings["ipykernel.missing"].hint.startswith(f"`jupyter envs install -p {rattler_original} ipykernel`")


def test_not_an_environment(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(NotFoundError) as caught:
        doctor(tmp_path, settings, {})
    assert caught.value.code == "not_found.environment"
    assert "jupyter envs list" in caught.value.hint


def edit_record(prefix: Path, dist: str, **changes: Any) -> None:
    path = prefix / "conda-meta" / f"{dist}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def break_record(prefix: Path) -> None:
    (prefix / "conda-meta/needy-1.0-0.json").write_text("{")


def lose_file(prefix: Path) -> None:
    (prefix / "bin/tool").unlink()


def interrupt(prefix: Path) -> None:
    (prefix / "conda-meta/jupyter-envs/transaction/x").mkdir(parents=True)


def be_busy(prefix: Path) -> None:
    (prefix / "conda-meta/jupyter-envs").mkdir()
    (prefix / "conda-meta/jupyter-envs/lock").write_text(json.dumps({"pid": os.getpid()}))


def lose_history(prefix: Path) -> None:
    (prefix / "conda-meta/history").unlink()


def break_state(prefix: Path) -> None:
    (prefix / "conda-meta/state").write_text("{")


def lose_home(prefix: Path) -> None:
    (prefix / "pyvenv.cfg").write_text("home = /nowhere/bin\nversion = 3.11.7\n")


def dangle_python(prefix: Path) -> None:
    (prefix / "bin/python").unlink()
    (prefix / "bin/python").symlink_to("/nowhere/python3.11")
    edit_record(prefix, "python-3.11.7-h_0", files=[], paths_data={"paths": [], "paths_version": 1})


def remove_python(prefix: Path) -> None:
    for dist in ("python-3.11.7-h_0", "needy-1.0-0"):
        (prefix / f"conda-meta/{dist}.json").unlink()


def pip_install(name: str, version: str) -> Callable[[Path], None]:
    def act(prefix: Path) -> None:
        info = prefix / f"lib/python3.11/site-packages/{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "INSTALLER").write_text("pip\n")

    return act


def twice(prefix: Path) -> None:
    write_record(prefix, "tool-3.0-py_0", {})
    edit_record(prefix, "needy-1.0-0", depends=[])


def move(prefix: Path) -> None:
    content = "#!/old/place/bin/python3.11\nprint()\n"
    (prefix / "bin/tool").write_text(content)
    entry = {"_path": "bin/tool", "path_type": "unix_python_entry_point"}
    edit_record(prefix, "tool-2.0-py_0", paths_data={"paths": [entry], "paths_version": 1})


def need(*specs: str) -> Callable[[Path], None]:
    return lambda prefix: edit_record(prefix, "needy-1.0-0", depends=list(specs))


def constrain(prefix: Path) -> None:
    edit_record(prefix, "needy-1.0-0", constrains=["tool <2", "absent >5"])


@pytest.mark.parametrize(
    ("fault", "code", "severity", "words"),
    [
        (break_record, "record.broken", "error", "needy-1.0-0.json"),
        (lose_file, "file.missing", "error", "bin/tool of tool"),
        (interrupt, "transaction.interrupted", "error", "was interrupted"),
        (be_busy, "environment.busy", "note", "being changed"),
        (lose_history, "history.missing", "warning", "CEP 32"),
        (break_state, "prefix.state", "error", "conda-meta/state"),
        (lose_home, "python.home_gone", "error", "/nowhere/bin"),
        (dangle_python, "python.gone", "error", "/nowhere/python3.11"),
        (remove_python, "python.none", "note", "has no Python"),
        (pip_install("extra", "0.1"), "python.pip_installed", "note", "extra 0.1 was installed by pip"),
        (twice, "record.duplicate", "error", "tool-2.0-py_0 and tool-3.0-py_0"),
        (move, "prefix.moved", "error", "/old/place"),
        (need("missing >=2"), "depends.unsatisfied", "error", "needs missing >=2, which is not installed"),
        (need("tool >=3"), "depends.unsatisfied", "error", "needs tool >=3, and 2.0 (py_0) is installed"),
        (need("tool=2.0=other_*"), "depends.unsatisfied", "error", "is installed"),
        (constrain, "constrains.violated", "warning", "goes only with tool <2"),
    ],
)
def test_each_fault_alone(
    sound: Path, examine: Examine, fault: Callable[[Path], None], code: str, severity: str, words: str
) -> None:
    fault(sound)
    findings = examine(sound)
    assert list(findings) == [code]
    assert findings[code].severity == severity
    assert words in findings[code].message
    assert bool(findings[code].hint) or code == "environment.busy"


def test_pip_over_a_package_is_told_as_that(sound: Path, examine: Examine) -> None:
    pip_install("tool", "2.5")(sound)
    findings = examine(sound)
    assert set(findings) == {"python.shadowed", "python.twice"}
    assert "tool 2.5 was installed by pip over the package's 2.0" in findings["python.shadowed"].message


def test_many_missing_files_are_one_finding(sound: Path, examine: Examine) -> None:
    for path in (sound / "lib/python3.11/site-packages/tool.py", sound / "bin/tool"):
        path.unlink()
    findings = examine(sound)
    assert list(findings) == ["file.missing"]
    assert findings["file.missing"].message.startswith("2 files of tool are missing, such as ")


def test_leaks_from_outside(sound: Path, examine: Examine, home: Path) -> None:
    assert list(examine(sound, PYTHONPATH="/mine")) == ["leak.pythonpath"]
    assert list(examine(sound, PYTHONHOME="/mine")) == ["leak.pythonhome"]
    user = home / ".local/lib/python3.11/site-packages"
    (user / "other-1.0.dist-info").mkdir(parents=True)
    assert examine(sound) == {}
    (user / "Tool-1.0.dist-info").mkdir()
    assert "tool" in examine(sound)["leak.user_site"].message
    assert examine(sound, PYTHONNOUSERSITE="1") == {}
    (sound / "pyvenv.cfg").write_text(f"home = {home}\ninclude-system-site-packages = false\n")
    assert examine(sound) == {}, "PEP 405: a venv does not see the user's packages"


def test_several_faults_at_once_come_worst_first(sound: Path, settings: Settings) -> None:
    for fault in (lose_history, lose_file, pip_install("extra", "0.1"), need("gone")):
        fault(sound)
    findings = doctor(sound, settings, {"HOME": "/nonexistent"})
    assert [found.severity for found in findings] == ["error", "error", "warning", "note"]


def test_a_venv_is_examined_as_far_as_it_goes(tmp_path: Path, settings: Settings) -> None:
    venv = tmp_path / "project/.venv"
    (venv / "lib/python3.12/site-packages/x-1.dist-info").mkdir(parents=True)
    (venv / "pyvenv.cfg").write_text("home = /nowhere/bin\nversion = 3.12.0\n")
    codes = [found.code for found in doctor(venv, settings, {"HOME": str(tmp_path)})]
    assert codes == ["python.home_gone", "ipykernel.missing"]


def test_stale_lines_of_the_registry(home: Path, sound: Path) -> None:
    environ = {"HOME": str(home)}
    register_environment(sound, environ)
    assert doctor_registry(environ) == []
    register_environment("/gone", environ)
    (stale,) = doctor_registry(environ)
    assert (stale.code, stale.path) == ("registry.stale", "/gone")


def test_locks_that_other_machines_do_not_see(sound: Path, examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mounting NFS needs a server of it; what the kernel says of a mount is read in test_file_systems."""
    monkeypatch.setattr("jupyter_envs.engine.prefix.doctor.find_local_locks", lambda _path: "local_lock=all")
    (found,) = examine(sound).values()
    assert (found.code, found.severity) == ("environment.local_locks", "warning")
    assert "(local_lock=all)" in found.message
