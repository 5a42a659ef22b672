"""The smallest failing set is found with few tries."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from jupyter_envs.engine.solve.core import Budget, BudgetSpent, Core


def find(items: list[int], clash: set[int], *, tries: int = 1000) -> tuple[list[int], bool, int]:
    asked = 0

    async def fails(subset: Sequence[int]) -> bool:
        nonlocal asked
        asked += 1
        return clash <= set(subset)

    core, minimal = asyncio.run(Core(fails, Budget(tries=tries, seconds=60)).find(items))
    return core, minimal, asked


@pytest.mark.parametrize("clash", [{0}, {7}, {2, 5}, {0, 7}, {1, 2, 3}, set(range(8))])
def test_the_clash_is_found_in_order(clash: set[int]) -> None:
    core, minimal, _ = find(list(range(8)), clash)
    assert core == sorted(clash)
    assert minimal


def test_two_of_a_hundred_take_few_tries() -> None:
    _, _, asked = find(list(range(100)), {13, 77})
    assert asked <= 30


def test_without_tries_all_are_blamed_and_it_says_so() -> None:
    core, minimal, asked = find(list(range(10)), {2, 5}, tries=3)
    assert (core, minimal, asked) == (list(range(10)), False, 3)


def test_time_is_limited_too() -> None:
    with pytest.raises(BudgetSpent):
        Budget(tries=10, seconds=-1).spend()
