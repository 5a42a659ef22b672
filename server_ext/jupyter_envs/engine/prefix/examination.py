"""What doctor's examinations share: the environment under examination, read once, and the shape of an examination."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from jupyter_envs.engine.models.findings import Finding
from jupyter_envs.engine.models.records import PrefixRecord
from jupyter_envs.engine.prefix.discovery import EnvironmentInfo
from jupyter_envs.engine.prefix.dist_infos import DistInfo, read_dist_infos
from jupyter_envs.engine.prefix.verify import owned_paths
from jupyter_envs.settings import Settings


@dataclass
class Patient:
    """One environment under examination, read once."""

    prefix: str
    info: EnvironmentInfo
    environ: Mapping[str, str]
    settings: Settings
    records: list[PrefixRecord] = field(default_factory=list)

    @property
    def shown(self) -> str:
        """How a command of the hints names the environment."""
        return self.info.name if self.info.kind == "own" else f"-p {shlex.quote(self.prefix)}"

    @cached_property
    def dist_infos(self) -> list[DistInfo]:
        """The Python distributions in it."""
        return read_dist_infos(self.prefix)

    @cached_property
    def owned(self) -> set[str]:
        """Every path that a record names."""
        return {path for record in self.records for path in owned_paths(record)}


Examination = Callable[[Patient], Iterator[Finding]]
