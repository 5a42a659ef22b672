"""Tests of a package in a fresh environment of it and its run requirements; the build's folders are out of reach.

Owns the order: environment, hide the build, run each test. Refuses nothing but a failing test, which is an error that
names it; the caller keeps the package outside of the channel.
"""

from __future__ import annotations

import fnmatch
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from jupyter_envs.build.collect import found_below
from jupyter_envs.build.environ import prefix_environ
from jupyter_envs.build.models import Output, PackageTest, RenderedRecipe
from jupyter_envs.build.places import Places, remove_tree
from jupyter_envs.build.scripts import command_of
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import BuildError, EnvsError, PackageTestError

RunCommand = Callable[[Sequence[str], Mapping[str, str], str, str, str], None]  # command, environ, cwd, what, code


def test_specs(output: Output, test: PackageTest) -> tuple[str, ...]:
    """Return what the environment of a test holds."""
    specs = (f"{output.name} {output.version} {output.build_string}", *test.requires)
    return (*specs, "pip") if test.pip_check else specs


def check_contents(output: Output, test: PackageTest, paths: Sequence[str], site_packages: str) -> None:
    """Compare a ``package_contents`` test with the paths of a package (CEP 14).

    Parameters
    ----------
    output : Output
        For messages.
    test : PackageTest
        Globs by kind.
    paths : sequence of str
        As in ``paths.json``.
    site_packages : str
        Where Python modules are in this package.

    Raises
    ------
    PackageTestError
        A pattern that fits nothing, or ``not_exists`` that fits something.
    """
    wanted = [pattern for kind, patterns in test.contents.items() for pattern in _globs(kind, patterns, site_packages)]
    missing = [globs[0] for globs in wanted if not _matching(paths, globs)]
    present = [pattern for pattern in test.contents.get("absent", ()) if _matching(paths, [pattern])]
    if missing or present:
        said = [f"nothing fits {each}" for each in missing] + [f"something fits {each}" for each in present]
        raise PackageTestError(
            f"the contents of {output.dist} are not as its recipe says: {'; '.join(said)}",
            hint="the job's log lists what is packaged",
            detail={"missing": missing, "present": present},
        )
    if "strict" in test.contents:
        known = [glob for globs in wanted for glob in globs]
        extra = [path for path in paths if not any(fnmatch.fnmatchcase(path, glob) for glob in known)]
        if extra:
            raise PackageTestError(
                f"{output.dist} holds files that its strict test does not name: {', '.join(extra[:5])}",
                hint="name them in package_contents, or leave out `strict`",
            )


def _matching(paths: Sequence[str], globs: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(path, glob) for glob in globs for path in paths)


def _globs(kind: str, patterns: Sequence[str], site_packages: str) -> list[list[str]]:
    """Return, for each pattern of a kind, the globs of which one must fit."""
    if kind in ("absent", "strict"):
        return []
    found = []
    for pattern in patterns:
        if kind == "lib":
            found.append([f"lib/lib{pattern}.so*", f"lib/lib{pattern}.a", f"lib/{pattern}"])
        elif kind == "bin":
            found.append([f"bin/{pattern}", f"python-scripts/{pattern}"])
        elif kind == "include":
            found.append([f"include/{pattern}"])
        elif kind == "site_packages":
            module = (
                pattern.replace(".", "/") if not pattern.endswith((".py", ".so")) and "/" not in pattern else pattern
            )
            found.append([f"{site_packages}/{module}", f"{site_packages}/{module}.py", f"{site_packages}/{module}/*"])
        else:
            found.append([pattern])
    return found


