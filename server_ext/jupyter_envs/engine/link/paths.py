"""Which paths a package may claim in a prefix; refuses everything that is not a plain path inside it (pure).

A package's ``paths.json`` is not ours to trust: a path must be relative, normal, inside the prefix and outside
``conda-meta/``, which belongs to the engine.
"""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_envs.errors import LinkError

# Each is found in "\n" + "\n".join(paths) + "\n" exactly when some path is not normal.
_SUSPECT = (
    "\n/",
    "//",
    "/\n",
    "/./",
    "/../",
    "\n./",
    "\n../",
    "/.\n",
    "/..\n",
    "\n.\n",
    "\n..\n",
    "\n\n",
    "\nconda-meta/",
    "\nconda-meta\n",
    "\0",
    "\\",
)


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


def validate_paths(paths: Sequence[str], dist: str, *, windows: bool = False, fold_case: bool = False) -> None:
    """Apply ``validate_path`` to all; a package of ordinary paths costs a few searches in one joined string."""
    if not paths:
        return
    text = "\n" + "\n".join(paths) + "\n"
    strict = windows or fold_case
    if not strict and text.count("\n") == len(paths) + 1 and not any(mark in text for mark in _SUSPECT):
        return
    for path in paths:
        validate_path(path, dist, windows=windows, fold_case=fold_case)
