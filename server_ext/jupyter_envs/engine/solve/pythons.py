"""Which Python versions wheels are looked up for: a wheel's record depends on the Python it is for.

Owns the choice, newest first, few unless the request asks for an older one. Refuses to look wheels up for a Python that
no source has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from jupyter_envs.engine.solve.specs import INTERPRETER, RequestedSpec
from jupyter_envs.engine.sources.conda_channel import CondaChannels

PYTHON = "python"
MINORS = 3


async def candidate_pythons(
    installed: Sequence[str],
    specs: Sequence[RequestedSpec],
    pins: Sequence[RequestedSpec],
    channels: CondaChannels,
    interpreters: Iterable[Any],
    *,
    keep: bool,
    every: bool = False,
) -> tuple[str, ...]:
    """Return the Python versions that the new state may have, newest first.

    The installed one alone when it is kept and the requests allow it; else those of the channels when one has Python,
    else those of the interpreters. Without a limit in the requests, the three newest minor versions,
    unless ``every``.
    """
    limits = [spec.match for spec in (*specs, *pins) if spec.name == PYTHON]
    if installed and keep and matching(installed, limits):
        return tuple(installed)
    asked = any(spec.source == INTERPRETER for spec in specs)
    if channels.claims(PYTHON) and not asked:
        available = await channels.versions(PYTHON)
    else:
        available = [str(info.version) for info in interpreters]
    every_one = [*available, *installed]
    allowed = matching(every_one, limits) or every_one  # none is: that is what is wrong, and not each wheel
    return newest_minors(allowed, None if limits or every else MINORS)


def matching(versions: Iterable[str], limits: Sequence[str]) -> list[str]:
    """Return the versions of Python that all limits (MatchSpec texts) allow."""
    from rattler import MatchSpec, PackageRecord
    from rattler.package import BuildString

    specs = [MatchSpec(limit.split("[", 1)[0] + _version_only(limit)) for limit in limits]
    found = []
    for version in dict.fromkeys(versions):
        record = PackageRecord(name=PYTHON, version=version, build=BuildString("0"), build_number=0, subdir="noarch")
        if all(spec.matches(record) for spec in specs):
            found.append(version)
    return found


def newest_minors(versions: Iterable[str], count: int | None) -> tuple[str, ...]:
    """Return the newest version of each ``x.y``, newest first, at most ``count`` of them."""
    from rattler import Version

    best: dict[str, str] = {}
    for version in sorted(versions, key=Version):
        best[".".join(version.split(".")[:2])] = version
    ordered = list(reversed(best.values()))
    return tuple(ordered[:count])


def _version_only(match: str) -> str:
    """Return the version part of a canonical MatchSpec as a bracket, other keys left out."""
    import re

    found = re.search(r'version="([^"]*)"', match)
    return f'[version="{found[1]}"]' if found else ""
