"""Which versions and which wheels of a project are worth a record.

Pure. Owns the rules that pip has for this: no yanked file unless its version is pinned, pre-releases only when asked
for or when there is nothing else, one best wheel for each kind of Python. Newest first, no more than a window of
versions, but always some for each limit that is known already. Says why nothing is left when nothing is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from packaging.version import Version

from jupyter_envs.engine.sources.pypi_cache import IndexFile
from jupyter_envs.engine.sources.pypi_markers import accepts_minor
from jupyter_envs.engine.sources.pypi_tags import Minor, PythonSupport, WheelChoice, find_choice, split_wheel_name
from jupyter_envs.engine.sources.pypi_versions import asks_for_prereleases, conda_version, find_version

VERSIONS_PER_LIMIT = 3

Matches = Callable[[str, str], bool]
"""Whether a conda version specification (first) accepts a conda version (second)."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What records are made for. ``exclude_newer`` counts milliseconds since 1970."""

    subdir: str
    minors: tuple[Minor, ...]
    virtual_packages: dict[str, str] = {}
    exclude_newer: int | None = None
    prereleases: bool = False


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the versions that are wanted, as conda version specifications.

    ``wanted`` holds for every version (the person's own words); of ``seen`` (what records made so far say) each is a
    reason to look further down than the window.
    """

    wanted: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    window: int = 12


class Wheel(msgspec.Struct, frozen=True):
    """A file and how it can be used."""

    file: IndexFile
    choice: WheelChoice


class Release(msgspec.Struct, frozen=True):
    """A version and its best wheels, the most specific first.

    ``local_rank`` is its place among versions that differ in the local label only; the highest is preferred.
    """

    version: Version
    wheels: tuple[Wheel, ...]
    local_rank: int = 0


class Selection(msgspec.Struct, frozen=True):
    """The releases to make records of, newest first; ``reason`` says why there are none.

    ``reason`` is empty or one of ``newer``, ``python``, ``platform``, ``sdist``, ``yanked``, ``version``, ``none``.
    """

    releases: tuple[Release, ...]
    truncated: bool = False
    reason: str = ""


def select(
    files: Iterable[IndexFile], sdists: Sequence[str], target: Target, limits: Limits, matches: Matches
) -> Selection:
    """Return the releases of a project that are worth a record.

    Parameters
    ----------
    files : iterable of IndexFile
        All wheels of the project.
    sdists : sequence of str
        Versions that have a source distribution; used only to say why nothing is left.
    target : Target
        Platform, Pythons and time.
    limits : Limits
        Which versions are of interest, and how many.
    matches : callable
        The comparison of conda versions (rattler's).
    """
    grouped = _by_version(files)
    versions = [version for version in sorted(grouped, reverse=True) if _wanted(version, limits.wanted, matches)]
    reasons: list[str] = []
    offered = _offered(versions, grouped, target, limits, reasons)
    chosen, truncated = _choose(offered, limits, matches)
    if chosen:
        return Selection(tuple(_ranked(chosen)), truncated)
    built = [version for text in sdists if (version := find_version(text)) and _wanted(version, limits.wanted, matches)]
    return Selection((), False, _why_nothing(bool(grouped), bool(versions), bool(built), reasons))


def _by_version(files: Iterable[IndexFile]) -> dict[Version, list[IndexFile]]:
    grouped: dict[Version, list[IndexFile]] = {}
    for file in files:
        parts = file.filename.split("-", 2)
        version = find_version(parts[1]) if len(parts) == 3 else None
        if version is not None:
            grouped.setdefault(version, []).append(file)
    return grouped


def _wanted(version: Version, wanted: Sequence[str], matches: Matches) -> bool:
    if not wanted:
        return True
    spelled = conda_version(version)
    return all(matches(specification, spelled) for specification in wanted)


def _offered(
    versions: Sequence[Version],
    grouped: Mapping[Version, Sequence[IndexFile]],
    target: Target,
    limits: Limits,
    reasons: list[str],
) -> Iterable[Release]:
    """Yield usable releases, newest first; final ones only, unless pre-releases are asked for or all there is."""
    pinned = tuple(text for text in (*limits.wanted, *limits.seen) if text.startswith("=="))
    asked = target.prereleases or any(map(asks_for_prereleases, (*limits.wanted, *limits.seen)))
    final = [version for version in versions if not version.is_prerelease]
    found = False
    for version in versions if asked else final:
        release = find_release(version, grouped[version], target, pinned, reasons)
        if release is not None:
            found = True
            yield release
    if not found and not asked:
        for version in versions:
            release = find_release(version, grouped[version], target, pinned, []) if version.is_prerelease else None
            if release is not None:
                yield release


def find_release(
    version: Version, files: Sequence[IndexFile], target: Target, pinned: Sequence[str], reasons: list[str]
) -> Release | None:
    """Return a version with its best wheels, or ``None`` (and a word in ``reasons``) when it has no usable one."""
    usable: list[Wheel] = []
    for file in files:
        reason = _reject(file, version, target, pinned)
        if reason:
            reasons.append(reason)
            continue
        name = split_wheel_name(file.filename)
        choice = find_choice(name, target.subdir, target.virtual_packages) if name is not None else None
        if choice is None:
            reasons.append("platform")
        elif not any(_usable_on(choice.python, file, minor) for minor in target.minors):
            reasons.append("python")
        else:
            usable.append(Wheel(file, choice))
    best = best_wheels(usable, target.minors)
    return Release(version, tuple(best)) if best else None


def _reject(file: IndexFile, version: Version, target: Target, pinned: Sequence[str]) -> str:
    if target.exclude_newer is not None and (file.uploaded is None or file.uploaded > target.exclude_newer):
        return "newer"
    if file.yanked and not any(find_version(text[2:].split(" ")[0]) == _public(version) for text in pinned):
        return "yanked"
    return ""


def _public(version: Version) -> Version:
    return Version(version.public) if version.local else version


def _usable_on(python: PythonSupport, file: IndexFile, minor: Minor) -> bool:
    return python.covers(minor) and accepts_minor(file.requires_python, minor)


def best_wheels(wheels: Sequence[Wheel], minors: Sequence[Minor]) -> list[Wheel]:
    """Return, for each Python, the most specific wheel: own ABI before stable ABI before none, own platform before any.

    Of wheels for the same Pythons the one for the newest platform that the machine has wins, then the build tag.
    """
    ordered = sorted(wheels, key=_specificity, reverse=True)
    chosen: dict[str, Wheel] = {}
    for minor in minors:
        best = next((wheel for wheel in ordered if _usable_on(wheel.choice.python, wheel.file, minor)), None)
        if best is not None:
            chosen[best.file.filename] = best
    return [wheel for wheel in ordered if wheel.file.filename in chosen]


def _specificity(wheel: Wheel) -> tuple[int, tuple[int, ...], tuple[int, str]]:
    return wheel.choice.python.rank, wheel.choice.platform.rank, wheel.choice.build_tag


def _choose(offered: Iterable[Release], limits: Limits, matches: Matches) -> tuple[list[Release], bool]:
    """Return the newest releases up to the window, and further down some for each limit that has none or few yet."""
    missing = dict.fromkeys(limits.seen, VERSIONS_PER_LIMIT)
    chosen: list[Release] = []
    left_out = False
    for release in offered:
        if len(chosen) >= limits.window and not missing:
            return chosen, True
        spelled = conda_version(release.version)
        answered = [text for text in missing if matches(text, spelled)]
        if len(chosen) >= limits.window and not answered:
            left_out = True
            continue
        chosen.append(release)
        for text in answered:
            missing[text] -= 1
            if not missing[text]:
                del missing[text]
    return chosen, left_out


def _ranked(releases: Sequence[Release]) -> Iterable[Release]:
    """Yield the releases, newest first as they come, with their place among equals but for the local label."""
    labels = Counter(release.version.public for release in releases)
    for release in releases:
        labels[release.version.public] -= 1
        yield msgspec.structs.replace(release, local_rank=labels[release.version.public])


def _why_nothing(wheels: bool, versions: bool, sdists: bool, reasons: Sequence[str]) -> str:
    """Return the reason a person can do most about.

    ``wheels``: there are any; ``versions``: some have a version that is wanted; ``sdists``: of such a version there is
    a source distribution.
    """
    if not versions:
        return "sdist" if sdists else ("version" if wheels else "none")
    for reason in ("python", "newer", "yanked", "platform"):
        if reason in reasons:
            return reason
    return "none"
