"""The values of linking: where to (``LinkTarget``), what (``FileAction``, ``PackageLinkPlan``), what came of it.

Values only, no effects. Plain links, nearly all files of an environment, are kept as parallel lists instead of one
object each: planning and linking 25,000 files must cost less than the kernel's own work.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.models.platform import PlatformLayout
from jupyter_envs.engine.models.records import PackageManifest, PathsEntry, RepodataRecord

ActionKind = Literal[
    "link", "patch_text", "patch_binary", "patch_shebang", "copy", "softlink", "directory", "generate", "pyc"
]

HARD_LINK, SOFT_LINK, COPY = 1, 2, 3
"""conda's numbers for ``link.type`` in a prefix record."""


class LinkTarget(msgspec.Struct, frozen=True, kw_only=True):
    """The environment that files are linked for.

    ``prefix`` is the final absolute prefix with forward slashes: patched files name it, wherever they are written.
    ``site_packages`` and ``python_executable`` are relative to it and ``None`` in an environment without Python.
    """

    prefix: str
    layout: PlatformLayout
    python_version: str | None = None
    site_packages: str | None = None
    cache_tag: str | None = None
    python_executable: str | None = None


class FileAction(msgspec.Struct, frozen=True, gc=False):
    """What makes one path of the prefix.

    ``path`` is relative to the prefix, ``source`` the absolute path in the cache (empty when there is none),
    ``content`` what is written by ``generate``, ``original`` the path inside the package.
    """

    path: str
    kind: ActionKind
    source: str = ""
    placeholder: str = ""
    content: bytes | None = None
    mode: int | None = None
    path_type: str = "hardlink"
    sha256: str | None = None
    size: int | None = None
    original: str = ""


class PackageLinkPlan(msgspec.Struct, kw_only=True):
    """How one package is put into a prefix.

    ``sources[i]`` (inside the package) is hard-linked to ``targets[i]`` (inside the prefix) and described by
    ``entries[i]``; ``pyc_sources``/``pyc_targets`` likewise, below the manifest's ``pyc_directory``. ``actions`` are
    all other paths. ``claimed`` are all paths but directories, as planned; ``directories`` are right above them, with a
    final slash. ``lost`` are paths that a later package provides: recorded as this one's, but not made.
    """

    record: RepodataRecord
    manifest: PackageManifest
    target: LinkTarget
    sources: list[str]
    targets: list[str]
    entries: list[PathsEntry]
    pyc_sources: list[str]
    pyc_targets: list[str]
    actions: list[FileAction]
    lost: list[FileAction]
    claimed: set[str] = set()
    directories: set[str] = set()
    link_scripts: tuple[str, ...] = ()
    warnings: tuple[PlanWarning, ...] = ()

    @property
    def dist(self) -> str:
        """``name-version-build``."""
        return self.record.dist

    def paths(self) -> list[str]:
        """Return every path that the plan makes, relative to the prefix; directories that are entries included."""
        return [*self.targets, *self.pyc_targets, *(action.path for action in self.actions)]

    def file_count(self) -> int:
        """Return how many files and links the plan makes."""
        made = sum(action.kind != "directory" for action in self.actions)
        return len(self.targets) + len(self.pyc_targets) + made

    def iter_actions(self) -> Iterator[FileAction]:
        """Yield everything as ``FileAction``, plain links too: for showing and comparing, not for the hot path."""
        base = self.manifest.directory
        for source, target, entry in zip(self.sources, self.targets, self.entries, strict=True):
            yield link_action(base, source, target, entry)
        for source, target in zip(self.pyc_sources, self.pyc_targets, strict=True):
            yield FileAction(
                target, "pyc", f"{self.manifest.pyc_directory}/{source}", path_type="pyc_file", original=source
            )
        yield from self.actions


def link_action(base: str, source: str, target: str, entry: PathsEntry) -> FileAction:
    """Return the action form of a plain link from the package directory ``base``."""
    return FileAction(
        target, "link", f"{base}/{source}", sha256=entry.sha256, size=entry.size_in_bytes, original=entry.path
    )


class LinkOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How files may be brought in.

    ``parallel_from`` is the number of links from which other threads share the work (0: never).
    """

    allow_softlinks: bool = False
    always_copy: bool = False
    parallel_from: int = 4000


class WriteResult(msgspec.Struct, kw_only=True):
    """What ``LinkWriter.write`` has done.

    ``written`` maps each patched, generated or rewritten path to its sha256; a plain link has its entry's own.
    ``made`` are the files that are not links: they are not on the disk yet (``durable.sync_files``).
    ``methods`` maps a dist to the method most of its files came by (1 hard link, 2 soft link, 3 copy).
    ``taken_bytes`` is what files and soft links take on the disk that are not hard links; reflinked files hardly do.
    """

    written: dict[str, str]
    methods: dict[str, int]
    created_directories: list[str]
    made: list[str]
    linked_files: int = 0
    softlinked_files: int = 0
    copied_files: int = 0
    written_files: int = 0
    linked_bytes: int = 0
    copied_bytes: int = 0
    taken_bytes: int = 0
