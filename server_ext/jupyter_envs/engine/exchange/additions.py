"""What a file adds to a request: specs, records, channels, variables and hashes, in the order of the files. Pure."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from jupyter_envs.engine.exchange.markers import names_python
from jupyter_envs.engine.exchange.parsed import ParsedEnvironment
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.errors import SpecError
from jupyter_envs.settings import Settings


def add_file(request: ChangeRequest, parsed: ParsedEnvironment, settings: Settings) -> ChangeRequest:
    """Return the request with what a file asks for; channels and the Python that the request names already win.

    Raises
    ------
    SpecError
        ``exchange.mixed``: exact packages and specs together; nothing is solved beside a list of exact packages.
    """
    if (parsed.records and request.specs and not request.records) or (request.records and parsed.all_specs):
        raise SpecError(
            f"{parsed.path or 'the file'}: a list of exact packages goes with no other specs",
            hint="make the environment from the list alone, then install the rest into it",
            code="exchange.mixed",
        )
    asked = (*request.specs, *parsed.all_specs, *parsed.requested)
    python: tuple[str, ...] = ()
    if parsed.python and request.action == "create" and not names_python(asked):
        python = (f"python={'.'.join(parsed.python.split('.')[:2])}",)
    return msgspec.structs.replace(
        request,
        specs=tuple(dict.fromkeys((*python, *asked))),
        records=(*request.records, *parsed.records),
        channels=request.channels if request.channels is not None else channels_of(parsed, settings),
        variables={**request.variables, **parsed.variables},
        hashes={**request.hashes, **parsed.hashes},
    )


def channels_of(parsed: ParsedEnvironment, settings: Settings) -> tuple[str, ...] | None:
    """Return the channels that a file wants, ``None`` when it leaves them to the settings (CEP 24)."""
    if not parsed.channels:
        return None
    own = tuple(absolute_channel(channel) for channel in parsed.channels)
    return tuple(dict.fromkeys((*own, *settings.channels))) if parsed.default_channels else own


def absolute_channel(text: str) -> str:
    """Return a channel as any process can read it: folders as absolute paths, names and URLs as they are."""
    if "://" in text:
        return text
    path = Path(text).expanduser()
    looks_like_path = text.startswith((".", "~", "/")) or os.sep in text
    return str(path.absolute()) if looks_like_path and path.is_dir() else text
