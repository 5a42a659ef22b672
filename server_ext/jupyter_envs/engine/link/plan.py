"""Decide what goes where: one package's manifest and a target to a ``PackageLinkPlan`` (pure).

Follows CEP 34 (``paths.json``, ``link.json``) and CEP 17 (the environment's own site-packages). Refuses paths that are
not plain ones inside the prefix, a noarch Python package in an environment without Python, and a prefix longer than
the placeholder of a binary file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from jupyter_envs.engine.link.actions import FileAction, LinkTarget, PackageLinkPlan, link_action
from jupyter_envs.engine.link.entry_points import (
    ENTRY_POINT_MODE,
    entry_point_path,
    entry_point_script,
    parse_entry_point,
    windows_launcher,
)
from jupyter_envs.engine.link.paths import validate_path, validate_paths
from jupyter_envs.engine.link.prefix_replace import check_binary_fits
from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.models.platform import PlatformLayout
from jupyter_envs.engine.models.records import PackageManifest, PackageRecord, PathsEntry
from jupyter_envs.errors import LinkError

_SITE_PACKAGES = "site-packages/"
_PYTHON_SCRIPTS = "python-scripts/"
_SCRIPTS = ("pre-link", "post-link", "pre-unlink")


def link_target(prefix: str, layout: PlatformLayout, python: PackageRecord | None) -> LinkTarget:
    """Return the target for an environment with the given ``python`` record.

    Parameters
    ----------
    prefix : str
        Absolute; on Windows in either spelling.
    layout : PlatformLayout
        Of the environment's platform.
    python : PackageRecord
        ``None`` when the environment has no Python. Its ``python_site_packages_path`` (CEP 17) wins over the layout.

    Raises
    ------
    LinkError
        ``link.bad_path``, when ``python_site_packages_path`` leaves the prefix.
    """
    prefix = prefix.replace("\\", "/") if layout.windows else prefix
    if python is None:
        return LinkTarget(prefix=prefix, layout=layout)
    version = python.version
    major, _, rest = version.partition(".")
    minor = rest.split(".")[0]
    site = python.python_site_packages_path
    if site is not None:
        validate_path(site, python.dist, windows=layout.windows)
    pypy = "pypy" in python.build
    return LinkTarget(
        prefix=prefix,
        layout=layout,
        python_version=version,
        site_packages=site or layout.site_packages_for(version),
        cache_tag=None if pypy else f"cpython-{major}{minor}",
        python_executable=layout.python_executable if layout.windows else f"bin/python{major}.{minor}",
    )


def plan_package(manifest: PackageManifest, target: LinkTarget) -> PackageLinkPlan:
    """Return what links one package into the target.

    Raises
    ------
    LinkError
        ``link.bad_path``, ``link.no_python``, ``link.prefix_too_long``, ``link.entry_point`` or ``link.launcher``.
    """
    dist = manifest.record.dist
    python = manifest.noarch == "python"
    if python:
        _require_python(target, dist)
    plain, special = _split(manifest.paths)
    sources = [entry.path for entry in plain]
    to_target = _mapping(target) if python else None
    targets = [to_target(path) for path in sources] if to_target else sources
    actions = [
        _action(entry, to_target(entry.path) if to_target else entry.path, manifest, target) for entry in special
    ]
    if python:
        actions += _wheel_scripts(plain, sources, targets, manifest.directory)
        actions += _entry_points(manifest.entry_points, target, dist)
    plan = PackageLinkPlan(
        record=manifest.record,
        manifest=manifest,
        target=target,
        sources=sources,
        targets=targets,
        entries=plain,
        pyc_sources=[],
        pyc_targets=[],
        actions=actions,
        lost=[],
    )
    _add_pyc(plan, to_target)
    _drop_duplicates(plan)
    paths = plan.paths()
    validate_paths(paths, dist, windows=target.layout.windows, fold_case=not target.layout.subdir.startswith("linux"))
    if to_target:
        validate_paths(sources, dist, windows=target.layout.windows)
    plan.link_scripts = link_scripts(manifest.record.name, paths, target.layout)
    plan.warnings = tuple(_notes(plan))
    return plan


def link_scripts(name: str, paths: Iterable[str], layout: PlatformLayout) -> tuple[str, ...]:
    """Return which of the package's pre-link, post-link and pre-unlink scripts (CEP 34) are among ``paths``."""
    known = {link_script_path(name, kind, layout) for kind in _SCRIPTS}
    found = known.intersection(paths)
    return tuple(path for kind in _SCRIPTS if (path := link_script_path(name, kind, layout)) in found)


def link_script_path(name: str, kind: str, layout: PlatformLayout) -> str:
    """Return where the script of ``kind`` stands, relative to the prefix."""
    return f"{layout.bin_directory}/.{name}-{kind}.{'bat' if layout.windows else 'sh'}"


def _require_python(target: LinkTarget, dist: str) -> None:
    if target.python_version is None or target.site_packages is None:
        raise LinkError(
            f"{dist} is a Python package and the environment has no Python",
            hint="add python to the request, such as `python=3.12`",
            code="link.no_python",
            detail={"package": dist},
        )


def _split(paths: Sequence[PathsEntry]) -> tuple[list[PathsEntry], list[PathsEntry]]:
    """Separate plain hard links, nearly all, from everything that needs a decision."""
    plain: list[PathsEntry] = []
    special: list[PathsEntry] = []
    for entry in paths:
        kind = entry.path_type
        if entry.prefix_placeholder is None and (kind == "hardlink" or kind is None) and not entry.no_link:
            plain.append(entry)
        else:
            special.append(entry)
    return plain, special


