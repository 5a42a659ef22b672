"""The files of ``conda-meta`` that a change writes beside the package records: history, generation, state. Pure.

Owns what they say; where they are put is the transaction's business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from jupyter_envs import __version__
from jupyter_envs.engine.history.conda_history import history_entry, spec_name
from jupyter_envs.engine.history.generations import encode_generation, generation_path
from jupyter_envs.engine.models.plan import ChangePlan, Generation
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.prefix.state import parse_state, state_text

TOOL = f"jupyter-envs {__version__}"


def specs_by_name(requested: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Group requested specs by package name."""
    grouped: dict[str, tuple[str, ...]] = {}
    for spec in requested:
        name = spec_name(spec).replace("_", "-") if "::" in spec else spec_name(spec)
        grouped[name] = (*grouped.get(name, ()), spec)
    return grouped


def generation_of(plan: ChangePlan, number: int, now: datetime) -> Generation:
    """Return the generation that the executed plan makes."""
    return Generation(
        number=number,
        action=plan.action,
        command=plan.command,
        created_at=now.isoformat(timespec="seconds"),
        requested=plan.requested,
        records=plan.records,
        channels=plan.channels,
        sources=plan.sources,
        variables=plan.variables,
        restores=plan.restores,
        tool=TOOL,
    )


def found_generation(
    number: int, records: Sequence[RepodataRecord], requested: Sequence[str], now: datetime
) -> Generation:
    """Return the generation of a state that another tool made, so that undo can come back to it."""
    return Generation(
        number=number,
        action="found",
        command="",
        created_at=now.isoformat(timespec="seconds"),
        requested=tuple(requested),
        records=tuple(records),
        tool="another tool",
    )


def metadata_files(
    plan: ChangePlan,
    *,
    number: int,
    found: Generation | None = None,
    now: datetime,
    old_history: str = "",
    old_requested: Sequence[str] = (),
    old_state: bytes = b"",
) -> dict[str, bytes]:
    """Return path in the prefix -> content for history, generations and (when variables change) state.

    Parameters
    ----------
    plan : ChangePlan
        What is executed.
    number : int
        The new generation's number.
    found : Generation
        The state before, when no generation describes it yet; it is recorded too.
    now : datetime
        Aware local time.
    old_history, old_requested, old_state
        What the environment has so far (empty for a new one).
    """
    before, after = set(old_requested), set(plan.requested)
    entry = history_entry(
        plan.changes,
        command=plan.command,
        when=now,
        tool=TOOL,
        updated=[spec for spec in plan.requested if spec not in before],
        removed=[spec for spec in old_requested if spec not in after],
    )
    generations = [generation_of(plan, number, now), *([found] if found else [])]
    files = {generation_path(each.number): encode_generation(each) for each in generations}
    files["conda-meta/history"] = (old_history + entry).encode()
    if dict(plan.variables) != parse_state(old_state):
        files["conda-meta/state"] = state_text(plan.variables, old_state).encode()
    return files


def with_remade(record_json: bytes, remade: Mapping[str, tuple[str, int | None]]) -> bytes:
    """Return a package record after some of its files were made anew, with every other field as it was.

    Parameters
    ----------
    record_json : bytes
        The record.
    remade : mapping
        Path to the sha256 in the prefix and, for files that the linker generates, the size (else ``None``).
    """
    raw: dict[str, Any] = msgspec.json.decode(record_json)
    for entry in raw["paths_data"]["paths"]:
        if entry["_path"] in remade:
            entry["sha256_in_prefix"], size = remade[entry["_path"]]
            if size is not None:  # generated: no package has another
                entry.update(sha256=entry["sha256_in_prefix"], size_in_bytes=size)
    return msgspec.json.encode(raw)


def with_requested(record_json: bytes, specs: Sequence[str]) -> bytes:
    """Return a package record with other requested specs and every other field, known or not, as it was."""
    raw: dict[str, object] = msgspec.json.decode(record_json)
    raw["requested_specs"] = list(specs)
    if specs:
        raw["requested_spec"] = specs[-1]
    else:
        raw.pop("requested_spec", None)
    return msgspec.json.encode(raw)