class Tester:
    """Runs the tests of one package.

    Parameters
    ----------
    places : Places
        The build's folders.
    make_environment : callable
        Prefix, specs and what it is for, to records.
    environ_in : callable
        Prefix and variables, to the activated variables.
    run : callable
        Runs a command.
    build_subdir : str
        The platform that runs the tests.
    """

    def __init__(
        self,
        places: Places,
        make_environment: Callable[[str, Sequence[str], str], tuple[RepodataRecord, ...]],
        environ_in: Callable[[str, Mapping[str, str]], dict[str, str]],
        run: RunCommand,
        build_subdir: str,
    ) -> None:
        self._places = places
        self._make_environment = make_environment
        self._environ_in = environ_in
        self._run = run
        self._build_subdir = build_subdir

    def test(self, recipe: RenderedRecipe, output: Output, paths: Sequence[str]) -> None:
        """Run all tests of a package; tests that need the same environment share it.

        Raises
        ------
        PackageTestError
            The first that fails.
        """
        self._hide()
        site_packages = "site-packages"
        if output.noarch != "python":
            site_packages = next(
                (path.split("/site-packages/")[0] for path in paths if "/site-packages/" in path), "lib"
            )
            site_packages += "/site-packages"
        made: tuple[str, ...] | None = None
        records: tuple[RepodataRecord, ...] = ()
        for number, test in enumerate(output.tests or (PackageTest(kind="script"),)):
            if test.kind == "contents":
                check_contents(output, test, paths, site_packages)
                continue
            specs = test_specs(output, test)
            if specs != made:
                records = self._environment(specs, output)
                made = specs
            self._run_test(recipe, output, test, number, records)

    @property
    def _built_with(self) -> tuple[str, ...]:
        return (self._places.work, self._places.host_prefix, self._places.build_prefix)

    def _hidden_place(self, path: str) -> Path:
        return Path(self._places.hidden, Path(path).name[:40])

    def _hide(self) -> None:
        """Move what was built with out of reach; paths that were compiled in lead nowhere."""
        Path(self._places.hidden).mkdir(exist_ok=True)
        for path in self._built_with:
            if Path(path).exists():
                Path(path).rename(self._hidden_place(path))

    def show(self) -> None:
        """Move it back, for the next output."""
        for path in self._built_with:
            held = self._hidden_place(path)
            if held.exists():
                held.rename(path)

    def _environment(self, specs: Sequence[str], output: Output) -> tuple[RepodataRecord, ...]:
        remove_tree(Path(self._places.test_prefix))
        try:
            return self._make_environment(self._places.test_prefix, specs, f"the test environment of {output.name}")
        except EnvsError as error:
            if error.exit_code == 130:
                raise
            raise PackageTestError(
                error.message, hint=error.hint, code="build.test_environment", detail=error.detail
            ) from error

    def _run_test(
        self, recipe: RenderedRecipe, output: Output, test: PackageTest, number: int, records: Sequence[RepodataRecord]
    ) -> None:
        work = Path(self._places.test_work)
        remove_tree(work)
        work.mkdir()
        self._copy_files(recipe, test, work)
        prefix = self._places.test_prefix
        environ = {
            **prefix_environ(recipe, output, prefix, records, self._build_subdir),
            "CONDA_BUILD_STATE": "TEST",
            "SRC_DIR": str(work),
            **test.script.environ,
        }
        activated = self._environ_in(prefix, environ)
        for command, what in self._commands(recipe, output, test, number, str(work)):
            self._run(command, activated, str(work), what, "build.test")

    def _commands(
        self, recipe: RenderedRecipe, output: Output, test: PackageTest, number: int, work: str
    ) -> list[tuple[list[str], str]]:
        if test.kind == "python":
            python = f"{self._places.test_prefix}/bin/python"
            lines = "\n".join(f"print('import: {name}', flush=True); import {name}" for name in test.imports)
            found = [([python, "-c", lines], f"importing {', '.join(test.imports)} of {output.dist}")]
            if test.pip_check:
                found.append(([python, "-m", "pip", "check"], f"pip check of {output.dist}"))
            return found
        if test.script.empty:
            return []
        scratch = os.path.join(self._places.root, f"test_{number}")
        Path(scratch).mkdir(exist_ok=True)
        command = command_of(test.script, recipe.folder, scratch)
        return [(command, f"test {number + 1} of {output.dist}")]

    def _copy_files(self, recipe: RenderedRecipe, test: PackageTest, work: Path) -> None:
        sources = self._hidden_place(self._places.work)
        for patterns, base in ((test.source_files, sources), (test.files, Path(recipe.folder))):
            for pattern in patterns:
                found = found_below(base, pattern)
                if not found:
                    raise BuildError(
                        f"the test file {pattern} of the recipe is not there",
                        hint="`files` are relative to the recipe, `source_files` to the unpacked sources",
                        code="build.test_files",
                    )
                for name, match in found:
                    target = work / name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    if match.is_dir():
                        shutil.copytree(match, target, symlinks=True, dirs_exist_ok=True)
                    else:
                        shutil.copy2(match, target)
