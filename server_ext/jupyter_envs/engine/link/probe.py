"""By which method files of a package directory would come into a place: tried with one small file, which is removed.

Trying is the only way to know: owners and ``fs.protected_hardlinks``, file systems, reflinks, containers and network
mounts all have a say. Nothing is tried where a hard link is certain: files of one's own on the same file system.
"""

from __future__ import annotations

import os
import tempfile
from typing import Literal

from jupyter_envs.engine.link.actions import LinkOptions
from jupyter_envs.engine.link.bring import Bringer, is_own
from jupyter_envs.errors import EnvsError

Method = Literal["hardlink", "reflink", "softlink", "copy"]
SAMPLE = "info/index.json"


def probe_method(directory: str, place: str, options: LinkOptions) -> Method:
    """Return the method by which plain files of a package come.

    Parameters
    ----------
    directory : str
        An extracted package in the cache.
    place : str
        An existing directory on the file system that is linked to. Where it cannot be written, or the package has
        nothing to try with, the answer is ``hardlink``: what stands in the way is said when files are linked.
    options : LinkOptions
        What is allowed.
    """
    try:
        if not options.always_copy and _is_certain(directory, place):
            return "hardlink"
        with tempfile.TemporaryDirectory(prefix=".jupyter-envs-probe-", dir=place) as folder:
            bringer = Bringer(folder, options, "bin")
            bringer.link(f"{directory}/{SAMPLE}", f"{folder}/sample", directory)
            return _method_of(bringer, directory)
    except (OSError, EnvsError):
        return "hardlink"


def _is_certain(directory: str, place: str) -> bool:
    source = os.stat(directory)
    return is_own(source) and source.st_dev == os.stat(place).st_dev


def _method_of(bringer: Bringer, directory: str) -> Method:
    if bringer.linked:
        return "hardlink"
    if bringer.softlinked:
        return "softlink"
    return "reflink" if bringer.reflinks(directory) else "copy"
