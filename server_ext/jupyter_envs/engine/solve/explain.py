"""Why requests cannot go together, found by solving: the smallest clash, what each side needs, and fixes that work.

Owns the order of the questions: unknown names first, then the core, its needs, its fixes. Refuses to promise a fix that
was not solved, and stops after a bounded number of tries.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.solve.conflict import Conflict, ConflictRequest, Fix
from jupyter_envs.engine.solve.core import Budget, BudgetSpent, Core
from jupyter_envs.engine.solve.needs import Item, find_needs
from jupyter_envs.engine.solve.problem import Problem, Unsolvable, version_limits
from jupyter_envs.engine.solve.pythons import PYTHON
from jupyter_envs.engine.solve.specs import RequestedSpec
from jupyter_envs.engine.solve.unknown import find_unknown
from jupyter_envs.errors import EnvsError, OfflineError, SolveError

CORE_TRIES = 60
CORE_SECONDS = 12.0
FIX_TRIES = 30
FIX_SECONDS = 12.0
FIX_ORDER = ("widen", "python", "unpin", "drop")


async def explain(
    problem: Problem, specs: Sequence[RequestedSpec], pins: Sequence[RequestedSpec], solver_text: str
) -> EnvsError:
    """Return the error that explains why a problem has no solution.

    A ``SolveError`` with ``detail["conflict"]`` (see ``conflict.Conflict``), or an ``OfflineError`` naming what is not
    cached when that may be the reason.
    """
    index = problem.index(version_limits((*specs, *pins)))
    missing = sorted(index.missing_offline) if index is not None else []
    problem.settle()
    if missing:
        return OfflineError(
            f"not enough is cached to solve offline; nothing is known of {', '.join(missing)}",
            hint="run once without --offline",
            detail={"missing": missing},
        )
    if problem.setup.pypi is not None and not await problem.candidates(PYTHON):
        return _no_python(specs, solver_text)
    unknown = await find_unknown(problem, specs)
    if unknown:
        return Conflict(unknown=unknown, solver_text=solver_text).to_error()
    items = [*(Item(spec) for spec in specs), *(Item(pin, pin=True) for pin in pins)]
    budget = Budget(tries=CORE_TRIES, seconds=CORE_SECONDS)
    core, minimal = await find_core(problem, items, budget)
    needs = await find_needs(problem, core, budget) if minimal else ()
    conflict = Conflict(
        requests=tuple(_shown(item) for item in core),
        needs=needs,
        fixes=await find_fixes(problem, items, core),
        minimal=minimal,
        hint=_hint(problem, core),
        solver_text=solver_text,
    )
    return conflict.to_error()


def _no_python(specs: Sequence[RequestedSpec], solver_text: str) -> EnvsError:
    names = ", ".join(spec.name for spec in specs if spec.name != PYTHON) or "anything"
    return SolveError(
        f"there is no Python to install {names} for: no source in use has one",
        hint="add `--source interpreter` for a Python of this machine, or a channel that has one with -c",
        code="solve.no_python",
        detail={"solver_text": solver_text},
    )


async def find_core(problem: Problem, items: Sequence[Item], budget: Budget) -> tuple[list[Item], bool]:
    """Return the smallest set of requests and pins that cannot go together, and whether it surely is.

    A request for versions that no wheel has fails alone: nothing needs to be tried.
    """
    for item in items:
        if not item.pin and not await problem.has_wheel(item.spec):
            return [item], True

    async def fails(subset: Sequence[Item]) -> bool:
        return await solved(problem, subset) is None

    return await Core(fails, budget).find(items)


async def solved(problem: Problem, items: Iterable[Item]) -> tuple[RepodataRecord, ...] | None:
    """Return the solution of some requests and pins, or ``None``."""
    items = tuple(items)
    try:
        return await problem.solve(
            [item.spec for item in items if not item.pin], [item.spec for item in items if item.pin]
        )
    except Unsolvable:
        return None


async def find_fixes(problem: Problem, items: Sequence[Item], core: Sequence[Item]) -> tuple[Fix, ...]:
    """Return the changes of one request (or of Python) with which all others can be fulfilled; each was solved."""
    budget = Budget(tries=FIX_TRIES, seconds=FIX_SECONDS)
    names = {item.spec.name for item in core}
    fixes: list[Fix] = []
    try:
        for item in core:
            fixes += await _fixes_of(problem, items, item, names, budget)
        if not any(fix.kind == PYTHON for fix in fixes):
            fixes += await _other_python(problem, items, names, budget)
        if not fixes and len(items) > 1:
            fixes += await _largest_part(problem, items, budget)
    except BudgetSpent:
        pass  # what was found until now is still true
    return tuple(sorted(fixes, key=lambda fix: FIX_ORDER.index(fix.kind)))


async def _fixes_of(problem: Problem, items: Sequence[Item], item: Item, names: set[str], budget: Budget) -> list[Fix]:
    """Return the fixes that change one item: its version limit taken away, or itself."""
    others = [other for other in items if other is not item]
    text = item.spec.text
    if item.pin:
        budget.spend()
        records = await solved(problem, others)
        return [] if records is None else [Fix(kind="unpin", request=text, versions=_versions(records, names))]
    fixes = []
    if item.spec.match != item.spec.name:
        wide = item.spec.without_version()
        budget.spend()
        records = await solved(problem, [Item(wide) if other is item else other for other in items])
        if records is not None:
            fixes.append(_widened(item.spec, wide, records, names))
    if len(items) > 1:
        budget.spend()
        records = await solved(problem, others)
        if records is not None:
            versions = _versions(records, names - {item.spec.name})
            fixes.append(Fix(kind="drop", request=text, versions=versions))
    return fixes


def _widened(spec: RequestedSpec, wide: RequestedSpec, records: Sequence[RepodataRecord], names: set[str]) -> Fix:
    versions = _versions(records, names | {spec.name})
    if spec.name != "python":
        return Fix(kind="widen", request=spec.text, replacement=wide.text, versions=versions)
    replacement = f"{wide.text}={_minor(versions['python'])}"
    return Fix(kind="python", request=spec.text, replacement=replacement, versions=versions)


async def _other_python(problem: Problem, items: Sequence[Item], names: set[str], budget: Budget) -> list[Fix]:
    """Return the fix that takes another Python, when the one that wheels were looked up for was the limit."""
    if problem.setup.any_python is None:
        return []
    budget.spend()
    asked = next((item.spec for item in items if item.spec.name == PYTHON and not item.pin), None)
    free = [item for item in items if item.spec.name != PYTHON]
    other = await problem.setup.any_python()
    other.settle()
    try:
        records = await solved(other, free)
    finally:
        other.close()
    python = next((record for record in records or () if record.name == PYTHON), None)
    if records is None or python is None:
        return []
    replacement = f"{PYTHON}={_minor(python.version)}"
    versions = _versions(records, names | {"python"})
    return [Fix(kind="python", request=asked.text if asked else "", replacement=replacement, versions=versions)]


async def _largest_part(problem: Problem, items: Sequence[Item], budget: Budget) -> list[Fix]:
    """Return the fix that leaves several requests out: pins stay, and each request that goes with those before it."""
    kept = [item for item in items if item.pin]
    left_out: list[str] = []
    records: tuple[RepodataRecord, ...] = ()
    for item in (item for item in items if not item.pin):
        budget.spend()
        tried = await solved(problem, [*kept, item])
        if tried is None:
            left_out.append(item.spec.text)
        else:
            kept.append(item)
            records = tried
    if not left_out or not records:
        return []
    versions = _versions(records, {item.spec.name for item in kept})
    return [Fix(kind="drop", request=left_out[0], also=tuple(left_out[1:]), versions=versions)]


def _versions(records: Iterable[RepodataRecord], names: Iterable[str]) -> dict[str, str]:
    wanted = set(names)
    return {record.name: record.version for record in sorted(records, key=lambda r: r.name) if record.name in wanted}


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _hint(problem: Problem, core: Sequence[Item]) -> str:
    """Return what the index advises about a request that fails alone; empty when it has nothing to say."""
    index = problem.index()
    said = index.unavailable.get(core[0].spec.name) if index is not None and len(core) == 1 else None
    return said.hint if said is not None else ""


def _shown(item: Item) -> ConflictRequest:
    return ConflictRequest(text=item.spec.text, name=item.spec.name, kind="pin" if item.pin else "request")
