"""Which paths a package may claim in a prefix; refuses everything that is not a plain path inside it (pure).

A package's ``paths.json`` is not ours to trust: a path must be relative, normal, inside the prefix and outside
``conda-meta/``, which belongs to the engine.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from jupyter_envs.errors import LinkError

# Each is found in "\n" + "\n".join(directories) + "\n" exactly when some directory (ending in "/") is not normal.
_SUSPECT = ("\n/", "//", "/./", "/../", "\n./", "\n../", "\nconda-meta/", "\0")
_ODD_ENDS = frozenset(("", ".", "/"))


def validate_path(path: str, dist: str, *, windows: bool = False, fold_case: bool = False) -> None:
    """Raise ``LinkError`` (``link.bad_path``) unless ``path`` is a plain relative path that a package may own.

    Parameters
    ----------
    path : str
        Relative to the prefix, with forward slashes.
    dist : str
        The package that claims it, for the message.
    windows : bool
        Also refuse what means something else there: backslashes, drive letters, streams.
    fold_case : bool
        The file system may not tell ``Conda-Meta`` from ``conda-meta``.
    """
    parts = path.split("/")
    first = parts[0].casefold() if fold_case else parts[0]
    bad = (
        any(part in ("", ".", "..") for part in parts)
        or first == "conda-meta"
        or "\0" in path
        or (windows and ("\\" in path or ":" in path or any(part != part.rstrip(" .") for part in parts)))
    )
    if bad:
        raise LinkError(
            f"{dist} claims the path {path!r}, which is not a plain path inside the environment",
            hint="the package is broken or hostile: report it to its channel and choose another build",
            code="link.bad_path",
            detail={"package": dist, "path": path},
        )


def directories_of(paths: Iterable[str]) -> set[str]:
    """Return the directory of each path with its final slash; the empty string for the prefix itself."""
    return {path[: path.rfind("/") + 1] for path in paths}


def validate_paths(
    paths: Sequence[str],
    directories: Collection[str],
    dist: str,
    *,
    windows: bool = False,
    fold_case: bool = False,
) -> None:
    """Apply ``validate_path`` to all ``paths``.

    Ordinary paths cost a few searches: their directories (``directories_of``) are far fewer than they.
    """
    if not (windows or fold_case):
        ends = {path[-1:] for path in paths}
        text = "\n" + "\n".join(directories) + "\n"
        normal = ends.isdisjoint(_ODD_ENDS) and "\0" not in "".join(paths) and "conda-meta" not in paths
        if normal and not any(mark in text for mark in _SUSPECT):
            return
    for path in paths:
        validate_path(path, dist, windows=windows, fold_case=fold_case)
