"""A channel in a folder: packages appear by rename, then the index names them. One writer at a time (``flock``).

py-rattler writes ``repodata.json``, ``.zst`` and shards (CEP 16, 36) incrementally; ``run_exports.json`` (CEP 12) and
``channeldata.json`` (CEP 38) are ours (``extras``). A package under the same file name with other bytes is refused
unless it is to be replaced: index entries of a name must not change behind its users' backs.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import shutil
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from jupyter_envs.build.assemble import file_digest
from jupyter_envs.build.channel.extras import write_extras
from jupyter_envs.engine.models.records import PackageRecord
from jupyter_envs.errors import AlreadyExistsError, ArchiveError, NotFoundError, SpecError, StorageError

ENDINGS = (".conda", ".tar.bz2")
BROKEN = "broken"
SETTINGS = ".channel.json"


class ChannelSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a channel remembers of itself (``.channel.json``)."""

    repodata_patch: str | None = None
    version: int = 1


class FolderChannel:
    """A channel.

    Parameters
    ----------
    folder : Path
        Made when something is published.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, subdir: str, file_name: str) -> Path:
        """Return where an archive is or goes."""
        return self.folder / subdir / file_name

    def find(self, subdir: str, dist: str) -> Path | None:
        """Return the archive of a package, ``None`` when the channel does not have it."""
        return next((path for end in ENDINGS if (path := self.path(subdir, dist + end)).is_file()), None)

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Be the one who changes the channel."""
        try:
            (self.folder / "noarch").mkdir(parents=True, exist_ok=True)
            with (self.folder / ".channel.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise StorageError.from_os_error(error, f"changing the channel {self.folder}") from error

    def publish(self, archives: Sequence[tuple[str, Path]], *, replace: bool = False) -> list[Path]:
        """Put archives into the channel and index it; all are whole before the first is named.

        Parameters
        ----------
        archives
            Subdir and archive.
        replace
            Whether an archive of the same name with other bytes is replaced.

        Raises
        ------
        AlreadyExistsError
            ``exists.package``: a package of that name with other bytes is there.
        """
        with self.changing():
            stale = [(subdir, path) for subdir, path in archives if self._differs(self.path(subdir, path.name), path)]
            if stale and not replace:
                subdir, path = stale[0]
                raise AlreadyExistsError(
                    f"{subdir}/{path.name} is in {self.folder} already, with other bytes",
                    hint="raise the build number in the recipe, or replace the package with --force",
                    code="exists.package",
                )
            subdirs = sorted({subdir for subdir, _ in archives})
            for subdir, path in stale:
                self.path(subdir, path.name).unlink()
            if stale:  # rattler keeps the old record of a file that changes under its name: let it see it gone
                self.index(subdirs)
            placed = [self._place(subdir, path) for subdir, path in archives]
            self.index(subdirs)
        return placed

    @staticmethod
    def _differs(present: Path, archive: Path) -> bool:
        return present.is_file() and file_digest(str(present)) != file_digest(str(archive))

    def _place(self, subdir: str, archive: Path) -> Path:
        target = self.path(subdir, archive.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.parent / f".{archive.name}.{os.getpid()}.part"
        shutil.copyfile(archive, temporary)
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.replace(target)
        return target

    def remove(self, names: Sequence[str]) -> list[Path]:
        """Take packages away, given as file names or ``name-version-build``, and index the rest.

        Raises
        ------
        NotFoundError
            ``not_found.package``: one of them is not there; nothing is removed.
        """
        with self.changing():
            found = []
            for name in names:
                matching = [path for path in self.archives() if name in (path.name, dist_of(path.name))]
                if not matching:
                    raise NotFoundError(
                        f"the channel {self.folder} has no package {name}",
                        hint="`jupyter envs channel list` shows what it has",
                        code="not_found.package",
                    )
                found += matching
            for path in found:
                path.unlink()
            self.index(sorted({path.parent.name for path in found}))
        return found

    def archives(self) -> list[Path]:
        """Return all archives, by subdir and name."""
        folders = (path for path in sorted(self.folder.glob("*/")) if path.name != BROKEN)
        return [path for folder in folders for path in sorted(folder.iterdir()) if is_archive(path.name)]

    def index(self, subdirs: Sequence[str], *, force: bool = False) -> None:
        """Write the index of some subdirs (all when empty); only new packages are read unless ``force``.

        The package that patches the index, once named (``set_patch``), is applied each time.
        """
        import asyncio

        from rattler.index import index_fs
        from rattler.platform import Subdir

        if subdirs and not (self.folder / "noarch" / "repodata.json").is_file():
            subdirs = sorted({*subdirs, "noarch"})  # no channel is without it
        for subdir in subdirs or (None,):
            platform: Any = Subdir(subdir) if subdir else None
            try:
                asyncio.run(
                    index_fs(self.folder, platform, self.patch(), write_zst=True, write_shards=True, force=force)
                )
            except OSError:
                raise
            except Exception as error:  # the native code has one class for all it meets
                if refused := _refusal_of_the_disk(str(error)):
                    raise StorageError.from_os_error(refused, f"indexing the channel {self.folder}") from error
                raise ArchiveError(
                    f"the channel {self.folder} cannot be indexed: {error}",
                    hint="a package in it is damaged, or was half copied by another tool; remove it",
                    code="archive.channel",
                ) from error
        write_extras(self.folder)

    def patch(self) -> str | None:
        """Return the package that patches the index."""
        try:
            return msgspec.json.decode((self.folder / SETTINGS).read_bytes(), type=ChannelSettings).repodata_patch
        except FileNotFoundError:
            return None
        except msgspec.DecodeError as error:
            hint = "remove the file; then name the patch again with `jupyter envs channel patch`"
            raise SpecError(f"{self.folder / SETTINGS} cannot be read: {error}", hint=hint) from None

    def set_patch(self, file_name: str | None) -> None:
        """Name the package (in ``noarch``, with ``patch_instructions.json``) that patches the index from now on.

        Raises
        ------
        NotFoundError
            It is not in ``noarch``.
        """
        if file_name is not None and not self.path("noarch", file_name).is_file():
            raise NotFoundError(
                f"{file_name} is not in {self.folder / 'noarch'}",
                hint="add the package with the patch instructions first (`jupyter envs channel add`)",
                code="not_found.package",
            )
        with self.changing():
            text = msgspec.json.encode(ChannelSettings(repodata_patch=file_name))
            (self.folder / SETTINGS).write_bytes(text)
            self.index((), force=True)


def _refusal_of_the_disk(text: str) -> OSError | None:
    """Return what the operating system said, when that is in the native code's words: ``(os error 28)``."""
    found = re.search(r"\(os error (\d+)\)", text)
    code = int(found[1]) if found else 0
    refusals = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)
    return OSError(code, os.strerror(code)) if code in refusals else None


def is_archive(name: str) -> bool:
    """Tell whether a file name is a package's."""
    return name.endswith(ENDINGS) and not name.startswith(".")


def dist_of(name: str) -> str:
    """Return an archive's name without its ending."""
    return next((name.removesuffix(ending) for ending in ENDINGS if name.endswith(ending)), name)


def subdir_of(path: Path) -> str:
    """Return the platform that an archive says it is for.

    Raises
    ------
    ArchiveError
        It is no package, or its file name is not what its ``index.json`` says (CEP 35).
    """
    from conda_package_streaming.package_streaming import stream_conda_component

    try:
        for tar, member in stream_conda_component(path, component="info"):
            stream = tar.extractfile(member) if member.name == "info/index.json" else None
            if stream is not None:
                index = msgspec.json.decode(stream.read(), type=PackageRecord)
                break
        else:
            raise ArchiveError(f"{path.name} has no info/index.json", hint="only conda packages go into a channel")
    except LookupError:  # the parts of a .conda are called after the package
        raise ArchiveError(
            f"{path.name} does not hold the package that its name says",
            hint="give the file the name that the package had",
            code="archive.channel",
        ) from None
    except (OSError, ValueError, EOFError, msgspec.DecodeError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise ArchiveError(
            f"{path.name} is not a conda package: {error}", hint="give .conda or .tar.bz2 files", code="archive.channel"
        ) from error
    if index.dist != dist_of(path.name):
        raise ArchiveError(
            f"{path.name} says that it is {index.dist}",
            hint="give the file the name that its index.json says",
            code="archive.channel",
        )
    return index.subdir
