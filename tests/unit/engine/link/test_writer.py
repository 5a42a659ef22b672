"""The writer on real files: what it makes, what it refuses, what it counts."""

import hashlib
import os
import stat
import threading
from pathlib import Path

import pytest

from jupyter_envs.engine.link.actions import LinkOptions, LinkTarget, WriteResult
from jupyter_envs.engine.link.plan import plan_package
from jupyter_envs.engine.link.writer import LinkWriter
from jupyter_envs.engine.models.events import CancelToken, Event
from jupyter_envs.engine.models.records import PackageManifest, PathsEntry
from jupyter_envs.errors import CancelledError, LinkError, StorageError
from support.settled import settle_new

OLD = 1_600_000_000
PLACEHOLDER = "/opt/placeholder" + "_placehold" * 20


def write(
    manifests: list[PackageManifest], target: LinkTarget, root: Path, options: LinkOptions | None = None
) -> WriteResult:
    plans = [plan_package(manifest, target) for manifest in manifests]
    settle_new(plans)
    return LinkWriter(options or LinkOptions()).write(plans, str(root))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "staging"
    path.mkdir()
    return path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_plain_files_are_hard_links(package, target, root) -> None:
    manifest = package("a", {"lib/x": b"one", "lib/deep/y": b"two", "top": b"three"})
    result = write([manifest], target, root)
    for path in ("lib/x", "lib/deep/y", "top"):
        assert (root / path).samefile(Path(manifest.directory, path))
    assert result.linked_files == 3
    assert result.linked_bytes == 11
    assert (result.copied_files, result.copied_bytes, result.written) == (0, 0, {})
    assert result.methods == {"a-1.0-0": 1}
    assert result.created_directories == ["lib", "lib/deep"]


def test_patched_files_are_new_later_and_keep_their_mode(package, target, root) -> None:
    binary = b"\x7fELF" + f"{PLACEHOLDER}/lib".encode() + b"\0end\0"
    manifest = package(
        "a",
        {"bin/tool": f"#!{PLACEHOLDER}/bin/sh\n".encode(), "lib/x.so": binary},
        placeholders={"bin/tool": ("text", PLACEHOLDER), "lib/x.so": ("binary", PLACEHOLDER)},
        modes={"bin/tool": 0o755, "lib/x.so": 0o555},
    )
    before = digest(Path(manifest.directory, "lib/x.so"))
    result = write([manifest], target, root)
    tool, library = root / "bin/tool", root / "lib/x.so"
    assert tool.read_text() == f"#!{target.prefix}/bin/sh\n"
    assert len(library.read_bytes()) == len(binary)
    assert f"{target.prefix}/lib\0".encode() in library.read_bytes()
    assert PLACEHOLDER.encode() not in library.read_bytes()
    assert (stat.S_IMODE(tool.stat().st_mode), stat.S_IMODE(library.stat().st_mode)) == (0o755, 0o555)
    assert not library.samefile(Path(manifest.directory, "lib/x.so"))
    assert digest(Path(manifest.directory, "lib/x.so")) == before
    assert library.stat().st_mtime > OLD
    assert result.written == {"bin/tool": digest(tool), "lib/x.so": digest(library)}
    assert result.written_files == 2


def test_a_patched_file_is_later_than_a_source_from_the_future(package, target, root) -> None:
    manifest = package("a", {"x.py": b"p='/p'"}, placeholders={"x.py": ("text", "/p")})
    future = 4_000_000_000
    os.utime(Path(manifest.directory, "x.py"), (future, future))
    write([manifest], target, root)
    assert int((root / "x.py").stat().st_mtime) > future


def test_no_link_files_are_copies_with_mode_and_time(package, target, root) -> None:
    manifest = package("a", {"x": b"abc"}, no_link=frozenset({"x"}), modes={"x": 0o640})
    result = write([manifest], target, root)
    info = (root / "x").stat()
    assert not (root / "x").samefile(Path(manifest.directory, "x"))
    assert (root / "x").read_bytes() == b"abc"
    assert (stat.S_IMODE(info.st_mode), int(info.st_mtime)) == (0o640, OLD)
    assert (result.copied_files, result.copied_bytes) == (1, 3)


