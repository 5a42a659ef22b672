"""Keep the user's kernelspecs in line with environments: registered, refreshed, renamed and removed with them.

The one entry for whoever changed something: ``sync_environment`` for one prefix (also one that is gone),
``sync_kernels`` for all. An environment from which kernels were removed by hand stays without until they are added
again (``conda-meta/jupyter-envs/no-kernels`` says so). Refuses to fail for one kernel: the others are still done, the
fault is a warning.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from jupyter_envs import __version__
from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.prefix.discovery import OWN_DIRECTORY, EnvironmentInfo, describe_environment, iter_shared
from jupyter_envs.engine.prefix.shared import is_shared
from jupyter_envs.errors import EnvsError, FrozenError, KernelError, NotFoundError
from jupyter_envs.kernels import directory as kernel_directory
from jupyter_envs.kernels.directory import RegisteredKernel, find_registered, registration_lock, remove_kernel
from jupyter_envs.kernels.magics import boot_argument, boot_files, leads_nowhere
from jupyter_envs.kernels.names import IPYKERNEL, choose_name, kernel_name
from jupyter_envs.kernels.spec import (
    EnvironmentKernel,
    activation_variables,
    iter_problems,
    kernel_json,
    plain_variables,
    read_kernels,
)
from jupyter_envs.settings import Settings

OPT_OUT = f"{OWN_DIRECTORY}/no-kernels"


class KernelReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What registering came to: the kernels that now stand, the names of those that went, what a person should know."""

    kernels: tuple[RegisteredKernel, ...] = ()
    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    warnings: tuple[PlanWarning, ...] = ()


def list_kernels() -> list[RegisteredKernel]:
    """Return all kernels that we registered for this user, those of environments that are gone among them.

    In a shared root's own data directory a Hub's service has its kernels, too: those are not this user's to change.
    """
    return [kernel for kernel in find_registered(kernel_directory.user_kernels_directory()) if not kernel.known_as]


def visible_kernels(settings: Settings) -> list[RegisteredKernel]:
    """Return this user's kernels, and those that come with shared environments (``<shared>/share/jupyter/kernels``).

    A kernel of a shared environment's present generation counts as that of the name that leads to it.
    """
    own = list_kernels()
    names = {os.path.realpath(path): path for path in iter_shared(settings)}
    known = {kernel.directory for kernel in own}
    for directory in settings.shared_kernels_directories:
        for kernel in find_registered(Path(directory)):
            if kernel.directory not in known:
                prefix = names.get(os.path.realpath(kernel.prefix), kernel.prefix)
                own.append(msgspec.structs.replace(kernel, prefix=prefix, shared=True))
    return own


def sync_environment(
    prefix: Path, settings: Settings, *, environ: Mapping[str, str] | None = None, name: str | None = None
) -> KernelReport:
    """Register, refresh or remove the kernels of one environment, as it is now.

    Parameters
    ----------
    prefix : Path
        The environment; when none is there any more its kernels are removed.
    settings : Settings
        For what the environment is called.
    environ : mapping
        The variables under which ``activate.d`` runs; this process's when not given.
    name : str
        What to call the environment, if not by its own name.

    Raises
    ------
    KernelError
        When the user's kernels cannot be read or written.
    """
    path = Path(os.path.abspath(prefix))
    info = describe_environment(path, settings)
    with registration_lock():
        registered = list_kernels()
        unwanted = info is None or (path / OPT_OUT).exists()
        removed = _remove_all(
            kernel for kernel in registered if kernel.gone or (unwanted and kernel.prefix == str(path))
        )
        if info is None or unwanted:
            return KernelReport(removed=removed)
        report = _register(path, name or info.name, info, settings, os.environ if environ is None else environ)
    return msgspec.structs.replace(report, removed=(*removed, *report.removed))


def sync_kernels(
    environments: Iterable[EnvironmentInfo], settings: Settings, *, environ: Mapping[str, str] | None = None
) -> KernelReport:
    """Bring all kernels in line: own environments and those that have a kernel are refreshed, what is gone is removed.

    Parameters
    ----------
    environments : iterable of EnvironmentInfo
        What discovery found; other tools' environments only count when a kernel of theirs was added before.
    settings, environ
        As for ``sync_environment``.
    """
    registered = list_kernels()
    with registration_lock():
        removed = _remove_all(kernel for kernel in registered if kernel.gone)
    known = {kernel.prefix for kernel in registered if not kernel.gone}
    own = {info.path for info in environments if info.kind == "own" and not info.broken}
    reports = [sync_environment(Path(prefix), settings, environ=environ) for prefix in sorted(known | own)]
    return joined([KernelReport(removed=removed), *reports])


def forget_kernels(prefix: str) -> tuple[str, ...]:
    """Remove the kernels of an environment that has gone, and return their names."""
    with registration_lock():
        return _remove_all(kernel for kernel in list_kernels() if kernel.gone and kernel.prefix == prefix)


def sync_outdated(settings: Settings, *, environ: Mapping[str, str] | None = None) -> KernelReport:
    """Rewrite the kernels that another version of jupyter-envs wrote, or one that has gone from where it was.

    So their magics are this one's, also in a new image with another Python. Cheap when there are none: called when the
    server starts, and by ``jupyter envs kernels``.
    """
    outdated = {kernel.prefix for kernel in list_kernels() if not kernel.gone and _is_outdated(kernel)}
    return joined([sync_environment(Path(prefix), settings, environ=environ) for prefix in sorted(outdated)])


def _is_outdated(kernel: RegisteredKernel) -> bool:
    return kernel.tool != __version__ or leads_nowhere(Path(kernel.directory))


