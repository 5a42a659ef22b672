"""Plans for one package, on all three platforms, without a single file made."""

import msgspec
import pytest

from jupyter_envs.engine.link.actions import LinkTarget, PackageLinkPlan
from jupyter_envs.engine.link.plan import link_script_path, link_target, plan_package
from jupyter_envs.engine.models.platform import layout_for
from jupyter_envs.engine.models.records import PackageManifest, PathsEntry, RepodataRecord
from jupyter_envs.errors import LinkError

LONG = "/opt/placeholder" + "_placehold" * 10


def record(name: str, version: str = "1.0", **fields: object) -> RepodataRecord:
    return RepodataRecord(name=name, version=version, build="0", fn=f"{name}.conda", url="x", **fields)


def entry(path: str, path_type: str | None = "hardlink", **fields: object) -> PathsEntry:
    return PathsEntry(path=path, path_type=path_type, sha256="0" * 64, size_in_bytes=3, **fields)


def manifest(*paths: PathsEntry, name: str = "pack", **fields: object) -> PackageManifest:
    return PackageManifest(record=record(name), directory=f"/pkgs/{name}-1.0-0", paths=paths, **fields)


def a_target(subdir: str = "linux-64", python: str | None = "3.11.7", prefix: str = "/home/u/env") -> LinkTarget:
    return link_target(prefix, layout_for(subdir), record("python", python) if python else None)


def kinds(plan: PackageLinkPlan) -> dict[str, str]:
    return {action.path: action.kind for action in plan.iter_actions()}


class TestTarget:
    def test_the_layout_gives_site_packages_and_the_interpreter(self) -> None:
        linux, windows = a_target(), a_target("win-64", prefix="C:\\Users\\u\\env")
        assert (linux.site_packages, linux.python_executable) == ("lib/python3.11/site-packages", "bin/python3.11")
        assert linux.cache_tag == "cpython-311"
        assert (windows.site_packages, windows.python_executable) == ("Lib/site-packages", "python.exe")
        assert windows.prefix == "C:/Users/u/env"

    def test_the_records_own_site_packages_win_cep_17(self) -> None:
        python = record("python", "3.13.1", python_site_packages_path="lib/python3.13t/site-packages")
        target = link_target("/e", layout_for("linux-64"), python)
        assert target.site_packages == "lib/python3.13t/site-packages"

    @pytest.mark.parametrize("site", ["../outside", "/abs", "lib/../../x", "conda-meta", "a//b"])
    def test_site_packages_that_leave_the_prefix_are_refused(self, site: str) -> None:
        with pytest.raises(LinkError) as caught:
            link_target("/e", layout_for("linux-64"), record("python", "3.13.1", python_site_packages_path=site))
        assert caught.value.code == "link.bad_path"

    def test_without_python_there_is_nothing_of_it(self) -> None:
        target = a_target(python=None)
        assert (target.python_version, target.site_packages, target.cache_tag) == (None, None, None)


class TestKinds:
    def test_each_entry_gets_its_kind(self) -> None:
        plan = plan_package(
            manifest(
                entry("lib/plain"),
                entry("lib/old-plain", None),
                entry("lib/copied", no_link=True),
                entry("lib/link", "softlink"),
                entry("share/empty", "directory"),
                entry("etc/text", prefix_placeholder=LONG, file_mode="text"),
                entry("bin/prog", prefix_placeholder=LONG, file_mode="binary"),
            ),
            a_target(),
        )
        assert kinds(plan) == {
            "lib/plain": "link",
            "lib/old-plain": "link",
            "lib/copied": "copy",
            "lib/link": "softlink",
            "share/empty": "directory",
            "etc/text": "patch_text",
            "bin/prog": "patch_binary",
        }
        assert plan.paths() == list(kinds(plan))
        assert plan.file_count() == 6

    def test_a_placeholder_without_a_mode_is_text(self) -> None:
        plan = plan_package(manifest(entry("etc/x", prefix_placeholder="/p")), a_target())
        assert kinds(plan) == {"etc/x": "patch_text"}

    def test_windows_leaves_binaries_alone(self) -> None:
        paths = entry("Library/bin/x.dll", prefix_placeholder="/p", file_mode="binary")
        assert kinds(plan_package(manifest(paths), a_target("win-64", prefix="C:/a/long/prefix"))) == {
            "Library/bin/x.dll": "link"
        }

    def test_a_prefix_that_does_not_fit_a_binary_is_refused_before_anything_is_made(self) -> None:
        paths = entry("lib/libz.so", prefix_placeholder="/short", file_mode="binary")
        with pytest.raises(LinkError) as caught:
            plan_package(manifest(paths), a_target())
        assert caught.value.code == "link.prefix_too_long"
        assert "lib/libz.so of pack-1.0-0" in caught.value.message
        assert caught.value.hint == "use a shorter path (at most 6 characters)"

    @pytest.mark.parametrize("path", ["../x", "conda-meta/history", "/etc/passwd"])
    @pytest.mark.parametrize("path_type", ["hardlink", "softlink", "directory"])
    def test_a_hostile_path_is_refused_whatever_its_type(self, path: str, path_type: str) -> None:
        with pytest.raises(LinkError) as caught:
            plan_package(manifest(entry("lib/a"), entry(path, path_type)), a_target())
        assert caught.value.code == "link.bad_path"

    @pytest.mark.parametrize("path", ["site-packages/../../x", "python-scripts/../x", "site-packages/"])
    def test_a_hostile_path_of_a_python_package_is_refused(self, path: str) -> None:
        with pytest.raises(LinkError):
            plan_package(manifest(entry(path), noarch="python"), a_target())


