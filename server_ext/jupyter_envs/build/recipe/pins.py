"""Pin expressions: ``x.x`` of a version, and pins that become requirements once versions are known (pure)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from jupyter_envs.build.models import Dependency
from jupyter_envs.errors import RecipeError

_EXPRESSION = re.compile(r"x(\.x)*")


class Found:
    """Version and build string that a pin refers to."""

    __slots__ = ("build", "version")

    def __init__(self, version: str, build: str) -> None:
        self.version = version
        self.build = build


def is_expression(text: str) -> bool:
    """Tell ``x.x`` from a version.

    >>> [is_expression(text) for text in ("x", "x.x.x", "1.2")]
    [True, True, False]
    """
    return _EXPRESSION.fullmatch(text) is not None


def bounds(version: str, lower: str, upper: str) -> str:
    """Return the version range of a pin.

    Parameters
    ----------
    version : str
        What was found, such as ``1.2.3``.
    lower, upper : str
        Pin expressions (as many components of the version as there are ``x``), versions, or empty for no bound. The
        last component of an upper expression is one more, and pre-releases of it are left out (``.0a0``).

    >>> bounds("1.2.3", "x.x.x.x", "x.x")
    '>=1.2.3,<1.3.0a0'
    >>> bounds("9e", "x.x.x", "x")
    '>=9e,<10.0a0'
    >>> bounds("1.2.3", "", "2.0")
    '<2.0'
    """
    parts = []
    if lower:
        parts.append(f">={_lower(version, lower)}" if is_expression(lower) else f">={lower}")
    if upper:
        parts.append(f"<{_upper(version, upper)}" if is_expression(upper) else f"<{upper}")
    return ",".join(parts)


def _lower(version: str, expression: str) -> str:
    count = expression.count("x")
    # A cut in the middle of a pre-release (1.2rc1 by x.x) would ask for more than was found.
    components = version.split(".")
    return version if count >= len(components) or not _plain(components[:count]) else ".".join(components[:count])


def _plain(components: Sequence[str]) -> bool:
    return all(component.isdigit() for component in components)


def _upper(version: str, expression: str) -> str:
    epoch, mark, rest = version.rpartition("!")
    components = re.split(r"[.\-_+]", rest)
    count = min(expression.count("x"), len(components))
    kept = components[:count]
    number = re.match(r"\d+", kept[-1])
    last = str(int(number[0]) + 1) if number else kept[-1]
    return f"{epoch}{mark}{'.'.join([*kept[:-1], last])}.0a0"


def resolve(
    dependency: Dependency, compatible: Mapping[str, Found], subpackages: Mapping[str, Found], where: str
) -> str:
    """Return a dependency as MatchSpec text.

    Parameters
    ----------
    dependency
        A text, or a pin.
    compatible
        What the host (and build) environment holds, by name.
    subpackages
        The outputs of the recipe, by name.
    where
        The package that asks, for messages.

    Raises
    ------
    RecipeError
        ``recipe.pin``: a pin on something that is in neither.
    """
    if isinstance(dependency, str):
        return dependency
    known = compatible if dependency.kind == "compatible" else subpackages
    found = known.get(dependency.name)
    if found is None:
        place = "its host requirements" if dependency.kind == "compatible" else "the outputs of its recipe"
        raise RecipeError(
            f"{where} pins {dependency.name}, which is not in {place}",
            hint=f"add {dependency.name} to {place}, or write the versions out",
            code="recipe.pin",
        )
    if dependency.exact:
        return f"{dependency.name} {found.version} {found.build}"
    limits = bounds(found.version, dependency.lower, dependency.upper)
    return " ".join(part for part in (dependency.name, limits, dependency.build) if part)
