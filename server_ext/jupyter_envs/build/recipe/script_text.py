"""Expressions in scripts of a ``recipe.yaml`` (``${{ PYTHON }} -m pip install .``), which its renderer leaves (pure).

What is known while a recipe is read (its context, the variant, the platform) is put in; words that a script has as
variables (``PYTHON``, ``PREFIX`` …) become ``$PYTHON``. Refuses words that are neither, with their line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from jupyter_envs.build.models import Script
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
        self._environment.filters["split"] = lambda text, mark=None: str(text).split(mark)
        self._environment.filters["version_to_buildstring"] = lambda text: "".join(str(text).split(".")[:2])
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


class Scripts:
    """Reads the scripts of a rendered ``recipe.yaml``: of builds, of tests.

    Parameters
    ----------
    folder : Path
        The recipe's.
    text : ScriptText
        Renders what the renderer leaves.
    """

    def __init__(self, folder: Path, text: ScriptText) -> None:
        self._folder, self._text = folder, text

    def read(self, value: Any, *, default: str) -> Script:
        """Return a script: text, list, or mapping with ``content`` or ``file``; the default file when nothing is said.

        An empty list is what the renderer says for an output without a script: there the default does not count.
        """
        if value is None:
            return Script(file=self._present(default))
        if isinstance(value, list):
            return Script(lines=self._lines(value))
        if isinstance(value, str):
            line = self._text.render(value)
            file = "" if "\n" in line or " " in line else self._present(line)
            return Script(file=file) if file else Script(lines=(line,))
        content = value.get("content")
        return Script(
            lines=self._lines(content),
            file="" if content else self._file(self._text.render(value.get("file", "")), default),
            interpreter=value.get("interpreter", ""),
            environ={key: str(each) for key, each in value.get("env", {}).items()},
            inherit=texts(value.get("secrets")),
            cwd=value.get("cwd", ""),
        )

    def _lines(self, value: Any) -> tuple[str, ...]:
        return tuple(self._text.render(line) for line in texts(value))

    def _file(self, name: str, default: str) -> str:
        return (self._present(name) or name) if name else self._present(default)

    def _present(self, name: str) -> str:
        """Return the name of a file that is there; ``build`` may mean ``build.sh``."""
        return next((each for each in (name, f"{name}.sh") if name and (self._folder / each).is_file()), "")


def entries(value: Any) -> list[Any]:
    """Return a list; what stands alone is a list of one."""
    return value if isinstance(value, list) else [value] if value else []


def texts(value: Any) -> tuple[str, ...]:
    """Return a list of texts."""
    return tuple(str(item) for item in entries(value))
