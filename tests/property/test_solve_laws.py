"""Laws of the solve on small random worlds: cores are minimal, fixes work, orders are topological, answers repeat."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_envs.engine.models.events import CancelToken, NullReporter
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.solve.conflict import conflict_of
from jupyter_envs.engine.solve.core import Budget, Core
from jupyter_envs.engine.solve.order import dependency_name, topological_order
from jupyter_envs.engine.solve.request import Solution, SolveRequest
from jupyter_envs.engine.solve.run import solve
from jupyter_envs.errors import SolveError
from jupyter_envs.settings import Settings
from support.repodata import RepodataChannel

NAMES = ("a", "b", "c", "d")
VERSIONS = ("1", "2", "3")
LIMITS = ("", ">=2", "<2", "<3", "==1", "==3")
LAWS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

depends = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(LIMITS)), max_size=2)
worlds = st.fixed_dictionaries({(name, version): depends for name in NAMES for version in VERSIONS})
requests = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(LIMITS)).map("".join), min_size=1, max_size=5, unique=True
)
World = dict[tuple[str, str], list[tuple[str, str]]]


class Asked:
    """A world in a folder, asked as often as wanted.

    Its packages need later names only: the solver's text of a conflict has no end where they need each other in a
    circle (``engine.solve.memory``), and this process must not be the one that is ended.
    """

    def __init__(self, world: World, folder: str) -> None:
        channel = RepodataChannel(Path(folder) / "world")
        for (name, version), needs in world.items():
            channel.add(name, version, depends=[f"{need} {limit}".strip() for need, limit in needs if need > name])
        self.settings = Settings(
            root=folder,
            envs_directories=(),
            package_directories=(),
            channels=(channel.write().url,),
            sources=("conda",),
        )

    def solve(self, *specs: str) -> Solution:
        return solve(SolveRequest(specs=specs), self.settings, NullReporter(), CancelToken())

    def works(self, specs: list[str]) -> bool:
        try:
            self.solve(*specs)
        except SolveError:
            return False
        return True


@given(world=worlds, specs=requests)
@LAWS
def test_a_core_is_minimal_and_its_fixes_work(world: World, specs: list[str]) -> None:
    """The core has no solution; without any one of its requests it has one; each fix has the versions it promises."""
    with tempfile.TemporaryDirectory() as folder:
        asked = Asked(world, folder)
        try:
            asked.solve(*specs)
        except SolveError as error:
            conflict = conflict_of(error)
        else:
            return
        core = [request.text for request in conflict.requests]
        assert conflict.minimal
        assert not asked.works(core)
        for one in core if len(core) > 1 else ():
            assert asked.works([other for other in core if other != one])
        for fix in conflict.fixes:
            changed = [fix.replacement if spec == fix.request else spec for spec in specs if spec not in fix.also]
            got = {r.name: r.version for r in asked.solve(*(spec for spec in changed if spec)).records}
            assert fix.versions.items() <= got.items()


@given(world=worlds, specs=requests)
@LAWS
def test_a_solution_is_complete_ordered_and_stable(world: World, specs: list[str]) -> None:
    """All needs are there, each before what needs it; solved again with it installed, it stays."""
    with tempfile.TemporaryDirectory() as folder:
        asked = Asked(world, folder)
        try:
            records = asked.solve(*specs).records
        except SolveError:
            return
        names = {record.name for record in records}
        assert all(dependency_name(need) in names for record in records for need in record.depends)
        assert asked.solve(*reversed(specs)).records == records
        request = SolveRequest(specs=tuple(specs), installed=records)
        assert solve(request, asked.settings, NullReporter(), CancelToken()).records == records


@given(
    edges=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=25),
    shuffled=st.permutations(list(range(10))),
)
def test_order_is_topological_where_there_is_no_circle(edges: list[tuple[int, int]], shuffled: list[int]) -> None:
    """With edges from higher to lower numbers only there is no circle: each record comes after all it needs."""
    needs: dict[int, set[int]] = {number: set() for number in range(10)}
    for left, right in edges:
        if left != right:
            needs[max(left, right)].add(min(left, right))
    records = [
        RepodataRecord(
            name=f"p{number}", version="1", depends=tuple(f"p{n}" for n in sorted(needs[number])), fn="x", url="y"
        )
        for number in shuffled
    ]
    order = [record.name for record in topological_order(records)]
    place = {name: index for index, name in enumerate(order)}
    assert len(order) == 10
    assert all(place[f"p{need}"] < place[f"p{number}"] for number, deps in needs.items() for need in deps)


@given(
    size=st.integers(1, 20),
    clashes=st.lists(st.sets(st.integers(0, 19), min_size=1, max_size=4), min_size=1, max_size=3),
)
def test_quickxplain_finds_a_minimal_failing_set(size: int, clashes: list[set[int]]) -> None:
    """For any monotone failure, what is found fails, and none of it can be left out."""
    relevant = [clash for clash in clashes if max(clash) < size] or [{0}]

    async def fails(subset: object) -> bool:
        return any(clash <= set(subset) for clash in relevant)  # type: ignore[call-overload]  # a sequence of int

    core, minimal = asyncio.run(Core(fails, Budget(tries=10_000, seconds=60)).find(list(range(size))))
    assert minimal
    assert any(clash <= set(core) for clash in relevant)
    assert not any(clash <= set(core) - {one} for one in core for clash in relevant)
