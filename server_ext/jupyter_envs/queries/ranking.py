"""Which of many names a few typed letters mean. Pure.

``-``, ``_`` and ``.`` are one sign here (PEP 503), and case does not count. The exact name comes first, then names
that begin with the text, then those in which a word does, then the others; among equals the well-known ones, then the
shorter.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable

_SIGNS = str.maketrans({"_": "-", ".": "-"})


def folded(text: str) -> str:
    """Return a text as names are compared."""
    return text.strip().lower().translate(_SIGNS)


class Names:
    """Many names, ready to be searched.

    Parameters
    ----------
    names : iterable of str
        As their source spells them.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = sorted(names)
        self._folded = [folded(name) for name in self._names]
        self._known = frozenset(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def __len__(self) -> int:
        return len(self._names)

    def matching(self, text: str, enough: int) -> list[str]:
        """Return the names that a text may mean, in no order; those that begin with it suffice when ``enough`` do."""
        sought = folded(text)
        if not sought:
            return []
        pairs = zip(self._names, self._folded, strict=True)
        inside = [(name, spelled) for name, spelled in pairs if sought in spelled]
        starting = [name for name, spelled in inside if spelled.startswith(sought)]
        return starting if len(starting) >= enough else [name for name, _ in inside]


def rank(text: str, names: Iterable[str], well_known: Collection[str], limit: int) -> list[str]:
    """Return the best ``limit`` of some names for a text, the best first."""
    sought = folded(text)

    def key(name: str) -> tuple[int, bool, int, str]:
        return _kind(sought, folded(name)), name not in well_known, len(name), name

    return heapq.nsmallest(limit, names, key=key)


def _kind(sought: str, name: str) -> int:
    if name == sought:
        return 0
    if name.startswith(sought):
        return 1
    return 2 if f"-{sought}" in name else 3
