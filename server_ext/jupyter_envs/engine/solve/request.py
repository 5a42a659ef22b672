"""What is asked of a solve and what comes out of it. Values only."""

from __future__ import annotations

import datetime
from typing import Literal

import msgspec

from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import SpecError

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


def parse_time(value: datetime.datetime | str | None) -> datetime.datetime | None:
    """Return an aware time in UTC; a time without zone is taken as UTC.

    rattler relabels an aware time as UTC instead of converting it, so that it must be UTC before it gets there.

    Raises
    ------
    SpecError
        The text is not an ISO 8601 date or time.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = datetime.datetime.fromisoformat(value.strip())
        except ValueError:
            raise SpecError(
                f"not a date or time: {value!r}", hint="use 2026-01-31 or 2026-01-31T12:00:00Z", code="spec.time"
            ) from None
    return value.replace(tzinfo=datetime.UTC) if value.tzinfo is None else value.astimezone(datetime.UTC)
