"""PEP 440 versions and specifiers in conda's spelling (CEP 29, 33).

Owns the translation in one direction, from PyPI to conda. A conda specification accepts a translated version exactly
when the PEP 440 specifier accepts the version, pre-releases counted (which of them are offered at all is the source's
choice). Local labels (``+cpu``) are no part of the translated version, since PEP 440 ignores them in every comparison
but ``==X+label``: they stand in the build string. Known limit: conda orders ``1.0.post1`` after ``1.0.0.1``.
"""

from __future__ import annotations

import re
from functools import lru_cache

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from jupyter_envs.engine.sources.names import conda_name, normalize_name
from jupyter_envs.errors import SpecError

_PRERELEASE = re.compile(r"\d[._-]?(?:a|alpha|b|beta|c|rc|pre|preview|dev)[._-]?\d*", re.IGNORECASE)
_LOWEST = re.compile(r"(?<=<)([^,|<>=!~\s]*\d)dev0\b")
_NOT_IN_A_BUILD = re.compile(r"[^a-z0-9]+")


@lru_cache(maxsize=65536)
def find_version(text: str) -> Version | None:
    """Return the PEP 440 version a text spells, or ``None``."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


def conda_version(version: Version) -> str:
    """Return conda's spelling of a version, without its local label.

    ``1.0.dev3`` becomes ``1.0dev3``, which conda, too, orders before ``1.0a1``.
    """
    text = f"{version.epoch}!" if version.epoch else ""
    text += ".".join(map(str, version.release))
    if version.pre is not None:
        text += f"{version.pre[0]}{version.pre[1]}"
    if version.post is not None:
        text += f".post{version.post}"
    if version.dev is not None:
        separator = "" if version.pre is None and version.post is None else "."
        text += f"{separator}dev{version.dev}"
    return text


def local_label(version: Version) -> str:
    """Return a local label as a build string can hold it: ``cu118.git`` -> ``cu118_git``; empty when there is none."""
    return _NOT_IN_A_BUILD.sub("_", (version.local or "").lower())


@lru_cache(maxsize=65536)
def conda_specifier(specifiers: str) -> str:
    """Return the conda version specification (and build, after a space) of PEP 440 specifiers; empty for any version.

    Parameters
    ----------
    specifiers : str
        Such as ``~=1.4.2,!=1.4.5``.

    Raises
    ------
    SpecError
        When the text is no PEP 440 specifier.
    """
    try:
        parsed = SpecifierSet(specifiers)
    except InvalidSpecifier as error:
        raise SpecError(
            f"{specifiers!r} is not a version specifier",
            hint="write it as in requirements.txt, for example `pandas>=2,<3`",
        ) from error
    clauses: list[str] = []
    build = ""
    for specifier in sorted(parsed, key=_clause_order):
        clause, wanted_build = _clause(specifier)
        clauses.append(clause)
        build = wanted_build or build
    return f"{','.join(clauses)} {build}".strip()


def _clause_order(specifier: Specifier) -> tuple[int, str]:
    """Lower bounds first, then upper ones, then exclusions: as a person would write them."""
    order = ("===", "==", "~=", ">=", ">", "<=", "<", "!=")
    return order.index(specifier.operator), specifier.version


def _clause(specifier: Specifier) -> tuple[str, str]:
    """Return one specifier's conda clause and the build it asks for."""
    operator, text = specifier.operator, specifier.version
    if text.endswith(".*"):
        prefix = conda_version(Version(text[:-2]))
        return (f"{prefix}.*" if operator == "==" else f"!={prefix}.*"), ""
    version = find_version(text)
    if version is None:
        raise SpecError(f"`{specifier}` compares with something that is not a version", hint="use `==` and a version")
    spelled = conda_version(version)
    build = f"*_{local_label(version)}_*" if version.local and operator in ("==", "===") else ""
    return _comparison(operator, spelled, version), build


def _comparison(operator: str, spelled: str, version: Version) -> str:
    """Return the clause of a comparison, with PEP 440's exclusions at ``<`` and ``>`` spelled out."""
    if operator in ("==", "==="):
        return f"=={spelled}"
    if operator == "~=":
        epoch = f"{version.epoch}!" if version.epoch else ""
        series = ".".join(map(str, version.release[:-1]))
        return f">={spelled},{epoch}{series}.*"
    if operator == "<" and not version.is_prerelease:
        return f"<{spelled}.dev0" if version.is_postrelease else f"<{spelled}dev0"
    if operator == ">" and not version.is_postrelease and not version.is_prerelease:
        return f">{spelled},!={spelled}.post*"
    return f"{operator}{spelled}"


def readable_specifier(text: str) -> str:
    """Return a translated specification as a person would write it: ``>=2,<3dev0`` -> ``>=2,<3``."""
    return _LOWEST.sub(r"\1", text)


def asks_for_prereleases(specification: str) -> bool:
    """Whether a conda version specification names a pre-release as something it wants (not only as a bound above)."""
    clauses = re.split(r"[,|\s]+", specification)
    return any(_PRERELEASE.search(clause) for clause in clauses if not clause.startswith(("<", "!=")))


@lru_cache(maxsize=65536)
def find_requirement(text: str) -> Requirement | None:
    """Return a PEP 508 requirement, or ``None`` when the text is none."""
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def parse_pypi_spec(text: str) -> tuple[str, tuple[str, ...]]:
    """Read a person's PEP 508 requirement.

    Parameters
    ----------
    text : str
        Such as ``requests[socks]>=2`` or ``pypi::torch==2.1+cpu``.

    Returns
    -------
    (str, tuple of str)
        A MatchSpec text with conda's name, and the extras (normalised, sorted).

    Raises
    ------
    SpecError
        When it is no requirement, names a URL, or has an environment marker.
    """
    body = text.strip().removeprefix("pypi::").strip()
    requirement = find_requirement(body)
    if requirement is None:
        raise SpecError(
            f"`{body}` is not a Python requirement",
            hint="write a name, extras and versions, for example `requests[socks]>=2,<3`",
        )
    if requirement.url is not None:
        raise SpecError(
            f"`{body}` names a file by its address",
            hint=f"only packages of an index can be installed; ask for `{requirement.name}`, "
            "or put the wheel in a folder that pip's `find-links` names",
        )
    if requirement.marker is not None:
        raise SpecError(
            f"`{body}` has an environment marker", hint="write the requirement without the part after the semicolon"
        )
    extras = tuple(sorted({normalize_name(extra) for extra in requirement.extras}))
    return f"{conda_name(requirement.name)} {conda_specifier(str(requirement.specifier))}".strip(), extras
