"""What was asked for in a job, as the body that asks for it again. Pure.

Refuses what a body cannot say (exact records, digests, a bundle, a place outside the server's folder of environments)
and what must not be read in every tab: credentials in the URL of a channel or of a request.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from jupyter_envs.engine.fetch.urls import without_credentials
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.server.identifiers import environment_id

_MAKING = ("create", "clone")


def asked_json(change: ChangeRequest | None, directory: str) -> dict[str, Any] | None:
    """Return the body that asks for a change again, ``None`` when there is none.

    Parameters
    ----------
    change : ChangeRequest, optional
        As stored with the job. One without its command only says what a job is for, not what was asked.
    directory : str
        Where the server makes environments.
    """
    if change is None or not change.command or not _can_be_said(change, directory):
        return None
    fields = {
        "specs": list(change.specs),
        "channels": None if change.channels is None else list(change.channels),
        "sources": None if change.sources is None else list(change.sources),
        "offline": change.offline,
        "exclude_newer": change.exclude_newer,
        "generation": change.generation,
        "clone_from": environment_id(change.clone_from) if change.clone_from else None,
        "variables": change.variables,
        "override_frozen": change.override_frozen,
    }
    said = {name: value for name, value in fields.items() if value not in (None, False, [], {})}
    return {"action": change.action, **_subject(change), **said}


def _subject(change: ChangeRequest) -> dict[str, Any]:
    if change.action not in _MAKING:
        return {"environment": environment_id(change.prefix)}
    kernel = {"add_ipykernel": change.add_ipykernel} if change.action == "create" else {}
    return {"name": os.path.basename(change.prefix), **kernel}


def _can_be_said(change: ChangeRequest, directory: str) -> bool:
    exact = change.records or change.hashes or change.archives or change.keep_history
    elsewhere = change.action in _MAKING and os.path.dirname(change.prefix) != directory
    return not (exact or elsewhere or _has_secret((*(change.channels or ()), *change.specs)))


def _has_secret(texts: Iterable[str]) -> bool:
    return any(without_credentials(word) != word for text in texts for word in text.split())
