"""Bytes on the disk as JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_envs.server.identifiers import environment_id


def usage_json(usage: Mapping[str, Any]) -> dict[str, Any]:
    """Return what one environment takes."""
    path = str(usage["path"])
    return {"id": environment_id(path), "name": Path(path).name, **usage}


def report_json(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return what everything takes: environments with their ids, then the caches and the sums."""
    return {**report, "environments": [usage_json(usage) for usage in report["environments"]]}
