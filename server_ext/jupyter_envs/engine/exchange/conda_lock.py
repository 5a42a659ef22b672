"""conda-lock.yml (CEP 37): read for one platform; not written.

Owns the ``main`` category of the file; other categories are left out with a warning. Nothing is solved. Refuses pip
packages that are not wheels.
"""

from __future__ import annotations

import msgspec

from jupyter_envs.engine.exchange.artifacts import record_from_url
from jupyter_envs.engine.exchange.parsed import ParsedEnvironment
from jupyter_envs.engine.models.origins import WHEEL_SUFFIX
from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import SpecError

MAIN = "main"


class _Channel(msgspec.Struct):
    url: str


class _Metadata(msgspec.Struct):
    platforms: list[str]
    channels: list[_Channel] = []


class _Package(msgspec.Struct):
    name: str
    version: str
    manager: str
    platform: str
    url: str
    hash: dict[str, str | None] = {}
    dependencies: dict[str, str] = {}
    category: str | None = None
    optional: bool = False


class _Lock(msgspec.Struct):
    metadata: _Metadata
    package: list[_Package]
    version: int = 1


def parse_conda_lock(text: str, *, subdir: str, path: str = "") -> ParsedEnvironment:
    """Read the packages of one platform.

    Raises
    ------
    SpecError
        ``exchange.lock``: not a conda-lock.yml of version 1; ``exchange.platform``: not for this platform;
        ``exchange.source``: a pip package that is not a wheel.
    """
    lock = _load(text, path)
    if subdir not in lock.metadata.platforms:
        raise SpecError(
            f"{path or 'conda-lock.yml'} is not for {subdir}",
            hint=f"it is for {', '.join(lock.metadata.platforms) or 'no platform'}",
            code="exchange.platform",
        )
    own = [package for package in lock.package if package.platform == subdir]
    main = [package for package in own if (package.category or MAIN) == MAIN]
    warnings: tuple[PlanWarning, ...] = ()
    if left_out := sorted({package.category or MAIN for package in own} - {MAIN}):
        warnings = (PlanWarning(code="exchange.category", message=f"packages of {', '.join(left_out)} are left out"),)
    return ParsedEnvironment(
        format="conda-lock",
        path=path,
        channels=tuple(channel.url for channel in lock.metadata.channels),
        default_channels=False,
        records=tuple(_record(package, subdir, path) for package in main),
        platforms=tuple(lock.metadata.platforms),
        warnings=warnings,
    )


def _load(text: str, path: str) -> _Lock:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        raw = yaml.load(text, Loader=loader)  # noqa: S506 - both are safe loaders
        lock = msgspec.convert(_texts(raw), _Lock)
    except (yaml.YAMLError, msgspec.ValidationError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise SpecError(
            f"not a conda-lock.yml: {path or 'the text'} ({reason})",
            hint="make it again with `conda-lock lock`",
            code="exchange.lock",
        ) from error
    if lock.version != 1:
        raise SpecError(
            f"{path or 'conda-lock.yml'} has version {lock.version}, only 1 is known",
            hint="make it again with a conda-lock that writes version 1",
            code="exchange.lock",
        )
    return lock


def _texts(raw: object) -> object:
    """Return a document whose package versions are texts: YAML reads ``2.10`` as a number when it is not quoted."""
    packages = raw.get("package") if isinstance(raw, dict) else None
    for package in packages if isinstance(packages, list) else ():
        if isinstance(package, dict) and "version" in package:
            package["version"] = str(package["version"])
    return raw


def _record(package: _Package, subdir: str, path: str) -> RepodataRecord:
    url = package.url.partition("#")[0]
    if package.manager == "pip" and not url.endswith(WHEEL_SUFFIX):
        raise SpecError(
            f"{path or 'conda-lock.yml'}: {package.name} is not a wheel: {url}",
            hint="only wheels are installed; build one, and lock that",
            code="exchange.source",
        )
    record = record_from_url(url, subdir=subdir, md5=package.hash.get("md5"), sha256=package.hash.get("sha256"))
    if package.manager == "pip":
        return record
    depends = tuple(f"{name} {limit}".strip() for name, limit in package.dependencies.items())
    return msgspec.structs.replace(record, depends=depends)