class TestNoarchPython:
    def test_files_go_where_the_environment_has_them(self) -> None:
        package = manifest(
            entry("site-packages/a/b.py"),
            entry("python-scripts/tool"),
            entry("share/doc/a"),
            entry("site-packagesque/x"),
            noarch="python",
        )
        linux = plan_package(package, a_target())
        assert kinds(linux) == {
            "lib/python3.11/site-packages/a/b.py": "link",
            "share/doc/a": "link",
            "site-packagesque/x": "link",
            "bin/tool": "patch_shebang",
        }
        assert next(linux.iter_actions()).source == "/pkgs/pack-1.0-0/site-packages/a/b.py"
        windows = plan_package(package, a_target("win-64"))
        assert set(kinds(windows)) >= {"Lib/site-packages/a/b.py", "Scripts/tool"}

    def test_generic_packages_stay_as_they_are(self) -> None:
        plan = plan_package(manifest(entry("site-packages/x"), noarch="generic"), a_target(python=None))
        assert kinds(plan) == {"site-packages/x": "link"}

    def test_without_python_it_is_refused(self) -> None:
        with pytest.raises(LinkError) as caught:
            plan_package(manifest(entry("site-packages/x.py"), noarch="python"), a_target(python=None))
        assert caught.value.code == "link.no_python"
        assert "add python to the request" in caught.value.hint

    def test_entry_points_become_scripts(self) -> None:
        package = manifest(entry("site-packages/a.py"), noarch="python", entry_points=("tool = a:main",))
        plan = plan_package(package, a_target("osx-arm64"))
        (action,) = plan.actions
        assert (action.path, action.kind, action.mode) == ("bin/tool", "generate", 0o755)
        assert action.path_type == "unix_python_entry_point"
        assert action.content is not None
        assert action.content.startswith(b"#!/home/u/env/bin/python3.11\n")

    def test_entry_points_become_launchers_on_windows(self) -> None:
        package = manifest(entry("site-packages/a.py"), noarch="python", entry_points=("tool = a:main",))
        (action,) = plan_package(package, a_target("win-64", prefix="C:\\env")).actions
        assert (action.path, action.path_type) == ("Scripts/tool.exe", "windows_python_entry_point_exe")
        assert b"#!C:/env/python.exe" in (action.content or b"")

    def test_an_entry_point_wins_over_a_script_of_the_same_name(self) -> None:
        package = manifest(
            entry("python-scripts/tool"), entry("bin/tool"), noarch="python", entry_points=("tool = a:main",)
        )
        plan = plan_package(package, a_target())
        assert plan.paths() == ["bin/tool"]
        assert plan.actions[0].kind == "generate"


