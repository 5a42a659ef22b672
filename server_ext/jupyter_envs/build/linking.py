"""Whether each library that a package's binaries need comes with the package or with what it requires (pure).

Reports what no requirement brings (missing), and what only the machine that builds has (system). A requirement that is
there only by way of another one is overlinking: it works until that other one changes. A library that is required and
that no binary needs is overdepending; interpreters and what Python imports are required for other reasons.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Collection, Mapping, Sequence

import msgspec

from jupyter_envs.build.elf import ElfFile
from jupyter_envs.build.models import FileRules
from jupyter_envs.errors import BuildError

# The C library itself: part of every Linux; its version is what __glibc says.
LIBC = (
    "libc.so.*", "libm.so.*", "libdl.so.*", "libpthread.so.*", "librt.so.*", "libutil.so.*", "libresolv.so.*",
    "libnsl.so.*", "libcrypt.so.1", "libanl.so.*", "ld-linux*.so.*", "ld64.so.*", "libc.musl-*.so.*", "linux-vdso.so.1",
)  # fmt: skip
COMPILER_RUNTIMES = (
    "libgcc_s.so.*",
    "libstdc++.so.*",
    "libgfortran.so.*",
    "libgomp.so.*",
    "libatomic.so.*",
    "libquadmath.so.*",
)


INTERPRETERS = frozenset(
    {"python", "pypy", "python-gil", "r-base", "perl", "ruby", "lua", "nodejs", "julia", "php", "tcl", "tk"}
)
_LIBRARY_FILES = re.compile(r"lib/[^/]+\.so(\.[0-9.]+)?")


class LinkReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the binaries of a package need from outside of it.

    ``missing`` are libraries that nothing brings, ``overlinked`` those of packages that are in host and not required
    to run, ``runtimes`` the compiler's own that come from this machine: each ``path needs library``.
    """

    missing: tuple[str, ...] = ()
    overlinked: tuple[str, ...] = ()
    runtimes: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Return the report as sentences."""
        said = [f"{each}, which no requirement brings" for each in self.missing]
        said += [f"{each}, which is not among what it requires to run" for each in self.overlinked]
        return said + [f"{each}, taken from the machine that runs it" for each in self.runtimes]


def examine(
    files: Sequence[ElfFile],
    own: Mapping[str, str],
    provided: Mapping[str, str],
    required: frozenset[str],
    rules: FileRules,
    *,
    system_compiler: bool,
) -> LinkReport:
    """Return what binaries need from outside.

    Parameters
    ----------
    files : sequence of ElfFile
        The package's binaries.
    own : mapping
        Paths of the package by file name.
    provided : mapping
        Packages of the host environment by library file name.
    required : frozenset of str
        What the package requires to run, by name, run exports included.
    rules : FileRules
        ``missing_allowed`` patterns.
    system_compiler : bool
        Whether the compilers of this machine were used.
    """
    missing, overlinked, runtimes = [], [], []
    for file in files:
        for library in file.needed:
            said = f"{file.path} needs {library}"
            if library in own or _any(library, LIBC) or _any(library, rules.missing_allowed):
                continue
            if library in provided:
                if provided[library] not in required:
                    overlinked.append(f"{said} of {provided[library]}")
            elif system_compiler and _any(library, COMPILER_RUNTIMES):
                runtimes.append(said)
            else:
                missing.append(said)
    return LinkReport(missing=tuple(missing), overlinked=tuple(overlinked), runtimes=tuple(runtimes))


def _any(library: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(library, os.path.basename(pattern)) for pattern in patterns)


def refuse_overlinking(report: LinkReport, rules: FileRules, dist: str) -> None:
    """Raise ``build.overlinking`` when the recipe wants an error for what the report found."""
    found = (*report.missing, *report.overlinked)
    if rules.overlinking == "error" and found:
        raise BuildError(
            f"{dist}: {'; '.join(found[:3])}{' …' if len(found) > 3 else ''}",
            hint="add what brings the library to run (or to host, if it has run exports), or to missing_dso_allowlist",
            code="build.overlinking",
            detail={"libraries": list(found)},
        )


def unneeded_libraries(
    files: Sequence[ElfFile], host: Mapping[str, Sequence[str]], required: Collection[str]
) -> tuple[str, ...]:
    """Return the packages of libraries that are required to run and that no binary needs.

    Parameters
    ----------
    files : sequence of ElfFile
        The package's binaries.
    host : mapping
        The files of each package of the host environment.
    required : collection of str
        What the package requires to run, by name, run exports included.
    """
    needed = {library for file in files for library in file.needed}
    found = []
    for name in sorted(set(required) & host.keys() - INTERPRETERS):
        libraries = {os.path.basename(path) for path in host[name] if _LIBRARY_FILES.fullmatch(path)}
        imported = any("/site-packages/" in path for path in host[name])
        if libraries and not imported and not libraries & needed:
            found.append(name)
    return tuple(found)


def refuse_overdepending(found: Sequence[str], rules: FileRules, dist: str) -> None:
    """Raise ``build.overdepending`` when the recipe wants an error for libraries that nothing needs."""
    if rules.overdepending and found:
        raise BuildError(
            f"{dist} requires {', '.join(found)} to run, and no binary of it needs a library of that",
            hint="take it out of run, or name it in ignore_run_exports when host brought it",
            code="build.overdepending",
            detail={"packages": list(found)},
        )


def glibc_needed(files: Sequence[ElfFile]) -> str:
    """Return the newest glibc that any file needs, ``2.34``; empty when none does."""
    newest = max((file.glibc for file in files), default=())
    return ".".join(map(str, newest))
