"""The build and host environments of one output, and what follows from what is in them: pins and run exports."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from jupyter_envs.build.context import BuildContext
from jupyter_envs.build.environments import Environments
from jupyter_envs.build.models import Output, Requirements, RunExports
from jupyter_envs.build.recipe.meta_sections import dependency_name
from jupyter_envs.build.recipe.pins import Found, resolve
from jupyter_envs.build.system_compilers import find_compilers, is_tool
from jupyter_envs.engine.models.records import RepodataRecord


@dataclasses.dataclass(kw_only=True)
class Prepared:
    """The environments of one output.

    The exports are those of packages that the recipe itself asks for. ``compilers`` are version lines of this machine's
    compilers by the requirement they stand for, ``tools`` their paths by variable.
    """

    build_records: tuple[RepodataRecord, ...] = ()
    host_records: tuple[RepodataRecord, ...] = ()
    build_exports: dict[str, RunExports] = dataclasses.field(default_factory=dict)
    host_exports: dict[str, RunExports] = dataclasses.field(default_factory=dict)
    compilers: dict[str, str] = dataclasses.field(default_factory=dict)
    tools: dict[str, str] = dataclasses.field(default_factory=dict)

    def found(self) -> dict[str, Found]:
        """Return what ``pin_compatible`` may refer to; the host's counts more."""
        records = (*self.build_records, *self.host_records)
        return {record.name: Found(record.version, record.build) for record in records}


def with_staged(own: Prepared, top: Prepared, exports: bool | None, needs: Requirements) -> Prepared:
    """Return the environments of an output with what counts of those that the recipe's own script ran in.

    Parameters
    ----------
    own, top : Prepared
        Of the output, and of the recipe's script, whose compilers made what the output chooses from.
    exports : bool, optional
        Whether the script's run exports count for the output; ``None``: those of its own environments.
    needs : Requirements
        The script's, with what it ignores.
    """
    found = dataclasses.replace(own, compilers={**top.compilers, **own.compilers})
    if exports is None:
        return found
    if not exports:
        same = own.host_records == top.host_records and own.build_records == top.build_records
        return dataclasses.replace(found, build_exports={}, host_exports={}) if same else found
    kept = {name: each for name, each in top.build_exports.items() if name not in needs.ignore_from}
    host = {name: each for name, each in top.host_exports.items() if name not in needs.ignore_from}
    return dataclasses.replace(
        found, build_exports={**kept, **own.build_exports}, host_exports={**host, **own.host_exports}
    )


class Preparation:
    """Makes environments to build in."""

    def __init__(self, context: BuildContext, environments: Environments) -> None:
        self._context = context
        self._environments = environments

    def prepare(self, needs: Requirements, output: Output) -> Prepared:
        """Make both environments at their places.

        Raises
        ------
        EnvsError
            A requirement that cannot be fulfilled, a pin on nothing, or a compiler that is nowhere.
        """
        prepared, places = Prepared(), self._context.places
        siblings = self._context.siblings()
        build = [resolve(need, {}, siblings, output.name) for need in needs.build]
        build = self._without_system_tools(build, output, prepared)
        prepared.build_records = self._make(places.build_prefix, build, f"the build environment of {output.name}")
        prepared.build_exports = self._direct_exports(prepared.build_records, build)
        found = prepared.found()
        host = [resolve(need, found, siblings, output.name) for need in needs.host]
        if not output.any_platform:
            host += [str(spec) for exports in prepared.build_exports.values() for spec in exports.strong]
        what = f"the host environment of {output.name}"
        prepared.host_records = self._make(places.host_prefix, host, what, copied=True)
        prepared.host_exports = self._direct_exports(prepared.host_records, host)
        return prepared

    def _without_system_tools(self, build: list[str], output: Output, prepared: Prepared) -> list[str]:
        """Return the build requirements but for compilers that no channel has; this machine's stand in for them."""
        context = self._context
        tools = [spec for spec in build if is_tool(spec, output.subdir, context.settings.subdir)]
        missing = self._environments.missing_tools(tools, context.places.root) if tools else []
        if missing:
            allowed = context.request.system_compilers
            prepared.compilers, prepared.tools = find_compilers(missing, allowed=allowed)
            versions = ", ".join(dict.fromkeys(prepared.compilers.values()))
            context.warn(f"{output.name}: no channel has {', '.join(missing)}; this machine's is used: {versions}")
        return [spec for spec in build if spec not in missing]

    def _make(
        self, prefix: str, specs: Sequence[str], what: str, *, copied: bool = False
    ) -> tuple[RepodataRecord, ...]:
        if not specs:
            Path(prefix, "conda-meta").mkdir(parents=True)
            return ()
        return self._environments.make(prefix, specs, what, copied=copied)

    def _direct_exports(self, records: Sequence[RepodataRecord], specs: Sequence[str]) -> dict[str, RunExports]:
        asked = {dependency_name(spec) for spec in specs}
        return self._environments.run_exports([record for record in records if record.name in asked])
