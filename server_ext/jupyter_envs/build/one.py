"""One rendered recipe to packages: the order of a build, from environments to a published channel.

sources -> build and host environments -> script between two snapshots -> post-processing -> archive -> tests in a fresh
environment -> channel. Packages of one recipe are published together, after the last of them passed its tests. A
package that fails its tests goes to ``broken/`` beside the channel's platforms and is named in no index.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from jupyter_envs.build import assemble, snapshot
from jupyter_envs.build.channel.folder import BROKEN, FolderChannel
from jupyter_envs.build.context import BuildContext
from jupyter_envs.build.environ import activated, build_environ, compiler_environ
from jupyter_envs.build.environments import Environments
from jupyter_envs.build.models import BuiltPackage, Output, Script
from jupyter_envs.build.packing import Packer
from jupyter_envs.build.places import remove_tree
from jupyter_envs.build.prepare import Preparation, Prepared, with_staged
from jupyter_envs.build.scripts import command_of
from jupyter_envs.build.source import SourceReader, git_environ
from jupyter_envs.build.testing import Tester
from jupyter_envs.engine.prefix.activated import activated_environ
from jupyter_envs.errors import BuildError, PackageTestError


class RecipeBuild:
    """Builds one rendered recipe."""

    def __init__(self, context: BuildContext) -> None:
        self._context = context
        self._places = context.places
        self._staging = FolderChannel(Path(context.places.channel))
        own = (context.places.channel, str(context.given.folder))
        channels = context.request.channels if context.request.channels is not None else context.settings.channels
        channels = tuple(channel for channel in channels if channel != own[1])  # it may not be there yet
        self._environments = Environments(
            context.settings, own, channels, context.request.sources, context.reporter, context.cancel
        )
        self._preparation = Preparation(context, self._environments)
        self._staged: tuple[str, ...] = ()
        self._top: Prepared | None = None

    def run(self) -> list[BuiltPackage]:
        """Build, test and publish all outputs; return them.

        Raises
        ------
        EnvsError
            Nothing was published. A package that failed its tests is in ``broken/``.
        """
        context = self._context
        done: list[tuple[Output, Path, BuiltPackage]] = []
        for text in context.recipe.warnings:
            context.warn(text)
        for number, output in enumerate(context.recipe.outputs):
            context.cancel.check()
            started = time.monotonic()
            if not number:
                self._bring_sources()
            with self._own_sources(output, first=not number):
                archive, count = self._build(output)
            package = BuiltPackage(
                dist=output.dist,
                subdir=output.subdir,
                state="built",
                size=archive.stat().st_size,
                files=count,
                seconds=round(time.monotonic() - started, 2),
            )
            done.append((output, archive, package))
        archives = [(output.subdir, archive) for output, archive, _ in done]
        placed = context.channel.publish(archives, replace=context.request.force)
        return [
            msgspec.structs.replace(package, path=str(path)) for (_, _, package), path in zip(done, placed, strict=True)
        ]

    @contextlib.contextmanager
    def _own_sources(self, output: Output, *, first: bool) -> Iterator[None]:
        """Let an output of ``recipe.yaml`` start from the sources, unless it begins with what was staged."""
        recipe, work, aside = self._context.recipe, Path(self._places.work), Path(self._places.root, "work_staged")
        if not recipe.file.endswith("recipe.yaml") or (output.staged and not recipe.script.empty):
            yield
        elif recipe.script.empty:
            if not first:
                self._bring_sources()
            yield
        else:
            work.rename(aside)
            self._bring_sources()
            yield
            remove_tree(work)
            aside.rename(work)

    def _bring_sources(self) -> None:
        context = self._context
        remove_tree(Path(self._places.work))
        Path(self._places.work).mkdir()
        SourceReader(context.settings, context.reporter, context.cancel).bring(context.recipe, self._places.work)

    def _build(self, output: Output) -> tuple[Path, int]:
        """Build, pack and test one output in the build's own channel; return the archive and how many files it has."""
        context = self._context
        context.say("build", f"building {output.dist}")
        if output.staged and self._top is None and not context.recipe.script.empty:
            self._top = self._run_top_level(output)
        self._empty_prefixes()
        own = _has_own(output) or not output.staged
        prepared = self._preparation.prepare(output.requirements if own else context.recipe.requirements, output)
        staged = self._staged if output.staged else ()
        if self._top is not None and output.staged:
            prepared = with_staged(prepared, self._top, output.staged_exports, context.recipe.requirements)
        for path in staged:
            self._bring_staged(path)
        packer = Packer(context, output, prepared)
        packer.requirements()  # a pin on what is not there is said before the script has run
        before = snapshot.take(self._places.host_prefix)
        self._run_build_script(output.script, output, prepared)
        chosen = packer.choose(before, staged)
        if not chosen and not output.script.empty:
            context.warn(f"{output.name}: the script installed nothing; the package holds no files")
        elif not chosen and context.recipe.sources and output.files.select is None:
            context.warn(f"{output.name}: there is a source and no script; the package holds no files")
        context.say("package", f"packaging {output.dist}")
        archive, paths = packer.pack(chosen)
        self._staging.publish([(output.subdir, archive)], replace=True)
        if context.request.test:
            self._test(output, archive, paths)
        return archive, len(paths)

    def _empty_prefixes(self) -> None:
        remove_tree(Path(self._places.host_prefix))
        remove_tree(Path(self._places.build_prefix))

    def _run_top_level(self, output: Output) -> Prepared:
        """Run the recipe's own script and keep what it installed for the outputs to choose from."""
        recipe = self._context.recipe
        self._empty_prefixes()
        prepared = self._preparation.prepare(recipe.requirements, output)
        before = snapshot.take(self._places.host_prefix)
        top = msgspec.structs.replace(output, name=recipe.name, version=recipe.version)
        self._run_build_script(recipe.script, top, prepared)
        found = snapshot.difference(before, snapshot.take(self._places.host_prefix))
        assemble.save_tree(self._places.host_prefix, found.new, self._places.staged)
        self._staged = found.new
        return prepared

    def _bring_staged(self, path: str) -> None:
        source, target = Path(self._places.staged, path), Path(self._places.host_prefix, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir() and not source.is_symlink():
            target.mkdir(exist_ok=True)
        elif not target.exists():
            shutil.copy2(source, target, follow_symlinks=False)

    def _run_build_script(self, script: Script, output: Output, prepared: Prepared) -> None:
        if script.empty:
            return
        context, places = self._context, self._places
        context.say("script", f"running the build script of {output.name}")
        own = build_environ(
            context.recipe,
            output,
            places,
            prepared.host_records,
            build_subdir=context.settings.subdir,
        )
        base = {**context.base_environ(), **own, **git_environ(context.recipe, places.work)}
        if prepared.tools:
            base |= compiler_environ(prepared.tools, places, output.dist)
        host = activated_environ(places.host_prefix, base)
        build = activated_environ(places.build_prefix, base)
        environ = activated(base, host, build, places) | script.environ
        inherited = {name: os.environ[name] for name in script.inherit if os.environ.get(name)}
        command = command_of(script, context.recipe.folder, places.root, trace=not inherited)
        cwd = os.path.join(places.work, script.cwd)
        hidden = dict.fromkeys(inherited.values(), "****")
        what = f"the build script of {output.dist}"
        context.run(command, environ | inherited, cwd, what, "build.script", hidden)

    def _test(self, output: Output, archive: Path, paths: Sequence[str]) -> None:
        context = self._context
        context.say("test", f"testing {output.dist}")

        def environ_in(prefix: str, own: Mapping[str, str]) -> dict[str, str]:
            return activated_environ(prefix, {**context.base_environ(), **own})

        tester = Tester(self._places, self._environments.make, environ_in, context.run, context.settings.subdir)
        try:
            tester.test(context.recipe, output, paths)
        except BuildError as error:
            kept = self._keep_broken(output, archive)
            code = error.code if error.code.startswith("build.test") else "build.test"
            raise PackageTestError(
                f"{error.message}; the package is kept in {kept}", hint=error.hint, code=code, detail=error.detail
            ) from error
        finally:
            tester.show()

    def _keep_broken(self, output: Output, archive: Path) -> Path:
        target = self._context.given.folder / BROKEN / output.subdir / archive.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(archive, target)
        return target


def _has_own(output: Output) -> bool:
    """Whether an output has requirements of its own to build with; else the recipe's count."""
    return bool(output.requirements.build or output.requirements.host or not output.script.empty)
