"""Doctor's examinations that concern Python: the interpreter, ipykernel, what pip did, what leaks in from outside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from jupyter_envs.engine.models.findings import Finding
from jupyter_envs.engine.models.platform import layout_for
from jupyter_envs.engine.prefix.borrowed import examine_borrowed
from jupyter_envs.engine.prefix.dist_infos import DistInfo, normalized
from jupyter_envs.engine.prefix.examination import Examination, Patient
from jupyter_envs.engine.prefix.python import (
    PYVENV_CONFIG,
    python_executable,
    python_version_of,
    read_pyvenv_config,
)


def examine_interpreter(patient: Patient) -> Iterator[Finding]:
    """A Python that is not there, borrowed from a place that has gone, or none at all."""
    version = python_version_of(patient.prefix)
    if version is None:
        yield Finding(
            code="python.none",
            severity="note",
            message=f"{patient.info.name} has no Python",
            hint=f"`jupyter envs install {patient.shown} python` adds one",
            path=patient.prefix,
            specs=("python",),
        )
        return
    executable = python_executable(patient.prefix, layout_for(patient.settings.subdir))
    home = read_pyvenv_config(patient.prefix).get("home")
    lost = list(examine_borrowed(patient))
    if lost:
        yield from lost
    elif home and not os.path.isdir(home):
        yield Finding(
            code="python.home_gone",
            severity="error",
            message=f"the Python that {patient.info.name} borrows has gone: {home}",
            hint=_new_python(patient, version),
            path=os.path.join(patient.prefix, PYVENV_CONFIG),
            package="python",
        )
    elif not os.path.exists(executable):
        target = f" (it pointed to {os.path.realpath(executable)})" if os.path.islink(executable) else ""
        yield Finding(
            code="python.gone",
            severity="error",
            message=f"the Python of {patient.info.name} is not there any more{target}",
            hint=_new_python(patient, version),
            path=str(executable),
            package="python",
        )


def examine_ipykernel(patient: Patient) -> Iterator[Finding]:
    """A Python without ipykernel: no notebook can run in it."""
    if patient.info.python is None or patient.info.has_ipykernel:
        return
    install = (
        f"`{python_executable(patient.prefix)} -m pip install ipykernel`"
        if patient.info.kind == "venv"
        else f"`jupyter envs install {patient.shown} ipykernel`"
    )
    yield Finding(
        code="ipykernel.missing",
        severity="note",
        message=f"{patient.info.name} has no ipykernel, so no notebook can use its Python",
        hint=f"{install} makes it a kernel",
        path=patient.prefix,
        specs=() if patient.info.kind == "venv" else ("ipykernel",),
    )


def examine_pip(patient: Patient) -> Iterator[Finding]:
    """What pip installed beside the records, and over them."""
    if patient.info.kind == "venv":
        return
    ours: dict[str, DistInfo] = {}
    foreign: list[DistInfo] = []
    for info in patient.dist_infos:
        if _is_owned(patient, info):
            ours[normalized(info.name)] = info
        else:
            foreign.append(info)
    for info in foreign:
        other = ours.get(normalized(info.name))
        who = f"by {info.installer}" if info.installer else "by hand"
        if other is not None:
            yield Finding(
                code="python.shadowed",
                severity="warning",
                message=f"{info.name} {info.version} was installed {who} over the package's {other.version}",
                hint=f"`pip uninstall {info.name}`, then `jupyter envs repair {patient.shown}`; or keep it and know",
                path=info.path,
                package=normalized(info.name),
            )
        else:
            yield Finding(
                code="python.pip_installed",
                severity="note",
                message=f"{info.name} {info.version} was installed {who}, not by a package of the environment",
                hint=f"`jupyter envs install {patient.shown} pypi::{normalized(info.name)}` brings it into the history",
                path=info.path,
                package=normalized(info.name),
                specs=(f"pypi::{normalized(info.name)}",),
            )


def examine_dist_info_twins(patient: Patient) -> Iterator[Finding]:
    """Two dist-infos of one name: what is imported is a matter of luck."""
    seen: dict[str, DistInfo] = {}
    for info in patient.dist_infos:
        other = seen.setdefault(normalized(info.name), info)
        if other is not info:
            yield Finding(
                code="python.twice",
                severity="warning",
                message=f"{info.name} is there twice: {other.version} and {info.version}",
                hint=f"uninstall it (`pip uninstall {info.name}`) and install it once more",
                path=info.path,
                package=normalized(info.name),
            )


def examine_leaks(patient: Patient) -> Iterator[Finding]:
    """Variables and user-wide packages that come before the environment's own."""
    if patient.info.python is None:
        return
    for variable in ("PYTHONPATH", "PYTHONHOME"):
        if patient.environ.get(variable):
            yield Finding(
                code=f"leak.{variable.lower()}",
                severity="warning",
                message=f"{variable} is set ({patient.environ[variable]}) and changes what every environment imports",
                hint=f"unset {variable} where Jupyter is started",
            )
    if patient.environ.get("PYTHONNOUSERSITE") or _without_user_site(patient.prefix):
        return
    own = {normalized(info.name) for info in patient.dist_infos}
    twins = sorted(own & set(_user_packages(patient)))
    if twins:
        yield Finding(
            code="leak.user_site",
            severity="warning",
            message=f"packages installed for the user come before the environment's: {', '.join(twins[:5])}",
            hint="set PYTHONNOUSERSITE=1, or uninstall them (`pip uninstall`) outside any environment",
            path=str(_user_site(patient)),
        )


EXAMINATIONS: tuple[Examination, ...] = (
    examine_interpreter,
    examine_ipykernel,
    examine_pip,
    examine_dist_info_twins,
    examine_leaks,
)


def _new_python(patient: Patient, version: str) -> str:
    minor = ".".join(version.split(".")[:2])
    if patient.info.kind == "venv":
        return f"install Python {minor} again, or make the venv anew"
    return f"`jupyter envs install {patient.shown} python={minor}` gives it another, or install that Python again"


def _is_owned(patient: Patient, info: DistInfo) -> bool:
    relative = os.path.relpath(info.path, patient.prefix).replace(os.sep, "/")
    return f"{relative}/METADATA" in patient.owned or f"{relative}/RECORD" in patient.owned


def _without_user_site(prefix: str) -> bool:
    """Tell whether ``pyvenv.cfg`` keeps the user's packages out (PEP 405)."""
    config = read_pyvenv_config(prefix)
    return bool(config) and config.get("include-system-site-packages", "false").lower() != "true"


def _user_site(patient: Patient) -> Path:
    base = patient.environ.get("PYTHONUSERBASE")
    home = patient.environ.get("HOME") or patient.environ.get("USERPROFILE") or "~"
    root = Path(base) if base else Path(home).expanduser() / ".local"
    return root / layout_for("linux-64").site_packages_for(patient.info.python or "3")


def _user_packages(patient: Patient) -> Iterator[str]:
    try:
        entries = os.listdir(_user_site(patient))
    except OSError:
        return  # no user site is the ordinary case
    for entry in entries:
        if entry.endswith(".dist-info"):
            yield normalized(entry.removesuffix(".dist-info").partition("-")[0])
