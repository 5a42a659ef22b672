"""Amounts as people read them. Pure."""

from __future__ import annotations


def human_bytes(count: float) -> str:
    """Return a number of bytes as ``999 B``, ``1.5 kB``, ``35 MB`` (powers of 1000)."""
    if count < 1000:
        return f"{count:.0f} B"
    for unit in ("kB", "MB", "GB", "TB"):
        count /= 1000
        if count < 999.5:
            return f"{count:.1f} {unit}" if count < 9.95 else f"{count:.0f} {unit}"
    return f"{count / 1000:.0f} PB"
