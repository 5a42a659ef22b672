"""The build string: which variant values count, their hash, and the prefix that says which Python (pure).

conda-build's form: ``py311h1234567_0``, ``pyh1234567_0`` for noarch Python, ``h1234567_0`` for the rest. The hash is
the first seven digits of the SHA-1 of the used variant values as sorted JSON.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping

from jupyter_envs.errors import RecipeError

_PREFIXES = (("numpy", "np"), ("python", "py"), ("perl", "pl"), ("lua", "lua"), ("r-base", "r"))
_BUILD = re.compile(r"[A-Za-z0-9_.+]{1,64}")
_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_.\-]*[a-z0-9_])?|_+[a-z0-9_.\-]+")
_VERSION = re.compile(r"[A-Za-z0-9_.+!]+")


def package_hash(contents: Mapping[str, str]) -> str:
    """Return ``h`` and seven hexadecimal digits.

    >>> package_hash({"target_platform": "linux-64"})
    'hb0f4dca'
    """
    text = json.dumps(dict(contents), sort_keys=True)
    return "h" + hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:7]


def build_prefix(names: Collection[str], variant: Mapping[str, str], noarch: str | None) -> str:
    """Return ``py311`` and its like, for the host requirements ``names``."""
    if noarch == "python":
        return "py"
    return "".join(
        short + "".join(re.findall(r"\d+", variant[key])[:2])
        for name, short in _PREFIXES
        if name in names and (key := name.replace("-", "_")) in variant
    )


def check_identity(name: str, version: str, build_string: str) -> None:
    """Refuse what CEP 26 does not allow in a package's name, version or build string.

    Raises
    ------
    RecipeError
        ``recipe.name``, ``recipe.version`` or ``recipe.build_string``.
    """
    if not _NAME.fullmatch(name):
        hint = "small letters, digits, `-`, `_` and `.`"
        raise RecipeError(f"{name!r} cannot be the name of a package", hint=hint, code="recipe.name")
    if not _VERSION.fullmatch(version):
        hint = "letters, digits, `.`, `_`, `+` and `!`; a dash becomes an underscore"
        raise RecipeError(f"{version!r} cannot be the version of {name}", hint=hint, code="recipe.version")
    if not _BUILD.fullmatch(build_string):
        hint = "letters, digits, `_`, `.` and `+`, at most 64"
        raise RecipeError(
            f"{build_string!r} cannot be the build string of {name}", hint=hint, code="recipe.build_string"
        )