def _mapping(target: LinkTarget) -> Callable[[str], str]:
    """Return how the paths of a noarch Python package become paths of the environment."""
    site = f"{target.site_packages}/"
    scripts = f"{target.layout.bin_directory}/"

    def to_target(path: str) -> str:
        if path.startswith(_SITE_PACKAGES):
            return site + path[len(_SITE_PACKAGES) :]
        return scripts + path[len(_PYTHON_SCRIPTS) :] if path.startswith(_PYTHON_SCRIPTS) else path

    return to_target


def _action(entry: PathsEntry, path: str, manifest: PackageManifest, target: LinkTarget) -> FileAction:
    """Return the action for one entry that is not a plain link."""
    source = f"{manifest.directory}/{entry.path}"
    if entry.path_type == "directory":
        return FileAction(path, "directory", path_type="directory", original=entry.path)
    if entry.path_type == "softlink":
        return FileAction(
            path, "softlink", source, "", None, None, "softlink", entry.sha256, entry.size_in_bytes, entry.path
        )
    if entry.prefix_placeholder is None:
        return FileAction(path, "copy", source, sha256=entry.sha256, size=entry.size_in_bytes, original=entry.path)
    binary = entry.file_mode == "binary"
    if binary and target.layout.windows:
        return link_action(manifest.directory, entry.path, path, entry)
    if binary:
        check_binary_fits(entry.prefix_placeholder, target.prefix, path, manifest.record.dist)
    return FileAction(
        path,
        "patch_binary" if binary else "patch_text",
        source,
        entry.prefix_placeholder,
        sha256=entry.sha256,
        size=entry.size_in_bytes,
        original=entry.path,
    )


def _wheel_scripts(plain: list[PathsEntry], sources: list[str], targets: list[str], directory: str) -> list[FileAction]:
    """Move plain files of ``python-scripts/`` out of the bulk lists: a wheel's have ``#!python`` to be filled in."""
    found = [index for index, path in enumerate(sources) if path.startswith(_PYTHON_SCRIPTS)]
    actions = []
    for index in reversed(found):
        entry = plain.pop(index)
        actions.append(
            FileAction(
                targets.pop(index),
                "patch_shebang",
                f"{directory}/{sources.pop(index)}",
                sha256=entry.sha256,
                size=entry.size_in_bytes,
                original=entry.path,
            )
        )
    return actions[::-1]


def _entry_points(texts: Iterable[str], target: LinkTarget, dist: str) -> list[FileAction]:
    layout = target.layout
    python = f"{target.prefix}/{target.python_executable or layout.python_executable}"
    actions = []
    for text in texts:
        entry = parse_entry_point(text, dist)
        make = windows_launcher if layout.windows else entry_point_script
        kind = "windows_python_entry_point_exe" if layout.windows else "unix_python_entry_point"
        content = make(entry, python, layout)
        path = entry_point_path(entry, layout)
        actions.append(FileAction(path, "generate", "", "", content, ENTRY_POINT_MODE, kind, size=len(content)))
    return actions


def _add_pyc(plan: PackageLinkPlan, to_target: Callable[[str], str] | None) -> None:
    """Link compiled files whose source is a plain link; a patched source is newer, so its compiled file is stale."""
    manifest = plan.manifest
    if not manifest.pyc or manifest.pyc_directory is None or plan.target.cache_tag is None:
        return
    own = {path for path in plan.sources if path.endswith(".pyc")}
    changed = {action.original for action in plan.actions if action.original.endswith(".py")}
    ending = f".{plan.target.cache_tag}.pyc"
    for entry in manifest.pyc:
        path = entry.path
        if path in own or not path.endswith(ending):
            continue
        if changed and path.replace("__pycache__/", "").removesuffix(ending) + ".py" in changed:
            continue
        plan.pyc_sources.append(path)
        plan.pyc_targets.append(to_target(path) if to_target else path)


def _drop_duplicates(plan: PackageLinkPlan) -> None:
    """Keep one of two entries for the same path inside one package: an entry point, else the later one."""
    paths = plan.paths()
    if len(set(paths)) == len(paths):
        return
    special = {action.path: action for action in plan.actions}
    pyc = dict(zip(plan.pyc_targets, plan.pyc_sources, strict=True))
    plain = {
        target: (source, entry)
        for target, source, entry in zip(plan.targets, plan.sources, plan.entries, strict=True)
        if target not in special
    }
    plan.targets = list(plain)
    plan.sources = [source for source, _ in plain.values()]
    plan.entries = [entry for _, entry in plain.values()]
    kept = {target: source for target, source in pyc.items() if target not in special and target not in plain}
    plan.pyc_targets, plan.pyc_sources = list(kept), list(kept.values())
    plan.actions = list(special.values())


def _notes(plan: PackageLinkPlan) -> Iterable[PlanWarning]:
    """Yield what the person should know about this package."""
    if any(path.startswith("Menu/") and path.endswith(".json") for path in plan.targets):
        yield PlanWarning(
            code="link.menuinst",
            message=f"{plan.dist} brings desktop menu entries, which are not created",
            hint="start the program from the environment: `jupyter envs run NAME -- COMMAND`",
        )
    if plan.target.layout.subdir == "osx-arm64" and any(action.kind == "patch_binary" for action in plan.actions):
        yield PlanWarning(
            code="link.codesign",
            message=f"{plan.dist} has programs whose code signature ends when the prefix is written into them",
            hint="sign them again with `codesign --sign - --force FILE`",
        )
