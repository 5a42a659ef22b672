"""A rendered recipe as text for people (``--render``): YAML, the packages first, nothing that is as it always is. Pure.

Pins between outputs are shown as what they come to; those on the host environment, which only its solve decides, as a
recipe writes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import yaml

from jupyter_envs.build.models import FileRules, Output, Pin, RenderedRecipe, Script
from jupyter_envs.build.recipe.pins import Found, resolve
from jupyter_envs.build.recipe.siblings import found_siblings

_RULES: dict[str, Any] = msgspec.structs.asdict(FileRules())
_OFF = ("pip_check", "use_gitignore")  # not worth a line when they are not asked for
_FIRST = ("name", "version", "build_string", "build_number", "subdir", "hash", "variant")  # said in lines of their own


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as they are."""


def _text_node(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text_node)


def recipes_text(recipes: Sequence[RenderedRecipe]) -> str:
    """Return what recipes become, one entry for each variant."""
    values = [recipe_value(recipe) for recipe in recipes]
    return "\n".join(
        yaml.dump([value], Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110) for value in values
    )


def recipe_value(recipe: RenderedRecipe) -> dict[str, Any]:
    """Return one variant of a recipe as a mapping: the variant values that count, sources, and each package."""
    siblings = found_siblings(recipe)
    counted = {key: value for output in recipe.outputs for key, value in output.variant.items()}
    value = {
        "recipe": f"{recipe.folder}/{recipe.file}",
        "variant": {key: counted[key] for key in sorted(counted) if key not in {"target_platform", *siblings}},
        "sources": recipe.sources,
        "script": recipe.script,
        "requirements": recipe.requirements,
        "packages": [_package(output, recipe) for output in recipe.outputs],
        "extra": recipe.extra,
        "warnings": recipe.warnings,
    }
    found: dict[str, Any] = _plain(value, siblings)
    return found


def _package(output: Output, recipe: RenderedRecipe) -> dict[str, Any]:
    rest = {key: value for key, value in msgspec.structs.asdict(output).items() if key not in _FIRST}
    rest["include_recipe"] = "" if output.include_recipe else False
    rest["staged"] = "" if output.staged or recipe.script.empty else False
    return {"package": output.dist, "platform": output.subdir, **rest}


def _plain(value: Any, siblings: dict[str, Found]) -> Any:
    """Return a value in YAML's own kinds, without what is empty."""
    if isinstance(value, Pin):
        return _pin(value, siblings)
    if isinstance(value, Script):
        value = _script(value)
    if isinstance(value, FileRules):
        value = {key: each for key, each in msgspec.structs.asdict(value).items() if each != _RULES[key]}
    elif isinstance(value, msgspec.Struct):
        value = msgspec.structs.asdict(value)
    if isinstance(value, dict):
        plain = {key: _plain(each, siblings) for key, each in value.items()}
        return {key: each for key, each in plain.items() if not _is_empty(key, each)}
    if isinstance(value, list | tuple | frozenset | set):
        return [_plain(each, siblings) for each in value]
    return value


def _is_empty(key: str, value: Any) -> bool:
    if isinstance(value, bool):
        return key == "hoist" if value else key in _OFF
    return value in (None, "", [], {}) and key != "select"  # no file at all is something to see


def _script(script: Script) -> Any:
    """Return a script's lines as one text, or the name of its file; with what else is said of it, a mapping."""
    body = {"file": script.file} if script.file else {"lines": "".join(f"{line.rstrip()}\n" for line in script.lines)}
    rest = {"interpreter": script.interpreter, "environ": script.environ, "inherit": script.inherit, "cwd": script.cwd}
    return body["lines"] if "lines" in body and not any(rest.values()) else body | rest


def _pin(pin: Pin, siblings: dict[str, Found]) -> str:
    if pin.kind == "subpackage" and pin.name in siblings:
        return resolve(pin, {}, siblings, "")
    bounds = {"lower_bound": pin.lower, "upper_bound": pin.upper, "build": pin.build}
    said = ["exact=True"] if pin.exact else [f"{key}='{value}'" for key, value in bounds.items() if value]
    return f"pin_{pin.kind}({', '.join([f'{pin.name!r}', *said])})"
