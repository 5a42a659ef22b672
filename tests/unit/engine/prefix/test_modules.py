"""Modules among files, and those that a change made stale."""

from __future__ import annotations

from jupyter_envs.engine.models.plan import PackageChange
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.prefix.modules import StaleModule, modules_in, stale_among


def record(name: str, version: str) -> RepodataRecord:
    return RepodataRecord(name=name, version=version, fn=f"{name}.conda", url=f"file:///c/noarch/{name}.conda")


def test_modules_are_packages_and_files_of_site_packages_and_nothing_else() -> None:
    files = [
        "lib/python3.12/site-packages/numpy/__init__.py",
        "lib/python3.12/site-packages/numpy/core/x.py",
        "lib/python3.12/site-packages/six.py",
        "lib/python3.12/site-packages/_cffi.cpython-312-x86_64-linux-gnu.so",
        "lib/python3.12/site-packages/numpy-2.0.dist-info/METADATA",
        "lib/python3.12/site-packages/__pycache__/six.cpython-312.pyc",
        "lib/python3.12/site-packages/README.txt",
        "lib/python3.12/site-packages/distutils-precedence.pth",
        "lib/python3.12/os.py",
        "bin/tool",
        "site-packages/unlinked/__init__.py",
        "Lib/site-packages/windows/__init__.py",
    ]
    assert modules_in(files) == {"numpy", "six", "_cffi", "unlinked", "windows"}


def test_an_imported_module_of_a_changed_package_is_stale() -> None:
    changes = [
        PackageChange(name="pillow", kind="upgraded", before=record("pillow", "1"), after=record("pillow", "2")),
        PackageChange(name="gone", kind="removed", before=record("gone", "1")),
        PackageChange(name="new", kind="added", after=record("new", "1")),
        PackageChange(name="other", kind="upgraded", before=record("other", "1"), after=record("other", "2")),
    ]
    brought = {name: frozenset({module}) for name, module in (("pillow", "PIL"), ("gone", "gone"), ("new", "new"))}
    stale = stale_among(["PIL.Image", "PIL", "gone.x", "new", "other", "os"], changes, brought)
    assert stale == [
        StaleModule(module="PIL", package="pillow", before="1", after="2"),
        StaleModule(module="gone", package="gone", before="1", after=None),
    ]
