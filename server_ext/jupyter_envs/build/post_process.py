"""``post_process`` of ``recipe.yaml``: texts that are replaced in files of a package, in rattler-build's syntax (pure).

Patterns are Python's, which nearly all of Rust's are. In a replacement ``$1``, ``$name`` and ``${name}`` are groups,
``$$`` is a dollar. Refuses patterns that cannot be read.
"""

from __future__ import annotations

import re
from pathlib import Path

from jupyter_envs.build.collect import matches
from jupyter_envs.build.models import Replacing
from jupyter_envs.errors import RecipeError

_GROUP = re.compile(r"\$(?:(?P<dollar>\$)|(?P<name>\w+)|\{(?P<braced>\w+)\})")


def compiled(replacing: Replacing) -> re.Pattern[str]:
    """Return the pattern; ``RecipeError`` when it cannot be read."""
    try:
        return re.compile(replacing.pattern)
    except re.error as error:
        raise RecipeError(
            f"the pattern {replacing.pattern!r} of post_process cannot be read: {error}",
            hint="write a regular expression",
            code="recipe.value",
        ) from None


def replaced(text: str, replacing: Replacing) -> str:
    """Return a text with every fitting part replaced.

    >>> replaced("a/x/sysroot b", Replacing(files=("*",), pattern="a/(.)/sysroot", replacement="$${R}/$1"))
    '${R}/x b'
    """

    def value(match: re.Match[str]) -> str:
        def group(mark: re.Match[str]) -> str:
            name = mark["name"] or mark["braced"]
            return "$" if mark["dollar"] else str(match[int(name) if name.isdecimal() else name] or "")

        return _GROUP.sub(group, replacing.replacement)

    return compiled(replacing).sub(value, text)


def process(prefix: str, paths: list[str], rules: tuple[Replacing, ...]) -> None:
    """Replace what the rules say in regular files of a prefix; those that are not text stay as they are."""
    for rule in rules:
        for path in [path for path in paths if matches(path, rule.files)]:
            file = Path(prefix, path)
            try:
                before = file.read_bytes().decode()
            except UnicodeDecodeError:
                continue
            after = replaced(before, rule)
            if after != before:
                file.write_bytes(after.encode())
