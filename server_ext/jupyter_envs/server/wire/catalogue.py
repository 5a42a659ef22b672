"""Sources and parsed files as JSON. Pure.

What the queries' child answers is JSON already.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_envs.engine.exchange.parsed import ParsedEnvironment
from jupyter_envs.engine.fetch.urls import without_credentials
from jupyter_envs.server.wire.environments import warning_json
from jupyter_envs.settings import Settings


def sources_json(settings: Settings, problems: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return where packages come from, without credentials, and why some of it cannot be used."""
    return {
        "channels": [without_credentials(channel) for channel in settings.channels],
        "sources": list(settings.sources),
        "offline": settings.offline,
        "subdir": settings.subdir,
        "root": settings.root,
        "problems": list(problems),
    }


def parsed_json(parsed: ParsedEnvironment) -> dict[str, Any]:
    """Return what a file asks for."""
    return {
        "format": parsed.format,
        "name": parsed.name,
        "channels": [without_credentials(channel) for channel in parsed.channels],
        "specs": list(parsed.specs),
        "pip_specs": list(parsed.pip_specs),
        "variables": dict(parsed.variables),
        "records": len(parsed.records),
        "platforms": list(parsed.platforms),
        "warnings": [warning_json(warning) for warning in parsed.warnings],
    }


FILE_NAMES = {
    "yaml": "environment.yml",
    "explicit": "{name}-explicit.txt",
    "pixi": "pixi.lock",
    "requirements": "requirements.txt",
}


def export_json(form: str, text: str, prefix: str) -> dict[str, str]:
    """Return an exported environment and a name for its file."""
    return {"format": form, "text": text, "filename": FILE_NAMES[form].format(name=Path(prefix).name)}
