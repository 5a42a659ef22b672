"""Where a package came from, in words a person knows: its source and its channel. Pure."""

from __future__ import annotations

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
    if last in (record.subdir, "noarch"):
        last = channel.removesuffix(f"/{last}").rsplit("/", 1)[-1]
    return last or "file"


def origin_of(record: RepodataRecord) -> str:
    """Return where a package comes from in one word: its channel's name, ``pypi`` or ``interpreter``."""
    return channel_of(record) or source_of(record)
