"""What is said of a notebook's environment as JSON. Pure."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from jupyter_envs.engine.models.plan import PackageChange
from jupyter_envs.server.identifiers import environment_id
from jupyter_envs.server.wire.plans import change_json

FIELDS = (
    *("state", "kernel", "name", "because", "requested", "channels", "platforms"),
    *("origins", "download_bytes", "hosts", "refused"),
)


def answer_json(found: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return the answer for a notebook at ``path``; files beside it are named as seen from its folder."""
    folder = os.path.dirname(path)
    shown = {file: os.path.relpath(file, folder) for file in found["beside"]}
    return {
        **{name: found[name] for name in FIELDS},
        "environment": environment_id(found["prefix"]) if found["prefix"] else None,
        "prefix": found["prefix"],
        "foreign": {shown.get(file, file): channels for file, channels in found["foreign"].items()},
        "beside": list(shown.values()),
    }


def difference_json(changes: Iterable[PackageChange], foreign_hosts: Iterable[str]) -> dict[str, Any]:
    """Return packages whose version is another than the locked one (``before`` is the lock's), and foreign servers."""
    return {"changes": list(map(change_json, changes)), "foreign_hosts": list(foreign_hosts)}
