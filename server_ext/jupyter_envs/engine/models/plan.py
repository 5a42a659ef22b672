"""Requests, plans and generations: what is asked, what will be done, what was done. Values only."""

from __future__ import annotations

from typing import Literal

import msgspec

from jupyter_envs.engine.models.records import RepodataRecord

Action = Literal["create", "install", "remove", "update", "restore", "undo", "clone", "repair"]
ChangeKind = Literal["added", "removed", "upgraded", "downgraded", "rebuilt", "relinked"]

PLAN_VERSION = 1
GENERATION_VERSION = 1


class ChangeRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a person asks of one environment, as it is stored with a job.

    ``specs`` are MatchSpec texts, PEP 508 texts after ``pypi::``, ``interpreter::python=3.11``, or names to remove.
    ``channels`` and ``sources`` of ``None`` mean the settings' own. ``records`` are given instead of specs when the
    request is explicit (``@EXPLICIT``, a lock file): nothing is solved. ``exclude_newer`` is an ISO 8601 time.
    ``hashes`` are the digests (``sha256:...``) that a requirements file allows, by normalised name.
    ``archives`` is the folder of a bundle, whose archives are taken instead of fetched ones.
    """

    action: Action
    prefix: str
    specs: tuple[str, ...] = ()
    records: tuple[RepodataRecord, ...] = ()
    channels: tuple[str, ...] | None = None
    sources: tuple[str, ...] | None = None  # of "conda", "pypi", "interpreter"
    offline: bool = False
    exclude_newer: str | None = None
    generation: int | None = None
    clone_from: str | None = None
    keep_history: bool = False
    variables: dict[str, str] = {}
    add_ipykernel: bool = False
    hashes: dict[str, tuple[str, ...]] = {}
    archives: str = ""
    override_frozen: bool = False
    command: str = ""


class PackageChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What happens to one package name."""

    name: str
    kind: ChangeKind
    before: RepodataRecord | None = None
    after: RepodataRecord | None = None


class PlanWarning(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something the person should see before agreeing."""

    code: str
    message: str
    hint: str = ""


class ChangePlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that a change will do; can be shown, stored, compared, executed or thrown away.

    ``base`` is the fingerprint of the environment it was made against (empty for one that does not exist yet).
    ``records`` are all packages of the new state in topological order. ``download_bytes`` counts archives that are
    not in the cache; ``disk_bytes`` what the change will add to the disk: extracted packages that are not in the cache
    yet (estimated from the archives) and files that cannot be shared with it; ``freed_bytes`` what the removal of
    packages gives back: files and directories that are nobody else's, not what the cache keeps. ``restores`` is the
    generation whose state comes back, ``sharing`` are the environments whose files are repaired with these, since they
    share them, ``link_scripts`` the scripts that packages in the cache bring and ``scripts_unknown`` how many packages
    are not there yet and may bring others, ``clone_from`` the prefix whose unowned files are copied (and, with
    ``keep_history``, whose generations are carried on: a rename), ``archives`` the bundle that has the archives.
    """

    plan_id: str
    action: Action
    prefix: str
    base: str
    records: tuple[RepodataRecord, ...]
    requested: tuple[str, ...]
    changes: tuple[PackageChange, ...]
    channels: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    variables: dict[str, str] = {}
    download_bytes: int = 0
    disk_bytes: int = 0
    freed_bytes: int = 0
    warnings: tuple[PlanWarning, ...] = ()
    link_scripts: tuple[str, ...] = ()
    scripts_unknown: int = 0
    override_frozen: bool = False
    restores: int | None = None
    sharing: tuple[str, ...] = ()
    clone_from: str | None = None
    keep_history: bool = False
    archives: str = ""
    command: str = ""
    created_at: str = ""
    plan_version: int = PLAN_VERSION


class Generation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One state of an environment, as it was after a change (``conda-meta/jupyter-envs/generations/<n>.json``).

    ``restores`` is the earlier generation whose state this one repeats (undo, restore).
    """

    number: int
    action: str
    command: str
    created_at: str
    requested: tuple[str, ...]
    records: tuple[RepodataRecord, ...]
    channels: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    variables: dict[str, str] = {}
    restores: int | None = None
    tool: str = ""
    generation_version: int = GENERATION_VERSION


class ChangeResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an executed plan came to.

    ``disk_bytes`` is what it really added to the disk: packages extracted into the cache for it, files that the prefix
    shares with nobody, and its directories.
    """

    prefix: str
    generation: int
    changes: tuple[PackageChange, ...]
    warnings: tuple[PlanWarning, ...] = ()
    messages: tuple[str, ...] = ()
    linked_files: int = 0
    linked_bytes: int = 0
    disk_bytes: int = 0
