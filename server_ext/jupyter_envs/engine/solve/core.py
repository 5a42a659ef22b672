"""The smallest set of requests that fails, found by trying subsets. Knows nothing of packages."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class BudgetSpent(Exception):  # noqa: N818 - a signal, not a fault
    """No time or no tries are left."""


class Budget:
    """How long and how often may be tried: ``tries`` calls of ``spend`` within ``seconds``."""

    def __init__(self, *, tries: int, seconds: float) -> None:
        self._tries = tries
        self._until = time.monotonic() + seconds

    def spend(self) -> None:
        """Take one try; ``BudgetSpent`` when there is none."""
        if self._tries <= 0 or time.monotonic() > self._until:
            raise BudgetSpent
        self._tries -= 1


class Core(Generic[T]):
    """The search for one minimal failing subset.

    Parameters
    ----------
    fails : callable
        Whether a subset has no solution; must be monotone (a superset of what fails fails).
    budget : Budget
        Spent by one for each subset that is tried.
    """

    def __init__(self, fails: Callable[[Sequence[T]], Awaitable[bool]], budget: Budget) -> None:
        self._fails = fails
        self._budget = budget

    async def find(self, items: Sequence[T]) -> tuple[list[T], bool]:
        """Return a failing subset in the items' order, and whether it is minimal.

        Minimal means: without any one of its items it has a solution. Divide and conquer (Junker's QuickXplain): about
        ``k * log2(n / k)`` tries for ``k`` of ``n`` items, where taking them away one by one needs ``n``.
        """
        try:
            found = await self._search([], list(items), changed=False)
        except BudgetSpent:
            return list(items), False
        return [item for item in items if any(item is one for one in found)], True

    async def _search(self, given: list[T], items: list[T], *, changed: bool) -> list[T]:
        if changed and await self._test(given):
            return []
        if len(items) == 1:
            return items
        half = len(items) // 2
        left, right = items[:half], items[half:]
        of_right = await self._search(given + left, right, changed=True)
        of_left = await self._search(given + of_right, left, changed=bool(of_right))
        return of_left + of_right

    async def _test(self, items: Sequence[T]) -> bool:
        self._budget.spend()
        return await self._fails(items)
