"""``updates``: the newest version of each installed package that its own source offers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from jupyter_envs.engine.models.origins import CONDA, PYPI, channel_of, source_of
from jupyter_envs.engine.models.records import PrefixRecord
from jupyter_envs.engine.prefix.records import read_records
from jupyter_envs.engine.sources.names import pypi_names
from jupyter_envs.engine.sources.pypi_versions import conda_version
from jupyter_envs.engine.transaction.diff import version_key
from jupyter_envs.errors import EnvsError
from jupyter_envs.queries.catalogue import OpenChannel, SourceProblem
from jupyter_envs.queries.packages import pythons
from jupyter_envs.queries.projects import releases

if TYPE_CHECKING:
    from jupyter_envs.queries.desk import Desk

CHANNEL_WAIT = 20.0
RECORDS_WAIT = 20.0
INDEX_WAIT = 20.0


async def updates(desk: Desk, *, environment: str) -> dict[str, Any]:
    """Return the packages of which a newer version is offered.

    What is newest may not go together with the rest: a plan says what an update really comes to.

    Parameters
    ----------
    desk : Desk
        The sources.
    environment : str
        The path of an environment.
    """
    records = await asyncio.to_thread(read_records, Path(environment), lambda _finding: None)
    channels, _ = desk.places(environment)
    by_source = {kind: [record for record in records if source_of(record) == kind] for kind in (CONDA, PYPI)}
    opened, problems = await desk.catalogue.open(channels if by_source[CONDA] else (), CHANNEL_WAIT)
    newest = await _from_channels(opened, [record.name for record in by_source[CONDA]], problems)
    newest |= await _from_index(desk, by_source[PYPI], environment, problems)
    found = [_update(record, newest[record.name]) for record in records if _is_newer(newest.get(record.name), record)]
    return {"updates": found, "complete": not problems, "problems": msgspec.to_builtins(problems)}


def _is_newer(newest: str | None, record: PrefixRecord) -> bool:
    return newest is not None and version_key(newest) > version_key(record.version)


def _update(record: PrefixRecord, newest: str) -> dict[str, str]:
    source = source_of(record)
    return {
        "name": record.name,
        "installed": record.version,
        "newest": newest,
        "source": source,
        "channel": channel_of(record),
    }


async def _from_channels(
    opened: Sequence[OpenChannel], names: Sequence[str], problems: list[SourceProblem]
) -> dict[str, str]:
    """Return the newest version of each name in the first channel that has it."""
    newest: dict[str, str] = {}
    for channel in reversed(opened):
        shown = channel.ref.shown
        try:
            newest |= await channel.newest_of([name for name in names if name in channel.names], RECORDS_WAIT)
        except TimeoutError:
            problems.append(SourceProblem(channel=shown, message=f"{shown} does not finish answering"))
        except EnvsError as error:
            problems.append(SourceProblem(channel=shown, message=error.message, hint=error.hint))
    return newest


async def _from_index(
    desk: Desk, records: Sequence[PrefixRecord], environment: str, problems: list[SourceProblem]
) -> dict[str, str]:
    async def ask(name: str) -> tuple[str, str | None]:
        project = next(iter(pypi_names(name)), name)
        found, problem = await desk.projects.find(project, INDEX_WAIT)
        if problem is not None:
            problems.append(problem)
        versions = [
            release for _, one in found for release in await asyncio.to_thread(releases, one, desk.settings, minors)
        ]
        return name, conda_version(versions[0].version) if versions else None

    minors = pythons(environment)
    answers = await asyncio.gather(*(ask(record.name) for record in records))
    problems[:] = {problem.message: problem for problem in problems}.values()
    return {name: version for name, version in answers if version is not None}
