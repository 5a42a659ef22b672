"""What an environment may be called (CEP 24's rules, and what folders and kernels on every platform can hold). Pure."""

from __future__ import annotations

import re

from jupyter_envs.errors import SpecError

MAX_NAME = 64
RESERVED = ("base", "root")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def validate_name(name: str, *, otherwise: str = "") -> str:
    """Return the name; raises ``SpecError`` (``spec.name``) with what is wrong and a name that would do.

    ``otherwise`` is what else whoever gave the name may have meant; it ends the hint.
    """
    problem = _problem(name)
    if problem is None:
        return name
    suggestion = suggest_name(name)
    raise SpecError(
        f"{name!r} is not a name for an environment: {problem}",
        hint=f"{suggestion!r} would do" + (f"; {otherwise}" if otherwise else ""),
        code="spec.name",
        detail={"name": name, "suggestion": suggestion},
    )


def is_name(name: str) -> bool:
    """Tell whether an environment may be called so."""
    return _problem(name) is None


def suggest_name(text: str) -> str:
    """Return the nearest valid name for any text."""
    cleaned = re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip(".-")[:MAX_NAME].rstrip(".-")
    return cleaned if cleaned and cleaned.lower() not in RESERVED else f"{cleaned or 'my'}-env"


def _problem(name: str) -> str | None:
    if not name:
        return "it is empty"
    if len(name) > MAX_NAME:
        return f"it has {len(name)} characters, {MAX_NAME} are allowed"
    if name.lower() in RESERVED:
        return "conda reserves it"
    if name[0] in ".-":
        return f"it begins with {name[0]!r}"
    if not _NAME.fullmatch(name):
        return "only letters, digits, '_', '.' and '-' are allowed"
    return "it ends with '.'" if name.endswith(".") else None
