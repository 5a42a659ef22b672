"""What lies in a shared root, and the two renames that publish.

On disk, below the shared root::

    generations/<name>/<n>/            one build of an environment; never changed after it was published
    generations/<name>/<n>.json        who asked for it, from what, and what became of it     publication_version 1
    envs/<name>                        a symbolic link to the generation that is published
    share/jupyter/kernels/shared-…/    its kernels; their paths lead to the generation, so that running ones keep theirs
    pkgs/                              the package cache, a layer below each user's own
    .service/                          jobs and what the sources told; nobody else's business. ``publishing.lock`` in it
                                       is held by the service (`jupyter_envs.jobs.publishing`)

The link is what counts: kernelspecs are brought in line with it. Owns these files; builds nothing.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from jupyter_envs.engine.durable import replace_file, sync_directory
from jupyter_envs.engine.prefix.names import is_name, validate_name
from jupyter_envs.engine.prefix.shared import GENERATIONS
from jupyter_envs.errors import NotFoundError, SpecError, StorageError

PUBLICATION_VERSION = 1

PublicationState = Literal["building", "ready", "failed"]


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """One build of an environment. ``created_at`` is in seconds since the epoch; ``text`` is the file it is made of."""

    name: str
    number: int
    state: PublicationState
    by: str
    created_at: float
    file: str
    text: str
    job: str = ""
    message: str = ""
    hint: str = ""
    publication_version: int = PUBLICATION_VERSION


class SharedRoot:
    """A shared root.

    Parameters
    ----------
    path : Path
        Absolute; what is missing in it is made when it is needed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.kernels = path / "share" / "jupyter" / "kernels"

    def prefix(self, name: str, number: int) -> Path:
        """Return where a generation is, or will be."""
        return self.path / GENERATIONS / validate_name(name) / str(number)

    def link(self, name: str) -> Path:
        """Return what leads to the generation that is published: the path by which users know the environment."""
        return self.path / "envs" / validate_name(name)

    def names(self) -> list[str]:
        """Return the names of all environments that were ever asked for and not removed."""
        try:
            found = sorted(entry.name for entry in os.scandir(self.path / GENERATIONS) if entry.is_dir())
        except FileNotFoundError:
            return []
        return [name for name in found if is_name(name) and self.publications(name)]

    def publications(self, name: str) -> list[Publication]:
        """Return the generations of a name, the newest first; one whose file is damaged has failed."""
        folder = self.prefix(name, 0).parent
        files = [path for path in folder.glob("*.json") if path.stem.isdigit()]
        found = [_read(path, name) for path in files]
        newer = [one for one in found if one.publication_version > PUBLICATION_VERSION]
        if newer:
            raise SpecError(
                f"generation {newer[0].number} of {name} was written by a newer jupyter-envs",
                hint="upgrade jupyter-envs where the Hub runs",
            )
        return sorted(found, key=lambda one: one.number, reverse=True)

    def get(self, name: str, number: int) -> Publication:
        """Return one generation; ``NotFoundError`` when there is none."""
        for publication in self.publications(name):
            if publication.number == number:
                return publication
        raise NotFoundError(
            f"there is no generation {number} of {name}", hint="the list shows those there are", code="not_found.shared"
        )

    def find_published(self, name: str) -> int | None:
        """Return the number of the generation that users get, ``None`` when none was published."""
        try:
            target = os.readlink(self.link(name))
        except (FileNotFoundError, OSError):  # a directory of that name is not ours
            return None
        number = os.path.basename(target)
        return int(number) if number.isdigit() else None

    def save(self, publication: Publication) -> Publication:
        """Write a generation's file anew, by rename; return it. ``StorageError`` when it cannot be written."""
        path = self._file(publication.name, publication.number)
        with _writing(f"noting generation {publication.number} of {publication.name}"):
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, msgspec.json.encode(publication), 0o600)  # it may hold credentials of a channel
            sync_directory(path.parent)
        return publication

    def check_free(self, name: str) -> None:
        """Raise ``SpecError`` if what stands where users look for an environment was not published by this service."""
        link = self.link(name)
        if link.is_dir() and not link.is_symlink():
            raise SpecError(
                f"{link} is an environment that was not published", hint="move it away, or take another name"
            )

    def publish(self, name: str, number: int) -> None:
        """Make a generation the one that users get: one rename of a link.

        Raises
        ------
        SpecError
            An environment that was not published has the name.
        StorageError
            The link cannot be made; what was published before is as it was.
        """
        self.check_free(name)
        link = self.link(name)
        temporary = link.with_name(f".{name}.new")
        with _writing(f"publishing {name}"):
            link.parent.mkdir(parents=True, exist_ok=True)
            temporary.unlink(missing_ok=True)
            temporary.symlink_to(Path("..") / GENERATIONS / name / str(number))
            temporary.replace(link)
            sync_directory(link.parent)

    def forget(self, publication: Publication) -> None:
        """Remove a generation's file; its environment has to be gone before."""
        self._file(publication.name, publication.number).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # other generations are in it
            self.prefix(publication.name, 0).parent.rmdir()

    def _file(self, name: str, number: int) -> Path:
        return self.prefix(name, number).with_name(f"{number}.json")


@contextlib.contextmanager
def _writing(doing: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError.from_os_error(error, doing) from error


def _read(path: Path, name: str) -> Publication:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Publication)
    except msgspec.DecodeError as error:
        return Publication(
            name=name,
            number=int(path.stem),
            state="failed",
            by="",
            created_at=path.stat().st_mtime,
            file="",
            text="",
            message=f"{path} cannot be read: {error}",
            hint="put it back from a backup, or remove this generation",
        )