def test_softlinks_are_made_again_and_never_followed(package, target, root, tmp_path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s")
    links = {"dangling": "no/where", "up": "../../..", "out": str(secret), "lib/rel": "../top"}
    manifest = package("a", {path: ("->", to) for path, to in links.items()})
    write([manifest], target, root)
    assert {path: os.readlink(root / path) for path in links} == links


def test_directories_are_made_empty(package, target, root) -> None:
    write([package("a", {"var/empty": None, "var/lib/x": b""})], target, root)
    assert (root / "var/empty").is_dir()
    assert list((root / "var/empty").iterdir()) == []


def test_entry_points_and_wheel_scripts_name_the_final_prefix(package, target, root) -> None:
    manifest = package(
        "a",
        {"site-packages/a.py": b"", "python-scripts/s": b"#!python\nx\n", "python-scripts/b": b"\x7fELF"},
        modes={"python-scripts/s": 0o755},
        noarch="python",
        entry_points=("run-a = a:main",),
    )
    result = write([manifest], target, root)
    assert (root / "bin/s").read_text() == f"#!{target.prefix}/bin/python3.11\nx\n"
    assert (root / "bin/b").samefile(Path(manifest.directory, "python-scripts/b"))
    assert (root / "bin/run-a").read_text().startswith(f"#!{target.prefix}/bin/python3.11\n")
    assert stat.S_IMODE((root / "bin/run-a").stat().st_mode) == 0o755
    assert stat.S_IMODE((root / "bin/s").stat().st_mode) == 0o755
    assert set(result.written) == {"bin/s", "bin/run-a"}


def test_compiled_files_come_from_their_own_directory(package, target, root, tmp_path) -> None:
    compiled = tmp_path / "pyc/site-packages/__pycache__/a.cpython-311.pyc"
    compiled.parent.mkdir(parents=True)
    compiled.write_bytes(b"pyc")
    manifest = package(
        "a",
        {"site-packages/a.py": b""},
        noarch="python",
        pyc_directory=str(tmp_path / "pyc"),
        pyc=(PathsEntry(path="site-packages/__pycache__/a.cpython-311.pyc", path_type="pyc_file"),),
    )
    write([manifest], target, root)
    assert (root / "lib/python3.11/site-packages/__pycache__/a.cpython-311.pyc").samefile(compiled)


def test_the_winner_of_a_clobbered_path_is_what_stands_there(package, target, root) -> None:
    write([package("a", {"x": b"a"}), package("b", {"x": b"b"})], target, root)
    assert (root / "x").read_bytes() == b"b"


@pytest.mark.parametrize("path", ["x", "patched", "copied", "link"])
def test_a_file_in_the_way_is_never_overwritten(package, target, root, path) -> None:
    manifest = package(
        "a",
        {"x": b"1", "patched": b"/p", "copied": b"2", "link": ("->", "x")},
        placeholders={"patched": ("text", "/p")},
        no_link=frozenset({"copied"}),
    )
    (root / path).write_text("mine")
    with pytest.raises(LinkError) as caught:
        write([manifest], target, root)
    assert caught.value.code == "link.exists"
    assert caught.value.detail["path"] == f"{root}/{path}"
    assert caught.value.hint
    assert (root / path).read_text() == "mine"


@pytest.mark.parametrize("make", [lambda path, other: path.symlink_to(other), lambda path, other: path.write_text("f")])
def test_a_directory_is_never_taken_through_a_link_or_file(package, target, root, tmp_path, make) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    make(root / "lib", outside)
    with pytest.raises(LinkError) as caught:
        write([package("a", {"lib/x": b"1"})], target, root)
    assert caught.value.code == "link.exists"
    assert list(outside.iterdir()) == []


def test_a_softlink_of_one_package_does_not_redirect_another(package, target, root, tmp_path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    manifests = [package("a", {"lib": ("->", str(outside))}), package("b", {"lib/x": b"1"})]
    plans = [plan_package(manifest, target) for manifest in manifests]
    with pytest.raises(LinkError) as caught:
        LinkWriter(LinkOptions()).write(plans, str(root))
    assert caught.value.code == "link.path_conflict"
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("path", ["x", "patched", "copied", "link"])
def test_a_cache_that_lacks_a_file_is_named(package, target, root, path) -> None:
    manifest = package(
        "a",
        {"x": b"1", "patched": b"/p", "copied": b"2", "link": ("->", "x")},
        placeholders={"patched": ("text", "/p")},
        no_link=frozenset({"copied"}),
    )
    Path(manifest.directory, path).unlink()
    with pytest.raises(LinkError) as caught:
        write([manifest], target, root)
    assert caught.value.code == "link.source_missing"
    assert f"{manifest.directory}/{path}" in caught.value.message
    assert "clean" in caught.value.hint


def test_a_root_that_is_not_there_is_a_storage_error(package, target, root) -> None:
    with pytest.raises(StorageError):
        write([package("a", {"x": b"1"})], target, root / "absent")


def test_cancelling_stops_and_leaves_no_thread(package, target, root) -> None:
    cancel = CancelToken()
    cancel.cancel()
    plan = plan_package(package("a", {f"d/{number}": b"" for number in range(40)}), target)
    before = threading.active_count()
    with pytest.raises(CancelledError):
        LinkWriter(LinkOptions(parallel_from=1)).write([plan], str(root), cancel=cancel)
    assert threading.active_count() == before
    assert list((root / "d").iterdir()) == []


@pytest.mark.parametrize("parallel_from", [0, 1])
def test_threads_make_the_same_as_one(package, target, root, parallel_from) -> None:
    manifests = [package(f"p{n}", {f"lib/p{n}/{i % 7}/{i}": bytes([i % 251]) for i in range(300)}) for n in range(4)]
    events: list[Event] = []

    class Recorder:
        def report(self, event: Event) -> None:
            events.append(event)

    plans = [plan_package(manifest, target) for manifest in manifests]
    result = LinkWriter(LinkOptions(parallel_from=parallel_from)).write(plans, str(root), Recorder())
    made = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert made == {path for plan in plans for path in plan.paths()}
    assert all((root / path).stat().st_nlink == 2 for path in made)
    assert result.linked_files == 1200
    assert (events[-1].phase, events[-1].done, events[-1].total) == ("link", 1200, 1200)


def test_an_error_in_any_thread_stops_all(package, target, root) -> None:
    manifest = package("a", {f"d/{number}": b"" for number in range(2000)})
    plan = plan_package(manifest, target)
    (root / "d").mkdir()
    (root / "d/1999").write_text("mine")
    before = threading.active_count()
    with pytest.raises(LinkError) as caught:
        LinkWriter(LinkOptions(parallel_from=1)).write([plan], str(root))
    assert caught.value.code == "link.exists"
    assert threading.active_count() == before
    assert (root / "d/1999").read_text() == "mine"


def test_no_plans_make_nothing(root) -> None:
    assert LinkWriter(LinkOptions()).write([], str(root)).linked_files == 0
    assert list(root.iterdir()) == []


def test_written_files_are_told_so_that_they_can_be_synced(package, target, root):
    files = {f"etc/{number}": b"/p" for number in range(70)}
    manifest = package("a", files, placeholders=dict.fromkeys(files, ("text", "/p")), modes={"etc/7": 0o444})
    before = threading.active_count()
    result = write([manifest], target, root, LinkOptions())
    assert result.written_files == 70
    assert result.made == [f"{root}/{path}" for path in files]
    assert {(root / path).read_text() for path in files} == {target.prefix}
    assert threading.active_count() == before
