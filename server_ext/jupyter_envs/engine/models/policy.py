"""What an administrator allows: the values of a policy file. Values only; `jupyter_envs.policy_load` reads the file."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

POLICY_VERSION = 1


class Licences(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Patterns (``GPL-*``) of SPDX identifiers. ``allowed`` of ``None`` means all that is not ``blocked``.

    ``unknown`` says what happens to a package that names no licence.
    """

    allowed: tuple[str, ...] | None = None
    blocked: tuple[str, ...] = ()
    unknown: Literal["allow", "refuse"] = "allow"


class Quota(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much one user may have: environments of their own, and bytes (``20 GB``) of these and their package cache."""

    environments: Annotated[int, msgspec.Meta(ge=0)] | None = None
    disk: str | int | None = None


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules. What is ``None`` or empty rules nothing.

    ``channels`` are names, URLs or patterns of URLs with ``*``. ``mirrors`` are channel names and the URL that each is
    fetched from; it ends with the name. ``link_modes`` always contain ``copy``: files that name their prefix cannot be
    anything else. ``blocked`` and ``pinned`` are MatchSpec texts. ``quarantine_days`` leaves out packages published
    since. ``audit`` is a file that takes one JSON line for each change. ``contact`` ends the hint of each refusal.
    """

    policy_version: int = POLICY_VERSION
    channels: tuple[str, ...] | None = None
    sources: tuple[str, ...] | None = None
    mirrors: dict[str, str] = {}
    ssl_verify: str | None = None
    link_modes: tuple[Literal["hardlink", "softlink", "copy"], ...] | None = None
    blocked: tuple[str, ...] = ()
    pinned: tuple[str, ...] = ()
    licences: Licences | None = None
    link_scripts: bool = True
    quota: Quota | None = None
    quarantine_days: Annotated[int, msgspec.Meta(ge=0, le=36_500)] | None = None
    audit: str | None = None
    contact: str = ""


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy allows one user, and how much of it is taken. ``None`` means that it is not limited.

    ``disk`` and ``used`` are bytes; ``used`` is measured only where ``disk`` is limited.
    """

    channels: tuple[str, ...] | None = None
    sources: tuple[str, ...] | None = None
    quarantine_days: int | None = None
    environments: int = 0
    most_environments: int | None = None
    used: int | None = None
    disk: int | None = None
    contact: str = ""
