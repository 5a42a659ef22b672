"""Ids of environments in URLs: base64url, without padding, of the absolute path. Pure.

A path is its own identity, so an id holds over restarts, between servers and for environments of other tools. Refuses
what is not the id of an absolute, normal path.
"""

from __future__ import annotations

import base64
import binascii
import os

from jupyter_envs.errors import NotFoundError

PATTERN = r"[A-Za-z0-9_-]+"


def environment_id(path: str) -> str:
    """Return the id of the environment at an absolute path."""
    return base64.urlsafe_b64encode(os.fsencode(path)).decode().rstrip("=")


def path_of(identifier: str) -> str:
    """Return the path of an id.

    Raises
    ------
    NotFoundError
        The text is not an id.
    """
    try:
        path = os.fsdecode(base64.b64decode(identifier + "=" * (-len(identifier) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        path = ""
    if not os.path.isabs(path) or os.path.normpath(path) != path or "\0" in path:
        raise no_environment(identifier)
    return path


def no_environment(what: str) -> NotFoundError:
    """Return the error for an id, or a path, where there is no environment."""
    return NotFoundError(
        f"there is no environment {what}",
        hint="it may have been deleted or renamed; refresh the list",
        code="not_found.environment",
    )
