"""The package directory: chosen files at their places, their digests, ``info/`` with licences and the recipe.

Takes files whose content is final. Files that are hard links of one another stay so, here and in the archive.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from jupyter_envs.build.collect import found_below, is_left_out, matches, package_path
from jupyter_envs.build.models import Output
from jupyter_envs.engine.models.records import PrefixPathsEntry
from jupyter_envs.errors import BuildError

_EMPTY = hashlib.sha256(b"").hexdigest()
_NOT_OF_RECIPE = {".git", "__pycache__", ".DS_Store"}


def lay_out(
    prefix: str, package: str, chosen: Sequence[str], output: Output, modes: Mapping[str, str]
) -> tuple[PrefixPathsEntry, ...]:
    """Put the chosen files of a prefix into the package directory and return what ``paths.json`` says of them.

    Parameters
    ----------
    prefix : str
        The host prefix, which is the placeholder too.
    package : str
        An empty directory on the same file system.
    chosen : sequence of str
        Paths of the prefix.
    output : Output
        Says where noarch files go, and what must not be linked.
    modes : mapping
        ``text`` or ``binary`` for files that hold the prefix.
    """
    places = {path: package_path(path, output) for path in chosen if not is_left_out(path, output)}
    made: set[str] = set()
    for path, place in places.items():
        source, target = os.path.join(prefix, path), os.path.join(package, place)
        folder = os.path.dirname(target)
        if folder not in made:
            os.makedirs(folder, exist_ok=True)
            made.add(folder)
        if os.path.islink(source):
            os.symlink(os.readlink(source), target)
        elif os.path.isdir(source):
            os.makedirs(target, exist_ok=True)
        else:
            os.link(source, target)
    entries = [_entry(prefix, package, path, place, output, modes.get(path)) for path, place in places.items()]
    return tuple(sorted(entries, key=lambda entry: entry.path))


def _entry(prefix: str, package: str, path: str, place: str, output: Output, mode: str | None) -> PrefixPathsEntry:
    full = os.path.join(package, place)
    no_link = matches(path, output.files.no_link) or None
    if os.path.isdir(full) and not os.path.islink(full):
        return PrefixPathsEntry(path=place, path_type="directory")
    if os.path.islink(full):
        digest, size = _behind(package, place)
        return PrefixPathsEntry(path=place, path_type="softlink", sha256=digest, size_in_bytes=size, no_link=no_link)
    return PrefixPathsEntry(
        path=place,
        path_type="hardlink",
        sha256=file_digest(full),
        size_in_bytes=os.path.getsize(full),
        prefix_placeholder=prefix if mode else None,
        file_mode=mode,
        no_link=no_link,
    )


def _behind(package: str, place: str) -> tuple[str, int]:
    """Return digest and size of the packaged file that a link leads to, else of nothing (as conda-build does)."""
    real = os.path.realpath(os.path.join(package, place))
    if real.startswith(f"{os.path.realpath(package)}/") and os.path.isfile(real):
        return file_digest(real), os.path.getsize(real)
    return _EMPTY, 0


def file_digest(path: str) -> str:
    """Return the sha256 of a file, in hex."""
    with open(path, "rb") as stream:  # noqa: PTH123  # one of many files
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_info(package: str, files: Mapping[str, bytes], epoch: int) -> None:
    """Write files of ``info/`` with the epoch as their time."""
    for path, data in files.items():
        target = Path(package, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        os.utime(target, (epoch, epoch))


def find_licenses(patterns: Sequence[str], recipe_folder: str, work: str, dist: str) -> dict[str, bytes]:
    """Return the licence files that a recipe names, from its own folder or the sources, as ``info/licenses/…``.

    Raises
    ------
    BuildError
        ``build.license``: one is in neither.
    """
    found: dict[str, bytes] = {}
    for pattern in patterns:
        files: list[tuple[str, Path]] = []
        for base in (Path(work), Path(recipe_folder)):
            for name, match in found_below(base, pattern):
                inside = sorted(match.rglob("*")) if match.is_dir() else [match]
                files += [(str(Path(name) / file.relative_to(match)), file) for file in inside if file.is_file()]
            if files:
                break
        if not files:
            raise BuildError(
                f"the licence file {pattern} of {dist} is neither in its sources nor in its recipe",
                hint="correct `license_file` in `about`; it is relative to the sources or to the recipe",
                code="build.license",
            )
        found.update({f"info/licenses/{name}": file.read_bytes() for name, file in files})
    return found


def recipe_files(folder: str, most_bytes: int = 5 << 20) -> dict[str, bytes]:
    """Return the files of a recipe folder as ``info/recipe/…``; large ones (sources that lie there) are left out."""
    found: dict[str, bytes] = {}
    for directory, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - _NOT_OF_RECIPE)
        for name in sorted(set(names) - _NOT_OF_RECIPE):
            path = os.path.join(directory, name)
            if os.path.isfile(path) and not os.path.islink(path) and os.path.getsize(path) <= most_bytes:
                relative = os.path.relpath(path, folder)
                found[f"info/recipe/{relative}"] = Path(path).read_bytes()
                most_bytes -= len(found[f"info/recipe/{relative}"])
    return found


def let_owner_write(prefix: str, paths: Sequence[str]) -> None:
    """Let the owner read and write files that a script closed; archives hold other modes anyway."""
    for path in paths:
        full = os.path.join(prefix, path)
        mode = stat.S_IMODE(os.stat(full).st_mode)
        if mode & 0o600 != 0o600:
            os.chmod(full, mode | 0o600)


def clamp_times(prefix: str, paths: Sequence[str], epoch: int) -> None:
    """Give files that are younger than the epoch its time; soft links too."""
    for path in paths:
        full = os.path.join(prefix, path)
        if os.lstat(full).st_mtime > epoch:
            os.utime(full, (epoch, epoch), follow_symlinks=False)


def save_tree(prefix: str, paths: Sequence[str], target: str) -> None:
    """Copy files of a prefix into another tree, as they are."""
    for path in paths:
        destination = Path(target, path)
        destination.parent.mkdir(parents=True, exist_ok=True)
        source = os.path.join(prefix, path)
        if os.path.isdir(source) and not os.path.islink(source):
            destination.mkdir(exist_ok=True)
        else:
            shutil.copy2(source, destination, follow_symlinks=False)
