"""Decide what goes where: one package's manifest and a target to a ``PackageLinkPlan`` (pure).

Follows CEP 34 (``paths.json``, ``link.json``) and CEP 17 (the environment's own site-packages). Refuses paths that are
not plain ones inside the prefix, a noarch Python package in an environment without Python, and a prefix longer than
the placeholder of a binary file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence

from jupyter_envs.engine.link.actions import FileAction, LinkTarget, PackageLinkPlan, link_action
from jupyter_envs.engine.link.entry_points import (
    ENTRY_POINT_MODE,
    entry_point_path,
    entry_point_script,
    parse_entry_point,
    windows_launcher,
)
from jupyter_envs.engine.link.paths import directories_of, validate_path, validate_paths
from jupyter_envs.engine.link.prefix_replace import check_binary_fits
from jupyter_envs.engine.models.origins import CONDA, source_of
from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.models.platform import PlatformLayout
from jupyter_envs.engine.models.records import PackageManifest, PackageRecord, PathsEntry
from jupyter_envs.errors import LinkError

Mapper = Callable[[Sequence[str], Collection[str]], list[str]]
"""Maps paths; the second argument are their directories when these are known, else empty."""

_SITE_PACKAGES = "site-packages/"
_PYTHON_SCRIPTS = "python-scripts/"
_MENU = re.compile(r"Menu/[^/]+\.json")
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
    directories = directories_of(sources)
    targets = to_target(sources, directories) if to_target else sources
    places = [entry.path for entry in special]
    places = to_target(places, ()) if to_target else places
    plan = PackageLinkPlan(
        record=manifest.record,
        manifest=manifest,
        target=target,
        sources=sources,
        targets=targets,
        entries=plain,
        pyc_sources=[],
        pyc_targets=[],
        actions=[_action(entry, path, manifest, target) for entry, path in zip(special, places, strict=True)],
        lost=[],
    )
    _add_pyc(plan, to_target)
    plan.directories = set(to_target(list(directories), ())) if to_target else directories
    plan.directories |= directories_of(places) | directories_of(plan.pyc_targets)
    if python:
        _add_scripts(plan)
    _claim(plan)
    layout = target.layout
    validate_paths(
        plan.paths(),
        plan.directories,
        dist,
        windows=layout.windows,
        fold_case=not layout.subdir.startswith("linux"),
    )
    if source_of(manifest.record) == CONDA:  # a wheel may install a program of any name, and is promised not to run
        plan.link_scripts = link_scripts(manifest.record.name, plan.claimed, layout)
    plan.warnings = tuple(_notes(plan))
    return plan


def link_scripts(name: str, paths: Collection[str], layout: PlatformLayout) -> tuple[str, ...]:
    """Return which of the package's pre-link, post-link and pre-unlink scripts (CEP 34) are among ``paths``."""
    return tuple(path for kind in _SCRIPTS if (path := link_script_path(name, kind, layout)) in paths)


def script_title(dist: str, path: str) -> str:
    """Return how a script is called where a person agrees to it."""
    return f"{dist}: {path}"


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


def place_directories(directories: Collection[str], target: LinkTarget, *, noarch: str | None) -> list[str]:
    """Return where a package's directories (each with its final slash) will be in the environment."""
    if noarch != "python" or target.site_packages is None:
        return list(directories)
    return _mapping(target)(list(directories), ())


def _mapping(target: LinkTarget) -> Mapper:
    """Return how the paths of a noarch Python package become paths of the environment."""
    site = f"{target.site_packages}/"
    scripts = f"{target.layout.bin_directory}/"
    in_site, in_scripts = len(_SITE_PACKAGES), len(_PYTHON_SCRIPTS)

    def to_target(paths: Sequence[str], directories: Collection[str]) -> list[str]:
        if directories and all(directory.startswith(_SITE_PACKAGES) for directory in directories):
            return [site + path[in_site:] for path in paths]
        return [
            site + path[in_site:]
            if path.startswith(_SITE_PACKAGES)
            else (scripts + path[in_scripts:] if path.startswith(_PYTHON_SCRIPTS) else path)
            for path in paths
        ]

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


