"""Modules before and after a change, with real files and real imports."""

from __future__ import annotations

import importlib
import site
import sys
from pathlib import Path

import pytest

from jupyter_envs.magics.modules import changed_modules, loaded_files, make_importable, path_files


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a site-packages below ``tmp_path`` that this process imports from."""
    folder = tmp_path / "lib/python3/site-packages"
    folder.mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    monkeypatch.setattr(site, "getsitepackages", lambda: [str(folder)])
    return folder


def write(path: Path, text: str) -> None:
    """Put a new file in place, as a transaction does: never the old inode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    temporary.write_text(text)
    temporary.replace(path)


def test_only_modules_whose_own_files_are_others_need_a_restart(tmp_path: Path, packages: Path) -> None:
    for name in ("one_magic", "two_magic"):
        write(packages / name / "__init__.py", "from . import part\n")
        write(packages / name / "part.py", "x = 1\n")
        importlib.import_module(name)
    before = loaded_files(str(tmp_path))
    assert len(before) == 4
    assert changed_modules(before) == []
    write(packages / "one_magic/part.py", "x = 1\n")
    write(packages / "three_magic.py", "")
    assert changed_modules(before) == ["one_magic"]
    (packages / "two_magic/__init__.py").unlink()
    assert changed_modules(before) == ["one_magic", "two_magic"]


def test_what_an_undo_brings_back_needs_no_restart(tmp_path: Path, packages: Path) -> None:
    source, cached = packages / "back_magic.py", tmp_path / "cached.py"
    write(source, "x = 1\n")
    cached.hardlink_to(source)
    importlib.import_module("back_magic")
    before = loaded_files(str(tmp_path))
    write(source, "x = 2\n")
    assert changed_modules(before) == ["back_magic"]
    before = loaded_files(str(tmp_path))
    source.unlink()
    source.hardlink_to(cached)
    assert changed_modules(before) == []


def test_a_module_of_the_standard_library_counts_as_python(tmp_path: Path, packages: Path) -> None:
    library = tmp_path / "lib/python3"
    write(library / "old_magic.py", "")
    sys.path.insert(0, str(library))
    importlib.import_module("old_magic")
    before = loaded_files(str(tmp_path))
    write(library / "old_magic.py", "y = 2\n")
    assert changed_modules(before) == ["python"]


def test_new_packages_and_folders_named_by_new_pth_files_can_be_imported(tmp_path: Path, packages: Path) -> None:
    write(packages / "old.pth", str(tmp_path / "never"))
    known = path_files(str(tmp_path))
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("late_magic")
    write(packages / "late_magic/inner/there.py", "here = True\n")  # a namespace package
    write(packages / "extra/beside_magic.py", "")
    write(packages / "new.pth", "# a comment\nimport does_not_run\nextra\nno-such-folder\n")
    make_importable(str(tmp_path), known)
    assert importlib.import_module("late_magic.inner.there").here
    importlib.import_module("beside_magic")
    assert not any("no-such-folder" in place for place in sys.path)


def test_a_site_packages_that_came_later_is_searched(
    tmp_path: Path, packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = tmp_path / "lib64/site-packages"
    monkeypatch.setattr(site, "getsitepackages", lambda: [str(packages), str(late)])
    make_importable(str(tmp_path), set())
    assert str(late) not in sys.path
    write(late / "latest_magic.py", "")
    make_importable(str(tmp_path), set())
    importlib.import_module("latest_magic")
