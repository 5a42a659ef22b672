"""How much a solve may take."""

from __future__ import annotations

import pytest

from jupyter_envs.engine.solve.memory import GIGABYTE, MemoryGuard, allowance
from jupyter_envs.errors import SolveError


@pytest.mark.parametrize(("available", "allowed"), [(64, 3), (4, 2), (1, 1)])
def test_a_solve_may_take_half_of_what_there_is_within_limits(available: int, allowed: int) -> None:
    assert allowance(available * GIGABYTE) == allowed * GIGABYTE


def test_what_takes_more_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_envs.engine.solve.memory.allowance", lambda available: 1 << 24)
    guard = MemoryGuard()
    guard.check()
    taken = bytearray(b"x") * (1 << 26)
    with pytest.raises(SolveError) as caught:
        guard.check()
    assert (len(taken), caught.value.code) == (1 << 26, "solve.memory")
