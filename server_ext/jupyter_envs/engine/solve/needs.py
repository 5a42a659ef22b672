"""What the requests of a conflict need of the packages they disagree about.

Owns the comparison: each request is solved alone, and the dependencies of what it brings are held against those of the
others. Answers for the versions that the solver would take; older ones may need something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

import msgspec

from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.solve.conflict import Need
from jupyter_envs.engine.solve.core import Budget, BudgetSpent, Core
from jupyter_envs.engine.solve.order import closure, dependency_name
from jupyter_envs.engine.solve.problem import Problem, Unsolvable, version_limits
from jupyter_envs.engine.solve.pythons import PYTHON
from jupyter_envs.engine.solve.specs import RequestedSpec, parse_spec
from jupyter_envs.engine.sources.base import from_rattler
from jupyter_envs.errors import SpecError

NAMES_SHOWN = 2


class Item(msgspec.Struct, frozen=True):
    """A request, or a pin that limits all of them."""

    spec: RequestedSpec
    pin: bool = False


async def find_needs(problem: Problem, core: Sequence[Item], budget: Budget) -> tuple[Need, ...]:
    """Return what the requests of a minimal core need of the names they disagree about; few when time runs out."""
    try:
        if len(core) == 1:
            return await _needs_of_one(problem, core[0].spec, budget)
        return await _needs_of_several(problem, core, budget)
    except BudgetSpent:
        return ()


async def _needs_of_several(problem: Problem, core: Sequence[Item], budget: Budget) -> tuple[Need, ...]:
    said = [need for item in core for need in await _says(problem, item, budget)]
    clashes: list[list[Need]] = []
    for name in sorted({need.name for need in said}):
        about = [need for need in said if need.name == name]
        if len({need.request for need in about}) > 1 and not name.startswith("__"):
            clashes += await _clash(problem, name, about)
    clashes.sort(key=lambda clash: (clash[0].name == PYTHON, sum(len(need.chain) for need in clash)))
    return tuple(need for clash in clashes[:NAMES_SHOWN] for need in clash)


async def _says(problem: Problem, item: Item, budget: Budget) -> list[Need]:
    """Return all that an item says about versions: its own limit, and the dependencies of what it brings."""
    spec = item.spec
    own = [Need(request=spec.text, name=spec.name, spec=readable(spec.match), chain=(spec.name,))]
    if item.pin:
        return own
    budget.spend()
    try:
        records = await problem.solve([spec])
    except Unsolvable:
        return own
    return (own if spec.match != spec.name else []) + _dependencies(spec, records)


def _dependencies(spec: RequestedSpec, records: Sequence[RepodataRecord]) -> list[Need]:
    by_name = {record.name: record for record in records}
    return [
        Need(
            request=spec.text,
            name=dependency_name(depend),
            spec=depend,
            chain=tuple(f"{one} {by_name[one].version}" for one in chain),
        )
        for name, chain in closure([spec.name], records).items()
        for depend in by_name[name].depends
    ]


async def _clash(problem: Problem, name: str, about: Sequence[Need]) -> list[list[Need]]:
    """Return what requests say about a name and no record fulfils: two with short chains, else all, else none."""
    records = await problem.candidates(name)
    limits = {spec: _allowed(spec, records) for spec in {need.spec for need in about}}
    if any(len(allowed) == len(records) for allowed in limits.values()):
        about = [need for need in about if len(limits[need.spec]) < len(records)]
    short = sorted(about, key=lambda need: len(need.chain))
    for left, right in combinations(short, 2):
        if left.request != right.request and not limits[left.spec] & limits[right.spec]:
            return [sorted([left, right], key=about.index)]
    if about and not frozenset.intersection(*(limits[need.spec] for need in about)):
        return [_shortest(about)]
    return []


def _allowed(spec: str, records: Sequence[Any]) -> frozenset[int]:
    """Return the places of the records that a MatchSpec text matches; all when rattler cannot read it."""
    matchers = _match_specs([spec])
    return frozenset(place for place, record in enumerate(records) if all(one.matches(record) for one in matchers))


def _shortest(about: Sequence[Need]) -> list[Need]:
    """Return one need per request: the one with the shortest chain."""
    best: dict[str, Need] = {}
    for need in sorted(about, key=lambda need: len(need.chain)):
        best.setdefault(need.request, need)
    return [best[request] for request in dict.fromkeys(need.request for need in about)]


async def _needs_of_one(problem: Problem, spec: RequestedSpec, budget: Budget) -> tuple[Need, ...]:
    """Return why a request fails alone: nothing fits it, or what fits needs what is not there."""
    candidates = await problem.candidates(spec.name)
    matcher = _match_specs([spec.match])
    fitting = [record for record in candidates if all(one.matches(record) for one in matcher)]
    if not fitting:
        return (_missing(spec, await _why_nothing_fits(problem, spec, candidates)),)
    best = from_rattler(max(fitting, key=lambda record: (record.version, record.build_number)))
    return tuple(await _failing(problem, spec, best, budget)) or await _excluded(problem, spec, best)


async def _why_nothing_fits(problem: Problem, spec: RequestedSpec, candidates: Sequence[Any]) -> str:
    """Return what is there instead, or what the index says of the versions that were asked for."""
    index = problem.index(version_limits([spec]))
    if index is not None:
        await index.records(spec.name)
        said = index.unavailable.get(spec.name)
        if said is not None and (not candidates or said.code not in ("pypi.no_version", "pypi.unknown")):
            return str(said.message)
    return _newest_text(candidates) or "nothing of that name is there"


def _missing(spec: RequestedSpec, reason: str) -> Need:
    """Return the need that a request itself is, when nothing fulfils it."""
    wanted = readable(spec.match)
    return Need(request=spec.text, name=spec.name, spec=wanted, chain=(spec.name,), available=False, reason=reason)


async def _failing(problem: Problem, spec: RequestedSpec, best: RepodataRecord, budget: Budget) -> list[Need]:
    """Return the dependencies of the best record that cannot be had, alone or together."""
    depends = [(depend, parsed) for depend in best.depends if (parsed := _parsed(depend)) is not None]

    async def fails(subset: Sequence[tuple[str, RequestedSpec]]) -> bool:
        try:
            await problem.solve([parsed for _, parsed in subset])
        except Unsolvable:
            return True
        return False

    if not depends or not await fails(depends):
        return []
    core, _ = await Core(fails, budget).find(depends)
    chain = (f"{best.name} {best.version}",)
    return [
        Need(
            request=spec.text,
            name=parsed.name,
            spec=depend,
            chain=chain,
            available=len(core) > 1,
            reason=await _why_missing(problem, parsed) if len(core) == 1 else "",
        )
        for depend, parsed in core
    ]


async def _why_missing(problem: Problem, spec: RequestedSpec) -> str:
    if spec.name.startswith("__"):
        for package in problem.setup.virtual_packages:
            if package.name.normalized == spec.name:
                return f"this machine has {package.version}"
        return "this machine has none"
    return _newest_text(await problem.candidates(spec.name)) or _unavailable(problem, spec.name)


async def _excluded(problem: Problem, spec: RequestedSpec, best: RepodataRecord) -> tuple[Need, ...]:
    """Return the reason when the best record is kept out although all it needs is there."""
    cutoff = problem.setup.exclude_newer
    first = next((state for state in problem.channels.usable if spec.name in state.names), None)
    if first is not None and not first.ref.holds(best.url) and problem.setup.priority == "strict":
        reason = f"{best.version} is not from channel {first.ref.shown}, which comes first"
    elif cutoff is not None and best.timestamp and best.timestamp / 1000 > cutoff.timestamp():
        reason = f"{best.version} is newer than {cutoff.date().isoformat()}"
    else:
        return ()
    return (_missing(spec, reason),)


def readable(match: str) -> str:
    """Return a canonical MatchSpec as people write it: ``numpy[version=">=2"]`` -> ``numpy >=2``."""
    from rattler import MatchSpec

    return str(MatchSpec(match))


def _newest_text(candidates: Iterable[Any]) -> str:
    versions = sorted({record.version for record in candidates})
    return f"the newest is {versions[-1]}" if versions else ""


def _unavailable(problem: Problem, name: str) -> str:
    """Return what the index says of a name that it has nothing usable of."""
    index = problem.index()
    said = index.unavailable.get(name) if index is not None else None
    return said.message if said is not None else "nothing of that name is there"


def _match_specs(texts: Iterable[str]) -> list[Any]:
    """Return rattler's MatchSpecs; a dependency that rattler cannot read limits nothing."""
    from rattler import MatchSpec
    from rattler.exceptions import InvalidMatchSpecError

    specs = []
    for text in dict.fromkeys(texts):
        try:
            specs.append(MatchSpec(text))
        except InvalidMatchSpecError:
            continue
    return specs


def _parsed(depend: str) -> RequestedSpec | None:
    try:
        return parse_spec(depend)
    except SpecError:
        return None
