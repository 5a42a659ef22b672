"""Laws of extraction: what went into an archive comes out, and a damaged archive is never taken for a sound one."""

from __future__ import annotations

import io
import os
import stat
import tarfile
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from jupyter_envs.engine.archive.extract import extract
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import EnvsError, IntegrityError
from support.faults import Entry, snapshot_tree, tree_difference
from support.packages import BuiltPackage, Content, Directory, File, Symlink, make_package

FORMATS = (".conda", ".tar.bz2")
QUICK = limits(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
FORBIDDEN = "/\\\0\n:"
Tree = dict[str, Content]

letters = st.characters(exclude_categories=["Cs"], exclude_characters=FORBIDDEN)
short = st.text(letters, min_size=1, max_size=8)
long = st.builds(lambda text, times: text * times, short, st.integers(1, 6))  # beyond tar's 100 bytes as paths
names = (short | long).filter(lambda name: name not in (".", "..") and len(name.encode()) <= 255)
paths = st.lists(names, min_size=1, max_size=5).map(lambda parts: "/".join(["lib", *parts]))
times = st.sampled_from([0, 1, 1_700_000_000, 2**31, -86400])
files = st.builds(
    File, st.binary(max_size=600) | st.integers(0, 200_000).map(lambda n: b"x" * n), st.integers(0, 0o7777), mtime=times
)


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Draw files, empty directories and soft links that stay inside, none of them below another."""
    tree: Tree = {}
    for path in draw(st.lists(paths, min_size=1, max_size=8, unique=True)):
        if any(path == known or path.startswith(f"{known}/") or known.startswith(f"{path}/") for known in tree):
            continue
        tree[path] = draw(files | st.just(Directory()))
    for path in draw(st.lists(names, max_size=3, unique=True)):
        link = f"links/{path}"
        target = draw(st.sampled_from(sorted(tree)) | names.map(lambda name: f"missing/{name}"))
        tree[link] = Symlink(os.path.relpath(target, "links"))
    return dict(draw(st.permutations(sorted(tree.items()))))


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def expected(tree: Tree, folder: Path) -> dict[str, Entry]:
    """Return what must be there: the tree, written by nothing of the engine's own."""
    for path, item in tree.items():
        full = folder / path
        full.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(item, Symlink):
            full.symlink_to(item.target)
        elif isinstance(item, Directory):
            full.mkdir()
        else:
            assert isinstance(item, File)
            full.write_bytes(item.content)
            full.chmod((item.mode & 0o777 | 0o400) & ~umask())  # no setuid, always readable by the owner
    return snapshot_tree(folder)


def extracted(record: RepodataRecord, archive: Path, folder: Path) -> dict[str, Entry]:
    folder.mkdir()
    extract(record, str(archive), str(folder))
    assert (folder / "info/repodata_record.json").is_file()
    return snapshot_tree(folder, ignore=lambda path: path == "info")


def as_pax(package: BuiltPackage) -> None:
    """Write a ``.tar.bz2`` anew in the other format that Python and others make."""
    with tarfile.open(package.path) as old:
        members = [(member, old.extractfile(member) if member.isreg() else None) for member in old]
        members = [(member, io.BytesIO(stream.read()) if stream else None) for member, stream in members]
    with tarfile.open(package.path, "w:bz2", format=tarfile.PAX_FORMAT) as new:
        for member, stream in members:
            new.addfile(member, stream)


@pytest.mark.parametrize("kind", [*FORMATS, "pax"])
@given(tree=trees())
@QUICK
def test_what_went_in_comes_out(kind: str, tree: Tree) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        package = make_package(folder / "c", "a", files=tree, extension=".tar.bz2" if kind == "pax" else kind)
        if kind == "pax":
            as_pax(package)
        found = extracted(package.record(), package.path, folder / "out")
        assert tree_difference(expected(tree, folder / "want"), found) == []
        for path, item in tree.items():
            if isinstance(item, File):
                info = os.lstat(folder / "out" / path)
                assert (int(info.st_mtime), info.st_nlink) == (item.mtime, 1)
                assert not info.st_mode & (stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, BuiltPackage]:
    tree: Tree = {
        "lib/a.py": File(b"import sys\n" * 40),
        "lib/b": File(os.urandom(300), 0o755),
        "lib/ü": Symlink("a.py"),
        "lib/empty": Directory(),
    }
    folder = tmp_path_factory.mktemp("channel")
    return {ending: make_package(folder / "c", "a", files=tree, extension=ending) for ending in FORMATS}


def bare(record: RepodataRecord) -> RepodataRecord:
    return msgspec.structs.replace(record, sha256=None, md5=None, size=None)


@pytest.mark.parametrize("ending", FORMATS)
@given(data=st.data())
@QUICK
def test_a_flipped_byte_is_refused_by_the_digest(
    ending: str, packages: dict[str, BuiltPackage], data: st.DataObject
) -> None:
    package = packages[ending]
    content = bytearray(package.path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    with tempfile.TemporaryDirectory() as name:
        archive, out = Path(name) / package.path.name, Path(name) / "out"
        archive.write_bytes(content)
        out.mkdir()
        with pytest.raises(IntegrityError):
            extract(package.record(), str(archive), str(out))
        assert list(out.iterdir()) == []


@pytest.mark.parametrize("ending", FORMATS)
@given(data=st.data())
@limits(QUICK, max_examples=80)
def test_without_a_digest_a_flipped_byte_is_refused_or_changes_nothing(
    ending: str, packages: dict[str, BuiltPackage], data: st.DataObject
) -> None:
    package = packages[ending]
    content = bytearray(package.path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = folder / package.path.name
        archive.write_bytes(content)
        want = extracted(bare(package.record()), package.path, folder / "want")
        try:
            found = extracted(bare(package.record()), archive, folder / "out")
        except EnvsError as error:
            assert error.code.split(".")[0] in ("archive", "integrity"), error.code
        else:
            assert tree_difference(want, found) == []


@pytest.mark.parametrize("ending", FORMATS)
@given(data=st.data())
@QUICK
def test_an_archive_that_ends_too_early_is_refused_without_a_digest_too(
    ending: str, packages: dict[str, BuiltPackage], data: st.DataObject
) -> None:
    package = packages[ending]
    content = package.path.read_bytes()
    with tempfile.TemporaryDirectory() as name:
        archive, out = Path(name) / package.path.name, Path(name) / "out"
        archive.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
        out.mkdir()
        with pytest.raises(EnvsError) as caught:
            extract(bare(package.record()), str(archive), str(out))
        assert caught.value.code.startswith("archive.")
