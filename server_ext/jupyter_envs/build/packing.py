"""From files in the host prefix to an archive: relocation, compiled files, prefix detection, ``info/``, the archive."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from jupyter_envs.build import assemble, collect, elf, linking, post_process, prefixes, python_files, snapshot
from jupyter_envs.build.archive import write_archive
from jupyter_envs.build.context import BuildContext
from jupyter_envs.build.info import Finished, info_files, merged_exports, needs_of
from jupyter_envs.build.models import Dependency, Output, RunExports
from jupyter_envs.build.places import remove_tree
from jupyter_envs.build.prepare import Prepared
from jupyter_envs.build.recipe.pins import resolve
from jupyter_envs.engine.link.plan import link_script_path
from jupyter_envs.engine.models.platform import layout_for
from jupyter_envs.engine.prefix.records import read_records
from jupyter_envs.errors import BuildError


class Packer:
    """Packs one output.

    Parameters
    ----------
    context : BuildContext
        The build.
    output : Output
        What to pack.
    prepared : Prepared
        What it was built in.
    """

    def __init__(self, context: BuildContext, output: Output, prepared: Prepared) -> None:
        self._context, self._output, self._prepared = context, output, prepared
        self._prefix = context.places.host_prefix

    def choose(self, before: Mapping[str, snapshot.Entry], staged: Sequence[str]) -> list[str]:
        """Return the paths of the prefix that become the package; entry points are written, links made relative."""
        output, prefix = self._output, self._prefix
        found = snapshot.difference(before, snapshot.take(prefix))
        owners = {path: record.dist for record in read_records(Path(prefix)) for path in record.files}
        chosen = collect.choose(found.new, found.changed, staged, output.files, owners, output.dist)
        assemble.let_owner_write(prefix, self._regular(chosen))
        if output.noarch != "python" and output.entry_points:
            layout = layout_for(self._context.settings.subdir)
            chosen += python_files.write_entry_points(prefix, output.entry_points, layout, output.dist)
        chosen += self._link_scripts()
        for path in chosen:
            full = os.path.join(prefix, path)
            if os.path.islink(full):
                self._relink(full, path)
        return sorted(set(chosen))

    def _link_scripts(self) -> list[str]:
        """Put the recipe's link scripts where installers look for them (CEP 34); return their paths."""
        made = []
        for kind, name in self._output.link_scripts.items():
            source = Path(self._context.recipe.folder, name)
            if not source.is_file():
                raise BuildError(
                    f"the {kind} script {name} of {self._output.name} is not in its recipe",
                    hint="it lies in the recipe's folder",
                    code="build.link_script",
                )
            path = link_script_path(self._output.name, kind, layout_for(self._context.settings.subdir))
            Path(self._prefix, path).parent.mkdir(parents=True, exist_ok=True)
            Path(self._prefix, path).write_bytes(source.read_bytes())
            Path(self._prefix, path).chmod(0o755)
            made.append(path)
        return made

    def _relink(self, full: str, path: str) -> None:
        target = os.readlink(full)
        wanted = collect.link_target(self._prefix, path, target)
        if wanted != target:
            os.unlink(full)
            os.symlink(wanted, full)

    def pack(self, chosen: list[str]) -> tuple[Path, list[str]]:
        """Write the archive beside the build's folders; return it and the paths in it.

        Raises
        ------
        BuildError
            What cannot be a package.
        """
        context, output, prefix = self._context, self._output, self._prefix
        post_process.process(prefix, self._regular(chosen), output.files.replacing)
        binaries = self._relocate(self._regular(chosen))
        python_files.clean_dist_infos(prefix, self._regular(chosen))
        assemble.clamp_times(prefix, chosen, context.epoch)
        chosen = self._with_compiled(chosen)
        modes = self._prefix_modes(chosen)
        finished = self._finished(binaries)
        package = context.places.package
        remove_tree(Path(package))
        Path(package).mkdir()
        entries = assemble.lay_out(prefix, package, chosen, output, modes)
        finished = msgspec.structs.replace(finished, paths=entries)
        folder = context.recipe.folder
        info = assemble.recipe_files(folder) if output.include_recipe else {}
        info |= info_files(context.recipe, output, finished)
        info |= assemble.find_licenses(output.license_files, folder, context.places.work, output.dist)
        assemble.write_info(package, info, context.epoch)
        ending = ".conda" if context.request.archive == "conda" else ".tar.bz2"
        target = Path(context.places.root, f"{output.dist}{ending}")
        target.unlink(missing_ok=True)
        write_archive(package, target, context.epoch, level=context.request.compression)
        return target, [entry.path for entry in entries]

    def _regular(self, paths: Sequence[str]) -> list[str]:
        fulls = {path: os.path.join(self._prefix, path) for path in paths}
        return [path for path, full in fulls.items() if os.path.isfile(full) and not os.path.islink(full)]

    def _relocate(self, regular: Sequence[str]) -> list[elf.ElfFile]:
        """Give binaries RPATHs relative to themselves; return what they need."""
        output, prefix = self._output, self._prefix
        files = [found for path in regular if (found := elf.read_elf(prefix, path)) is not None]
        if files and output.any_platform:
            raise BuildError(
                f"{output.dist} is noarch and holds a binary for one platform: {files[0].path}",
                hint="take `noarch` out of the recipe, or keep the binary out of the package",
                code="build.noarch",
            )
        where = output.files.relocate
        moved = [file for file in files if where is True or (where and collect.matches(file.path, where))]
        for file in moved:
            dropped = elf.dropped_rpath(file, prefix)
            if dropped:
                places = ":".join(dropped)
                self._context.warn(f"{output.name}: {file.path} looked for libraries in {places}; not any more")
        wanted = {file.path: elf.wanted_rpath(file, prefix, output.files.rpaths) for file in moved}
        now = {file.path: file.rpath for file in moved}
        elf.set_rpaths(prefix, {path: rpath for path, rpath in wanted.items() if rpath != now[path]})
        return files

    def _with_compiled(self, chosen: list[str]) -> list[str]:
        kept = [path for path in chosen if not path.endswith(".pyc")]
        has_python = any(record.name == "python" for record in self._prepared.host_records)
        if self._output.noarch or not has_python:
            return kept if self._output.noarch else chosen
        made = python_files.compile_sources(
            self._prefix, kept, f"{self._prefix}/bin/python", self._output.files.skip_pyc, self._context.base_environ()
        )
        assemble.clamp_times(self._prefix, made, self._context.epoch)
        return sorted([*kept, *made])

    def _prefix_modes(self, chosen: Sequence[str]) -> dict[str, str]:
        places = self._context.places
        gone = {places.build_prefix: "the build environment", places.work: "the work directory"}
        report = prefixes.detect(self._prefix, self._regular(chosen), self._output.files, gone)
        for lost in report.lost:
            self._context.warn(f"{self._output.name}: {lost}, which is gone after the build")
        return report.modes

    def requirements(self) -> tuple[list[str], list[str], RunExports]:
        """Return what the package requires, what it constrains and what it exports, as texts."""
        output, prepared = self._output, self._prepared
        compatible, siblings = prepared.found(), self._context.siblings()

        def texts(dependencies: Sequence[Dependency]) -> list[str]:
            return [resolve(each, compatible, siblings, output.name) for each in dependencies]

        needs, kinds = output.requirements, RunExports.__struct_fields__
        added, constrains = merged_exports(output, prepared.build_exports, prepared.host_exports)
        exports = RunExports(**{kind: tuple(texts(getattr(needs.run_exports, kind))) for kind in kinds})
        return [*texts(needs.run), *added], [*texts(needs.constrained), *constrains], exports

    def _finished(self, binaries: Sequence[elf.ElfFile]) -> Finished:
        """Return requirements as texts, after a look at what binaries need."""
        context, prepared = self._context, self._prepared
        depends, constrains, exports = self.requirements()
        glibc = linking.glibc_needed(binaries) if prepared.compilers else ""
        depends += [f"__glibc >={glibc}"] if glibc else []
        self._check_linking(binaries, depends)
        return Finished(
            depends=tuple(sorted(set(depends))),
            constrains=tuple(sorted(set(constrains))),
            run_exports=exports,
            paths=(),
            epoch=context.epoch,
            build_records=prepared.build_records,
            host_records=prepared.host_records,
            compilers=prepared.compilers,
            channels=context.settings.channels if context.request.channels is None else context.request.channels,
        )

    def _check_linking(self, binaries: Sequence[elf.ElfFile], depends: Sequence[str]) -> None:
        records = read_records(Path(self._prefix))
        provided = {os.path.basename(path): each.name for each in records for path in each.files if ".so" in path}
        own = {file.soname or os.path.basename(file.path): file.path for file in binaries}
        own |= {os.path.basename(file.path): file.path for file in binaries}
        rules, system = self._output.files, bool(self._prepared.compilers)
        report = linking.examine(binaries, own, provided, needs_of(depends), rules, system_compiler=system)
        linking.refuse_overlinking(report, rules, self._output.dist)
        unneeded = linking.unneeded_libraries(binaries, {each.name: each.files for each in records}, needs_of(depends))
        linking.refuse_overdepending(unneeded, rules, self._output.dist)
        if rules.overlinking != "ignore":
            for line in report.lines():
                self._context.warn(f"{self._output.name}: {line}")
