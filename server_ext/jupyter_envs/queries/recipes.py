"""Questions about recipes: is one in order. It runs in a thread.

Here and not in the asking process, since rendering ``recipe.yaml`` loads native code. Refuses to build anything.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from jupyter_envs.build.load import render_request
from jupyter_envs.build.models import BuildRequest

if TYPE_CHECKING:
    from jupyter_envs.queries.desk import Desk


async def render(desk: Desk, *, recipe: str) -> dict[str, Any]:
    """Return the packages that a recipe makes; ``RecipeError``, with file and line, when it is not in order."""

    def ask() -> dict[str, Any]:
        request = BuildRequest(recipes=(recipe,), output="")
        rendered = render_request(request, desk.settings.subdir)
        return {"packages": [output.dist for each in rendered for output in each.outputs]}

    return await asyncio.to_thread(ask)
