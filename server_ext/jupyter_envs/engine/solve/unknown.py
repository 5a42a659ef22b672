"""Requested names that no source has, and what may have been meant.

Owns the search for similar names, those of well-known projects and of imported modules among them. Asks the Python
index about a handful of spellings only.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from jupyter_envs.engine.solve.conflict import UnknownName
from jupyter_envs.engine.solve.problem import Problem
from jupyter_envs.engine.solve.pythons import PYTHON
from jupyter_envs.engine.solve.specs import INTERPRETER, PYPI, RequestedSpec
from jupyter_envs.engine.sources.modules import PACKAGES, find_packages, known_modules
from jupyter_envs.engine.sources.names import conda_name
from jupyter_envs.engine.sources.well_known import SUMMARIES

SUGGESTIONS = 3
SIMILARITY = 0.75
UNKNOWN_CODES = ("pypi.unknown", "pypi.offline")


async def find_unknown(problem: Problem, specs: Sequence[RequestedSpec]) -> tuple[UnknownName, ...]:
    """Return the requests whose name no source has, each with what may have been meant."""
    return tuple(
        [
            UnknownName(
                text=spec.text,
                name=spec.name,
                suggestions=await suggest(problem, spec.name),
                reason=_reason(problem, spec),
            )
            for spec in specs
            if not spec.name.startswith("__") and not await is_known(problem, spec)
        ]
    )


async def is_known(problem: Problem, spec: RequestedSpec) -> bool:
    """Whether a source that a request may come from knows its name, be it without anything that can be used."""
    if spec.source not in ("", PYPI, INTERPRETER):
        return any(spec.name in state.names for state in problem.channels.usable if state.ref.is_called(spec.source))
    if not spec.source and problem.channels.claims(spec.name):
        return True
    if await problem.candidates(spec.name):
        return True
    index = problem.index()
    said = index.unavailable.get(spec.name) if index is not None else None
    return said is not None and said.code not in UNKNOWN_CODES and not find_packages(spec.name)


async def suggest(problem: Problem, name: str) -> tuple[str, ...]:
    """Return at most three existing names that may have been meant, the likeliest first."""
    known = {known for state in problem.channels.usable for known in state.names}
    guesses = [*map(conda_name, find_packages(name)), *variants(name)]
    guesses += similar_names(name, known)
    unique = dict.fromkeys(guess for guess in guesses if guess and guess != name)
    return tuple([guess for guess in unique if guess in known or await problem.has(guess)][:SUGGESTIONS])


def similar_names(name: str, known: Iterable[str] = ()) -> list[str]:
    """Return names like this one among known and well-known ones and those of modules, by conda's spelling."""
    packages = map(conda_name, PACKAGES | SUMMARIES.keys())
    modules = [find_packages(module)[0] for module in close_names(name, known_modules())]
    return [*close_names(name, {*known, *packages}), *map(conda_name, modules)]


def variants(name: str) -> tuple[str, ...]:
    """Return other spellings of a name: with and without ``python-``/``py``, hyphens for underscores."""
    base = name.lower().replace("_", "-")
    stripped = base.removeprefix("python-").removeprefix("py-").removesuffix("-python")
    spellings = [base, base.replace("-", "_"), stripped, f"python-{stripped}", f"py{stripped}"]
    return tuple(one for one in dict.fromkeys(spellings) if one and one != name)


def close_names(name: str, known: Iterable[str]) -> list[str]:
    """Return similar names, the most similar first; only names of about the same length are compared."""
    near = [one for one in known if abs(len(one) - len(name)) <= 3 and one[:1] == name[:1]]
    return difflib.get_close_matches(name, sorted(near), n=SUGGESTIONS, cutoff=SIMILARITY)


def _reason(problem: Problem, spec: RequestedSpec) -> str:
    """Return why a source has nothing of a name, when it knows."""
    if spec.source == INTERPRETER or (spec.name == PYTHON and not problem.channels.claims(PYTHON)):
        return "no channel has a python and no interpreter was found on this machine"
    index = problem.index()
    said = index.unavailable.get(spec.name) if index is not None else None
    return said.message if said is not None and said.code not in UNKNOWN_CODES else ""
