"""What the administrator allows, and how much of that is taken."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_envs.server.handlers.base import EnvsHandler

AUTH_RESOURCE = "jupyter_envs.policy"
PATIENCE = 600.0  # seconds; whole trees are walked


class PolicyHandler(EnvsHandler):
    """``policy``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Say what is allowed; ``null`` where nothing is ruled."""
        self.answer({"policy": await self.ask("allowance", timeout=PATIENCE)})
