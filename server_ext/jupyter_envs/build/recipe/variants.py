"""Variants: ``conda_build_config.yaml`` read, merged and multiplied out over the keys that a recipe uses (pure).

``zip_keys`` go together; ``pin_run_as_build``, ``ignore_version``, ``extend_keys`` and ``ignore_build_only_deps`` are
settings, not dimensions. Later files replace the keys of earlier ones, but for the keys named by ``extend_keys``.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from jupyter_envs.build.recipe.located import at_line, parse_yaml
from jupyter_envs.build.recipe.selectors import select_lines, selector_names
from jupyter_envs.errors import RecipeError

SETTINGS_KEYS = frozenset({"zip_keys", "pin_run_as_build", "ignore_version", "extend_keys", "ignore_build_only_deps"})
DEFAULT_PINS: dict[str, dict[str, str]] = {name: {"min_pin": "x.x", "max_pin": "x.x"} for name in ("python", "r-base")}


class VariantConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Values by key, keys that go together, and what is not a dimension.

    ``run_pins`` maps package names to pin expressions for ``run`` (``pin_run_as_build``); ``ignored`` are keys that do
    not count for the hash.
    """

    values: dict[str, tuple[str, ...]]
    zip_keys: tuple[tuple[str, ...], ...] = ()
    run_pins: dict[str, dict[str, str]] = {}
    ignored: frozenset[str] = frozenset()


def default_values(subdir: str) -> dict[str, tuple[str, ...]]:
    """Return conda-build's own keys with one value each; ``python`` is the one that runs us."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    tools = {
        "c_compiler": ("gcc",),
        "cxx_compiler": ("gxx",),
        "fortran_compiler": ("gfortran",),
        "c_stdlib": ("sysroot",),
    }
    return {"python": (python,), "target_platform": (subdir,), **tools}


def read_variants(
    files: Sequence[tuple[str, str]],
    subdir: str,
    given: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> VariantConfig:
    """Return the variants of files (name and text, least important first) and of ``given`` single values.

    Raises
    ------
    RecipeError
        A file that cannot be read, or zipped keys with different numbers of values.
    """
    values: dict[str, Any] = dict(default_values(subdir))
    for name, text in files:
        names = selector_names(
            subdir, {key: value[0] for key, value in values.items() if _is_dimension(key)}, environ or {}
        )
        loaded = parse_yaml(select_lines(text, names, name), name, may_be_empty=True)
        extend = set(values.get("extend_keys", ())) | set(_texts(loaded.get("extend_keys", [])))
        for key, value in loaded.items():
            if value is None:  # no selector of it is true
                continue
            values[key] = _merged(key, values.get(key), value, extend, name, loaded.lines[key])
    config = VariantConfig(
        values={key: value for key, value in values.items() if _is_dimension(key)},
        zip_keys=_zip_groups(values.get("zip_keys", ())),
        run_pins={**DEFAULT_PINS, **values.get("pin_run_as_build", {})},
        ignored=frozenset(values.get("ignore_version", ())),
    )
    for group in config.zip_keys:
        _check_lengths(group, config.values)
    return _with_given(config, given or {})


def _check_lengths(group: Sequence[str], values: Mapping[str, Sequence[str]]) -> None:
    lengths = {key: len(values[key]) for key in group if key in values}
    if len(set(lengths.values()) - {1}) > 1:
        shown = ", ".join(f"{key} has {length}" for key, length in lengths.items())
        raise RecipeError(
            f"zipped keys need as many values as one another: {shown}",
            hint="give each key of zip_keys the same number of values",
            code="recipe.variants",
        )


def _with_given(config: VariantConfig, given: Mapping[str, str]) -> VariantConfig:
    """Return the variants with single values that were given.

    One that is among the values of a zipped key, or begins some of them (``3.12`` of ``3.12.* *_cpython``), chooses
    their rows, and so what the keys beside it are. Any other takes its key out of the zip.
    """
    values, groups = dict(config.values), []
    for group in config.zip_keys:
        rows = max((len(values[key]) for key in group if key in values), default=0)
        for key in [key for key in group if key in given and key in values]:
            kept = [row for row in range(rows) if _fits(_at(values[key], row), given[key])]
            if kept:
                values |= {each: tuple(_at(values[each], row) for row in kept) for each in group if each in values}
                rows = len(kept)
            else:
                values[key] = (given[key],)
                group = tuple(each for each in group if each != key)  # noqa: PLW2901  # what is left of it
        groups.append(group)
    zipped = {key for group in groups for key in group}
    values |= {key: (value,) for key, value in given.items() if key not in zipped}
    return msgspec.structs.replace(config, values=values, zip_keys=tuple(each for each in groups if len(each) > 1))


def _fits(value: str, given: str) -> bool:
    return value == given or value.startswith((f"{given}.", f"{given} "))


def _is_dimension(key: str) -> bool:
    return key not in SETTINGS_KEYS


def _texts(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]


def _merged(key: str, before: Any, value: Any, extend: Collection[str], name: str, line: int) -> Any:
    if key in ("zip_keys", "pin_run_as_build"):
        return {**(before or {}), **value} if isinstance(value, dict) else value
    if isinstance(value, dict):
        raise at_line(name, line, f"{key} is not a list of values", "write `key: [value, value]`", "recipe.variants")
    texts = tuple(_texts(value))
    if not texts:
        raise at_line(name, line, f"{key} has no value", "give at least one, or leave the key out", "recipe.variants")
    return tuple(dict.fromkeys([*(before or ()), *texts])) if key in extend else texts


def _zip_groups(value: Any) -> tuple[tuple[str, ...], ...]:
    items = list(value)
    if items and all(isinstance(item, str) for item in items):
        return (tuple(items),)
    return tuple(tuple(str(key) for key in group) for group in items)


def combinations(config: VariantConfig, used: Collection[str]) -> list[dict[str, str]]:
    """Return one mapping for each combination of the used keys; keys that are not used have their first value.

    Parameters
    ----------
    config : VariantConfig
        All keys.
    used : collection of str
        Keys that the recipe depends on.
    """
    first = {key: values[0] for key, values in config.values.items()}
    dimensions: list[list[dict[str, str]]] = []
    done: set[str] = set()
    for group in config.zip_keys:
        keys = [key for key in group if key in config.values]
        if not set(keys) & set(used):
            continue
        length = max(len(config.values[key]) for key in keys)
        rows = [{key: _at(config.values[key], number) for key in keys} for number in range(length)]
        dimensions.append(rows)
        done.update(keys)
    single = sorted(set(used) & set(config.values) - done)
    dimensions += [[{key: value} for value in config.values[key]] for key in single]
    found: list[dict[str, str]] = []
    for choice in itertools.product(*dimensions):
        variant = dict(first)
        for part in choice:
            variant.update(part)
        if variant not in found:
            found.append(variant)
    return found


def _at(values: Sequence[str], number: int) -> str:
    return values[number] if len(values) > 1 else values[0]
