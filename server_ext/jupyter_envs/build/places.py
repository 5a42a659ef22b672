"""Where one build happens: its folders below ``<root>/builds``, with a host prefix of 255 characters.

The folder's name is the package's own, not a random one: paths get into what is built, and building twice gives the
same bytes only in the same place. Two builds of the same package take turns (``flock``). What a killed build left is
removed by the next one.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import msgspec

from jupyter_envs.errors import BuildError, StorageError

PREFIX_LENGTH = 255
KEPT = ".kept"
_PAD = "_placehold"
_LOOK_SECONDS = 0.2
_MARKS = ("HOME", "TMPDIR", "PREFIX")  # of scripts; each is below the build's folder


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """The folders of one build; all absolute."""

    root: str

    @property
    def work(self) -> str:
        """Where sources are unpacked and the script runs (``SRC_DIR``)."""
        return os.path.join(self.root, "work")

    @property
    def home(self) -> str:
        """``HOME`` of scripts."""
        return os.path.join(self.root, "home")

    @property
    def temporary(self) -> str:
        """``TMPDIR`` of scripts."""
        return os.path.join(self.root, "tmp")

    @property
    def build_prefix(self) -> str:
        """The environment of build tools."""
        return os.path.join(self.root, "build_env")

    @property
    def host_prefix(self) -> str:
        """The environment that is linked against and installed into, as long as any prefix may be."""
        return padded(os.path.join(self.root, "host_env"), PREFIX_LENGTH)

    @property
    def staged(self) -> str:
        """What the recipe's own script installed, for its outputs to choose from."""
        return os.path.join(self.root, "staged")

    @property
    def channel(self) -> str:
        """The packages of this build before they are published."""
        return os.path.join(self.root, "channel")

    @property
    def package(self) -> str:
        """The package directory that becomes the archive."""
        return os.path.join(self.root, "package")

    @property
    def test_prefix(self) -> str:
        """The environment of the tests."""
        return os.path.join(self.root, "test_env")

    @property
    def test_work(self) -> str:
        """Where tests run."""
        return os.path.join(self.root, "test")

    @property
    def hidden(self) -> str:
        """Where work and host environment are while tests run, out of reach of paths that were compiled in."""
        return os.path.join(self.root, "hidden")


def padded(path: str, length: int) -> str:
    """Return ``path`` lengthened with ``_placehold`` to exactly ``length`` characters.

    >>> padded("/b/host_env", 24)
    '/b/host_env_placehold_pl'

    Raises
    ------
    BuildError
        ``build.path``: the path is too long already.
    """
    if len(path) >= length:
        raise BuildError(
            f"the folder for builds has a path that is too long: {path}",
            hint=f"set JUPYTER_ENVS_ROOT to a folder with a shorter path (builds need {length} characters)",
            code="build.path",
        )
    return (path + _PAD * (length // len(_PAD) + 1))[:length]


@contextlib.contextmanager
def occupied(
    builds: Path, name: str, *, keep: bool = False, wait: Callable[[], None] = lambda: None
) -> Iterator[Places]:
    """Have the folder of one build, empty, to oneself; it is removed afterwards.

    Parameters
    ----------
    builds : Path
        ``<root>/builds``.
    name : str
        The build's name.
    keep : bool
        Leave the folder when the build has ended, for a person to look at.
    wait : callable
        Called again and again while another build has it; what it raises ends the waiting.
    """
    folder = builds / name
    try:
        builds.mkdir(parents=True, exist_ok=True)
        with (builds / f".{name}.lock").open("w") as lock:
            _take(lock, wait)
            end_leftovers(folder)
            remove_tree(folder)
            sweep(builds)
            folder.mkdir()
            places = Places(root=str(folder))
            for each in (places.work, places.home, places.temporary):
                Path(each).mkdir()
            try:
                yield places
            finally:
                if keep:
                    (folder / KEPT).touch()
                else:
                    remove_tree(folder)
    except OSError as error:
        raise StorageError.from_os_error(error, f"building {name}") from error


def _take(lock: IO[str], wait: Callable[[], None]) -> None:
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            wait()
            time.sleep(_LOOK_SECONDS)


def sweep(builds: Path) -> None:
    """Remove the folders of builds whose process was killed: nobody holds their lock, nobody wanted to keep them."""
    for path in builds.glob(".*.lock"):
        folder = builds / path.name[1 : -len(".lock")]
        if not folder.is_dir() or (folder / KEPT).exists():
            continue
        with path.open("w") as lock, contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            end_leftovers(folder)
            remove_tree(folder)


def end_leftovers(folder: Path) -> list[str]:
    """End processes that scripts of a build left behind and return their names.

    They are known by their variables, which name the build's folder: a shell of somebody who looks at what was kept has
    others, and is left alone.
    """
    if not folder.is_dir():
        return []
    import psutil

    ended = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            environ = process.environ()
            if any(Path(environ.get(name, "/")).is_relative_to(folder) for name in _MARKS):
                ended.append(process.name())
                process.kill()
                process.wait(5)
    return ended


def remove_tree(folder: Path) -> None:
    """Remove a folder with all that is in it, also what scripts closed to everybody; nothing when it is not there."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        try:
            shutil.rmtree(folder)
        except PermissionError:
            _open_folders(folder)
            shutil.rmtree(folder)


def _open_folders(top: Path) -> None:
    """Let the owner into every folder of a tree again."""
    waiting = [str(top)]
    while waiting:
        folder = waiting.pop()
        os.chmod(folder, 0o700)  # the tree may be deep: texts, no Path for each
        with os.scandir(folder) as entries:
            waiting += [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
