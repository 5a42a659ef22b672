"""Hard link, reflink, soft link, copy: on real file systems, and as another user."""

import errno
import os
import resource
import shutil
import stat
import subprocess
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_envs.engine.link.actions import COPY, SOFT_LINK, LinkOptions, WriteResult
from jupyter_envs.engine.link.bring import Bringer
from jupyter_envs.engine.link.plan import link_target, plan_package
from jupyter_envs.engine.link.probe import probe_method
from jupyter_envs.engine.link.writer import LinkWriter
from jupyter_envs.engine.models.platform import layout_for
from jupyter_envs.engine.models.records import PackageManifest, PathsEntry, RepodataRecord

OLD = 1_600_000_000
NOBODY = 65534
FILES = {"lib/a": b"aaa", "bin/prog": b"\x7fELF", "share/deep/b": b""}


@pytest.fixture
def places() -> Iterator[tuple[Path, Path]]:
    """A cache and a root on two file systems, both readable by every user."""
    shared_memory = Path("/dev/shm")
    if not shared_memory.is_dir() or shared_memory.stat().st_dev == Path(tempfile.gettempdir()).stat().st_dev:
        pytest.skip("there is no second file system: /dev/shm is missing or is the temporary directory's own")
    with tempfile.TemporaryDirectory(dir=shared_memory) as cache, tempfile.TemporaryDirectory() as root:
        for path in (cache, root):
            os.chmod(path, 0o755)
        yield Path(cache), Path(root)


def make(pkgs: Path) -> PackageManifest:
    directory = pkgs / "pack-1-0"
    for path, content in FILES.items():
        full = directory / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(content)
        full.chmod(0o755 if path.startswith("bin") else 0o644)
        os.utime(full, (OLD, OLD))
    record = RepodataRecord(name="pack", version="1", build="0", fn="pack-1-0.conda", url="x")
    entries = tuple(
        PathsEntry(path=path, path_type="hardlink", size_in_bytes=len(content)) for path, content in FILES.items()
    )
    return PackageManifest(record=record, directory=str(directory), paths=entries)


def link(manifest: PackageManifest, root: Path, **options: int) -> WriteResult:
    plan = plan_package(manifest, link_target("/e", layout_for("linux-64"), None))
    return LinkWriter(LinkOptions(**options)).write([plan], str(root))


def assert_copied(manifest: PackageManifest, root: Path, paths: set[str] | None = None) -> None:
    for path in paths or set(FILES):
        info = (root / path).lstat()
        source = Path(manifest.directory, path)
        assert stat.S_ISREG(info.st_mode)
        assert (root / path).read_bytes() == FILES[path]
        assert info.st_mode == source.stat().st_mode
        assert int(info.st_mtime) == OLD, "compiled files stay valid"
        assert not (root / path).samefile(source)


def shares_blocks(folder: Path) -> bool:
    """Tell whether the file system has reflinks; ``cp`` is asked, so that the engine is not held against itself."""
    (folder / "blocks").write_bytes(b"x")
    command = ["cp", "--reflink=always", folder / "blocks", folder / "shared"]
    shared = subprocess.run(command, capture_output=True, check=False).returncode == 0
    for name in ("blocks", "shared"):
        (folder / name).unlink(missing_ok=True)
    return shared


