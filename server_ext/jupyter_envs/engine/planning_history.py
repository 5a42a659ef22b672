"""What the past of an environment says to a plan: what was asked for, and which state an undo goes back to.

Reads generations, records and conda's history, those of other tools as well; changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jupyter_envs.engine.history.conda_history import requested_from_history
from jupyter_envs.engine.history.generations import find_latest, generation_numbers
from jupyter_envs.engine.models.plan import Generation
from jupyter_envs.engine.models.records import PrefixRecord, RepodataRecord
from jupyter_envs.engine.planning_rules import package_name
from jupyter_envs.engine.transaction.diff import same_state
from jupyter_envs.errors import NotFoundError


def requested_of(prefix: Path, records: Sequence[PrefixRecord]) -> tuple[str, ...]:
    """Return the specs that were asked for: our generation, else the records' own, else conda's history."""
    latest = find_latest(prefix)
    if latest is not None:
        return latest.requested
    own = [spec for record in records for spec in (record.requested_specs or (record.requested_spec or "",)) if spec]
    if own:
        return tuple(own)
    history = prefix / "conda-meta" / "history"
    text = history.read_text(encoding="utf-8", errors="replace") if history.is_file() else ""
    present = {record.name for record in records}
    return tuple(spec for spec in requested_from_history(text) if package_name(spec) in present)


def undone_generation(prefix: Path, before: Sequence[RepodataRecord]) -> int:
    """Return the generation that ``undo`` goes back to; a second undo goes back one further.

    When another tool has changed the environment since, that change is what is undone.

    Raises
    ------
    NotFoundError
        There is nothing before the present state.
    """
    numbers = generation_numbers(prefix)
    latest: Generation | None = find_latest(prefix)
    if latest is not None and not same_state(latest.records, before):
        return latest.number
    state = (latest.restores or latest.number) if latest else 0
    earlier = [number for number in numbers if number < state]
    if not earlier:
        raise NotFoundError(
            f"{prefix.name} has no earlier state to go back to",
            hint="`jupyter envs history` shows its generations; `jupyter envs delete` removes the environment",
            code="generation",
        )
    return earlier[-1]
