"""What the builder decides from values: files, links, RPATHs, libraries, run exports, order; and its doctests."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import struct
import time
import zipfile
from pathlib import Path

import pytest
import yaml

import jupyter_envs.build
from jupyter_envs.build.archive import set_zip_times
from jupyter_envs.build.assemble import find_licenses
from jupyter_envs.build.collect import choose, is_left_out, link_target
from jupyter_envs.build.elf import ElfFile, dropped_rpath, wanted_rpath
from jupyter_envs.build.from_pypi import recipe_text
from jupyter_envs.build.info import merged_exports, needs_of
from jupyter_envs.build.linking import examine, glibc_needed, unneeded_libraries
from jupyter_envs.build.models import FileRules, Output, PackageTest, Requirements, RunExports
from jupyter_envs.build.order import Progress, ordered
from jupyter_envs.build.places import Places, padded
from jupyter_envs.build.prefixes import detect
from jupyter_envs.build.snapshot import Entry, difference
from jupyter_envs.build.testing import check_contents
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import BuildError, PackageTestError, RecipeError

OUTPUT = Output(name="a", version="1", build_string="0")


@pytest.mark.parametrize(
    "name", [each.name for each in pkgutil.walk_packages(jupyter_envs.build.__path__, "jupyter_envs.build.")]
)
def test_examples_in_docstrings(name: str) -> None:
    if name.endswith(".cluster"):
        pytest.importorskip("distributed", reason="Dask is not installed")
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_the_host_prefix_has_255_characters() -> None:
    assert len(Places(root="/r/builds/a-1-0").host_prefix) == 255
    with pytest.raises(BuildError) as caught:
        padded("/" + "x" * 260, 255)
    assert caught.value.code == "build.path"


def test_links_stay_inside() -> None:
    assert link_target("/p", "lib/a", "/p/lib/b") == "b"
    assert link_target("/p", "bin/a", "/p/lib/b") == "../lib/b"
    assert link_target("/p", "bin/a", "dangling") == "dangling"
    for path, target in (("a", "/etc/passwd"), ("a", "/p2/x"), ("b/a", "../../x")):
        with pytest.raises(BuildError) as caught:
            link_target("/p", path, target)
        assert caught.value.code == "build.symlink"


def test_rpaths_are_relative_and_inside() -> None:
    file = ElfFile(path="lib/deep/a.so", rpath=("/p/lib", "/usr/lib", "$ORIGIN/../x", "/p/lib/deep"))
    assert wanted_rpath(file, "/p", ["lib/"]) == ("$ORIGIN/..", "$ORIGIN/../x", "$ORIGIN")
    assert dropped_rpath(file, "/p") == ("/usr/lib",)


def test_what_libraries_come_from() -> None:
    files = [ElfFile(path="bin/a", needed=("libc.so.6", "libown.so.1", "libz.so.1", "libno.so", "libstdc++.so.6"))]
    own, provided = {"libown.so.1": "lib/libown.so.1"}, {"libz.so.1": "zlib"}
    report = examine(files, own, provided, frozenset(), FileRules(), system_compiler=True)
    assert report.missing == ("bin/a needs libno.so",)
    assert report.overlinked == ("bin/a needs libz.so.1 of zlib",)
    assert report.runtimes == ("bin/a needs libstdc++.so.6",)
    allowed = FileRules(missing_allowed=("*/libno*",))
    report = examine(files, own, provided, frozenset({"zlib"}), allowed, system_compiler=False)
    assert report.lines() == ["bin/a needs libstdc++.so.6, which no requirement brings"]


def test_requirements_are_named_however_they_are_spelled() -> None:
    depends = ["zlib>=1.2", "conda-forge::Perl 5.*", "openssl=3", "six"]
    assert needs_of(depends) == {"zlib", "perl", "openssl", "six"}
    needs = Requirements(ignore=("zlib",))
    output = Output(name="a", version="1", build_string="0", requirements=needs)
    assert merged_exports(output, {}, {"zlib": RunExports(weak=("zlib>=1.2", "other>=1"))}) == (["other>=1"], [])


def test_files_above_a_recipe_get_a_place_inside(tmp_path: Path) -> None:
    recipe = tmp_path / "project" / "recipe"
    (recipe / "texts").mkdir(parents=True)
    for name in ("LICENSE", "recipe/texts/MIT"):
        (tmp_path / "project" / name).write_text(name)
    work = tmp_path / "work"
    work.mkdir()
    found = find_licenses(["../LICENSE", "texts/"], str(recipe), str(work), "a-1-0")
    assert found == {"info/licenses/LICENSE": b"LICENSE", "info/licenses/texts/MIT": b"recipe/texts/MIT"}
    with pytest.raises(BuildError, match="neither in its sources nor in its recipe"):
        find_licenses([str(tmp_path / "project/LICENSE")], str(recipe), str(work), "a-1-0")


def test_the_name_of_a_wheel_is_no_command() -> None:
    fn = "a-1.0-py3-none-any.$(touch x).whl"
    record = RepodataRecord(name="a", version="1.0", fn=fn, url=f"https://files.test/{fn}", sha256="0" * 64)
    script = yaml.safe_load(recipe_text(record))["build"]["script"]
    assert script.endswith(f"--no-index './{fn}'")


def test_the_newest_glibc_counts() -> None:
    assert (
        glibc_needed([ElfFile(path="a", glibc=(2, 9)), ElfFile(path="b", glibc=(2, 34)), ElfFile(path="c")]) == "2.34"
    )
    assert glibc_needed([]) == ""


def test_run_exports_by_kind_of_package() -> None:
    build = {"cc": RunExports(strong=("libgcc",), weak=("never",))}
    host = {"z": RunExports(weak=("z >=1",), strong=("s",), noarch=("n",), weak_constrains=("c <2",))}
    assert merged_exports(OUTPUT, build, host) == (["libgcc", "s", "z >=1"], ["c <2"])
    noarch = Output(name="a", version="1", build_string="0", noarch="python")
    assert merged_exports(noarch, build, host) == (["n"], [])
    ignoring = Output(
        name="a", version="1", build_string="0", requirements=Requirements(ignore=("z",), ignore_from=("cc",))
    )
    assert merged_exports(ignoring, build, host) == (["s"], ["c <2"])


def test_files_that_are_chosen() -> None:
    new = ["lib/a.la", "conda-meta/x.json", "lib/a.so", "share/doc", "share/info/dir"]
    assert choose(new, [], (), FileRules(), {}, "a") == ["lib/a.so", "share/doc"]
    assert choose(new, [], ("lib/a.so",), FileRules(), {}, "a") == ["share/doc"], (
        "staged files belong to who names them"
    )
    assert choose(new, [], ("lib/b.so",), FileRules(select=("lib",)), {}, "a") == ["lib/a.so", "lib/b.so"]
    assert choose(new, [], (), FileRules(select=("**",), exclude=("*.so",)), {}, "a") == ["share/doc"]
    with pytest.raises(BuildError) as caught:
        choose(new, [], (), FileRules(select=("bin/*",)), {}, "a")
    assert caught.value.code == "build.files"


def test_what_noarch_packages_do_not_hold() -> None:
    output = Output(name="a", version="1", build_string="0", noarch="python", entry_points=("run = a:main",))
    assert [is_left_out(path, output) for path in ("bin/run", "bin/other", "lib/x/__pycache__/a.pyc")] == [
        True,
        False,
        True,
    ]


def test_the_difference_of_snapshots() -> None:
    def file(size: int) -> Entry:
        return Entry("file", size, 1, 1)

    folder = Entry("directory", 0, 1, 2)
    before = {"a": file(1), "b": file(1), "d": folder}
    after = {"a": file(1), "b": file(2), "c": file(1), "d": folder, "e": folder, "e/f": file(1), "g": folder}
    found = difference(before, after)
    assert (found.new, found.changed) == (("c", "e/f", "g"), ("b",))


def test_prefixes_in_files(tmp_path: Path) -> None:
    prefix = str(tmp_path)
    (tmp_path / "text").write_text(f"#!{prefix}/bin/sh\n")
    (tmp_path / "binary").write_bytes(b"\0" + prefix.encode() + b"\0")
    (tmp_path / "wide").write_bytes(prefix.encode("utf-16-le"))
    (tmp_path / "plain").write_text("nothing")
    (tmp_path / "empty").touch()
    (tmp_path / "a.pyc").write_bytes(prefix.encode())
    (tmp_path / "lost").write_text("/sources/x")
    paths = ["text", "binary", "wide", "plain", "empty", "a.pyc", "lost"]
    report = detect(prefix, paths, FileRules(), {"/sources": "the work directory"})
    assert report.modes == {"text": "text", "binary": "binary", "wide": "binary"}
    assert report.lost == ("lost names the work directory",)
    assert detect(prefix, paths, FileRules(ignore_prefix=("text",)), {}).modes.keys() == {"binary", "wide"}
    assert detect(prefix, paths, FileRules(ignore_prefix=True), {}).modes == {}
    assert detect(prefix, paths, FileRules(detect_binary_prefix=False), {}).modes == {"text": "text"}


def test_the_order_of_builds_and_what_a_failure_stops() -> None:
    graph = {"d": frozenset({"b", "c"}), "b": frozenset({"a"}), "c": frozenset[str](), "a": frozenset[str]()}
    assert ordered(graph) == ["a", "b", "c", "d"]
    progress = Progress(graph)
    assert progress.ready() == ["c", "a"]
    progress.start("a")
    progress.start("c")
    assert progress.finish("a", good=False) == ["b", "d"]
    assert progress.unfinished
    assert progress.finish("c", good=True) == []
    assert not progress.unfinished
    with pytest.raises(RecipeError):
        ordered({"a": frozenset({"a"})})


def test_contents_tests() -> None:
    paths = ["lib/libz.so.1", "include/z.h", "site-packages/m/__init__.py", "bin/z"]

    def check(**contents: tuple[str, ...]) -> None:
        check_contents(OUTPUT, PackageTest(kind="contents", contents=contents), paths, "site-packages")

    check(lib=("z",), include=("z.h",), site_packages=("m",), bin=("z",), files=("*.h",), strict=("true",))
    check(absent=("share/*",))
    for wrong in ({"lib": ("y",)}, {"absent": ("bin/*",)}, {"files": ("nope",)}, {"bin": ("z",), "strict": ("true",)}):
        with pytest.raises(PackageTestError):
            check(**wrong)


def test_a_zip_has_the_time_it_is_given(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("one", "1")
        archive.writestr("two", "2")
    set_zip_times(path, 1_700_000_000)
    expected = time.gmtime(1_700_000_000)[:5]
    with zipfile.ZipFile(path) as archive:
        assert {info.date_time[:5] for info in archive.infolist()} == {expected}
        assert archive.testzip() is None
    local = struct.unpack_from("<HH", path.read_bytes(), 10)
    assert local[1] == ((expected[0] - 1980) << 9) | (expected[1] << 5) | expected[2]


def test_libraries_that_are_required_and_that_nothing_needs() -> None:
    host = {
        "used": ["lib/libused.so", "lib/libused.so.1"],
        "idle": ["lib/libidle.so.2.0", "include/idle.h"],
        "python": ["bin/python", "lib/libpython3.11.so"],
        "module": ["lib/python3.11/site-packages/m/__init__.py", "lib/libmodule.so"],
        "plugin": ["lib/plugins/x.so"],
        "program": ["bin/program"],
        "not-required": ["lib/libother.so"],
    }
    files = [ElfFile(path="bin/a", needed=("libused.so.1", "libc.so.6"))]
    required = {*host, "elsewhere"} - {"not-required"}
    assert unneeded_libraries(files, host, required) == ("idle",)
    assert unneeded_libraries([], host, required) == ("idle", "used")
