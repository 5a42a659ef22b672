"""The Python index, set up when the solve reaches the first name that no channel has.

Owns nothing but the delay: a request that channels fulfil neither loads the index's libraries nor asks which Pythons
there are. What was never set up has nothing to warn of.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.models.records import RepodataRecord

if TYPE_CHECKING:
    from rattler import PackageName, RepoDataRecord, Subdir

    from jupyter_envs.engine.sources.pypi import PypiSource


class LazyIndex:
    """A ``PypiSource`` that is made when it is first needed.

    Parameters
    ----------
    make : callable
        Makes the source; called once.
    concerns : callable
        Whether a name may come from the index at all.
    """

    def __init__(self, make: Callable[[], Awaitable[PypiSource]], concerns: Callable[[str], bool]) -> None:
        self._make = make
        self._concerns = concerns
        self._making: asyncio.Future[PypiSource] | None = None
        self._source: PypiSource | None = None

    async def fetch_package_records(self, platform: Subdir, name: PackageName) -> list[RepoDataRecord]:
        """Return the records of one name on one platform."""
        if not self._concerns(name.normalized):
            return []
        return await (await self._made()).fetch_package_records(platform, name)

    def package_names(self, platform: Subdir) -> list[str]:
        """Return nothing: an index is not listed."""
        return []

    async def records(self, name: str) -> tuple[RepodataRecord, ...]:
        """Return the records of one name on the target platform and ``noarch``, newest first."""
        return await (await self._made()).records(name) if self._concerns(name) else ()

    @property
    def warnings(self) -> list[PlanWarning]:
        """What the person should see in any case."""
        return self._source.warnings if self._source is not None else []

    @property
    def truncated(self) -> set[str]:
        """Names with more versions than were offered."""
        return self._source.truncated if self._source is not None else set()

    @property
    def missing_offline(self) -> set[str]:
        """Names that were asked for and are not cached."""
        return self._source.missing_offline if self._source is not None else set()

    @property
    def unavailable(self) -> Mapping[str, PlanWarning]:
        """Names without a usable record, and why."""
        return self._source.unavailable if self._source is not None else {}

    def close(self) -> None:
        """Let the index's threads go."""
        if self._source is not None:
            self._source.close()

    async def _made(self) -> PypiSource:
        if self._source is None:
            if self._making is None:
                self._making = asyncio.ensure_future(self._make())
            self._source = await self._making
        return self._source
