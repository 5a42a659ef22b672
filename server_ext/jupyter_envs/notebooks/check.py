"""What a notebook imports against what its environment provides: missing, unused, changed since it was locked.

Owns the comparison (``compare`` and ``changes_between`` are pure). It is made with the packages of the lock, else with
the environment of the notebook's kernel, else with what a script block asks for. Where those packages are installed,
their files say which modules they bring; elsewhere names do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.exchange.notebook import code_cells, find_described
from jupyter_envs.engine.models.plan import PackageChange
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.planning_rules import package_name
from jupyter_envs.engine.prefix.modules import modules_in
from jupyter_envs.engine.prefix.records import read_records
from jupyter_envs.engine.sources.modules import packages_of
from jupyter_envs.engine.sources.names import conda_name
from jupyter_envs.engine.transaction.diff import compare_records
from jupyter_envs.errors import SpecError
from jupyter_envs.kernels.directory import RegisteredKernel
from jupyter_envs.notebooks.document import Notebook
from jupyter_envs.notebooks.environment import find_satisfying
from jupyter_envs.notebooks.imports import Imported, imports_of, is_standard, local_modules
from jupyter_envs.notebooks.lock import find_kernel

Against = Literal["lock", "kernel", "script", "nothing"]
NOT_IMPORTED = frozenset({"python", "pip", "setuptools", "wheel", "ipykernel", "jupyter", "jupyterlab", "notebook"})
"""Requests that need no import to make sense."""


class MissingModule(msgspec.Struct, frozen=True, kw_only=True):
    """A module that nothing provides, and the package that would; ``optional``: the cell expects its absence."""

    module: str
    package: str
    optional: bool = False


class NotebookCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What was found. ``against`` says what the imports were compared with."""

    against: Against
    imports: tuple[str, ...]
    missing: tuple[MissingModule, ...] = ()
    unused: tuple[str, ...] = ()
    changed: tuple[PackageChange, ...] = ()

    @property
    def good(self) -> bool:
        """Whether everything that must be there is, as it was locked."""
        return not self.changed and all(missing.optional for missing in self.missing)


def check_notebook(notebook: Notebook, engine: Engine, kernels: Iterable[RegisteredKernel]) -> NotebookCheck:
    """Check a notebook.

    Raises
    ------
    SpecError
        It is not in Python, or its environment cannot be read.
    """
    if notebook.language != "python":
        raise SpecError(
            f"{notebook.path.name} is in {notebook.language}; imports are only read in Python",
            hint="`jupyter envs run` works for any language",
            code="notebook.language",
        )
    here = local_modules(notebook.path.parent)
    imports = [
        each
        for each in imports_of(code_cells(notebook.data))
        if not is_standard(each.module) and each.module.split(".")[0] not in here
    ]
    described = find_described(notebook.data, subdir=engine.settings.subdir, path=notebook.path.name)
    kernel = find_kernel(notebook.metadata, kernels)
    names = tuple(each.module for each in imports)
    if described is None and kernel is None:
        return NotebookCheck(against="nothing", imports=names)
    if described is None or not described.records:
        if kernel is None:
            specs = described.all_specs if described else ()
            return _found("script", imports, {package_name(spec) for spec in specs}, None, specs)
        prefix = Path(kernel.prefix)
        records = engine.packages(prefix)
        return _found("kernel", imports, {r.name for r in records}, _modules(prefix), engine.requested(prefix))
    place = find_satisfying(described.records, engine.environments())
    found = _found(
        "lock",
        imports,
        {record.name for record in described.records},
        _modules(Path(place)) if place else None,
        described.requested,
    )
    changed = changes_between(described.records, engine.packages(Path(kernel.prefix))) if kernel else ()
    return msgspec.structs.replace(found, changed=changed)


def _found(
    against: Against,
    imports: Sequence[Imported],
    names: set[str],
    modules: Mapping[str, str] | None,
    requested: Sequence[str],
) -> NotebookCheck:
    missing, unused = compare(imports, names, modules, requested)
    named = tuple(each.module for each in imports)
    return NotebookCheck(against=against, imports=named, missing=tuple(missing), unused=tuple(unused))


def _modules(prefix: Path) -> dict[str, str]:
    """Return which package of an environment brings each top-level module."""
    return {module: record.name for record in read_records(prefix) for module in modules_in(record.files)}


def compare(
    imports: Iterable[Imported], names: set[str], modules: Mapping[str, str] | None, requested: Iterable[str]
) -> tuple[list[MissingModule], list[str]]:
    """Return the modules that nothing provides and the requests that nothing imports.

    Parameters
    ----------
    imports : iterable of Imported
        What the cells import, without Python's own and local modules.
    names : set of str
        The packages that there are.
    modules : mapping
        Which of them brings which top-level module; ``None`` when only names are known.
    requested : iterable of str
        The specs that were asked for.
    """
    missing, used = [], set[str]()
    for each in imports:
        provider = _provider(each.module, names, modules)
        if provider is not None:
            used.add(provider)
        else:
            package = next(iter(packages_of(each.module)), each.module.split(".")[0])
            missing.append(MissingModule(module=each.module, package=package, optional=each.optional))
    asked = dict.fromkeys(package_name(spec) for spec in requested)
    silent = set(names) - set(modules.values()) if modules is not None else set()
    unused = [name for name in asked if name not in used | silent | NOT_IMPORTED]
    return missing, unused


def _provider(module: str, names: set[str], modules: Mapping[str, str] | None) -> str | None:
    """Return the package that brings a module."""
    candidates = [name for package in packages_of(module) for name in (conda_name(package), package) if name in names]
    top = module.split(".", maxsplit=1)[0]
    if modules is not None:
        if top not in modules:
            return None
        return candidates[0] if candidates else modules[top]
    return candidates[0] if candidates else None


def changes_between(locked: Sequence[RepodataRecord], installed: Sequence[RepodataRecord]) -> tuple[PackageChange, ...]:
    """Return what an environment has otherwise than it was locked; packages that came since are no change of those."""
    return tuple(change for change in compare_records(locked, installed) if change.kind != "added")
