"""A channel behind an fsspec URL (``s3://…``, ``gs://…``, ``sftp://…``): a local copy, brought and sent.

What is sent is sent in an order that readers survive: archives first, then shards, then the indexes that name them.
One publisher at a time: whoever owns the builds. Needs the extra ``jupyter-envs[objects]`` and fsspec's own driver.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_envs.build.channel.folder import BROKEN, SETTINGS, FolderChannel, is_archive
from jupyter_envs.errors import SourceError, SpecError

INCOMING = ".incoming"
_INDEX_ORDER = ("run_exports.json", "repodata_shards.msgpack.zst", "repodata.json.zst", "repodata.json")


class RemoteChannel:
    """A channel elsewhere.

    Parameters
    ----------
    url : str
        Of its folder.
    root : str
        Ours; the copy is in ``channels/`` below it.
    builder : bool
        Whether builders only read it. Theirs is a copy apart: bringing it would take from a publisher of the same
        root what is not sent yet.

    Raises
    ------
    SpecError
        fsspec, or its driver for this kind of URL, is not installed.
    """

    def __init__(self, url: str, root: str, *, builder: bool = False) -> None:
        self.url = url.rstrip("/")
        self._fs, self._base = _open(self.url)
        name = hashlib.sha256(self.url.encode()).hexdigest()[:16]
        self.copy = FolderChannel(Path(root) / "channels" / (f"{name}-builders" if builder else name))

    def pull(self) -> None:
        """Make the copy what the channel is."""
        there = {
            path: size
            for path, size in self._files().items()
            if is_archive(posixpath.basename(path)) or path == SETTINGS
        }
        with self.copy.changing():
            for path, size in there.items():
                target = self.copy.folder / path
                if not target.is_file() or target.stat().st_size != size:
                    self._download(path, target)
            for archive in self.copy.archives():
                if archive.relative_to(self.copy.folder).as_posix() not in there:
                    archive.unlink()
            self.copy.index(())

    def push(self) -> None:
        """Send what the copy has and the channel has not, and the index; nothing is published meanwhile.

        Of two that send at once the slower one would send an index that knows less than the one that is there.
        """
        with self.copy.changing():
            self._push()

    def _push(self) -> None:
        there = self._files()
        for archive in self.copy.archives():
            path = archive.relative_to(self.copy.folder).as_posix()
            if there.get(path) != archive.stat().st_size:
                self._upload(archive, path)
        for folder in sorted(self.copy.folder.glob("*/")):
            if folder.name == BROKEN:
                continue
            for shard in sorted((folder / "shards").glob("*")):
                if f"{folder.name}/shards/{shard.name}" not in there:  # their names are their digests
                    self._upload(shard, f"{folder.name}/shards/{shard.name}")
            for name in _INDEX_ORDER:
                if (folder / name).is_file():
                    self._upload(folder / name, f"{folder.name}/{name}")
        self._upload(self.copy.folder / "channeldata.json", "channeldata.json")

    def send_incoming(self, archives: Sequence[Path], task: str) -> list[str]:
        """Send archives to a place beside the channel, for its publisher to take; return where they are."""
        paths = [f"{INCOMING}/{task}/{archive.name}" for archive in archives]
        for archive, path in zip(archives, paths, strict=True):
            self._upload(archive, path)
        return paths

    def take_incoming(self, paths: Sequence[str], folder: Path) -> list[Path]:
        """Bring archives that a builder sent; return them."""
        targets = [folder / posixpath.basename(path) for path in paths]
        for path, target in zip(paths, targets, strict=True):
            self._download(path, target)
        return targets

    def forget_incoming(self, paths: Sequence[str]) -> None:
        """Remove what a builder sent, once it is published."""
        for path in paths:
            self._fs.rm_file(self._at(path))

    # -- files --------------------------------------------------------------------------------------------------

    def _at(self, path: str) -> str:
        return f"{self._base}/{path}"

    def _files(self) -> dict[str, int]:
        """Return the sizes of all files, by their path in the channel."""
        try:
            self._fs.invalidate_cache()
            found = self._fs.find(self._base, detail=True)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._failure(error) from error
        start = len(self._base.rstrip("/")) + 1
        return {path[start:]: int(entry["size"]) for path, entry in found.items()}

    def _download(self, path: str, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.part")
        try:
            self._fs.get_file(self._at(path), str(temporary))
        except OSError as error:
            raise self._failure(error) from error
        temporary.replace(target)

    def _upload(self, source: Path, path: str) -> None:
        """Send a file: under another name first, where the store shows what is half written."""
        target = self._at(path)
        half = f"{posixpath.dirname(target)}/.{posixpath.basename(target)}.part"
        try:
            self._fs.makedirs(posixpath.dirname(target), exist_ok=True)
            self._fs.put_file(str(source), half)
            self._fs.mv(half, target)
        except OSError as error:
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> SourceError:
        return SourceError(
            f"the channel {self.url} cannot be used: {error}",
            hint="check the address and the credentials that fsspec finds (its own variables and files)",
            code="source.channel_store",
        )


def _open(url: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ImportError:
        raise SpecError(
            f"fsspec is not installed, which {url} needs",
            hint="`pip install jupyter-envs[objects]`, or give a folder",
            code="spec.fsspec",
        ) from None
    try:
        filesystem, base = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise SpecError(
            f"{url} cannot be opened: {error}", hint="install fsspec's driver for it", code="spec.fsspec"
        ) from None
    return filesystem, str(base).rstrip("/")
