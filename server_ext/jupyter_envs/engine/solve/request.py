"""What is asked of a solve and what comes out of it. Values only."""

from __future__ import annotations

import datetime
from typing import Literal

import msgspec

from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.models.records import RepodataRecord

ALL = frozenset({"*"})


class SolveRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One question to the solver.

    ``specs`` are all that the environment shall fulfil, those requested earlier included. ``installed`` records are
    kept where possible, unless ``keep`` is ``"none"`` or their name is in ``unlock`` (``ALL``, or ``"*"`` in it, means
    every name). ``pinned`` are MatchSpec texts that limit versions without asking for the package. ``channels`` and
    ``sources`` of ``None`` mean the settings' own. ``exclude_newer`` is an aware time or an ISO 8601 text.
    """

    specs: tuple[str, ...]
    installed: tuple[RepodataRecord, ...] = ()
    pinned: tuple[str, ...] = ()
    keep: Literal["installed", "none"] = "installed"
    unlock: frozenset[str] = frozenset()
    channels: tuple[str, ...] | None = None
    sources: tuple[str, ...] | None = None
    offline: bool = False
    exclude_newer: datetime.datetime | str | None = None
    new_environment: bool = False

    def is_unlocked(self, name: str) -> bool:
        """Whether the installed version of a name is not to be preferred."""
        return self.keep == "none" or "*" in self.unlock or name in self.unlock


class Solution(msgspec.Struct, frozen=True, kw_only=True):
    """The records of the new state in topological order, what the person should know, and what was used for it."""

    records: tuple[RepodataRecord, ...]
    warnings: tuple[PlanWarning, ...] = ()
    channels: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
