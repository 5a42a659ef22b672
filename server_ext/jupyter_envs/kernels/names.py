"""How a kernel is called: only ``[a-z0-9._-]+``, never ``python3``, never the name of somebody else's kernel. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection

PREFIX = "envs-"
IPYKERNEL = "python3"
_HASH_LENGTH = 8


def slug(text: str) -> str:
    """Return text with only ``[a-z0-9._-]``; accents are dropped, what cannot be spelled becomes a short hash."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    cleaned = re.sub(r"[^a-z0-9._-]+", "-", plain).strip("-.")
    return cleaned or short_hash(text)


def short_hash(text: str) -> str:
    """Return eight hex digits that stand for a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:_HASH_LENGTH]


def kernel_name(environment: str, kernel: str) -> str:
    """Return the first choice for a kernel: ``envs-analysis``, or ``envs-analysis-ir`` for another language's.

    Parameters
    ----------
    environment : str
        The environment's name.
    kernel : str
        The kernel's name inside the environment; ``python3`` is ipykernel's.
    """
    base = PREFIX + slug(environment)
    return base if kernel == IPYKERNEL else f"{base}-{slug(kernel)}"


def choose_name(environment: str, kernel: str, prefix: str, *, own: str | None, taken: Collection[str]) -> str:
    """Return the name to register a kernel under.

    Parameters
    ----------
    environment, kernel
        As for ``kernel_name``.
    prefix : str
        The environment's path; tells apart environments of the same name.
    own : str
        The name under which this very kernel is registered already; kept as long as it still belongs to the
        environment's name, since notebooks refer to it.
    taken : collection of str
        Names (lower case) that others have, anywhere on Jupyter's path.
    """
    first = kernel_name(environment, kernel)
    second = f"{first}-{short_hash(prefix)}"
    if own in (first, second):
        return own
    return second if first in taken else first
