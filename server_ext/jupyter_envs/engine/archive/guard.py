"""What an archive may contain: names, link targets, numbers and sizes. Pure: it decides, the writer acts.

Refuses, before anything is written: names that are absolute, not normal, not UTF-8 or that lead through a link of the
same archive; links that point out of the package; a second entry of the same name; more entries or bytes than a package
can reasonably have. Names that differ only in case are admitted, since real packages have them (terminfo, kernel
headers): where the file system cannot hold both, creating the second is refused.
"""

from __future__ import annotations

import re

from jupyter_envs.errors import ArchiveError

MAX_ENTRIES = 500_000
MAX_BYTES = 64 << 30
MAX_RATIO = 1000
RATIO_COUNTS_FROM = 1 << 30
MAX_LINK_STEPS = 40
MAX_PATH_BYTES = 4096
DRIVE = re.compile(r"\n[A-Za-z]:")

ESCAPE_HINT = "do not use this package; report it to whoever publishes it"
DUPLICATE_HINT = "use another build of the package"
BOMB_HINT = "do not use this package; a real one is never that large"


def refuse(archive: str, what: str, code: str, hint: str = ESCAPE_HINT) -> ArchiveError:
    """Return the error for an archive that must not be extracted (the caller raises it)."""
    return ArchiveError(f"{archive} {what}", hint=hint, code=code, detail={"archive": archive})


def is_safe_path(path: str) -> bool:
    """Tell whether ``path`` is relative, normal and printable enough to be a file's place in a package or prefix.

    >>> [is_safe_path(path) for path in ("lib/a.py", "../a", "a//b", "/a")]
    [True, False, False, False]
    """
    if not path or len(path) > MAX_PATH_BYTES or "\0" in path or "\\" in path or "\n" in path:
        return False
    if path[1:2] == ":" and path[0].isalpha():
        return False
    if "/." not in path and "//" not in path and path[0] not in "/." and path[-1] != "/":
        return True
    return all(part not in ("", ".", "..") for part in path.split("/"))


def are_safe_paths(paths: list[str]) -> bool:
    """Tell whether every path is safe and outside ``conda-meta/``; one pass in C over all of them, for the hot path."""
    if not paths:
        return True
    text = "\n" + "\n".join(paths) + "\n"
    if text.count("\n") != len(paths) + 1:
        return False
    bad = ("\n/", "//", "/./", "/../", "\n./", "\n../", "/.\n", "/..\n", "\n.\n", "\n..\n", "/\n", "\\", "\0")
    if any(part in text for part in bad) or "\n\n" in text:
        return False
    if ":" in text and DRIVE.search(text):
        return False
    return "\nconda-meta/" not in text.lower()


class Guard:
    """Accounts for one archive's entries.

    Parameters
    ----------
    archive : str
        The file's name, for messages.
    compressed_bytes : int
        Its size, for the ratio by which it may grow.
    """

    def __init__(self, archive: str, compressed_bytes: int) -> None:
        self._archive = archive
        self._compressed = max(compressed_bytes, 1)
        self._entries = 0
        self._bytes = 0
        self._paths: set[str] = set()
        self._links: dict[str, str] = {}

    @property
    def links(self) -> dict[str, str]:
        """The symbolic links admitted so far: path to target."""
        return self._links

    def admit_count(self, entries: int) -> None:
        """Refuse an archive whose directory announces too many entries."""
        if entries > MAX_ENTRIES:
            raise refuse(self._archive, f"has more than {MAX_ENTRIES:,} entries", "archive.bomb", BOMB_HINT)

    def admit_entry(self) -> None:
        """Count one entry of whatever kind."""
        self._entries += 1
        if self._entries > MAX_ENTRIES:
            self.admit_count(self._entries)

    def admit_bytes(self, size: int) -> None:
        """Count uncompressed bytes; called before they are written."""
        self._bytes += size
        if self._bytes > RATIO_COUNTS_FROM and (self._bytes > MAX_BYTES or self._bytes > MAX_RATIO * self._compressed):
            what = f"unpacks to more than {self._bytes >> 20:,} MiB from {self._compressed >> 10:,} KiB"
            raise refuse(self._archive, what, "archive.bomb", BOMB_HINT)

    def admit_path(self, path: str) -> None:
        """Refuse a path that leaves the package, passes through a link, or is taken."""
        if not is_safe_path(path):
            raise refuse(self._archive, f"holds a path that leaves the package: {path!r}", "archive.escape")
        if self._links:
            self._refuse_through_link(path)
        if path in self._paths:
            raise refuse(self._archive, f"holds {path!r} twice", "archive.duplicate", DUPLICATE_HINT)
        self._paths.add(path)

    def admit_link(self, path: str, target: str) -> None:
        """Refuse a symbolic link that points out of the package; dangling inside it is allowed."""
        if not target or "\0" in target or "\\" in target or target.startswith("/"):
            raise self._escaping_link(path, target)
        self._links[path] = target
        self.check_link(path, target)

    def check_link(self, path: str, target: str) -> None:
        """Follow a link through all links known by now; refuse it when a step leaves the package."""
        parts = [*reversed(target.split("/"))]
        where = path.split("/")[:-1]
        steps = 0
        while parts:
            part = parts.pop()
            if part in ("", "."):
                continue
            if part == "..":
                if not where:
                    raise self._escaping_link(path, target)
                where.pop()
                continue
            where.append(part)
            onward = self._links.get("/".join(where))
            if onward is not None:
                steps += 1
                if steps > MAX_LINK_STEPS:
                    raise refuse(self._archive, f"holds links that go in circles: {path!r}", "archive.link")
                where.pop()
                parts.extend(reversed(onward.split("/")))

    def check_links(self) -> None:
        """Check every link again, now that all of them are known."""
        for path, target in self._links.items():
            self.check_link(path, target)

    def _refuse_through_link(self, path: str) -> None:
        end = path.rfind("/")
        while end > 0:
            if path[:end] in self._links:
                what = f"holds a path that leads through a link: {path!r}"
                raise refuse(self._archive, what, "archive.escape")
            end = path.rfind("/", 0, end)

    def _escaping_link(self, path: str, target: str) -> ArchiveError:
        return refuse(
            self._archive, f"holds a link that points out of the package: {path!r} -> {target!r}", "archive.escape"
        )
