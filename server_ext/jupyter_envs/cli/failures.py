"""Errors as a person reads them: what happened, what to do; conflicts with their fixes as commands. Pure.

Owns the grammar: ``error:`` and a sentence, ``hint:`` and what works. Refuses to show tracebacks.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from jupyter_envs.cli.session import PROGRAM
from jupyter_envs.errors import EnvsError, SolveError

if TYPE_CHECKING:
    from jupyter_envs.engine.solve.conflict import Conflict


def failure_lines(error: EnvsError, argv: Sequence[str]) -> list[str]:
    """Return the lines that show an error.

    Parameters
    ----------
    error : EnvsError
        What ended the command.
    argv : sequence of str
        What was typed after ``jupyter envs``; fixes are spelled as changes of it.
    """
    if isinstance(error, SolveError) and error.detail.get("conflict"):
        return [*conflict_lines(error, argv), *_silent_lines(error)]
    lines = [f"error: {error.message}"]
    if error.hint:
        lines.append(f" hint: {error.hint}")
    return lines


def _silent_lines(error: SolveError) -> list[str]:
    """Return what is to be said of channels that had no part in a solve: it may be all that was wrong."""
    silent = error.detail.get("unreachable")
    return [f" note: {' and '.join(map(str, silent))} cannot be reached"] if isinstance(silent, list) else []


def conflict_lines(error: SolveError, argv: Sequence[str]) -> list[str]:
    """Return a conflict in plain language: what cannot go together, why, and commands that were tried and work."""
    from jupyter_envs.engine.solve.conflict import Fix, conflict_of

    conflict: Conflict = conflict_of(error)
    if conflict.unknown:
        return _unknown_lines(error, conflict, argv)
    requests = [f"the pin {request.text!r}" if request.kind == "pin" else request.text for request in conflict.requests]
    alone = _is_alone(conflict)
    lines = [f"error: {error.message if alone else _heading(requests)}"]
    for need in () if alone else conflict.needs:
        through = f" (through {' → '.join(need.chain[1:])})" if len(need.chain) > 1 else ""
        missing = ", which no source has" if not need.available else ""
        lines.append(f"   {need.request} needs {need.spec}{through}{missing}")
    if not conflict.fixes:
        return [*lines, f" hint: {error.hint}"]
    lines.append(" What works:")
    fixes: list[Fix] = [fix for fix in conflict.fixes if fix.kind != "drop" or len(conflict.requests) > 1]
    for fix in fixes or conflict.fixes:
        versions = ", ".join(f"{name} {version}" for name, version in sorted(fix.versions.items()))
        lines.append(f"   {fix_command(fix.kind, fix.request, fix.replacement, argv)}")
        if versions:
            lines.append(f"      gives {versions}")
    return lines


def _is_alone(conflict: Conflict) -> bool:
    """Tell whether one request is not to be had by itself: then the message says all, also why."""
    texts = [request.text for request in conflict.requests if request.kind != "pin"]
    needs = [(need.request, len(need.chain) > 1, need.available) for need in conflict.needs]
    return len(texts) == 1 and needs == [(texts[0], False, False)]


def _heading(requests: Sequence[str]) -> str:
    if not requests:
        return "the requests cannot be fulfilled"
    if len(requests) == 1:
        return f"{requests[0]} cannot be installed"
    return f"{', '.join(requests[:-1])} and {requests[-1]} cannot go together"


def _unknown_lines(error: SolveError, conflict: object, argv: Sequence[str]) -> list[str]:
    from jupyter_envs.engine.solve.conflict import Conflict

    assert isinstance(conflict, Conflict)
    lines = [f"error: {error.message}"]
    suggested = [(unknown.text, unknown.suggestions[0]) for unknown in conflict.unknown if unknown.suggestions]
    if error.hint:
        lines.append(f" hint: {error.hint}")
    if len(suggested) == len(conflict.unknown) and all(text in argv for text, _ in suggested):
        words = list(argv)
        for text, suggestion in suggested:
            words[words.index(text)] = suggestion
        lines.append(f"   {PROGRAM} {shlex.join(words)}")
    return lines


def fix_command(kind: str, request: str, replacement: str, argv: Sequence[str]) -> str:
    """Return a fix as what to type (or, for a pin, to do).

    A request that was made now is changed in the command; one from earlier is changed or removed beside it.
    """
    words = list(argv)
    if kind == "unpin":
        return f"remove the line {request!r} from conda-meta/pinned"
    if kind == "drop":
        if request in words:
            words.remove(request)
            return f"{PROGRAM} {shlex.join(words)}"
        return f"leave out {request}"
    if request in words:
        words[words.index(request)] = replacement
    elif replacement not in words:
        words.append(replacement)
    return f"{PROGRAM} {shlex.join(words)}"
