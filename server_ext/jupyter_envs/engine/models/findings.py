"""What verify and doctor report: one fault of an environment and what to do about it. Values only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is not as it should be.

    ``code`` is stable and for programs (``file.missing``); ``error`` means that something does not work, ``warning``
    that it may not, ``note`` that a person may want to know. ``path`` is absolute, ``package`` a record's name,
    ``specs`` what to install to be rid of it. ``environment`` is the name of the one it is about, where several were
    looked at.
    """

    code: str
    severity: Severity
    message: str
    hint: str = ""
    path: str = ""
    package: str = ""
    specs: tuple[str, ...] = ()
    environment: str = ""


def sort_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings with the worst first, then by environment, package, path and code."""
    order = {severity: rank for rank, severity in enumerate(SEVERITIES)}
    return sorted(findings, key=lambda found: (order[found.severity], *_place(found)))


def _place(found: Finding) -> tuple[str, str, str, str]:
    return found.environment, found.package, found.path, found.code
