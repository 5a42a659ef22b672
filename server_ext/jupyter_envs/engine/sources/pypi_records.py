"""Wheels as package records, and extras as synthetic ones.

Pure. A wheel whose dependencies differ between Pythons becomes several records with the same file: each asks for its
own Pythons, and the solve chooses. Refuses a release that depends on a file by address (``name @ https://...``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.sources.names import conda_name, extra_record_name
from jupyter_envs.engine.sources.pypi_cache import WheelMetadata
from jupyter_envs.engine.sources.pypi_markers import (
    PythonRange,
    accepted_pythons,
    cut_pythons,
    join_ranges,
    marker_holds,
    minor_range,
)
from jupyter_envs.engine.sources.pypi_select import Release, Target, Wheel
from jupyter_envs.engine.sources.pypi_tags import WheelChoice
from jupyter_envs.engine.sources.pypi_versions import conda_specifier, conda_version, find_requirement, local_label
from jupyter_envs.errors import SourceError

LOCAL_LABELS = 10  # how many local labels of one version are told apart in build numbers


def wheel_records(
    name: str, release: Release, wheel: Wheel, metadata: WheelMetadata, target: Target
) -> list[RepodataRecord]:
    """Return the records of one wheel: one for each set of Pythons that need the same dependencies.

    Parameters
    ----------
    name : str
        The conda name.
    release : Release
        The version that the wheel belongs to.
    wheel : Wheel
        The file.
    metadata : WheelMetadata
        What it says of itself.
    target : Target
        Platform and Pythons.

    Raises
    ------
    SourceError
        When the release cannot be installed from an index: a dependency by address, or one that cannot be read.
    """
    requirements = _requirements(metadata, extra="")
    groups = _by_dependencies(requirements, metadata, wheel, target.subdir, "", lambda found: _depends(found, metadata))
    records = []
    for number, (depends, ranges) in enumerate(groups.items()):
        if _reachable(ranges, target):
            records.append(_record(name, release, wheel, metadata, (depends, ranges), (number, target)))
    return records


def extra_records(
    name: str, extra: str, release: Release, wheel: Wheel, metadata: WheelMetadata, target: Target
) -> list[RepodataRecord]:
    """Return the synthetic records that stand for ``name[extra]`` at one version: its own dependencies and the package.

    They are never installed; whoever solves takes them out of the solution.
    """
    version = conda_version(release.version)
    requirements = _requirements(metadata, extra=extra)
    groups = _by_dependencies(
        requirements, metadata, wheel, target.subdir, extra, lambda found: _depends(found, metadata)
    )
    stands_for = extra_record_name(name, extra)
    records = []
    for number, (depends, ranges) in enumerate(groups.items()):
        if _reachable(ranges, target):
            build = f"{_build(wheel.choice, local_label(release.version))}_{number}"
            records.append(
                RepodataRecord(
                    name=stands_for,
                    version=version,
                    build=build,
                    subdir="noarch",
                    noarch="python",
                    depends=(*_python(ranges), f"{name} =={version}", *depends),
                    fn=f"{stands_for}-{version}-{build}.conda",
                    url=f"{wheel.file.url}#{stands_for}-{build}",
                    channel=wheel.file.index,
                    timestamp=wheel.file.uploaded,
                )
            )
    return records


def _record(
    name: str,
    release: Release,
    wheel: Wheel,
    metadata: WheelMetadata,
    group: tuple[tuple[str, ...], list[PythonRange]],
    place: tuple[int, Target],
) -> RepodataRecord:
    depends, ranges = group
    number, target = place
    file, choice = wheel.file, wheel.choice
    alone = file.sha256 is None  # then the metadata was read from this very file
    virtual = choice.platform.virtual
    machine = (f"{virtual} >={choice.platform.minimum}" if choice.platform.minimum else virtual,) if virtual else ()
    return RepodataRecord(
        name=name,
        version=conda_version(release.version),
        build=f"{_build(choice, local_label(release.version))}_{number}",
        build_number=choice.python.rank * LOCAL_LABELS + min(release.local_rank, LOCAL_LABELS - 1),
        subdir="noarch" if choice.pure else target.subdir,
        noarch="python",
        depends=(*_python(ranges), *depends, *machine),
        fn=_file_name(file.filename, number),
        url=file.url,
        channel=file.index,
        size=file.size or (metadata.size if alone else None),
        sha256=(file.sha256 or (metadata.sha256 if alone else None) or "").lower() or None,
        timestamp=file.uploaded,
    )


def _build(choice: WheelChoice, local: str) -> str:
    """Return the build string without its number: tags, the wheel's build tag, the version's local label."""
    parts = [choice.tag]
    if choice.build_tag != (0, ""):
        parts.append("b{}{}".format(*choice.build_tag))
    if local:
        parts.append(local)
    return "_".join(parts).replace(".", "_").replace("-", "_").lower()


def _file_name(filename: str, number: int) -> str:
    """Return a record's file name: the wheel's own, and for its further records one with a build tag (PEP 427) more.

    rattler refuses two records with the same file name, and conda's cache has one archive for each package directory.
    """
    if number == 0:
        return filename
    parts = filename.split("-")
    tags = parts[-3:]
    build = parts[2] if len(parts) == 6 else "0"
    return "-".join((*parts[:2], f"{build}.{number}", *tags))


def _python(ranges: Sequence[PythonRange]) -> tuple[str, ...]:
    return (f"python {'|'.join(piece.specification() for piece in ranges)}",)


def _reachable(ranges: Sequence[PythonRange], target: Target) -> bool:
    return any(piece.overlaps(minor) for piece in ranges for minor in target.minors)


def _requirements(metadata: WheelMetadata, *, extra: str) -> list[Requirement]:
    """Return the requirements that may matter; with an extra those that only it can add."""
    found = []
    for line in metadata.requires_dist:
        conditional = "extra" in line.partition(";")[2]
        if conditional and not extra and " or " not in line:
            continue  # only an extra can make it true
        if extra and not conditional:
            continue  # the package itself needs it already
        requirement = find_requirement(line)
        if requirement is None:
            raise _unusable(metadata, f"its dependency {line!r} cannot be read")
        found.append(requirement)
    return found


def _by_dependencies(
    requirements: Sequence[Requirement],
    metadata: WheelMetadata,
    wheel: Wheel,
    subdir: str,
    extra: str,
    translate: Callable[[Sequence[Requirement]], tuple[str, ...]],
) -> dict[tuple[str, ...], list[PythonRange]]:
    """Return the dependencies, each with the Pythons that have them, in order of the first of those Pythons."""
    python = wheel.choice.python
    whole = minor_range(python.lowest) if python.exact else PythonRange((*python.lowest, 0))
    requires = metadata.requires_python or wheel.file.requires_python or ""
    accepted = accepted_pythons(requires, whole) if requires else [whole]
    markers = [str(requirement.marker) for requirement in requirements if requirement.marker is not None]
    pieces = [piece for part in accepted for piece in cut_pythons(_about_python(markers), part)]
    groups: dict[tuple[str, ...], list[PythonRange]] = {}
    for piece in pieces:
        needed = [each for each in requirements if _is_needed(each, subdir, piece, extra)]
        groups.setdefault(translate(needed), []).append(piece)
    return {depends: join_ranges(ranges) for depends, ranges in groups.items()}


def _about_python(markers: Sequence[str]) -> list[str]:
    return [marker for marker in markers if "python_version" in marker or "python_full_version" in marker]


def _is_needed(requirement: Requirement, subdir: str, piece: PythonRange, extra: str) -> bool:
    marker = requirement.marker
    if marker is None:
        return True
    if not marker_holds(marker, subdir, piece.start, extra):
        return False
    return not extra or not marker_holds(marker, subdir, piece.start)


def _depends(requirements: Sequence[Requirement], metadata: WheelMetadata) -> tuple[str, ...]:
    """Return requirements as MatchSpec texts, each extra as a dependency on its synthetic record."""
    found: dict[str, None] = {}
    for requirement in requirements:
        if requirement.url is not None:
            raise _unusable(metadata, f"it depends on {requirement.name} by address, which no index has")
        name = conda_name(requirement.name)
        specification = conda_specifier(str(requirement.specifier))
        itself = canonicalize_name(requirement.name) == canonicalize_name(metadata.name)
        if not (itself and requirement.extras):
            found[f"{name} {specification}".strip()] = None
        for extra in sorted(requirement.extras):
            found[f"{extra_record_name(name, extra)} {specification}".strip()] = None
    return tuple(found)


def _unusable(metadata: WheelMetadata, why: str) -> SourceError:
    return SourceError(
        f"{metadata.name} {metadata.version} cannot be installed from an index: {why}",
        hint="choose another version",
        code="source.unusable",
    )
