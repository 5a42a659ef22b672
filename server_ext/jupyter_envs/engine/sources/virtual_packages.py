"""The virtual packages of the target machine (CEP 30): what it offers without a package, such as ``__glibc``.

Detection is rattler's; ``CONDA_OVERRIDE_<NAME>`` (CEP 30, 46) wins over it: empty removes the package, a version sets
it. Another platform than this machine's gets what its machines can be expected to offer, and the overrides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from jupyter_envs.engine.models.platform import current_subdir
from jupyter_envs.errors import SpecError

if TYPE_CHECKING:
    from rattler import GenericVirtualPackage

EXPECTED = {
    "linux": {"__unix": "0", "__linux": "4.18", "__glibc": "2.28"},
    "osx": {"__unix": "0", "__osx": "13.0"},
    "win": {"__win": "0"},
}
"""What pixi takes for granted, too: RHEL 8, Debian 10 and Ubuntu 20.04 have that, and what came after them."""

OVERRIDE = "CONDA_OVERRIDE_"
OVERRIDABLE = ("archspec", "cuda", "glibc", "linux", "musl", "osx", "unix", "win")


def detect_virtual_packages(subdir: str, environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return ``{name: (version, build string)}`` for a platform.

    Parameters
    ----------
    subdir : str
        The platform that is solved for, such as ``linux-64``.
    environ : Mapping
        Where ``CONDA_OVERRIDE_*`` is looked up.
    """
    found = _detected() if subdir == current_subdir() else _expected(subdir)
    return apply_overrides(found, environ)


def apply_overrides(found: Mapping[str, tuple[str, str]], environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return the virtual packages after ``CONDA_OVERRIDE_*`` (CEP 30)."""
    result = dict(found)
    for word in OVERRIDABLE:
        value = environ.get(OVERRIDE + word.upper())
        if value is None:
            continue
        name = f"__{word}"
        if not value.strip():
            result.pop(name, None)
        elif word == "archspec":
            result[name] = ("1", value.strip())
        else:
            result[name] = (value.strip(), "0")
    return result


def to_generic(packages: Mapping[str, tuple[str, str]]) -> list[GenericVirtualPackage]:
    """Return rattler's form; ``SpecError`` when an override is not a version."""
    from rattler import GenericVirtualPackage, PackageName, Version
    from rattler.exceptions import InvalidVersionError
    from rattler.package import BuildString

    generic = []
    for name, (version, build) in sorted(packages.items()):
        try:
            generic.append(GenericVirtualPackage(PackageName(name), Version(version), BuildString(build)))
        except InvalidVersionError:
            variable = OVERRIDE + name.removeprefix("__").upper()
            raise SpecError(
                f"{variable} is not a version: {version!r}",
                hint=f"set it to a version such as 12.4, or to nothing to hide {name}",
                code="spec.override",
            ) from None
    return generic


def _detected() -> dict[str, tuple[str, str]]:
    from rattler import VirtualPackage

    generic = [package.into_generic() for package in VirtualPackage.detect()]
    return {p.name.normalized: (str(p.version), str(p.build_string)) for p in generic}


def _expected(subdir: str) -> dict[str, tuple[str, str]]:
    """Return what the machines of a platform can be expected to offer."""
    versions = EXPECTED.get(subdir.split("-", maxsplit=1)[0], {})
    return {name: (version, "0") for name, version in versions.items()}
