"""What variants add to requirements: versions in build and host, ``pin_run_as_build`` in run (pure)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from jupyter_envs.build.models import Dependency, Pin, Requirements
from jupyter_envs.build.recipe.meta_sections import dependency_name

_TOOL_KEYS = ("_compiler", "_stdlib")


def pin_by_variant(
    needs: Requirements, variant: Mapping[str, str], run_pins: Mapping[str, Mapping[str, str]]
) -> Requirements:
    """Return requirements with the versions that the variant gives to names which stand alone.

    Parameters
    ----------
    needs : Requirements
        As the recipe has them.
    variant : mapping
        Values by key; ``python: 3.11`` makes ``python`` in host ``python 3.11.*``.
    run_pins : mapping
        Pin expressions by name (``pin_run_as_build``): such a name alone in run, that is in host too, is pinned to
        the version found there.
    """
    tools = {value for key, value in variant.items() if key.endswith(_TOOL_KEYS)}

    def versioned(need: Dependency) -> Dependency:
        if not isinstance(need, str) or " " in need or need in tools:
            return need
        value = variant.get(need.replace("-", "_"), "")
        if not value[:1].isdigit():
            return need
        return f"{need} {value}" if " " in value or value.endswith("*") else f"{need} {value}.*"

    names = {dependency_name(need) for need in needs.host}
    return msgspec.structs.replace(
        needs,
        host=tuple(versioned(need) for need in needs.host),
        build=tuple(versioned(need) for need in needs.build),
        run=tuple(_run_pin(need, names, run_pins) for need in needs.run),
    )


def _run_pin(need: Dependency, host: Collection[str], pins: Mapping[str, Mapping[str, str]]) -> Dependency:
    if not isinstance(need, str) or need not in pins or need not in host:
        return need
    return Pin(kind="compatible", name=need, lower=pins[need].get("min_pin", ""), upper=pins[need].get("max_pin", ""))
