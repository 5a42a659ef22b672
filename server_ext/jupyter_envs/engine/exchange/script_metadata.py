"""PEP 723: the requirements that a script, or a notebook's first cell, declares in a comment block. Pure.

Owns ``# /// script``; other blocks and ``[tool]`` tables are somebody else's. Requirements go to the Python index, as
the PEP means them.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

import msgspec

from jupyter_envs.engine.exchange.parsed import ParsedEnvironment
from jupyter_envs.engine.exchange.requirements import parse_requirements
from jupyter_envs.errors import SpecError

_BLOCK = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)[ \t]*$\n(?P<content>(?:^#(?: .*)?$\n)+?)^# ///[ \t]*$")


def parse_script_metadata(text: str, *, subdir: str, path: str = "") -> ParsedEnvironment | None:
    """Return what the block in a text asks for, ``None`` when it has none.

    Raises
    ------
    SpecError
        ``exchange.script``: two blocks, or one that is not TOML of the form that the PEP describes.
    """
    blocks = [match["content"] for match in _BLOCK.finditer(f"{text}\n") if match["type"] == "script"]
    if not blocks:
        return None
    if len(blocks) > 1:
        raise _broken(path, "there are two of it")
    content = "".join(line[2:] if line.startswith("# ") else line[1:] for line in blocks[0].splitlines(keepends=True))
    try:
        table = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise _broken(path, str(error)) from error
    dependencies, python = table.get("dependencies", []), table.get("requires-python")
    if not _is_text_list(dependencies) or not isinstance(python, str | None):
        raise _broken(path, "dependencies are a list of requirements, requires-python is a text")
    parsed = parse_requirements("\n".join(dependencies), subdir=subdir, path=path)
    specs = (f"python{_spelled(python)}" if python else "python", *parsed.specs)
    return msgspec.structs.replace(parsed, specs=specs)


def _is_text_list(value: Any) -> bool:
    """Tell whether a value is a list of requirements; what pip would take for an option or a file is none."""
    return isinstance(value, list) and all(
        isinstance(item, str) and "\n" not in item and not item.lstrip().startswith("-") for item in value
    )


def _spelled(specifier: str) -> str:
    """Return a PEP 440 specifier as a MatchSpec has it: no blanks."""
    return re.sub(r"\s+", "", specifier)


def _broken(path: str, reason: str) -> SpecError:
    where = f"{path}: " if path else ""
    return SpecError(
        f"{where}the script block cannot be read: {reason}",
        hint='it looks like `# /// script`, `# dependencies = ["pandas"]`, `# ///` (PEP 723)',
        code="exchange.script",
    )
