"""What a bundle is, what is asked for and what came of it. Values only.

``bundle.json`` says it all: each environment with what was asked for, and for each platform every package with its
digest. The archives lie beside it, where ``package_cache.layout.bundled_path`` says.
"""

from __future__ import annotations

import msgspec

from jupyter_envs.engine.models.records import RepodataRecord

BUNDLE_VERSION = 1
BUNDLE = "bundle.json"


class BundleRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to go into a bundle.

    ``output`` is its folder, ``prefixes`` and ``files`` (that describe environments) are what goes in, all absolute.
    ``subdir`` is the platform it is for, the settings' own when empty. ``channels``, ``sources`` and ``exclude_newer``
    are for what has to be solved, as in a change.
    """

    output: str
    prefixes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    subdir: str = ""
    channels: tuple[str, ...] | None = None
    sources: tuple[str, ...] | None = None
    exclude_newer: str | None = None


class Bundled(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One environment for one platform: its packages in the order in which they are linked."""

    records: tuple[RepodataRecord, ...]


class BundledEnvironment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One environment, for each platform it was bundled for."""

    requested: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    variables: dict[str, str] = {}
    platforms: dict[str, Bundled]


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """``bundle.json``."""

    bundle_version: int = BUNDLE_VERSION
    environments: dict[str, BundledEnvironment] = {}


class BundleReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was put into a bundle.

    ``archives`` and ``bytes`` count what the environments named in ``names`` need, ``new_bytes`` what was not in the
    folder before.
    """

    output: str
    names: tuple[str, ...]
    subdir: str
    archives: int
    bytes: int
    new_bytes: int
