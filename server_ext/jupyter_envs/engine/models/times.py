"""Times that people write: parsed once, always aware, always in UTC. Pure."""

from __future__ import annotations

import datetime

from jupyter_envs.errors import SpecError


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