def as_nobody(action: Callable[[], None]) -> str:
    """Run ``action`` in a child process as another user; return its traceback, empty when it went well."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            action()
        except BaseException:
            os.write(writer, traceback.format_exc().encode()[-60000:])
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        text = stream.read().decode()
    os.waitpid(pid, 0)
    return text


def test_two_file_systems_mean_copies(places: tuple[Path, Path]) -> None:
    cache, root = places
    manifest = make(cache)
    result = link(manifest, root)
    assert_copied(manifest, root)
    assert (result.linked_files, result.copied_files, result.copied_bytes, result.linked_bytes) == (0, 3, 7, 0)
    assert result.methods == {"pack-1-0": COPY}


def test_two_file_systems_mean_soft_links_where_they_are_allowed_but_not_for_programs(
    places: tuple[Path, Path],
) -> None:
    cache, root = places
    manifest = make(cache)
    result = link(manifest, root, allow_softlinks=True)
    assert os.readlink(root / "lib/a") == f"{manifest.directory}/lib/a"
    assert os.readlink(root / "share/deep/b") == f"{manifest.directory}/share/deep/b"
    assert_copied(manifest, root, {"bin/prog"})
    assert (result.softlinked_files, result.copied_files) == (2, 1)
    assert result.methods == {"pack-1-0": SOFT_LINK}


def test_always_copy_is_obeyed_on_one_file_system(tmp_path: Path) -> None:
    manifest = make(tmp_path / "pkgs")
    (tmp_path / "root").mkdir()
    result = link(manifest, tmp_path / "root", always_copy=True, allow_softlinks=True)
    assert_copied(manifest, tmp_path / "root")
    assert (result.copied_files, result.softlinked_files) == (3, 0)
    assert result.methods == {"pack-1-0": COPY}


def test_a_large_file_is_copied_whole(places: tuple[Path, Path]) -> None:
    cache, root = places
    content = os.urandom(3_000_001)
    (cache / "pack-1-0").mkdir()
    (cache / "pack-1-0/big").write_bytes(content)
    record = RepodataRecord(name="pack", version="1", build="0", fn="pack-1-0.conda", url="x")
    entries = (PathsEntry(path="big", path_type="hardlink"),)
    link(PackageManifest(record=record, directory=str(cache / "pack-1-0"), paths=entries), root)
    assert (root / "big").read_bytes() == content


def test_a_link_in_the_cache_that_claims_to_be_a_file_is_not_followed(places: tuple[Path, Path]) -> None:
    cache, root = places
    manifest = make(cache)
    Path(manifest.directory, "lib/a").unlink()
    Path(manifest.directory, "lib/a").symlink_to("/etc/hostname")
    link(manifest, root)
    assert os.readlink(root / "lib/a") == "/etc/hostname"


@pytest.mark.parametrize(("softlinks", "expected", "method"), [(False, (0, 0, 3), COPY), (True, (0, 2, 1), SOFT_LINK)])
def test_files_of_another_owner_are_not_linked_when_the_system_protects_hard_links(
    softlinks: bool, expected: tuple[int, int, int], method: int
) -> None:
    protected = Path("/proc/sys/fs/protected_hardlinks")
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("needs root, to become another user")
    if not protected.exists() or protected.read_text().strip() == "0":
        pytest.skip("fs.protected_hardlinks is off on this machine")
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        manifest = make(folder / "pkgs")
        Path(manifest.directory, "info").mkdir()
        Path(manifest.directory, "info/index.json").write_text("{}")
        root = folder / "root"
        root.mkdir()
        os.chown(root, NOBODY, NOBODY)

        def act() -> None:
            with pytest.raises(PermissionError):
                os.link(f"{manifest.directory}/lib/a", root / "probe")
            options = LinkOptions(allow_softlinks=softlinks)
            if shares_blocks(root):
                assert probe_method(manifest.directory, str(root), options) == "reflink"
                result = link(manifest, root, allow_softlinks=softlinks)
                assert (result.linked_files, result.softlinked_files, result.copied_files) == (0, 0, 3)
                assert_copied(manifest, root)
                return
            assert probe_method(manifest.directory, str(root), options) == ("softlink" if softlinks else "copy")
            assert os.listdir(root) == [], "what was tried is gone"
            bringer = Bringer(str(root), options, "bin")
            assert bringer.hard_links(manifest.directory)
            bringer.link(f"{manifest.directory}/lib/a", f"{root}/first", manifest.directory)
            assert not bringer.hard_links(manifest.directory), "its other files are not tried"
            result = link(manifest, root, allow_softlinks=softlinks)
            assert (result.linked_files, result.softlinked_files, result.copied_files) == expected
            assert result.methods == {"pack-1-0": method}
            assert_copied(manifest, root, {"bin/prog"} if softlinks else None)

        assert as_nobody(act) == ""
    finally:
        shutil.rmtree(folder)


def test_a_probe_finds_another_file_system_and_changes_nothing(places: tuple[Path, Path], tmp_path: Path) -> None:
    cache, root = places
    manifest = make(cache)
    Path(manifest.directory, "info").mkdir()
    Path(manifest.directory, "info/index.json").write_text("{}")
    assert probe_method(manifest.directory, str(root), LinkOptions()) == "copy"
    assert probe_method(manifest.directory, str(root), LinkOptions(allow_softlinks=True)) == "softlink"
    assert probe_method(manifest.directory, str(cache), LinkOptions()) == "hardlink"
    assert probe_method(manifest.directory, str(tmp_path / "missing"), LinkOptions()) == "hardlink"
    assert os.listdir(root) == []
    assert os.listdir(cache) == ["pack-1-0"]


def test_a_system_that_allows_no_threads_gets_everything_from_one() -> None:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("needs root, to become another user whose number of threads is limited")
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        (folder / "root").mkdir()
        for path in (folder, folder / "root"):
            os.chown(path, NOBODY, NOBODY)

        def act() -> None:
            resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
            with pytest.raises(RuntimeError):
                threading.Thread(target=print).start()
            directory = folder / "pkgs/pack-1-0"
            directory.mkdir(parents=True)
            entries = []
            for number in range(100):
                (directory / f"f{number}").write_bytes(b"/p")
                patched = {"prefix_placeholder": "/p", "file_mode": "text"} if number % 2 else {}
                entries.append(PathsEntry(path=f"f{number}", path_type="hardlink", **patched))
            record = RepodataRecord(name="pack", version="1", build="0", fn="pack-1-0.conda", url="x")
            manifest = PackageManifest(record=record, directory=str(directory), paths=tuple(entries))
            result = link(manifest, folder / "root", parallel_from=1)
            assert (result.linked_files, result.written_files) == (50, 50)

        assert as_nobody(act) == ""
    finally:
        shutil.rmtree(folder)


def test_a_file_with_too_many_links_is_copied() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        manifest = make(folder / "pkgs")
        full = f"{manifest.directory}/lib/a"
        (folder / "many").mkdir()
        try:
            for number in range(70_000):
                os.link(full, f"{name}/many/{number}")
        except OSError as error:
            assert error.errno == errno.EMLINK
        else:
            pytest.skip(f"the file system of {folder} allows more links to one file than can be made in a moment")
        (folder / "root").mkdir()
        result = link(manifest, folder / "root")
        assert_copied(manifest, folder / "root", {"lib/a"})
        assert (result.linked_files, result.copied_files) == (2, 1)
