"""Writes ``conda-meta`` into a directory that nobody sees yet: package records, history, generation, state."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from jupyter_envs.engine.link.actions import WriteResult
from jupyter_envs.engine.link.record import prefix_record_json
from jupyter_envs.engine.transaction.inputs import Execution
from jupyter_envs.engine.transaction.metadata import specs_by_name


def write_records(execution: Execution, result: WriteResult, root: Path) -> None:
    """Write one CEP 32 record for each linked package below ``root``."""
    directory = root / "conda-meta"
    directory.mkdir(exist_ok=True)
    requested = specs_by_name(execution.plan.requested)
    for plan in execution.links:
        content = prefix_record_json(
            plan,
            result,
            requested_specs=requested.get(plan.record.name, ()),
            link_type=result.methods.get(plan.dist, 1),
        )
        _write(f"{directory}/{plan.dist}.json", content, durable=execution.options.durable)


def write_metadata(files: Mapping[str, bytes], root: Path) -> None:
    """Write the other files of ``conda-meta`` below ``root``."""
    for path, content in files.items():
        full = root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        _write(str(full), content, durable=True)


def _write(path: str, content: bytes, *, durable: bool) -> None:
    with open(path, "wb") as stream:  # noqa: PTH123 - hundreds of them
        stream.write(content)
        if durable:
            stream.flush()
            os.fsync(stream.fileno())
