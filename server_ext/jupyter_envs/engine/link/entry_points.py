"""Console scripts of noarch Python packages: reading ``name = module:function`` and writing the script (pure).

On Unix a script in ``bin/`` with the environment's Python in its first line, mode 0755 as conda has it. On Windows an
executable launcher in ``Scripts/`` that carries the same script; its bytes come from the ``installer`` library.
"""

from __future__ import annotations

import re

import msgspec

from jupyter_envs.engine.link.shebang import python_shebang
from jupyter_envs.engine.models.platform import PlatformLayout
from jupyter_envs.errors import LinkError

ENTRY_POINT_MODE = 0o755

_FORM = re.compile(r"\s*(?P<command>[^=]+?)\s*=\s*(?P<module>[\w.]+)\s*:\s*(?P<function>[\w.]+)\s*(?:\[[^\]]*\])?\s*")
_LAUNCHERS = {"win-32": "win-ia32", "win-64": "win-amd64", "win-arm64": "win-arm64"}
_SCRIPT = """\
import sys

from {module} import {imported}

if __name__ == "__main__":
    for ending in (".exe", "-script.pyw", "-script.py"):
        if sys.argv[0].endswith(ending):
            sys.argv[0] = sys.argv[0][: -len(ending)]
    sys.exit({function}())
"""


class EntryPoint(msgspec.Struct, frozen=True):
    """``command = module:function``."""

    command: str
    module: str
    function: str


def parse_entry_point(text: str, dist: str) -> EntryPoint:
    """Read one entry of ``info/link.json`` (CEP 34).

    Raises
    ------
    LinkError
        ``link.entry_point``, when it is not ``name = module:function`` or when the name is a path.
    """
    match = _FORM.fullmatch(text)
    if match is None or not re.fullmatch(r"[^/\\\0]+", match["command"]) or match["command"] in (".", ".."):
        raise LinkError(
            f"{dist} has an entry point that cannot be read: {text!r}",
            hint="an entry point is written `command = module:function`; choose another build of the package",
            code="link.entry_point",
        )
    return EntryPoint(match["command"], match["module"], match["function"])


def entry_point_path(entry: EntryPoint, layout: PlatformLayout) -> str:
    """Return where the command goes, relative to the prefix."""
    return f"{layout.bin_directory}/{entry.command}{'.exe' if layout.windows else ''}"


def entry_point_script(entry: EntryPoint, python: str, layout: PlatformLayout) -> bytes:
    """Return the whole script; ``python`` is the absolute path of the environment's interpreter."""
    body = _SCRIPT.format(module=entry.module, imported=entry.function.partition(".")[0], function=entry.function)
    return python_shebang(python, layout) + body.encode()


def windows_launcher(entry: EntryPoint, python: str, layout: PlatformLayout) -> bytes:
    """Return the launcher executable for ``Scripts/<command>.exe`` (made here, never run here).

    Raises
    ------
    LinkError
        ``link.launcher``, when there is no launcher for the platform.
    """
    from installer.scripts import InvalidScript, Script

    script = Script(entry.command, entry.module, entry.function, "console")
    try:
        _, content = script.generate(python, _LAUNCHERS.get(layout.subdir, layout.subdir))  # type: ignore[arg-type]  # checked by generate itself
    except InvalidScript as error:
        raise LinkError(
            f"there is no launcher for commands on {layout.subdir}",
            hint="use win-32, win-64 or win-arm64",
            code="link.launcher",
        ) from error
    return content
