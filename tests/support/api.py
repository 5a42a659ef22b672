"""What tests of the server extension speak with: JSON over a server's routes, jobs waited for, environments made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

API = "envs/api/v1"
FINAL = ("done", "failed", "cancelled", "interrupted")


@dataclass(frozen=True)
class Reply:
    """What the server answered: ``body`` is decoded JSON, or bytes."""

    status: int
    body: Any
    headers: Any

    @property
    def error(self) -> dict[str, Any]:
        """The error that it told."""
        error: dict[str, Any] = self.body["error"]
        return error


@dataclass(frozen=True)
class Made:
    """An environment that a test has made."""

    prefix: Path
    id: str

    @property
    def route(self) -> str:
        """Its route."""
        return f"environments/{self.id}"


class Api(Protocol):
    """Asks the extension."""

    async def __call__(self, verb: str, path: str, body: object = None, **query: object) -> Reply:
        """Send a request; ``body`` is JSON, or bytes as they are."""
        ...


class Finish(Protocol):
    """Waits for jobs."""

    async def __call__(self, reply: Reply, seconds: float = 60) -> dict[str, Any]:
        """Return the ended job of a reply that took a change on."""
        ...


class Make(Protocol):
    """Makes environments over the routes."""

    async def __call__(self, name: str, *specs: str) -> Made:
        """Make one; no specs make it empty."""
        ...
