"""pixi.lock, through py-rattler's ``LockFile``: read for one environment and platform, written for one.

Owns the way between rattler's records and ours. What the format cannot say (the conda name of a wheel, an interpreter
of this machine) stands in comment lines that pixi skips (see `jupyter_envs.engine.exchange.artifacts`); an environment
with an interpreter is therefore the same again here, and without its Python in pixi. Refuses source packages.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_envs.engine.exchange.artifacts import (
    dist_notes,
    parse_dist_notes,
    parse_requested_notes,
    record_from_url,
    requested_notes,
    wheel_identity,
)
from jupyter_envs.engine.exchange.parsed import ParsedEnvironment
from jupyter_envs.engine.fetch.urls import without_login
from jupyter_envs.engine.models.origins import INTERPRETER_SCHEME, is_interpreter, is_wheel
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import NotFoundError, SpecError

if TYPE_CHECKING:
    from rattler import PackageRecord, RepoDataRecord
    from rattler.lock.environment import Environment
    from rattler.lock.lock_file import LockFile

DEFAULT_ENVIRONMENT = "default"
_FRAGMENT = "#sha256="


def parse_pixi_lock(
    text: str, *, subdir: str, path: str = "", environment: str = DEFAULT_ENVIRONMENT
) -> ParsedEnvironment:
    """Read one environment of a pixi.lock for one platform.

    Raises
    ------
    SpecError
        ``exchange.lock``: not a lock file, not for this platform, or with packages that have to be built.
    NotFoundError
        The lock file has no such environment.
    """
    lock = _load(text, path)
    names = dict(lock.environments())
    if environment not in names:
        raise NotFoundError(
            f"{path or 'pixi.lock'} has no environment {environment!r}",
            hint=f"it has {', '.join(sorted(names)) or 'none'}",
            code="exchange.environment",
        )
    chosen = names[environment]
    # an environment without packages names no platform; the file does
    platforms = tuple(platform.name for platform in chosen.platforms() or lock.platforms())
    return ParsedEnvironment(
        format="pixi",
        path=path,
        channels=tuple(_plain_channel(str(channel)) for channel in chosen.channels()),
        default_channels=False,
        records=_records(chosen, subdir, parse_dist_notes(text), path, platforms),
        requested=parse_requested_notes(text),
        platforms=platforms,
    )


def export_pixi_lock(
    records: Sequence[RepodataRecord], channels: Sequence[str], subdir: str, requested: Sequence[str] = ()
) -> str:
    """Return a pixi.lock of one environment, ``default``, for one platform.

    Parameters
    ----------
    records : sequence
        All packages, in the order in which they are to be linked.
    channels : sequence
        URLs of channels, first come first; names are left to rattler's own idea of where they are.
    subdir : str
        The platform.
    requested : sequence of str
        What was asked for; kept in comment lines.
    """
    from rattler import Channel
    from rattler.lock import LockChannel, LockFile, LockPlatform

    platform = LockPlatform(subdir)
    lock = LockFile([platform])
    urls = [Channel(without_login(channel)).base_url for channel in channels]
    lock.set_channels(DEFAULT_ENVIRONMENT, [LockChannel(url) for url in urls])
    for record in records:
        if is_wheel(record):
            name, version = wheel_identity(record)
            location = without_login(record.url) + (f"{_FRAGMENT}{record.sha256}" if record.sha256 else "")
            lock.add_pypi_package(DEFAULT_ENVIRONMENT, platform, name, version, location)
        elif not is_interpreter(record):
            lock.add_conda_package(DEFAULT_ENVIRONMENT, platform, _to_rattler(record))
    notes = [*requested_notes(requested), *dist_notes(records)]
    return "".join(line + "\n" for line in notes) + _with_wheel_hashes(_dump(lock))


def _with_wheel_hashes(text: str) -> str:
    """Return a lock's text with the digests of wheels where pixi has them.

    rattler 0.28 has no way to give a wheel's digest but in its URL's fragment; pixi writes a field of its own.
    """
    text = re.sub(
        rf"^(- pypi: \S+?){_FRAGMENT}([0-9a-f]{{64}})\n((?:  .*\n)*?)(  version: .*\n)",
        r"\1\n\3\4  sha256: '\2'\n",
        text,
        flags=re.MULTILINE,
    )
    return re.sub(rf"^(\s*- pypi: \S+?){_FRAGMENT}[0-9a-f]{{64}}$", r"\1", text, flags=re.MULTILINE)


def _records(
    environment: Environment, subdir: str, notes: dict[str, str], path: str, platforms: tuple[str, ...]
) -> tuple[RepodataRecord, ...]:
    from rattler import CondaLockedBinaryPackage, PypiLockedPackage

    if subdir not in platforms:
        raise SpecError(
            f"{path or 'pixi.lock'} is not for {subdir}",
            hint=f"it is for {', '.join(platforms) or 'no platform'}",
            code="exchange.platform",
        )
    platform = next((platform for platform in environment.platforms() if platform.name == subdir), None)
    records = [
        record_from_url(url, subdir=subdir, dist=dist)
        for url, dist in notes.items()
        if url.startswith(INTERPRETER_SCHEME)
    ]
    for package in (environment.packages(platform) if platform else None) or []:
        if isinstance(package, CondaLockedBinaryPackage):
            records.append(_from_rattler(package.repo_data_record()))
        elif isinstance(package, PypiLockedPackage):
            records.append(_wheel(package, subdir, notes, path))
        else:
            raise SpecError(
                f"{path or 'pixi.lock'}: {package.name} has to be built from source",
                hint="build it first, and lock the package that comes out",
                code="exchange.source",
            )
    return tuple(records)


def _wheel(package: object, subdir: str, notes: dict[str, str], path: str) -> RepodataRecord:
    from rattler import PypiLockedPackage

    assert isinstance(package, PypiLockedPackage)
    location, _, fragment = package.location.partition("#")
    url = location if "://" in location else Path(path).absolute().parent.joinpath(location).as_uri()
    if not url.endswith(".whl"):
        raise SpecError(
            f"{path or 'pixi.lock'}: {package.name} is not a wheel: {url}",
            hint="only wheels are installed; build one, and lock that",
            code="exchange.source",
        )
    digest = package.hashes.sha256 if _has_hashes(package) and package.hashes is not None else None
    sha256 = digest.hex() if digest else (fragment.removeprefix("sha256=") or None)
    return record_from_url(url, subdir=subdir, dist=notes.get(url), sha256=sha256)


def _has_hashes(package: object) -> bool:
    """Tell whether a locked package has hashes; rattler 0.28 gives an empty shell for those that have none."""
    shell = getattr(package, "hashes", None)
    return getattr(shell, "_hashes", None) is not None


def _load(text: str, path: str) -> LockFile:
    from rattler.lock import LockFile

    with tempfile.TemporaryDirectory(prefix="jupyter-envs-lock-") as directory:
        file = Path(directory, "pixi.lock")
        file.write_text(text, encoding="utf-8")
        try:
            return LockFile.from_path(file)
        except Exception as error:
            raise SpecError(
                f"not a pixi.lock: {path or 'the text'} ({str(error).splitlines()[0] if str(error) else error!r})",
                hint="make it again with `pixi lock`",
                code="exchange.lock",
            ) from error


def _dump(lock: LockFile) -> str:
    with tempfile.TemporaryDirectory(prefix="jupyter-envs-lock-") as directory:
        file = Path(directory, "pixi.lock")
        lock.to_path(file)
        return file.read_text(encoding="utf-8")


def _plain_channel(url: str) -> str:
    return url.rstrip("/")


def _to_rattler(record: RepodataRecord) -> RepoDataRecord:
    from rattler import BuildString, PackageName, PackageRecord, RepoDataRecord, VersionWithSource

    inner = PackageRecord(
        name=PackageName(record.name),
        version=VersionWithSource(record.version),
        build=BuildString(record.build),
        build_number=record.build_number,
        subdir=record.subdir,
        arch=record.arch,
        platform=record.platform,
    )
    inner.depends = list(record.depends)
    inner.constrains = list(record.constrains)
    if record.sha256:
        inner.sha256 = bytes.fromhex(record.sha256)
    if record.md5:
        inner.md5 = bytes.fromhex(record.md5)
    inner.size = record.size
    inner.license = record.license
    inner.python_site_packages_path = record.python_site_packages_path
    _set_noarch(inner, record.noarch)
    url = without_login(record.url)
    channel = url.rpartition("/")[0].rpartition("/")[0] + "/"
    return RepoDataRecord(package_record=inner, file_name=record.fn, url=url, channel=channel)


def _set_noarch(inner: PackageRecord, noarch: str | bool | None) -> None:
    from rattler import NoArchType

    if noarch in ("python", "generic"):
        inner.noarch = NoArchType("python" if noarch == "python" else "generic")
    elif noarch is True:
        inner.noarch = NoArchType(True)


def _from_rattler(record: RepoDataRecord) -> RepodataRecord:
    noarch = "python" if record.noarch.python else "generic" if record.noarch.generic else None
    return RepodataRecord(
        name=record.name.normalized,
        version=str(record.version),
        build=str(record.build),
        build_number=record.build_number,
        depends=tuple(record.depends),
        constrains=tuple(record.constrains),
        subdir=record.subdir,
        arch=record.arch,
        platform=record.platform,
        noarch=noarch,
        license=record.license,
        size=record.size,
        md5=record.md5.hex() if record.md5 else None,
        sha256=record.sha256.hex() if record.sha256 else None,
        python_site_packages_path=record.python_site_packages_path,
        fn=record.file_name,
        url=record.url,
        channel=_plain_channel(record.channel) if record.channel else None,
    )
