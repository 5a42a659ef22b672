"""Why the Python index has nothing usable for a name, in a sentence and a hint.

Pure. Owns the words; the reasons are decided in ``pypi_select``.
"""

from __future__ import annotations

from datetime import UTC, datetime

from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.sources.pypi_index import Project
from jupyter_envs.engine.sources.pypi_select import Selection, Target

OFFLINE_CODES = frozenset({"pypi.offline", "pypi.metadata_missing"})


def explain(project: Project, selection: Selection, target: Target) -> PlanWarning:
    """Return why a project gave no record.

    Parameters
    ----------
    project : Project
        What the indexes have.
    selection : Selection
        What was chosen of it: nothing, with a reason, or releases whose metadata could not be had.
    target : Target
        What was asked for.
    """
    if project.missing_offline and not project.wheels:
        return _offline(project)
    if not project.found:
        return PlanWarning(
            code="pypi.unknown",
            message=f"the Python index has no project {project.name}",
            hint="check the spelling, or the index in `pip config list`",
        )
    if selection.releases:
        return _unread(project)
    return _EXPLANATIONS.get(selection.reason, _nothing)(project, target)


def _offline(project: Project) -> PlanWarning:
    return PlanWarning(
        code="pypi.offline",
        message=f"{project.name} is not in the cache of the Python index",
        hint="plan once without --offline",
    )


def _unread(project: Project) -> PlanWarning:
    return PlanWarning(
        code="pypi.metadata_missing",
        message=f"the metadata of {project.name} is not at hand",
        hint="plan once without --offline",
    )


def _only_sources(project: Project, target: Target) -> PlanWarning:
    return PlanWarning(
        code="pypi.sdist_only",
        message=f"{project.name} has only source distributions"
        if not project.wheels
        else f"the versions of {project.name} that were asked for have only source distributions",
        hint=f"build a wheel (`pip wheel {project.name}`) into a folder that pip's find-links names, "
        "or choose another version",
    )


def _other_versions(project: Project, target: Target) -> PlanWarning:
    return PlanWarning(
        code="pypi.no_version",
        message=f"no wheel of {project.name} has a version that was asked for",
        hint=_sdist_hint(project) or f"`jupyter envs search {project.name}` lists the versions",
    )


def _other_pythons(project: Project, target: Target) -> PlanWarning:
    pythons = ", ".join(f"{major}.{minor}" for major, minor in target.minors)
    return PlanWarning(
        code="pypi.no_python",
        message=f"no wheel of {project.name} is for Python {pythons}",
        hint="ask for another Python, for example `python=3.12`, or for an older version of the package",
    )


def _other_platforms(project: Project, target: Target) -> PlanWarning:
    return PlanWarning(
        code="pypi.no_platform",
        message=f"no wheel of {project.name} is for {target.subdir}",
        hint=_sdist_hint(project) or "choose another version, or a conda channel that has it",
    )


def _too_new(project: Project, target: Target) -> PlanWarning:
    moment = datetime.fromtimestamp((target.exclude_newer or 0) / 1000, tz=UTC)
    unknown = all(file.uploaded is None for file in project.wheels)
    return PlanWarning(
        code="pypi.no_upload_time" if unknown else "pypi.too_new",
        message=f"the index does not say when {project.name} was uploaded"
        if unknown
        else f"{project.name} has no wheel from before {moment:%Y-%m-%d %H:%M} UTC",
        hint="plan without --exclude-newer" if unknown else "choose a later --exclude-newer",
    )


def _yanked(project: Project, target: Target) -> PlanWarning:
    return PlanWarning(
        code="pypi.yanked",
        message=f"every suitable version of {project.name} has been withdrawn by its authors",
        hint=f"ask for the exact version (`{project.name}==...`) if you need it all the same",
    )


def _nothing(project: Project, target: Target) -> PlanWarning:
    return PlanWarning(
        code="pypi.no_wheel", message=f"the Python index has no wheel of {project.name}", hint="choose another package"
    )


def _sdist_hint(project: Project) -> str:
    if not project.sdists:
        return ""
    return "some versions have source distributions only; build a wheel, or choose another version"


_EXPLANATIONS = {
    "sdist": _only_sources,
    "version": _other_versions,
    "python": _other_pythons,
    "platform": _other_platforms,
    "newer": _too_new,
    "yanked": _yanked,
}