class TestCompiled:
    def pyc(self, *paths: str) -> tuple[PathsEntry, ...]:
        return tuple(PathsEntry(path=path, path_type="pyc_file") for path in paths)

    def test_compiled_files_are_linked_beside_their_sources(self) -> None:
        package = manifest(
            entry("site-packages/a/b.py"),
            noarch="python",
            pyc_directory="/pkgs/.pyc/cpython-311/pack-1.0-0",
            pyc=self.pyc("site-packages/a/__pycache__/b.cpython-311.pyc"),
        )
        plan = plan_package(package, a_target())
        compiled = [action for action in plan.iter_actions() if action.kind == "pyc"]
        assert [action.path for action in compiled] == ["lib/python3.11/site-packages/a/__pycache__/b.cpython-311.pyc"]
        assert compiled[0].source == f"{package.pyc_directory}/site-packages/a/__pycache__/b.cpython-311.pyc"
        assert "lib/python3.11/site-packages/a/__pycache__/" in plan.directories

    def test_not_those_of_patched_sources(self) -> None:
        package = manifest(
            entry("lib/python3.11/a.py", prefix_placeholder="/p"),
            entry("lib/python3.11/b.py"),
            pyc_directory="/pyc",
            pyc=self.pyc(
                "lib/python3.11/__pycache__/a.cpython-311.pyc", "lib/python3.11/__pycache__/b.cpython-311.pyc"
            ),
        )
        assert plan_package(package, a_target()).pyc_targets == ["lib/python3.11/__pycache__/b.cpython-311.pyc"]

    def test_not_those_that_the_package_brings_itself(self) -> None:
        own = "lib/python3.11/__pycache__/b.cpython-311.pyc"
        package = manifest(entry("lib/python3.11/b.py"), entry(own), pyc_directory="/pyc", pyc=self.pyc(own))
        plan = plan_package(package, a_target())
        assert plan.pyc_targets == []
        assert plan.paths().count(own) == 1

    def test_not_those_of_another_python(self) -> None:
        package = manifest(
            entry("site-packages/b.py"),
            noarch="python",
            pyc_directory="/pyc",
            pyc=self.pyc("site-packages/__pycache__/b.cpython-312.pyc"),
        )
        assert plan_package(package, a_target()).pyc_targets == []


class TestNotes:
    def test_link_scripts_are_found(self) -> None:
        package = manifest(
            entry("bin/.pack-pre-unlink.sh"), entry("bin/.pack-post-link.sh"), entry("bin/.other-post-link.sh")
        )
        assert plan_package(package, a_target()).link_scripts == ("bin/.pack-post-link.sh", "bin/.pack-pre-unlink.sh")
        windows = manifest(entry("Scripts/.pack-post-link.bat"), entry("bin/.pack-post-link.sh"))
        assert plan_package(windows, a_target("win-64")).link_scripts == ("Scripts/.pack-post-link.bat",)
        wheel = msgspec.structs.replace(package.record, fn="pack-1.0-py3-none-any.whl")
        assert plan_package(msgspec.structs.replace(package, record=wheel), a_target()).link_scripts == ()
        assert link_script_path("pack", "pre-link", layout_for("osx-64")) == "bin/.pack-pre-link.sh"

    def test_menu_entries_are_noted(self) -> None:
        plan = plan_package(manifest(entry("Menu/spyder.json"), entry("Menu/icon.png")), a_target())
        (warning,) = plan.warnings
        assert warning.code == "link.menuinst"
        assert "jupyter envs run" in warning.hint
        assert plan_package(manifest(entry("Menu/icon.png"), entry("x.json")), a_target()).warnings == ()

    def test_apple_silicon_notes_the_signature(self) -> None:
        package = manifest(entry("bin/x", prefix_placeholder=LONG, file_mode="binary"))
        assert [each.code for each in plan_package(package, a_target("osx-arm64")).warnings] == ["link.codesign"]
        assert plan_package(package, a_target()).warnings == ()


def test_a_repeated_path_is_made_once_by_its_last_entry() -> None:
    first, last = entry("a"), entry("a", prefix_placeholder="/p")
    plan = plan_package(manifest(first, entry("b"), last, entry("b")), a_target())
    assert sorted(plan.paths()) == ["a", "b"]
    assert plan.claimed == {"a", "b"}
    assert kinds(plan)["a"] == "patch_text"


def test_claimed_and_directories_cover_all_paths() -> None:
    plan = plan_package(
        manifest(entry("top"), entry("a/b/c"), entry("d/l", "softlink"), entry("e/f", "directory")), a_target()
    )
    assert plan.claimed == {"top", "a/b/c", "d/l"}
    assert plan.directories == {"", "a/b/", "d/", "e/"}
