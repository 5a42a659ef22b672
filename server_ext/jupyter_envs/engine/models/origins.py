"""Where a package came from, in words a person knows: its source and its channel. Pure."""

from __future__ import annotations

from urllib.parse import unquote

from jupyter_envs.engine.models.records import RepodataRecord

CONDA, PYPI, INTERPRETER = "conda", "pypi", "interpreter"
WHEEL_SUFFIX = ".whl"
INTERPRETER_SCHEME = "interpreter://"


def is_wheel(record: RepodataRecord) -> bool:
    """Tell whether a record is a wheel of a Python index."""
    return record.fn.endswith(WHEEL_SUFFIX)


def is_interpreter(record: RepodataRecord) -> bool:
    """Tell whether a record is a Python of this machine, which is borrowed."""
    return record.url.startswith(INTERPRETER_SCHEME)


def source_of(record: RepodataRecord) -> str:
    """Return ``conda``, ``pypi`` or ``interpreter``."""
    if is_wheel(record):
        return PYPI
    return INTERPRETER if is_interpreter(record) else CONDA


def channel_of(record: RepodataRecord) -> str:
    """Return the name of a conda package's channel, without its platform folder; ``file`` when it has none.

    Empty for wheels and borrowed interpreters, which belong to no channel.
    """
    if source_of(record) != CONDA:
        return ""
    channel = (record.channel or "").rstrip("/")
    last = channel.rsplit("/", 1)[-1]
    return last_part(channel.removesuffix(f"/{last}") if last in (record.subdir, "noarch") else channel) or "file"


def last_part(url: str) -> str:
    """Return the last part of a URL as people write it, unless that could not be printed.

    >>> last_part("file:///data/my%20channel/"), last_part("file:///data/%1B")
    ('my channel', '%1B')
    """
    last = url.rstrip("/").rsplit("/", 1)[-1]
    plain = unquote(last)
    return plain if plain.isprintable() else last


def origin_of(record: RepodataRecord) -> str:
    """Return where a package comes from in one word: its channel's name, ``pypi`` or ``interpreter``."""
    return channel_of(record) or source_of(record)
