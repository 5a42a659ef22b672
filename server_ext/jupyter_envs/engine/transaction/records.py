"""Writes ``conda-meta`` into a directory that nobody sees yet: package records, history, generation, state."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jupyter_envs.engine.link.actions import WriteResult
from jupyter_envs.engine.link.record import prefix_record_json
from jupyter_envs.engine.transaction.inputs import Execution
from jupyter_envs.engine.transaction.metadata import specs_by_name


def write_records(execution: Execution, result: WriteResult, root: Path) -> list[str]:
    """Write one CEP 32 record for each linked package below ``root``; return the files, which are not synced."""
    directory = root / "conda-meta"
    directory.mkdir(exist_ok=True)
    requested = specs_by_name(execution.plan.requested)
    written = []
    for plan in execution.links:
        content = prefix_record_json(
            plan,
            result,
            requested_specs=requested.get(plan.record.name, ()),
            link_type=result.methods.get(plan.dist, 1),
        )
        written.append(_write(f"{directory}/{plan.dist}.json", content))
    return written


def write_metadata(files: Mapping[str, bytes], root: Path) -> list[str]:
    """Write the other files of ``conda-meta`` below ``root``; return them, not synced."""
    written = []
    for path, content in files.items():
        full = root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        written.append(_write(str(full), content))
    return written


def _write(path: str, content: bytes) -> str:
    with open(path, "wb") as stream:  # noqa: PTH123 - hundreds of them
        stream.write(content)
    return path
