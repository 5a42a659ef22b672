"""Files that describe environments, added to a request: what they ask for, in the order of the files."""

from __future__ import annotations

from pathlib import Path

import msgspec

from jupyter_envs.cli.session import absolute_channel
from jupyter_envs.engine.exchange.parsed import ParsedEnvironment
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.settings import Settings


def read_file(file: str, settings: Settings) -> ParsedEnvironment:
    """Return what a file describes, whatever its format.

    Raises
    ------
    NotFoundError
        There is no such file.
    SpecError
        It is none of the formats; line and reason are in the message.
    """
    from jupyter_envs.engine.exchange.read import read_environment_file

    return read_environment_file(Path(file).expanduser().absolute(), subdir=settings.subdir)


def add_file(request: ChangeRequest, parsed: ParsedEnvironment, settings: Settings) -> ChangeRequest:
    """Return the request with a file's specs, records, channels, variables and hashes; channels that were typed win."""
    return msgspec.structs.replace(
        request,
        specs=tuple(dict.fromkeys((*request.specs, *parsed.all_specs))),
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
