"""The engine: no Jupyter, no Tornado, no printing. ``Engine`` is its public face, loaded when first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_envs.engine.api import Engine as Engine

__all__ = ["Engine"]


def __getattr__(name: str) -> object:
    """Load ``Engine`` lazily: its parts import this package's models, and most callers need only those."""
    if name == "Engine":
        from jupyter_envs.engine.api import Engine

        return Engine
    raise AttributeError(name)
