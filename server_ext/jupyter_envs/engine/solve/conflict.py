"""A conflict as data: which requests cannot go together, what each needs, and fixes that were tried. Values only."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from jupyter_envs.errors import SolveError


class ConflictRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One of the requests that cannot go together. ``kind`` ``pin`` is a line of ``conda-meta/pinned``."""

    text: str
    name: str
    kind: Literal["request", "pin"] = "request"


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """What a request needs of a package that they disagree about.

    ``request`` needs ``spec`` (such as ``numpy >=2``) because of ``chain``: the packages with their versions from the
    request to the one that says so. ``available`` is ``False`` when no source offers anything that fulfils it;
    ``reason`` says why, such as ``the newest is 2.1``.
    """

    request: str
    name: str
    spec: str
    chain: tuple[str, ...] = ()
    available: bool = True
    reason: str = ""


class Fix(msgspec.Struct, frozen=True, kw_only=True):
    """A change of the requests that was solved and works.

    ``kind`` is ``widen`` (ask without the version limit), ``python`` (another Python), ``drop`` (leave it out) or
    ``unpin``. ``request`` is what is changed, ``replacement`` what it becomes (empty when left out), ``also`` are
    further requests that must be left out with it. ``versions`` are those that the packages in conflict then have.
    """

    kind: Literal["widen", "python", "drop", "unpin"]
    request: str
    replacement: str = ""
    also: tuple[str, ...] = ()
    versions: dict[str, str] = {}


class UnknownName(msgspec.Struct, frozen=True, kw_only=True):
    """A requested name that no source has, with names that may have been meant, and why when the source knows."""

    text: str
    name: str
    suggestions: tuple[str, ...] = ()
    reason: str = ""


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request has no solution.

    ``minimal`` is ``False`` when time ran out before the smallest set was found; ``hint`` is what the source of a
    request that fails alone advises; ``solver_text`` is rattler's own report, for people.
    """

    requests: tuple[ConflictRequest, ...] = ()
    needs: tuple[Need, ...] = ()
    fixes: tuple[Fix, ...] = ()
    unknown: tuple[UnknownName, ...] = ()
    minimal: bool = True
    hint: str = ""
    solver_text: str = ""

    def to_error(self) -> SolveError:
        """Return the error that shows the conflict as one sentence, its best fix as the hint."""
        detail: dict[str, object] = {"conflict": msgspec.to_builtins(self)}
        if self.unknown:
            return SolveError(_unknown_sentence(self), hint=_unknown_hint(self), code="solve.unknown", detail=detail)
        return SolveError(_sentence(self), hint=_hint(self), code="solve.conflict", detail=detail)


def conflict_of(error: SolveError) -> Conflict:
    """Return the conflict that an error carries."""
    found: Any = error.detail.get("conflict", {})
    return msgspec.convert(found, Conflict)


def _sentence(conflict: Conflict) -> str:
    texts = [_shown(request) for request in conflict.requests]
    told = [need for need in conflict.needs if not _is_own(need)] or conflict.needs
    needs = "; ".join(dict.fromkeys(_need_text(need) for need in told))
    because = f": {needs}" if needs else ""
    if not texts:
        return "the requests cannot be fulfilled"
    if len(texts) == 1:
        return f"{texts[0]} cannot be installed{because}"
    return f"{_joined(texts)} cannot go together{because}"


def _shown(request: ConflictRequest) -> str:
    return f"the pin {request.text!r}" if request.kind == "pin" else request.text


def _need_text(need: Need) -> str:
    via = f" (by {need.chain[-1]})" if len(need.chain) > 1 else ""
    missing = f", which no source has{_reason(need)}" if not need.available else _reason(need)
    if need.name.startswith("__") and need.reason:
        missing = f", and {need.reason}"
    if _is_own(need) and not need.available:
        return f"no source has {need.spec}{_reason(need)}"
    return f"{need.request} needs {need.spec}{via}{missing}"


def _is_own(need: Need) -> bool:
    """Whether the need is the request's own version limit."""
    return need.chain == (need.name,)


def _reason(need: Need) -> str:
    return f" ({need.reason})" if need.reason else ""


def _hint(conflict: Conflict) -> str:
    """Return the best fix; before leaving something out, what its source advises."""
    if not conflict.fixes or (conflict.hint and conflict.fixes[0].kind == "drop"):
        return conflict.hint or "ask for fewer packages at once, or loosen their versions"
    fix = conflict.fixes[0]
    versions = ", ".join(f"{name} {version}" for name, version in sorted(fix.versions.items()))
    result = f" (gives {versions})" if versions else ""
    if fix.kind == "drop":
        return f"leave out {_joined([fix.request, *fix.also])}{result}"
    if fix.kind == "unpin":
        return f"remove the line {fix.request!r} from conda-meta/pinned{result}"
    if not fix.request:
        return f'add "{fix.replacement}"{result}'
    return f'ask for "{fix.replacement}" instead of "{fix.request}"{result}'


def _unknown_sentence(conflict: Conflict) -> str:
    names = [unknown.name for unknown in conflict.unknown]
    reasons = [unknown.reason for unknown in conflict.unknown if unknown.reason]
    if len(names) == 1 and reasons:
        return reasons[0]
    return f"no source has {_joined(names, 'or')}" + ("; " + "; ".join(reasons) if reasons else "")


SPELLING_HINT = (
    "check the spelling (the Python index is asked for exact names only); "
    "`jupyter envs search PART` looks through channels and well-known names"
)


def _unknown_hint(conflict: Conflict) -> str:
    parts = [
        f"for {unknown.name}: did you mean {_joined(unknown.suggestions, 'or')}?"
        if len(conflict.unknown) > 1
        else f"did you mean {_joined(unknown.suggestions, 'or')}?"
        for unknown in conflict.unknown
        if unknown.suggestions
    ]
    return " ".join(parts) or SPELLING_HINT


def _joined(texts: tuple[str, ...] | list[str], word: str = "and") -> str:
    texts = list(texts)
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} {word} {texts[-1]}"
