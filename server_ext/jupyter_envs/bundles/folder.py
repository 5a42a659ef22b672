"""A bundle's folder: opened, read, written. ``bundle.json`` is replaced last, so that all it names is there.

Refuses a folder that holds anything else, a bundle of a newer version, and two processes that write one bundle.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from jupyter_envs.build.channel.extras import write_atomically
from jupyter_envs.bundles.models import BUNDLE, BUNDLE_VERSION, Bundle
from jupyter_envs.bundles.readme import readme_text
from jupyter_envs.engine.transaction.lock import locked
from jupyter_envs.errors import NotFoundError, SpecError, StorageError

LOCK = ".bundle.lock"
README = "README.md"
_OURS = (LOCK, ".downloads", "channel", "wheels", README, f".{README}.part", f".{BUNDLE}.part")
HINT = "make the bundle again with `jupyter envs bundle`, or copy all of it again"


def read_bundle(folder: Path) -> Bundle:
    """Return what a bundle holds.

    Raises
    ------
    NotFoundError
        ``not_found.bundle``: the folder is none.
    SpecError
        ``bundle.broken``, or ``bundle.version``: it is damaged, or newer than this program.
    """
    try:
        data = (folder / BUNDLE).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        hint = f"give the folder that `jupyter envs bundle` wrote; it holds {BUNDLE}"
        raise NotFoundError(f"there is no bundle in {folder}", hint=hint, code="not_found.bundle") from None
    except OSError as error:
        raise StorageError.from_os_error(error, "reading a bundle") from error
    try:
        version = msgspec.json.decode(data, type=dict[str, object]).get("bundle_version")
        if isinstance(version, int) and version > BUNDLE_VERSION:
            raise SpecError(
                f"the bundle in {folder} is of version {version}, this jupyter-envs reads {BUNDLE_VERSION}",
                hint="upgrade jupyter-envs",
                code="bundle.version",
            )
        return msgspec.json.decode(data, type=Bundle)
    except msgspec.DecodeError as error:
        raise SpecError(f"{folder / BUNDLE} cannot be read: {error}", hint=HINT, code="bundle.broken") from None


@contextlib.contextmanager
def changing(folder: Path) -> Iterator[Bundle]:
    """Be the one who changes a bundle, which is made when the folder is empty or not there; give what it holds now.

    Raises
    ------
    SpecError
        ``bundle.not_empty``: the folder holds other things.
    LockedError
        Another process is at it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        present = sorted(os.listdir(folder))
    except OSError as error:
        raise StorageError.from_os_error(error, f"opening {folder}") from error
    # One that was stopped before its end has no bundle.json yet.
    others = [name for name in present if name not in _OURS] if LOCK in present else present
    if BUNDLE not in present and others:
        raise SpecError(
            f"{folder} holds other things ({', '.join(others[:3])}{', …' if others[3:] else ''}) and is no bundle",
            hint="give a new folder, an empty one, or a bundle to add to",
            code="bundle.not_empty",
        )
    with locked(folder / LOCK, prefix=folder, command="bundle"):
        yield read_bundle(folder) if (folder / BUNDLE).is_file() else Bundle()


def write_bundle(folder: Path, bundle: Bundle) -> None:
    """Replace ``README.md`` and ``bundle.json``."""
    try:
        write_atomically(folder / README, readme_text(bundle).encode())
        write_atomically(folder / BUNDLE, msgspec.json.format(msgspec.json.encode(bundle), indent=1) + b"\n")
    except OSError as error:
        raise StorageError.from_os_error(error, f"writing the bundle {folder}") from error
