"""From requests to records, and from a conflict to its explanation with fixes that were tried."""

from jupyter_envs.engine.solve.order import topological_order
from jupyter_envs.engine.solve.request import ALL, Solution, SolveRequest
from jupyter_envs.engine.solve.run import solve
from jupyter_envs.engine.solve.search import search

__all__ = ["ALL", "Solution", "SolveRequest", "search", "solve", "topological_order"]
