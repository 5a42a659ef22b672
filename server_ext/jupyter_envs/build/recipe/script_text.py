"""Expressions in scripts of a ``recipe.yaml`` (``${{ PYTHON }} -m pip install .``), which its renderer leaves (pure).

What is known while a recipe is read (its context, the variant, the platform) is put in; words that a script has as
variables (``PYTHON``, ``PREFIX`` …) become ``$PYTHON``. Refuses words that are neither, with their line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from jupyter_envs.build.recipe.located import at_line
from jupyter_envs.build.recipe.template import NAMED_WORDS, SHELL_WORDS

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_VARIABLES = (*SHELL_WORDS, *NAMED_WORDS, "SHLIB_EXT", "PKG_HASH", "PY_VER")


class ScriptText:
    """Renders the scripts of one recipe under one variant.

    Parameters
    ----------
    name, text : str
        The recipe's file name and its text, for messages.
    words : mapping
        What expressions may name: the recipe's context, variant keys, platform words.
    environ : mapping
        What ``env.get`` answers from.
    """

    def __init__(self, name: str, text: str, words: Mapping[str, Any], environ: Mapping[str, str]) -> None:
        self._name, self._text = name, text
        self._environment = SandboxedEnvironment(undefined=jinja2.StrictUndefined)
        self._words = {word: f"${word}" for word in _VARIABLES} | dict(words) | {"env": _Environ(environ)}

    def render(self, text: str) -> str:
        """Return a text with its expressions replaced.

        Raises
        ------
        RecipeError
            ``recipe.template``: an expression that cannot be read or names what is not known.
        """
        return _EXPRESSION.sub(self._value, text)

    def _value(self, match: re.Match[str]) -> str:
        try:
            return self._environment.from_string(f"{{{{{match[1]}}}}}").render(self._words)
        except Exception as error:  # expressions call methods of texts: whatever these raise is the recipe's
            line = next((number for number, each in enumerate(self._text.splitlines(), 1) if match[0] in each), 1)
            hint = "scripts know the context, the variant, the platform, and variables such as PREFIX and PYTHON"
            raise at_line(self._name, line, f"{match[0]}: {error}", hint, "recipe.template") from None


class _Environ:
    """``env`` of expressions: ``env.get("NAME", default="…")`` and ``env.exists("NAME")``."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def get(self, name: str, default: str | None = None) -> str:
        found = self._environ.get(name, default)
        if found is None:
            raise LookupError(f"the variable {name} is not set, and no default is given")
        return found

    def exists(self, name: str) -> bool:
        return name in self._environ
