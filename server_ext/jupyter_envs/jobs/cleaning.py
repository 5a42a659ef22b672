"""What ``clean`` means: packages that no environment uses, and sources that no build has used for long."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from jupyter_envs.build.cached_sources import prune_sources
from jupyter_envs.engine.package_cache.prune import PruneReport

if TYPE_CHECKING:
    from jupyter_envs.engine.api import Engine


def clean_all(engine: Engine, source_days: int, *, dry_run: bool) -> PruneReport:
    """Clean both, and report them as one; sources that were used within ``source_days`` days stay."""
    packages = engine.clean(dry_run=dry_run)
    sources = prune_sources(engine.settings.root, source_days, time.time(), dry_run=dry_run)
    return msgspec.structs.replace(
        packages,
        removed=packages.removed + sources.removed,
        kept=packages.kept + sources.kept,
        freed_bytes=packages.freed_bytes + sources.freed_bytes,
    )
