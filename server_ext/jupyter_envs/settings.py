"""One Settings value: where things live and what may be used; read from the environment and ``.condarc``.

Owns the order of precedence (argument > environment variable > ``.condarc`` > default) and refuses to read anything
else.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from jupyter_envs.engine.models.platform import current_subdir

SOURCES = ("conda", "pypi", "interpreter")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Where environments, packages and jobs live, and what a change may use.

    ``envs_directories``: the first is where new environments go. ``package_directories``: the first is writable, the
    others are read-only layers below it. ``shared_directories`` are written by whoever publishes, read here:
    ``envs/<name>``, and ``pkgs``, the lowest layers of packages. ``channels`` are in order of priority. ``policy_file``
    holds what an administrator allows; the engine reads it. ``publishing``: environments are made for everybody, and no
    quota of a user counts; no variable and no file sets it. Paths are absolute.
    """

    root: str
    envs_directories: tuple[str, ...]
    package_directories: tuple[str, ...]
    shared_directories: tuple[str, ...] = ()
    channels: tuple[str, ...] = ("conda-forge",)
    channel_alias: str | None = None
    custom_channels: dict[str, str] = {}
    default_channels: tuple[str, ...] = ()
    sources: tuple[str, ...] = SOURCES
    subdir: str = msgspec.field(default_factory=current_subdir)
    channel_priority: str = "strict"
    proxies: dict[str, str] = {}
    ssl_verify: bool | str = True
    client_cert: str | None = None
    offline: bool = False
    exclude_newer: str | None = None
    allow_softlinks: bool = False
    always_copy: bool = False
    run_link_scripts: bool = True
    extra_safety_checks: bool = False
    compile_in_background: bool = True
    generations_kept: int | None = None
    policy_file: str | None = None
    publishing: bool = False

    @property
    def shared_envs_directories(self) -> tuple[str, ...]:
        """Where the environments are that others publish."""
        return tuple(os.path.join(shared, "envs") for shared in self.shared_directories)

    @property
    def shared_kernels_directories(self) -> tuple[str, ...]:
        """Where the kernels of these are."""
        return tuple(os.path.join(shared, "share", "jupyter", "kernels") for shared in self.shared_directories)

    @property
    def jobs_directory(self) -> str:
        """Where job logs, event streams and the jobs database live."""
        return os.path.join(self.root, "jobs")

    @property
    def repodata_directory(self) -> str:
        """The Gateway's repodata cache."""
        return os.path.join(self.root, "repodata")

    @property
    def pypi_directory(self) -> str:
        """Cached wheel metadata and index pages."""
        return os.path.join(self.root, "pypi")

    @property
    def locks_directory(self) -> str:
        """Lock files of prefixes that do not exist yet."""
        return os.path.join(self.root, "locks")


def default_root(environ: Mapping[str, str]) -> Path:
    """Return ``JUPYTER_ENVS_ROOT`` or the user's data directory for jupyter-envs."""
    given = environ.get("JUPYTER_ENVS_ROOT")
    if given:
        return Path(given).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_data_dir("jupyter-envs"))
