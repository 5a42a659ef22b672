"""Compiling packages once: what ``import`` accepts, complete or not there, and what is left out."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_envs.engine.models.events import CancelToken, Event, NullReporter
from jupyter_envs.engine.models.records import PackageManifest, RepodataRecord
from jupyter_envs.engine.package_cache.cache import PackageCache
from jupyter_envs.engine.package_cache.compiled import CompileReport
from jupyter_envs.errors import CacheError, CancelledError
from jupyter_envs.settings import Settings
from support.channel import Channel
from support.faults import crash_points
from support.packages import PLACEHOLDER, Content

TAG = str(sys.implementation.cache_tag)
PYTHON = Path(sys.executable)
EXTRA: dict[str, Content] = {
    "site-packages/tool/bad.py": "def (\n",
    "site-packages/tool/patched.py": f"WHERE = '{PLACEHOLDER}/share'\n",
    "site-packages/tool/shipped.py": "VALUE = 1\n",
    f"site-packages/tool/__pycache__/shipped.{TAG}.pyc": b"made by the builder",
    "python-scripts/tool.py": "print('a script is not imported')\n",
}
MADE = {f"site-packages/tool/__pycache__/{name}.{TAG}.pyc" for name in ("__init__", "cli")}


@pytest.fixture
def pkgs(settings: Settings) -> Path:
    return Path(settings.package_directories[0])


@pytest.fixture
def tool(channel: Channel, settings: Settings) -> RepodataRecord:
    """Return the record of a package that is in the cache, with one file of each sort in it."""
    record = channel.noarch("tool", files=EXTRA).record()
    PackageCache(settings).populate([record], NullReporter(), CancelToken())
    return record


def compile_all(settings: Settings, *records: RepodataRecord, python: Path = PYTHON, tag: str = TAG) -> CompileReport:
    return PackageCache(settings).compile(records, python, tag, NullReporter(), CancelToken())


def compiled(settings: Settings, record: RepodataRecord) -> PackageManifest:
    return PackageCache(settings).manifest(record, TAG)


def left_over(pkgs: Path) -> list[str]:
    return [name for name in os.listdir(pkgs) if name.startswith(".tmp-")]


def assert_sound(manifest: PackageManifest, want: set[str]) -> None:
    """Check that the compiled files are these, each whole and valid for its source as it lies in the cache."""
    assert {entry.path for entry in manifest.pyc} == want
    for entry in manifest.pyc:
        data = Path(manifest.pyc_directory or "", entry.path).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (entry.size_in_bytes, entry.sha256)
        folder, _, name = entry.path.partition("/__pycache__/")
        source = Path(manifest.directory, folder, name.removesuffix(f".{TAG}.pyc") + ".py").stat()
        assert data[:16] == importlib.util.MAGIC_NUMBER + struct.pack("<LLL", 0, int(source.st_mtime), source.st_size)


def test_each_file_that_environments_share_is_compiled_and_the_rest_left_out(
    settings: Settings, pkgs: Path, tool: RepodataRecord
) -> None:
    report = compile_all(settings, tool)
    assert (report.packages, report.files, report.failed) == (1, 2, 1)
    assert_sound(compiled(settings, tool), MADE)
    assert left_over(pkgs) == []
    on_disk = {str(path.relative_to(pkgs / ".pyc" / TAG / tool.dist)) for path in (pkgs / ".pyc").rglob("*.pyc")}
    assert on_disk == MADE


def test_a_platform_package_is_compiled_below_lib(channel: Channel, settings: Settings) -> None:
    files: dict[str, Content] = {
        "lib/python3.11/site-packages/fast/__init__.py": "A = 1\n",
        "share/fast/example.py": "B = 1\n",
    }
    record = channel.add("fast", files=files).record()
    PackageCache(settings).populate([record], NullReporter(), CancelToken())
    compile_all(settings, record)
    assert_sound(compiled(settings, record), {f"lib/python3.11/site-packages/fast/__pycache__/__init__.{TAG}.pyc"})


def test_import_takes_the_compiled_file_and_tracebacks_name_the_environment(
    tmp_path: Path, settings: Settings, pkgs: Path, tool: RepodataRecord
) -> None:
    compile_all(settings, tool)
    manifest = compiled(settings, tool)
    environment = tmp_path / "environment"
    for root, entries in ((manifest.directory, manifest.paths), (manifest.pyc_directory, manifest.pyc)):
        for entry in entries:
            (environment / entry.path).parent.mkdir(parents=True, exist_ok=True)
            os.link(f"{root}/{entry.path}", environment / entry.path)
    code = "import tool.cli; print(tool.cli.__cached__, tool.cli.main.__code__.co_filename)"
    site = environment / "site-packages"
    command = [sys.executable, "-v", "-S", "-c", f"import sys; sys.path.insert(0, {str(site)!r}); {code}"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    cached = site / f"tool/__pycache__/cli.{TAG}.pyc"
    assert run.stdout.split() == [str(cached), str(site / "tool/cli.py")]
    assert f"# {cached} matches {site / 'tool/cli.py'}" in run.stderr
    assert os.stat(cached).st_nlink == 2  # import did not write it anew
    assert str(pkgs).encode() not in cached.read_bytes()


def test_a_second_time_nothing_is_run(settings: Settings, pkgs: Path, tool: RepodataRecord) -> None:
    compile_all(settings, tool)
    index = pkgs / ".pyc" / TAG / tool.dist / "index.json"
    before = index.stat()
    assert compile_all(settings, tool, python=Path("/nonexistent/python")) == CompileReport()
    assert (index.stat().st_ino, index.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_what_is_not_in_the_cache_is_left_out(channel: Channel, settings: Settings, pkgs: Path) -> None:
    assert compile_all(settings, channel.noarch("absent").record()) == CompileReport()
    assert not (pkgs / ".pyc").exists()


def test_files_compiled_for_another_package_of_this_name_are_replaced(
    channel: Channel, settings: Settings, pkgs: Path, tool: RepodataRecord
) -> None:
    compile_all(settings, tool)
    index = pkgs / ".pyc" / TAG / tool.dist / "index.json"
    assert tool.sha256
    index.write_text(index.read_text().replace(tool.sha256, "0" * 64))
    assert compiled(settings, tool).pyc == ()
    assert compile_all(settings, tool).packages == 1
    assert_sound(compiled(settings, tool), MADE)
    assert left_over(pkgs) == []


def test_unfinished_files_are_replaced(settings: Settings, pkgs: Path, tool: RepodataRecord) -> None:
    compile_all(settings, tool)
    (pkgs / ".pyc" / TAG / tool.dist / "index.json").unlink()
    assert compiled(settings, tool).pyc == ()
    compile_all(settings, tool)
    assert_sound(compiled(settings, tool), MADE)


def test_the_environment_may_forbid_writing_compiled_files(
    settings: Settings, tool: RepodataRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", "/nonexistent")
    compile_all(settings, tool)
    assert_sound(compiled(settings, tool), MADE)


def test_a_python_of_another_tag_is_refused(settings: Settings, pkgs: Path, tool: RepodataRecord) -> None:
    with pytest.raises(CacheError, match=f"it compiles for {TAG}, not for cpython-299") as caught:
        compile_all(settings, tool, tag="cpython-299")
    assert caught.value.code == "cache.compile"
    assert os.listdir(pkgs / ".pyc/cpython-299") == []
    assert left_over(pkgs) == []


@pytest.mark.parametrize(
    "script",
    ["exit 3", f'echo \'{{"cache_tag": "{TAG}"}}\'; read job; exit 3'],
    ids=["at once", "in the middle"],
)
def test_a_python_that_ends_is_reported(
    tmp_path: Path, settings: Settings, pkgs: Path, tool: RepodataRecord, script: str
) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    with pytest.raises(CacheError, match="it ended with status 3"):
        compile_all(settings, tool, python=python)
    assert compiled(settings, tool).pyc == ()
    assert left_over(pkgs) == []


def test_a_python_that_is_not_there_is_reported(settings: Settings, pkgs: Path, tool: RepodataRecord) -> None:
    with pytest.raises(CacheError, match="No such file") as caught:
        compile_all(settings, tool, python=Path("/nonexistent/python"))
    assert caught.value.code == "cache.compile"
    assert left_over(pkgs) == []


def test_cancelling_leaves_nothing(settings: Settings, pkgs: Path, tool: RepodataRecord) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        PackageCache(settings).compile([tool], PYTHON, TAG, NullReporter(), cancel)
    assert compiled(settings, tool).pyc == ()
    assert left_over(pkgs) == []


def test_progress_is_told(settings: Settings, tool: RepodataRecord) -> None:
    seen: list[Event] = []

    class Recorder:
        def report(self, event: Event) -> None:
            seen.append(event)

    PackageCache(settings).compile([tool], PYTHON, TAG, Recorder(), CancelToken())
    assert [(one.kind, one.phase, one.done, one.total) for one in seen] == [
        ("phase", "compile", 0, 1),
        ("progress", "compile", 1, 1),
    ]


@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize("kind", ["kill", "raise-on"])
def test_struck_at_any_call_a_package_is_compiled_or_not(
    channel: Channel, settings: Settings, pkgs: Path, tool: RepodataRecord, kind: str
) -> None:
    other = channel.noarch("other").record()
    PackageCache(settings).populate([other], NullReporter(), CancelToken())
    made = {name.replace("/tool/", "/other/") for name in MADE}

    def action() -> None:  # one after the other, so that no compiler is at work when this process is struck
        compile_all(settings, tool)
        compile_all(settings, other)

    seen = set()
    for k, outcome in crash_points(action, tree=settings.root, kind="kill" if kind == "kill" else "raise-on"):
        assert outcome.killed == (k > 0 and kind == "kill"), (k, outcome)
        if k and kind == "raise-on":
            assert outcome.error in ("StorageError", "OSError"), (k, outcome)
        found = [bool(compiled(settings, record).pyc) for record in (tool, other)]
        seen.add(tuple(found))
        for record, want, there in ((tool, MADE, found[0]), (other, made, found[1])):
            assert_sound(compiled(settings, record), want if there else set())
        compile_all(settings, tool, other)
        assert_sound(compiled(settings, tool), MADE)
        assert_sound(compiled(settings, other), made)
    assert seen == {(False, False), (True, False), (True, True)}
