"""A magic's line as words, the way a shell takes it apart; what jupyter-envs is asked, and how it is to speak. Pure."""

from __future__ import annotations

import os
import shlex

from . import VERBS
from .problems import RequestError

PROGRAM = "jupyter envs"


def split(line: str, magic: str) -> list[str]:
    """Return the words of a line: quotes and backslashes as in a shell, and nothing else of it.

    Raises
    ------
    RequestError
        A quote is not closed.
    """
    try:
        return shlex.split(line)
    except ValueError as error:
        reason = str(error).lower().rstrip(".")
        raise RequestError(
            f"cannot read the line: {reason}: %{magic} {line}",
            code="spec.usage",
            hint="""quotes come in pairs: %envinstall "numpy<3" polars""",
        ) from None


def request_for(magic: str, words: list[str], prefix: str) -> dict[str, object]:
    """Return the request that ``jupyter_envs.cli.stream`` reads."""
    verb = VERBS[magic][0]
    return {
        "argv": [verb, "-p", prefix, *words],
        "command": " ".join([f"%{magic}", *(shlex.quote(word) for word in words)]),
        "spelling": spelling(prefix),
    }


def spelling(prefix: str) -> dict[str, str]:
    """Return how commands begin in hints and fixes, and what a person types in a cell instead; the longest first."""
    known = {f"{PROGRAM} execute": "%envinstall --plan", f"`{PROGRAM} plan`": "`%envinstall --dry-run`"}
    names = ["NAME", "analysis", f"-p {shlex.quote(prefix)}", shlex.quote(os.path.basename(prefix))]
    for magic, (verb, _) in VERBS.items():
        command = f"{PROGRAM} {verb}"
        beginnings = [f"{command} {name}" for name in names]
        known.update(dict.fromkeys(beginnings, f"%{magic}"))
        known.update({f"{command} [OPTIONS] {name}": f"%{magic} [OPTIONS]" for name in ("NAME", "[NAME]")})
        known.update({f"`{command}{after}": f"`%{magic}{after}" for after in ("`", " --")})
    return dict(sorted(known.items(), key=lambda item: -len(item[0])))