def _add_scripts(plan: PackageLinkPlan) -> None:
    """Add the commands of a noarch Python package: its entry points, and the scripts that hold ``#!python``."""
    target = plan.target
    bin_directory = f"{target.layout.bin_directory}/"
    if any(path.startswith(bin_directory) for path in plan.directories):
        plan.actions += _wheel_scripts(plan)
    if plan.manifest.entry_points:
        plan.actions += _entry_points(plan.manifest.entry_points, target, plan.dist)
        plan.directories.add(bin_directory)


def _wheel_scripts(plan: PackageLinkPlan) -> list[FileAction]:
    """Move plain files of ``python-scripts/`` out of the bulk lists: a wheel's have ``#!python`` to be filled in."""
    found = [index for index, path in enumerate(plan.sources) if path.startswith(_PYTHON_SCRIPTS)]
    actions = []
    for index in reversed(found):
        entry = plan.entries.pop(index)
        path, source = plan.targets.pop(index), plan.sources.pop(index)
        source = f"{plan.manifest.directory}/{source}"
        size = entry.size_in_bytes
        actions.append(FileAction(path, "patch_shebang", source, sha256=entry.sha256, size=size, original=entry.path))
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


def _add_pyc(plan: PackageLinkPlan, to_target: Mapper | None) -> None:
    """Link compiled files whose source is a plain link; a patched source is newer, so its compiled file is stale."""
    manifest = plan.manifest
    if not manifest.pyc or manifest.pyc_directory is None or plan.target.cache_tag is None:
        return
    own = {path for path in plan.sources if path.endswith(".pyc")}
    changed = {action.original for action in plan.actions if action.original.endswith(".py")}
    ending = f".{plan.target.cache_tag}.pyc"
    paths = [entry.path for entry in manifest.pyc if entry.path.endswith(ending) and entry.path not in own]
    if changed:
        paths = [path for path in paths if source_of_pyc(path, ending) not in changed]
    plan.pyc_sources = paths
    plan.pyc_targets = to_target(paths, ()) if to_target else paths


def source_of_pyc(path: str, ending: str) -> str:
    """Return ``a/b.py`` for ``a/__pycache__/b.cpython-311.pyc`` and its ending ``.cpython-311.pyc``."""
    directory, _, name = path.rpartition("__pycache__/")
    return f"{directory}{name.removesuffix(ending)}.py"


def _claim(plan: PackageLinkPlan) -> None:
    """Fill ``claimed``; of two entries for one path keep the entry point, else the later one."""
    special = [action.path for action in plan.actions if action.kind != "directory"]
    plan.claimed = {*plan.targets, *plan.pyc_targets, *special}
    if len(plan.claimed) == len(plan.targets) + len(plan.pyc_targets) + len(special):
        return
    actions = {action.path: action for action in plan.actions if action.kind != "directory"}
    plain = {
        target: (source, entry)
        for target, source, entry in zip(plan.targets, plan.sources, plan.entries, strict=True)
        if target not in actions
    }
    compiled = dict(zip(plan.pyc_targets, plan.pyc_sources, strict=True))
    kept = {path: source for path, source in compiled.items() if path not in actions and path not in plain}
    plan.targets = list(plain)
    plan.sources = [source for source, _ in plain.values()]
    plan.entries = [entry for _, entry in plain.values()]
    plan.pyc_targets, plan.pyc_sources = list(kept), list(kept.values())
    plan.actions = [*(action for action in plan.actions if action.kind == "directory"), *actions.values()]


def _notes(plan: PackageLinkPlan) -> Iterable[PlanWarning]:
    """Yield what the person should know about this package."""
    if "Menu/" in plan.directories and any(_MENU.fullmatch(path) for path in plan.claimed):
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
