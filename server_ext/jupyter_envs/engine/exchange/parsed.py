"""What a file says about an environment, before anything is solved. Values only."""

from __future__ import annotations

from typing import Literal

import msgspec

from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.models.records import RepodataRecord

FileFormat = Literal["yaml", "explicit", "specs", "pixi", "conda-lock", "requirements", "notebook"]


class ParsedEnvironment(msgspec.Struct, frozen=True, kw_only=True):
    """An environment as a file describes it: either ``records`` (nothing is solved) or specs.

    ``specs`` are MatchSpec texts, ``pip_specs`` PEP 508 texts after ``pypi::``. ``default_channels`` says whether the
    configured channels are to be appended to ``channels`` (CEP 24, absent ``nodefaults``). ``hashes`` are the digests
    (``sha256:...``) that a requirements file allows, by normalised name. ``requested`` are the specs that the records
    were solved for, ``python`` is what a requirements file was written with; both only when the file says so.
    ``platforms`` are those the file is for; none means any. ``path`` is the file's, ``prefix`` the folder that the file
    would like.
    """

    format: FileFormat
    path: str = ""
    name: str | None = None
    prefix: str | None = None
    channels: tuple[str, ...] = ()
    default_channels: bool = True
    specs: tuple[str, ...] = ()
    pip_specs: tuple[str, ...] = ()
    variables: dict[str, str] = {}
    records: tuple[RepodataRecord, ...] = ()
    requested: tuple[str, ...] = ()
    python: str | None = None
    platforms: tuple[str, ...] = ()
    hashes: dict[str, tuple[str, ...]] = {}
    warnings: tuple[PlanWarning, ...] = ()

    @property
    def all_specs(self) -> tuple[str, ...]:
        """All specs, as a ``ChangeRequest`` takes them."""
        return self.specs + self.pip_specs
