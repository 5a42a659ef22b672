"""From a bundle to the request that makes one of its environments here. Changes nothing.

Refuses a bundle that lacks an archive, and an environment whose borrowed Python has no counterpart on this machine.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from jupyter_envs.bundles.folder import HINT, read_bundle
from jupyter_envs.bundles.models import Bundle, Bundled, BundledEnvironment
from jupyter_envs.engine.models.origins import is_interpreter
from jupyter_envs.engine.models.plan import ChangeRequest, PlanWarning
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.package_cache.layout import bundled_path
from jupyter_envs.errors import IntegrityError, NotFoundError, SpecError


class Unpacked(msgspec.Struct, frozen=True, kw_only=True):
    """The request, and what a person should know of it."""

    request: ChangeRequest
    warnings: tuple[PlanWarning, ...] = ()


def request_from(folder: Path, name: str, prefix: Path, subdir: str) -> Unpacked:
    """Return the request that makes a bundled environment.

    Parameters
    ----------
    folder : Path
        The bundle's.
    name : str
        What the environment is called in it.
    prefix : Path
        Where it goes.
    subdir : str
        The platform of this machine.

    Raises
    ------
    NotFoundError
        ``not_found.bundle``, ``not_found.bundled``: there is no bundle, no such environment, or not for this platform;
        ``interpreter.missing``: the Python that it borrows is not here, nor another of that minor version.
    IntegrityError
        ``bundle.incomplete``: archives are missing, or cut short.
    """
    environment = get_environment(read_bundle(folder), name, folder)
    bundled = _for_platform(environment, name, subdir)
    _check_complete(folder, bundled)
    records, warnings = _with_pythons_of_here(bundled)
    request = ChangeRequest(
        action="create",
        prefix=str(prefix),
        specs=environment.requested,
        records=records,
        variables=environment.variables,
        archives=str(folder),
        offline=True,
    )
    return Unpacked(request=request, warnings=warnings)


def name_in(bundle: Bundle, wanted: str | None, folder: Path) -> str:
    """Return which environment of a bundle is meant: the one of that name, else its only one.

    Raises
    ------
    NotFoundError
        ``not_found.bundled``: it has several, and none of that name.
    """
    if wanted in bundle.environments:
        return str(wanted)
    if len(bundle.environments) == 1:
        return next(iter(bundle.environments))
    raise _no_environment(bundle, wanted or "", folder)


def get_environment(bundle: Bundle, name: str, folder: Path) -> BundledEnvironment:
    """Return an environment of a bundle; raises ``NotFoundError`` (``not_found.bundled``) when it is not there."""
    environment = bundle.environments.get(name)
    if environment is None:
        raise _no_environment(bundle, name, folder)
    return environment


def _no_environment(bundle: Bundle, name: str, folder: Path) -> NotFoundError:
    names = list(bundle.environments)
    return NotFoundError(
        f"the bundle {folder} holds no environment {name}".rstrip(),
        hint=f"it holds {', '.join(names)}; say which: `jupyter envs create NAME --from-bundle {folder} {names[0]}`"
        if names
        else "it is empty; `jupyter envs bundle NAME -o FOLDER` puts one in",
        code="not_found.bundled",
        detail={"environments": names},
    )


def _for_platform(environment: BundledEnvironment, name: str, subdir: str) -> Bundled:
    bundled = environment.platforms.get(subdir)
    if bundled is None:
        raise NotFoundError(
            f"{name} is bundled for {' and '.join(sorted(environment.platforms))}, and this machine is {subdir}",
            hint=f"where it was made: `jupyter envs bundle {name} --platform {subdir} -o FOLDER`",
            code="not_found.bundled",
        )
    return bundled


def _check_complete(folder: Path, bundled: Bundled) -> None:
    """Look at names and sizes; the digests are compared when the archives are read."""
    for record in bundled.records:
        if is_interpreter(record):
            continue
        path = folder / bundled_path(record)
        size = path.stat().st_size if path.is_file() else None
        if size is None or (record.size is not None and size != record.size):
            what = "is not there" if size is None else f"has {size:,} bytes instead of {record.size:,}"
            raise IntegrityError(f"the bundle is not complete: {path} {what}", hint=HINT, code="bundle.incomplete")
        if not record.sha256:
            raise SpecError(f"the bundle names no digest of {record.dist}", hint=HINT, code="bundle.broken")


def _with_pythons_of_here(bundled: Bundled) -> tuple[tuple[RepodataRecord, ...], tuple[PlanWarning, ...]]:
    """Return the records with the borrowed Python as it is here, and a warning where it is another one."""
    borrowed = next(filter(is_interpreter, bundled.records), None)
    if borrowed is None:
        return bundled.records, ()
    here = _python_here(borrowed)
    if here == borrowed:
        return bundled.records, ()
    warning = PlanWarning(
        code="bundle.interpreter",
        message=f"the Python it was made with ({borrowed.version}) is not here; it borrows {here.version} instead",
        hint="packages are the same files; only the Python is another",
    )
    records = tuple(here if record is borrowed else record for record in bundled.records)
    return records, (warning,)


def _python_here(borrowed: RepodataRecord) -> RepodataRecord:
    """Return the same interpreter, else the first of its minor version that is found on this machine."""
    from jupyter_envs.engine.sources.interpreter import find_interpreters, interpreter_path, interpreter_record

    found = [info for info in find_interpreters(os.environ) if info.subdir == borrowed.subdir]
    path, minor = interpreter_path(borrowed.url), borrowed.version.split(".")[:2]
    if any(info.executable == path and info.version == borrowed.version for info in found):
        return borrowed
    near = next((info for info in found if info.version.split(".")[:2] == minor), None)
    if near is None:
        versions = ", ".join(sorted({info.version for info in found})) or "none"
        raise NotFoundError(
            f"the environment borrows a Python {'.'.join(minor)}, and there is none here ({path} there)",
            hint=f"install Python {'.'.join(minor)} and put it on PATH; found here: {versions}",
            code="interpreter.missing",
        )
    return interpreter_record(near)
