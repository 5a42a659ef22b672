"""Which scripts of packages a change will run: those that are known, and how many packages may bring more. Reads only.

A package that is not in the cache tells its scripts when it is; until then it is counted.
"""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_envs.engine.link.plan import link_scripts, script_title
from jupyter_envs.engine.models.origins import CONDA, source_of
from jupyter_envs.engine.models.platform import layout_for
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.package_cache.cache import PackageCache
from jupyter_envs.settings import Settings


def scripts_of(
    link: Iterable[RepodataRecord], missing: Iterable[RepodataRecord], cache: PackageCache, settings: Settings
) -> tuple[tuple[str, ...], int]:
    """Return the titles of the scripts of packages in the cache, and how many packages are not there yet.

    Neither counts where no scripts are run (``run_link_scripts``). Wheels and borrowed Pythons have none.
    """
    if not settings.run_link_scripts:
        return (), 0
    absent = {record.dist for record in missing}
    layout = layout_for(settings.subdir)
    found: list[str] = []
    unknown = 0
    for record in link:
        if source_of(record) != CONDA:
            continue
        if record.dist in absent or not cache.find(record):
            unknown += 1
            continue
        paths = [entry.path for entry in cache.manifest(record, None).paths]
        found.extend(script_title(record.dist, path) for path in link_scripts(record.name, paths, layout))
    return tuple(found), unknown
