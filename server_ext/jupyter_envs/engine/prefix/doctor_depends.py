"""Doctor's examination of dependencies: what each record needs is among the records (CEP 29, MatchSpec by rattler)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from jupyter_envs.engine.models.findings import Finding
from jupyter_envs.engine.models.records import PackageRecord
from jupyter_envs.engine.prefix.examination import Examination, Patient

if TYPE_CHECKING:
    from rattler import PackageRecord as RattlerRecord

_NAME = re.compile(r"^(?:[^\s\[\]]*::)?\s*([A-Za-z0-9_.\-]+)\s*(.*)$", re.DOTALL)
_NOT_PACKAGES = ("__", "pypi-extra--")


def examine_depends(patient: Patient) -> Iterator[Finding]:
    """Dependencies that are missing or have a version that does not do, and broken ``constrains``."""
    by_name: dict[str, PackageRecord] = {record.name: record for record in patient.records}
    converted: dict[str, RattlerRecord] = {}
    for record in patient.records:
        for depend in record.depends:
            problem = _unsatisfied(depend, by_name, converted)
            if problem is not None:
                yield Finding(
                    code="depends.unsatisfied",
                    severity="error",
                    message=f"{record.name} {record.version} needs {depend}, {problem}",
                    hint=f"`jupyter envs install {patient.shown} '{depend}'`",
                    package=record.name,
                    specs=(depend,),
                )
        for limit in record.constrains:
            problem = _unsatisfied(limit, by_name, converted)
            if problem is not None and _name_of(limit)[0] in by_name:
                yield Finding(
                    code="constrains.violated",
                    severity="warning",
                    message=f"{record.name} {record.version} goes only with {limit}, {problem}",
                    hint=f"`jupyter envs update {patient.shown} {record.name} {_name_of(limit)[0]}`",
                    package=record.name,
                )


EXAMINATIONS: tuple[Examination, ...] = (examine_depends,)


def _name_of(spec: str) -> tuple[str, str]:
    match = _NAME.match(spec.strip())
    return (match[1].lower(), match[2].strip()) if match else ("", "")


def _unsatisfied(spec: str, by_name: Mapping[str, PackageRecord], converted: dict[str, RattlerRecord]) -> str | None:
    """Return why no record fits a spec, in words, or ``None`` when one does. Bare names are not parsed, for speed."""
    name, rest = _name_of(spec)
    if not name or name.startswith(_NOT_PACKAGES):
        return None
    record = by_name.get(name)
    if record is None:
        return None if ("when=" in rest or "; if " in rest) else "which is not installed"
    if not rest or rest == "*":
        return None
    from rattler import MatchSpec
    from rattler.exceptions import InvalidMatchSpecError

    if name not in converted:
        converted[name] = _converted(record)
    try:
        fits = MatchSpec(spec).matches(converted[name])
    except InvalidMatchSpecError:
        return None  # a spec that rattler cannot read is no fault of the environment; other tools may read it
    return None if fits else f"and {record.version} ({record.build}) is installed"


def _converted(record: PackageRecord) -> RattlerRecord:
    from rattler import BuildString, PackageName, VersionWithSource
    from rattler import PackageRecord as Converted

    return Converted(
        name=PackageName(record.name),
        version=VersionWithSource(record.version),
        build=BuildString(record.build),
        build_number=record.build_number,
        subdir=record.subdir,
        arch=record.arch,
        platform=record.platform,
    )
