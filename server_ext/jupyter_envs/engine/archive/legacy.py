"""The paths of packages older than ``info/paths.json``: ``files``, ``has_prefix`` and ``no_link`` (CEP 34).

Pure: takes the three texts, gives entries without digests.
"""

from __future__ import annotations

from jupyter_envs.engine.models.records import PathsEntry

DEFAULT_PLACEHOLDER = "/opt/anaconda1anaconda2anaconda3"


def legacy_paths(
    files: str, has_prefix: str = "", no_link: str = "", links: frozenset[str] = frozenset()
) -> tuple[PathsEntry, ...]:
    r"""Return what ``paths.json`` would have said.

    Parameters
    ----------
    files, has_prefix, no_link : str
        The contents of the files of these names in ``info/``.
    links : frozenset of str
        Those of the paths that are symbolic links.

    >>> legacy_paths("bin/a\nlib/b\n", "bin/a\n")[0].prefix_placeholder
    '/opt/anaconda1anaconda2anaconda3'
    """
    prefixes = parse_has_prefix(has_prefix)
    unlinked = frozenset(_lines(no_link))
    return tuple(_entry(path, prefixes, unlinked, links) for path in _lines(files))


def parse_has_prefix(text: str) -> dict[str, tuple[str, str]]:
    """Return path to (placeholder, mode) of a ``has_prefix`` file.

    A line is a path alone (text mode, the default placeholder) or ``placeholder mode path``, each possibly quoted.
    """
    import shlex

    found: dict[str, tuple[str, str]] = {}
    for line in _lines(text):
        parts = [part.strip("\"'") for part in shlex.split(line, posix=False)]
        if len(parts) == 3 and parts[1] in ("text", "binary"):
            found[parts[2]] = (parts[0], parts[1])
        else:
            found[line.strip("\"'")] = (DEFAULT_PLACEHOLDER, "text")
    return found


def _lines(text: str) -> list[str]:
    return [line for line in (raw.strip() for raw in text.splitlines()) if line and not line.startswith("#")]


def _entry(
    path: str, prefixes: dict[str, tuple[str, str]], unlinked: frozenset[str], links: frozenset[str]
) -> PathsEntry:
    placeholder, mode = prefixes.get(path, (None, None))
    return PathsEntry(
        path=path,
        path_type="softlink" if path in links else "hardlink",
        prefix_placeholder=placeholder,
        file_mode=mode,
        no_link=True if path in unlinked else None,
    )