def joined(reports: Sequence[KernelReport]) -> KernelReport:
    """Return several reports as one."""
    return KernelReport(
        kernels=tuple(kernel for report in reports for kernel in report.kernels),
        written=tuple(name for report in reports for name in report.written),
        removed=tuple(name for report in reports for name in report.removed),
        warnings=tuple(warning for report in reports for warning in report.warnings),
    )


def add_kernels(prefix: Path, settings: Settings, *, name: str | None = None) -> KernelReport:
    """Register the kernels of any environment (ours, conda's, a venv) because a person asked for it.

    Raises
    ------
    NotFoundError
        When there is no environment, or it has no kernel to offer.
    KernelError
        When it cannot be registered.
    """
    if describe_environment(prefix, settings) is None:
        raise NotFoundError(
            f"no environment at {prefix}",
            hint="`jupyter envs list` shows the environments of this machine",
            code="not_found.environment",
        )
    try:
        (prefix / OPT_OUT).unlink(missing_ok=True)
    except OSError as error:
        raise kernel_directory.kernel_error(error, "the environment cannot be given a kernel") from error
    report = sync_environment(prefix, settings, name=name)
    if not report.kernels:
        raise NotFoundError(
            f"the environment has no kernel to offer: {prefix}",
            hint=f"install ipykernel into it: `jupyter envs install -p {prefix} ipykernel`",
            code="not_found.kernel",
        )
    return report


def remove_kernels(prefix: Path, settings: Settings) -> tuple[str, ...]:
    """Remove the kernels of an environment and keep it without; return their names.

    Of a shared environment only those that this user registered are removed, not those that come with it.

    Raises
    ------
    FrozenError
        ``env.shared``: all its kernels come with it.
    KernelError
        When a kernel, or the note that none is wanted, cannot be written.
    """
    path = Path(os.path.abspath(prefix))
    with registration_lock():
        own = [kernel for kernel in list_kernels() if kernel.prefix == str(path)]
        shared = is_shared(path, settings)
        if shared and not own:
            raise FrozenError(
                f"the kernels of {path.name} come with the shared environment; whoever publishes it can remove them",
                hint=f"to have it your own way, clone it: `jupyter envs clone {path.name} my-{path.name}`",
                code="env.shared",
                detail={"prefix": str(path)},
            )
        if not shared and (path / "conda-meta").is_dir():
            try:
                (path / OPT_OUT).parent.mkdir(exist_ok=True)
                (path / OPT_OUT).touch()
            except OSError as error:
                raise kernel_directory.kernel_error(error, "the choice cannot be stored") from error
        return _remove_all(own)


def _remove_all(kernels: Iterable[RegisteredKernel]) -> tuple[str, ...]:
    gone = tuple(kernels)
    for kernel in gone:
        remove_kernel(kernel)
    return tuple(kernel.name for kernel in gone)


def _register(
    prefix: Path, name: str, info: EnvironmentInfo, settings: Settings, environ: Mapping[str, str]
) -> KernelReport:
    offered, warnings = read_kernels(prefix, info.python, info.has_ipykernel)
    registered = list_kernels()
    mine = {kernel.kernel: kernel for kernel in registered if kernel.prefix == str(prefix)}
    variables = _variables(prefix, name, environ, warnings) if offered else {}
    names: dict[str, str] = {}
    written = []
    for kernel in offered:
        try:
            names[kernel.kernel], changed = _write(kernel, prefix, name, variables, registered, settings)
        except KernelError as error:
            warnings.append(PlanWarning(code=error.code, message=error.message, hint=error.hint))
            continue
        if changed:
            written.append(names[kernel.kernel])
    stale = [kernel for kernel in mine.values() if names.get(kernel.kernel) != kernel.name]
    return KernelReport(
        removed=_remove_all(stale),
        kernels=tuple(kernel for kernel in list_kernels() if kernel.prefix == str(prefix)),
        written=tuple(written),
        warnings=tuple(warnings),
    )


def _variables(prefix: Path, name: str, environ: Mapping[str, str], warnings: list[PlanWarning]) -> dict[str, str]:
    try:
        return activation_variables(prefix, name, environ)
    except EnvsError as error:
        warnings.extend(iter_problems(error, prefix))
    try:
        return plain_variables(prefix, name, environ)
    except EnvsError:  # env_vars.d or state cannot be read: the warning above says so
        return {"CONDA_PREFIX": str(prefix), "VIRTUAL_ENV": str(prefix), "PATH": f"{prefix}/bin:${{PATH}}"}


def _write(
    kernel: EnvironmentKernel,
    prefix: Path,
    name: str,
    variables: Mapping[str, str],
    registered: list[RegisteredKernel],
    settings: Settings,
) -> tuple[str, bool]:
    """Write one kernel under the name that is free for it; return the name and whether anything changed."""
    same = [other for other in registered if other.prefix == str(prefix) and other.kernel == kernel.kernel]
    taken = kernel_directory.taken_names(same)
    chosen = choose_name(name, kernel.kernel, str(prefix), own=same[0].name if same else None, taken=taken)
    place = "" if chosen == kernel_name(name, kernel.kernel) else str(prefix.parent)
    folder = kernel_directory.user_kernels_directory()
    has_magics = kernel.kernel == IPYKERNEL
    arguments = [boot_argument(folder / chosen)] if has_magics else []
    spec = kernel_json(kernel, prefix, name, variables, place=place, arguments=arguments)
    files = boot_files(settings) if has_magics else {}
    changed = kernel_directory.write_kernel(folder, chosen, spec, kernel.resources, files)
    return chosen, changed
