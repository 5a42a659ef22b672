"""``conda-meta/state`` (CEP 32): the variables that an environment sets when it is activated, as JSON text.

Owns its reading and the text of its next version; who commits a transaction writes it. Conda's mark for a variable that
was unset (``***unset***``) is kept in the file and never shown.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from jupyter_envs.engine.prefix.records import META_DIRECTORY
from jupyter_envs.errors import SpecError, StorageError

STATE_VERSION = 1
UNSET = "***unset***"


def state_path(prefix: str | os.PathLike[str]) -> Path:
    """Return where the state of a prefix lies."""
    return Path(prefix, META_DIRECTORY, "state")


def read_state(prefix: str | os.PathLike[str]) -> dict[str, str]:
    """Return the variables of an environment, in the file's order; none when there is no file.

    Raises ``SpecError`` (``prefix.state``) for a file of another shape and ``StorageError`` for an unreadable one.
    """
    try:
        content = state_path(prefix).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise StorageError.from_os_error(error, "reading the environment's variables") from error
    return parse_state(content, str(state_path(prefix)))


def parse_state(content: bytes, origin: str = "conda-meta/state") -> dict[str, str]:
    """Return the variables in the bytes of a ``state`` file; ``origin`` names it in the error."""
    if not content.strip():
        return {}
    try:
        raw = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _state_error(origin, str(error)) from error
    variables = raw.get("env_vars", {}) if isinstance(raw, dict) else None
    if not isinstance(variables, dict):
        raise _state_error(origin, "env_vars is not an object")
    return {name: str(value) for name, value in variables.items() if value is not None and value != UNSET}


def state_text(variables: Mapping[str, str], before: bytes = b"") -> str:
    """Return the text of a ``state`` file that holds ``variables``, with other keys of the one ``before`` kept."""
    try:
        raw = msgspec.json.decode(before) if before.strip() else {}
    except (msgspec.DecodeError, UnicodeDecodeError):
        raw = {}
    kept = {key: value for key, value in raw.items() if key != "env_vars"} if isinstance(raw, dict) else {}
    body = {"version": STATE_VERSION} | kept | {"env_vars": dict(variables)}
    return msgspec.json.format(msgspec.json.encode(body), indent=2).decode() + "\n"


def _state_error(origin: str, why: str) -> SpecError:
    return SpecError(
        f"the environment's variables cannot be read: {origin} ({why})",
        hint='it must hold {"version": 1, "env_vars": {"NAME": "value"}}; correct it or move it away',
        code="prefix.state",
        detail={"path": origin},
    )
