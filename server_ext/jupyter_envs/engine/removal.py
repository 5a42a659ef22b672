"""Removes trees that others may be removing, or still using, at the same time.

On NFS a file that a process of this machine has open stays when it is removed, under a name of the client's own
(``.nfs…``), until it is closed; its directory stays with it. That is no error: whoever called looks again later. A file
of that kind may be held by another machine, so it is left to its client, but for one that has lain there for long.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import time

HELD = re.compile(r"\.nfs[0-9a-f.]{8,}")
HELD_SECONDS = 30 * 24 * 3600
"""A client that lives removes the file when it is closed; of one that is gone it would stay for ever."""


def remove_tree(directory: str | os.PathLike[str], *, ignore_errors: bool = False) -> bool:
    """Delete a directory and all that is in it, following no link; return whether it is gone.

    Parameters
    ----------
    directory : path
        One that is not there is gone.
    ignore_errors : bool
        Delete as much as can be deleted.

    Raises
    ------
    OSError
        The first thing that cannot be deleted; whatever else can has been.
    """
    errors: list[OSError] = []
    _remove(os.fspath(directory), errors)
    if errors and not ignore_errors:
        raise errors[0]
    return not os.path.lexists(directory)


def is_held(name: str) -> bool:
    """Tell whether a name is one that an NFS client gives to a removed file that is still open.

    >>> is_held(".nfs00000000000a1b2c00000001"), is_held("nfs.conf")
    (True, False)
    """
    return HELD.fullmatch(name) is not None


def _remove(directory: str, errors: list[OSError]) -> None:
    try:
        with os.scandir(directory) as listing:
            entries = list(listing)
    except FileNotFoundError:
        return
    except OSError as error:
        errors.append(error)
        return
    for entry in entries:
        try:
            if entry.is_dir(follow_symlinks=False):
                _remove(entry.path, errors)
            elif not is_held(entry.name) or _is_forgotten(entry):
                os.unlink(entry.path)
        except FileNotFoundError:
            continue
        except OSError as error:
            errors.append(error)
    try:
        os.rmdir(directory)
    except FileNotFoundError:
        return
    except OSError as error:
        if not (error.errno in (errno.ENOTEMPTY, errno.EEXIST) and _only_held(directory)):
            errors.append(error)


def _is_forgotten(entry: os.DirEntry[str]) -> bool:
    return time.time() - entry.stat(follow_symlinks=False).st_ctime > HELD_SECONDS


def _only_held(directory: str) -> bool:
    """Tell whether nothing but held files is left below a directory."""
    with contextlib.suppress(FileNotFoundError), os.scandir(directory) as listing:
        return all(
            _only_held(entry.path) if entry.is_dir(follow_symlinks=False) else is_held(entry.name) for entry in listing
        )
    return True
