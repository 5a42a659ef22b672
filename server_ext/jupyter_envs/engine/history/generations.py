"""Generations: every committed state of an environment, one JSON file each, never rewritten.

Owns ``conda-meta/jupyter-envs/generations/<six digits>.json`` (``GENERATION_VERSION``). It encodes new ones for the
transaction to stage and reads old ones; it refuses to write into a prefix itself: only a transaction does that.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from jupyter_envs.engine.models.plan import GENERATION_VERSION, Generation
from jupyter_envs.errors import NotFoundError

DIRECTORY = "conda-meta/jupyter-envs/generations"

_DECODER = msgspec.json.Decoder(Generation)


def generation_path(number: int) -> str:
    """Return where a generation lies, relative to the prefix."""
    return f"{DIRECTORY}/{number:06d}.json"


def encode_generation(generation: Generation) -> bytes:
    """Return the file content of a generation."""
    return msgspec.json.encode(generation)


def generation_numbers(prefix: Path) -> list[int]:
    """Return the numbers of the recorded generations, oldest first; empty for environments of other tools."""
    try:
        names = os.listdir(prefix / DIRECTORY)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(int(name[:-5]) for name in names if name.endswith(".json") and name[:-5].isdigit())


def read_generation(prefix: Path, number: int) -> Generation:
    """Read one generation.

    Raises
    ------
    NotFoundError
        It was never recorded, or a newer version of the program wrote it.
    """
    path = prefix / generation_path(number)
    try:
        generation = _DECODER.decode(path.read_bytes())
    except FileNotFoundError:
        known = generation_numbers(prefix)
        hint = f"it has {known[0]} to {known[-1]}" if known else "it has no recorded generations"
        raise NotFoundError(f"{prefix.name} has no generation {number}", hint=hint, code="generation") from None
    except msgspec.DecodeError as error:
        raise NotFoundError(
            f"generation {number} of {prefix.name} cannot be read: {error}",
            hint=f"remove {path} and choose another generation",
            code="generation",
        ) from None
    if generation.generation_version > GENERATION_VERSION:
        raise NotFoundError(
            f"generation {number} of {prefix.name} was written by a newer version", hint="upgrade jupyter-envs"
        )
    return generation


def read_generations(prefix: Path) -> list[Generation]:
    """Read every generation, oldest first."""
    return [read_generation(prefix, number) for number in generation_numbers(prefix)]


def find_latest(prefix: Path) -> Generation | None:
    """Return the newest generation, or ``None`` for an environment that was not made or changed here."""
    numbers = generation_numbers(prefix)
    return read_generation(prefix, numbers[-1]) if numbers else None
