"""Which of the new files become the package, and where they stand in it (pure but for globbing names).

Refuses files that belong to another package (collisions), absolute links out of the prefix, and binaries in noarch
packages. Leaves out what never belongs into one: ``conda-meta``, ``.git``, ``*.la``, ``*.pyo``, compiled files of
noarch packages.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from jupyter_envs.build.models import FileRules, Output
from jupyter_envs.errors import BuildError

_NEVER = re.compile(
    r"(^|/)\.git(/|$)|(^|/)\.DS_Store$|\.la$|\.pyo$|^conda-meta(/|$)|\.egg-link$|(^|/)easy-install\.pth$"
    r"|^share/info/dir$|(^|/)__pycache__/.*\.tmp|^pyvenv\.cfg$|(^|/)direct_url\.json$"
)
_SITE_PACKAGES = re.compile(r"^lib/python\d+\.\d+/site-packages/")
_OFTEN_REWRITTEN = re.compile(
    r"(^|/)(__pycache__(/|$)|.*\.pyc$)|^share/(info/dir|mime/|icons/.*\.cache|applications/mimeinfo\.cache)"
    r"|^(etc/fonts/|var/cache/)|\.dist-info/(RECORD|REQUESTED|INSTALLER)$|^conda-meta(/|$)|^lib/gio/modules/giomodule.cache$"
)


def matches(path: str, patterns: Sequence[str]) -> bool:
    """Tell whether a path fits a glob, or lies in a folder that a pattern names.

    >>> [matches("lib/python3.11/a.py", [each]) for each in ("lib/", "lib", "lib/**/*.py", "*.py", "bin/*")]
    [True, True, True, True, False]
    """
    return any(_match(path, pattern) for pattern in patterns)


def _match(path: str, pattern: str) -> bool:
    pattern = pattern.removeprefix("./")
    folder = pattern.rstrip("/")
    if path == folder or path.startswith(f"{folder}/"):
        return True
    return fnmatch.fnmatchcase(path, pattern) or fnmatch.fnmatchcase(path, pattern.replace("**/", ""))


def found_below(base: Path, pattern: str) -> list[tuple[str, Path]]:
    """Return what fits a pattern of a recipe, with the name that it gets elsewhere: one from above has no ``..`` there.

    Nothing fits a pattern that is an absolute path.
    """
    if os.path.isabs(pattern):
        return []
    matches = sorted(base.glob(pattern.rstrip("/")))
    return [("/".join(part for part in match.relative_to(base).parts if part != ".."), match) for match in matches]


def choose(
    new: Sequence[str],
    changed: Sequence[str],
    staged: Collection[str],
    rules: FileRules,
    owners: Mapping[str, str],
    dist: str,
) -> list[str]:
    """Return the paths that belong to the package, sorted.

    Parameters
    ----------
    new, changed : sequence of str
        Of the difference of snapshots.
    staged : collection of str
        What the recipe's own script installed: part of the package only when ``rules.select`` names it.
    rules : FileRules
        The output's.
    owners : mapping
        Installed packages by path, for messages.
    dist : str
        The package.

    Raises
    ------
    BuildError
        ``build.collision``: the script wrote into another package's file.
        ``build.files``: a pattern that fits nothing.
    """
    allowed = [path for path in changed if matches(path, rules.always_include)]
    collisions = [path for path in changed if path not in allowed and not _OFTEN_REWRITTEN.search(path)]
    if collisions:
        raise collision(collisions, owners, dist)
    offered = [path for path in (*new, *allowed) if not _NEVER.search(path)]
    if rules.select is None:
        chosen = [path for path in offered if path not in staged]
    else:
        available = sorted({*offered, *(path for path in staged if not _NEVER.search(path))})
        chosen = [path for path in available if matches(path, rules.select)]
        _check_patterns(rules.select, available, dist)
    return sorted(path for path in chosen if not matches(path, rules.exclude))


def _check_patterns(patterns: Sequence[str], available: Sequence[str], dist: str) -> None:
    for pattern in patterns:
        if not any(matches(path, [pattern]) for path in available):
            raise BuildError(
                f"no file fits {pattern!r}, which the files of {dist} name",
                hint="the job's log shows what the script installed; patterns are relative to the prefix",
                code="build.files",
            )


def collision(paths: Sequence[str], owners: Mapping[str, str], dist: str) -> BuildError:
    """Return the error for files of other packages that a script has written to."""
    shown = ", ".join(f"{path} (of {owners.get(path, 'nobody known')})" for path in paths[:3])
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return BuildError(
        f"the build script of {dist} changed files of other packages: {shown}{more}",
        hint="install under other names, take that package out of host, or name the file in always_include_files",
        code="build.collision",
        detail={"paths": list(paths)},
    )


def link_target(prefix: str, path: str, target: str) -> str:
    """Return what a soft link shall say in the package: relative, and inside it.

    Raises
    ------
    BuildError
        ``build.symlink``: it points out of the prefix.
    """
    relative = target
    if os.path.isabs(target):
        inside = os.path.normpath(target)
        if not inside.startswith(f"{prefix}/"):
            raise _leaving(path, target)
        relative = os.path.relpath(inside, os.path.join(prefix, os.path.dirname(path)))
    if os.path.normpath(os.path.join(os.path.dirname(path), relative)).startswith(".."):
        raise _leaving(path, target)
    return relative


def _leaving(path: str, target: str) -> BuildError:
    return BuildError(
        f"the link {path} points out of the package: {target}",
        hint="link to a path inside the prefix, relative to the link's own folder (`ln -s -r`)",
        code="build.symlink",
        detail={"path": path, "target": target},
    )


def package_path(path: str, output: Output) -> str:
    """Return where a file of the prefix stands in the package; noarch Python has a layout of its own.

    >>> from jupyter_envs.build.models import Output
    >>> noarch = Output(name="a", version="1", build_string="0", noarch="python")
    >>> package_path("lib/python3.11/site-packages/a.py", noarch)
    'site-packages/a.py'
    """
    if output.noarch != "python":
        return path
    if path.startswith("bin/") and not path.startswith("bin/."):  # bin/.name-post-link.sh stays where it is
        return f"python-scripts/{path.removeprefix('bin/')}"
    return _SITE_PACKAGES.sub("site-packages/", path)


def is_left_out(path: str, output: Output) -> bool:
    """Tell whether a chosen file is made anew when the package is linked: compiled files and entry points of noarch."""
    if output.noarch != "python":
        return False
    commands = {f"bin/{point.partition('=')[0].strip()}" for point in output.entry_points}
    return path.endswith(".pyc") or path in commands or path.endswith("__pycache__")
