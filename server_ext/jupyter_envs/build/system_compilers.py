"""Compilers of this machine, for where no channel has any.

A package that they made depends on this machine's C library: its version goes into the requirements (``__glibc``), the
compilers into ``about.json``. Refuses to take them when they were not allowed, or are not there.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

from jupyter_envs.errors import BuildError

# Package of a compiler -> variable and commands that may be it.
_COMMANDS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "gcc": (("CC", ("gcc", "cc")),),
    "clang": (("CC", ("clang",)),),
    "gxx": (("CXX", ("g++", "c++")), ("CC", ("gcc", "cc"))),
    "clangxx": (("CXX", ("clang++",)),),
    "gfortran": (("FC", ("gfortran",)), ("F77", ("gfortran",))),
    "rust": (("RUSTC", ("rustc",)), ("CARGO", ("cargo",))),
    "go": (("GO", ("go",)),),
}
_LIBRARIES = ("sysroot", "macosx_deployment_target", "glibc")
_BINUTILS = (("AR", "ar"), ("LD", "ld"), ("NM", "nm"), ("RANLIB", "ranlib"), ("STRIP", "strip"), ("OBJCOPY", "objcopy"))


def is_tool(spec: str, subdir: str, build_subdir: str) -> bool:
    """Tell whether a build requirement is what ``compiler`` or ``stdlib`` gave.

    >>> is_tool("gcc_linux-64 12.*", "linux-64", "linux-64"), is_tool("make", "linux-64", "linux-64")
    (True, False)
    """
    name = spec.split(maxsplit=1)[0]
    return name.endswith((f"_{subdir}", f"_{build_subdir}"))


def find_compilers(missing: Sequence[str], *, allowed: bool) -> tuple[dict[str, str], dict[str, str]]:
    """Return what stands for compilers that no channel has.

    Parameters
    ----------
    missing : sequence of str
        Requirements such as ``gcc_linux-64 12.*``.
    allowed : bool
        Whether this machine's may be taken.

    Returns
    -------
    dict
        Version lines by requirement, for ``about.json``.
    dict
        Absolute paths by variable (``CC``).

    Raises
    ------
    BuildError
        ``build.compiler``.
    """
    if not allowed:
        raise BuildError(
            f"no channel has {', '.join(missing)}",
            hint="add a channel that has it with -c, or leave out --no-system-compilers",
            code="build.compiler",
        )
    versions: dict[str, str] = {}
    tools: dict[str, str] = {}
    for spec in missing:
        kind = spec.split()[0].rpartition("_")[0]
        if kind in _LIBRARIES:
            versions[spec] = "the C library of the machine"
            continue
        wanted = _COMMANDS.get(kind, ((kind.upper(), (kind,)),))
        for variable, commands in wanted:
            found = next((path for command in commands if (path := shutil.which(command))), None)
            if found is None:
                raise BuildError(
                    f"no channel has {spec}, and this machine has no {commands[0]}",
                    hint=f"install {commands[0]} on this machine, or add a channel that has {kind} with -c",
                    code="build.compiler",
                )
            tools[variable] = found
        versions[spec] = _version(tools[wanted[0][0]])
    for variable, command in _BINUTILS:
        found = shutil.which(command)
        if found:
            tools[variable] = found
    return versions, tools


def _version(command: str) -> str:
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=False, timeout=30)
    return (done.stdout.splitlines() or [command])[0]
