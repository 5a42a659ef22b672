"""Every kind of environment in its place, each once, none of them able to spoil the list."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from jupyter_envs.engine.prefix.discovery import EnvironmentInfo, describe_environment, find_environments
from jupyter_envs.engine.prefix.registry import (
    read_registered,
    register_environment,
    registry_path,
    unregister_environment,
)
from jupyter_envs.settings import Settings

from .conftest import MakePrefix, write_record


def found(settings: Settings, home: Path, cwd: Path | None = None, **environ: str) -> dict[str, EnvironmentInfo]:
    infos = find_environments(settings, {"HOME": str(home), **environ}, cwd=cwd or home)
    assert len({info.name for info in infos}) == len(infos), "names are unique"
    assert len({os.path.realpath(info.path) for info in infos}) == len(infos), "each once"
    return {info.name: info for info in infos}


def own(make_prefix: MakePrefix, settings: Settings, name: str, **packages: dict[str, str]) -> Path:
    return make_prefix(name, {dist.replace("__", "-"): files for dist, files in packages.items()}, root=envs(settings))


def envs(settings: Settings) -> Path:
    return Path(settings.envs_directories[0])


def test_nothing_anywhere(settings: Settings, home: Path) -> None:
    assert found(settings, home) == {}


def test_own_environment_in_one_line(settings: Settings, home: Path, make_prefix: MakePrefix) -> None:
    prefix = make_prefix(
        "work",
        {"python-3.11.7-h_0": {"bin/python": ""}, "python-dateutil-2.9-py_0": {}, "ipykernel-6.29-py_0": {}},
        root=envs(settings),
    )
    state = prefix / "conda-meta/jupyter-envs/generations"
    state.mkdir(parents=True)
    for number in (1, 2, 10):
        (state / f"{number:06}.json").write_text("{}")
    info = found(settings, home)["work"]
    assert (info.kind, info.python, info.packages, info.generation) == ("own", "3.11.7", 3, 10)
    assert info.has_ipykernel and info.writable
    assert not (info.broken or info.frozen or info.external or info.busy or info.interrupted or info.active)
    assert time.time() - info.modified < 60


def test_places_of_other_tools(settings: Settings, home: Path, make_prefix: MakePrefix, tmp_path: Path) -> None:
    other = tmp_path / "miniforge"
    conda = make_prefix("science", root=other / "envs")
    base = make_prefix("miniforge", root=tmp_path)
    (base / "condabin").mkdir()
    listed = make_prefix("by-path", root=tmp_path / "data")
    for path in (base, listed):
        assert register_environment(path, {"HOME": str(home)})
    project = tmp_path / "project"
    make_prefix("default", root=project / ".pixi/envs")
    make_prefix("test", root=project / ".pixi/envs")
    for path in (project / ".venv", home / ".virtualenvs/old", tmp_path / "work-on/wo", tmp_path / "active"):
        path.mkdir(parents=True)
        (path / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.12.0\n")
        (path / "bin").mkdir()
        (path / "bin/python").touch()
    both = Settings(
        root=settings.root, envs_directories=(*settings.envs_directories, str(other / "envs")), package_directories=()
    )
    infos = found(
        both,
        home,
        project / "src" / "deep",
        WORKON_HOME=str(tmp_path / "work-on"),
        VIRTUAL_ENV=str(tmp_path / "active"),
        CONDA_PREFIX=str(conda),
    )
    assert {name: (info.kind, info.path) for name, info in infos.items()} == {
        "science": ("conda", str(conda)),
        "base": ("conda", str(base)),
        "by-path": ("conda", str(listed)),
        "project": ("pixi", str(project / ".pixi/envs/default")),
        "project:test": ("pixi", str(project / ".pixi/envs/test")),
        str(project / ".venv"): ("venv", str(project / ".venv")),
        "wo": ("venv", str(tmp_path / "work-on/wo")),
        "old": ("venv", str(home / ".virtualenvs/old")),
        "active": ("venv", str(tmp_path / "active")),
    }
    assert all(info.external for info in infos.values())
    assert {name for name, info in infos.items() if info.active} == {"science", "active"}
    assert infos["wo"].python == "3.12.0" and not infos["wo"].broken


def test_names_that_clash_fall_back_to_the_path(
    settings: Settings, home: Path, make_prefix: MakePrefix, tmp_path: Path
) -> None:
    own(make_prefix, settings, "work")
    other = make_prefix("work", root=tmp_path / "elsewhere")
    register_environment(other, {"HOME": str(home)})
    infos = found(settings, home)
    assert infos["work"].kind == "own"
    assert infos[str(other)].path == str(other)


def test_a_link_to_an_environment_is_the_same_one(
    settings: Settings, home: Path, make_prefix: MakePrefix, tmp_path: Path
) -> None:
    prefix = own(make_prefix, settings, "work")
    (tmp_path / "link").symlink_to(prefix)
    register_environment(tmp_path / "link", {"HOME": str(home)})
    assert list(found(settings, home, CONDA_PREFIX=str(tmp_path / "link"))) == ["work"]
    assert found(settings, home, CONDA_PREFIX=str(tmp_path / "link"))["work"].active


def test_broken_ones_are_listed_with_the_reason(settings: Settings, home: Path, make_prefix: MakePrefix) -> None:
    gone = own(make_prefix, settings, "gone", **{"python__3.11.7__h_0": {}})
    (gone / "bin").mkdir()
    (gone / "bin/python").symlink_to("/nowhere/python3.11")
    no_history = own(make_prefix, settings, "no-history")
    (no_history / "conda-meta/history").unlink()
    (envs(settings) / "not-one").mkdir()
    (envs(settings) / "file").touch()
    (envs(settings) / "odd/pyvenv.cfg").mkdir(parents=True)
    infos = found(settings, home)
    assert {name: info.problem for name, info in infos.items() if name != "odd"} == {
        "gone": "its Python is not there any more",
        "no-history": "conda-meta/history is missing",
    }
    assert infos["odd"].broken and "pyvenv.cfg" in infos["odd"].problem


def test_a_loop_of_links_and_odd_lines_in_the_registry_do_not_matter(settings: Settings, home: Path) -> None:
    envs(settings).mkdir(parents=True)
    (envs(settings) / "loop").symlink_to("loop")
    path = registry_path({"HOME": str(home)})
    path.parent.mkdir()
    path.write_bytes(b"# comment\n\n/not/there\n\xff\xfe\nrelative\n" + str(envs(settings)).encode() + b"\n\0\n")
    assert found(settings, home) == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_an_unreadable_environment_is_listed_as_broken(tmp_path: Path, make_prefix: MakePrefix) -> None:
    """Asked as another user, in a child process: root itself reads everything."""
    root = Path(tempfile.mkdtemp(prefix="envs-unreadable-"))
    prefix = make_prefix("closed", root=root / "envs")
    try:
        root.chmod(0o755)
        (prefix / "conda-meta").chmod(0o000)
        script = (
            "import os, sys; os.setgid(65534); os.setuid(65534)\n"
            "from jupyter_envs.engine.prefix.discovery import find_environments\n"
            "from jupyter_envs.settings import Settings\n"
            f"s = Settings(root={str(root)!r}, envs_directories=({str(root / 'envs')!r},), package_directories=())\n"
            "info, = find_environments(s, {'HOME': '/nonexistent'}, cwd='/')\n"
            "assert info.broken and not info.writable and 'Permission denied' in info.problem, info\n"
        )
        preload = "import jupyter_envs.engine.prefix.discovery, jupyter_envs.settings, msgspec\n"
        done = subprocess.run(
            [sys.executable, "-c", preload + script], capture_output=True, text=True, timeout=240, check=False
        )
        assert done.returncode == 0, done.stderr
    finally:
        (prefix / "conda-meta").chmod(0o755)
        shutil.rmtree(root)


def test_busy_and_interrupted(settings: Settings, home: Path, make_prefix: MakePrefix) -> None:
    prefix = own(make_prefix, settings, "work")
    base = prefix / "conda-meta/jupyter-envs"
    (base / "transaction/abc").mkdir(parents=True)
    assert (found(settings, home)["work"].busy, found(settings, home)["work"].interrupted) == (False, True)
    (base / "lock").write_text(json.dumps({"pid": os.getpid(), "command": "install"}))
    assert (found(settings, home)["work"].busy, found(settings, home)["work"].interrupted) == (True, False)
    child = subprocess.Popen(["true"])
    child.wait()
    for holder in (
        json.dumps({"pid": child.pid}).encode(),
        b"{",
        json.dumps({"pid": "x"}).encode(),
        b"",
        b'{"\xff": 1}',
    ):
        (base / "lock").write_bytes(holder)
        assert (found(settings, home)["work"].busy, found(settings, home)["work"].interrupted) == (False, True)


def test_what_another_machine_changes_is_busy_as_long_as_that_holds_the_lock(
    settings: Settings, home: Path, make_prefix: MakePrefix
) -> None:
    prefix = own(make_prefix, settings, "work")
    base = prefix / "conda-meta/jupyter-envs"
    (base / "transaction/abc").mkdir(parents=True)
    (base / "lock").write_text(json.dumps({"pid": 1, "command": "install", "machine": "another"}))
    with (base / "lock").open() as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        assert (found(settings, home)["work"].busy, found(settings, home)["work"].interrupted) == (True, False)
    assert (found(settings, home)["work"].busy, found(settings, home)["work"].interrupted) == (False, True)
    (base / "transaction/abc").rename(base / "transaction/abc.done")  # an NFS client holds something of it
    assert (found(settings, home)["work"].busy, found(settings, home)["work"].interrupted) == (False, False)


def test_the_list_stands_while_environments_change_under_it(
    settings: Settings, home: Path, make_prefix: MakePrefix
) -> None:
    """Another process makes and removes transactions and environments all the time: never broken, never a crash."""
    prefix = own(make_prefix, settings, "work")
    script = (
        "import os, shutil, sys\n"
        f"base, other = {str(prefix / 'conda-meta/jupyter-envs')!r}, {str(prefix.parent / 'other')!r}\n"
        "while True:\n"
        "    os.makedirs(base + '/transaction/x'); shutil.rmtree(base)\n"
        "    os.makedirs(other + '/conda-meta'); open(other + '/conda-meta/history', 'w').close()\n"
        "    shutil.rmtree(other)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", script])
    try:
        ends = time.monotonic() + 1.0
        while time.monotonic() < ends:
            infos = found(settings, home)
            assert not infos["work"].broken
            assert "other" not in infos or infos["other"].problem in ("", "conda-meta/history is missing")
    finally:
        child.kill()
        child.wait()


def test_frozen_and_ipykernel_put_there_by_pip(settings: Settings, home: Path, make_prefix: MakePrefix) -> None:
    prefix = own(make_prefix, settings, "work", **{"python__3.11.7__h_0": {"bin/python": ""}})
    (prefix / "conda-meta/frozen").touch()
    package = prefix / "lib/python3.11/site-packages/ipykernel"
    package.mkdir(parents=True)
    assert not found(settings, home)["work"].has_ipykernel
    (package / "__init__.py").touch()
    info = found(settings, home)["work"]
    assert info.has_ipykernel and info.frozen


def test_a_real_venv(settings: Settings, tmp_path: Path) -> None:
    prefix = tmp_path / "proj/.venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(prefix)], check=True, timeout=240)
    info = describe_environment(prefix, settings)
    assert info is not None
    assert (info.name, info.kind, info.packages, info.broken) == ("proj", "venv", 0, False)
    assert info.python == ".".join(map(str, sys.version_info[:3]))
    dist_info = prefix / "lib" / f"python3.{sys.version_info[1]}" / "site-packages/ipykernel-6.0.dist-info"
    dist_info.mkdir()
    again = describe_environment(prefix, settings)
    assert again is not None and again.has_ipykernel and again.packages == 1


def test_what_rattler_made_is_found(settings: Settings, rattler_original: Path) -> None:
    info = describe_environment(rattler_original, settings)
    assert info is not None
    assert (info.kind, info.python, info.packages, info.broken, info.external) == ("conda", "3.11.7", 3, False, True)


def test_registry_adds_once_and_removes_only_its_line(home: Path, tmp_path: Path) -> None:
    environ = {"HOME": str(home)}
    assert read_registered(environ) == []
    assert unregister_environment(tmp_path, environ)
    path = registry_path(environ)
    path.parent.mkdir()
    path.write_text("# mine\n/a\n/b")
    assert register_environment("/c", environ) and register_environment("/c", environ)
    assert path.read_text() == "# mine\n/a\n/b\n/c\n"
    assert unregister_environment("/b", environ) and unregister_environment("/not-there", environ)
    assert path.read_text() == "# mine\n/a\n/c\n"
    assert read_registered(environ) == ["/a", "/c"]
    assert [entry.name for entry in path.parent.iterdir()] == ["environments.txt"]


def test_registering_loses_nothing_when_many_do_it_at_once(home: Path) -> None:
    script = (
        "import sys; from jupyter_envs.engine.prefix.registry import register_environment\n"
        f"for n in range(20): assert register_environment(f'/{{sys.argv[1]}}-{{n}}', {{'HOME': {str(home)!r}}})"
    )
    children = [subprocess.Popen([sys.executable, "-c", script, str(number)]) for number in range(4)]
    assert [child.wait(timeout=240) for child in children] == [0] * 4
    assert sorted(read_registered({"HOME": str(home)})) == sorted(f"/{a}-{b}" for a in range(4) for b in range(20))


def test_a_registry_that_cannot_be_written_is_told_not_raised(home: Path) -> None:
    (home / ".conda").write_text("a file where the folder should be")
    assert not register_environment("/a", {"HOME": str(home)})
    assert not unregister_environment("/a", {"HOME": str(home)})
    assert read_registered({"HOME": str(home)}) == []


def test_listing_opens_no_record(settings: Settings, home: Path, make_prefix: MakePrefix) -> None:
    """The names of 200 environments come from directory entries: their records could as well be unreadable."""
    prefix = own(make_prefix, settings, "work")
    for number in range(50):
        write_record(prefix, f"p{number}-1.0-h0_0", {}).write_bytes(b"\xff")
    assert found(settings, home)["work"].packages == 50
