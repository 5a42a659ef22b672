"""What goes between the asking process and its child: one JSON object a line. Pure.

The first line to the child is its settings (they may hold credentials of proxies: neither on disk nor in the
arguments). Then questions, in any number and answered in any order; an ``id`` ties them together.
"""

from __future__ import annotations

from typing import Any

import msgspec

from jupyter_envs import errors
from jupyter_envs.errors import EnvsError, StorageError


class Question(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One question. An empty ``verb`` means: nobody waits for the answer to ``id`` any more."""

    id: int
    verb: str = ""
    arguments: dict[str, Any] = {}


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One answer: a ``result``, or an ``error`` with the name of its class as ``kind``."""

    id: int
    result: Any = None
    error: dict[str, Any] | None = None
    kind: str = ""


def failure(question_id: int, error: BaseException) -> Answer:
    """Return the answer for a question that failed."""
    if isinstance(error, OSError) and error.errno is not None:
        error = StorageError.from_os_error(error, "looking at the environments")
    elif not isinstance(error, EnvsError):
        error = EnvsError(
            f"{type(error).__name__}: {error}",
            hint="this is a fault of jupyter-envs; the server's log shows where it happened",
            code="internal",
        )
    return Answer(id=question_id, error=error.to_dict(), kind=type(error).__name__)


def error_of(answer: Answer) -> EnvsError:
    """Return the error that an answer tells, as the class that it had in the child."""
    told = answer.error or {}
    cls = getattr(errors, answer.kind, EnvsError)
    if not (isinstance(cls, type) and issubclass(cls, EnvsError)):
        cls = EnvsError
    return cls(
        str(told.get("message", "")),
        hint=str(told.get("hint", "")),
        code=str(told.get("code", "")),
        detail=told.get("detail") or {},
    )
