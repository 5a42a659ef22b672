"""Ends a solve whose solver takes all memory.

Where packages that cannot be had need each other in a circle, py-rattler 0.28 (the newest one in November 2026)
writes the text of its conflict without end (`DisplayUnsat` of resolvo): 20 GB in a quarter of a minute, and nothing
can stop the thread that does it. Owns when it is too much. Whoever gets the error must leave the process soon, as jobs
do; that frees the memory.

The smallest case known is ``rattler.solve`` for ``c`` and ``b >=2`` over these; without any one package or need, the
text has an end::

    b 2    needs c >=2
    b 3    needs c ==3, c <2
    c 1
    c 3    needs b ==3
"""

from __future__ import annotations

import psutil

from jupyter_envs.errors import SolveError

GIGABYTE = 1 << 30
MOST_BYTES = 3 * GIGABYTE
LEAST_BYTES = GIGABYTE


def allowance(available: int) -> int:
    """Return how many bytes a solve may take, of those that are available: half of them, but for the two limits."""
    return max(LEAST_BYTES, min(MOST_BYTES, available // 2))


class MemoryGuard:
    """Watches what this process takes from now on."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._limit = self._process.memory_info().rss + allowance(psutil.virtual_memory().available)

    def check(self) -> None:
        """Raise ``SolveError`` (``solve.memory``) when it is too much."""
        if self._process.memory_info().rss > self._limit:
            raise SolveError(
                "these requests cannot go together, and the solver cannot say why: its explanation has no end",
                hint="ask for fewer of them at a time, to see which one it is; nothing was changed",
                code="solve.memory",
            )
