"""The outputs of one recipe beside each other: their build strings, and who builds what several variants have.

An exact pin on a sibling counts for the hash, so siblings come first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from jupyter_envs.build.models import Output, Pin, RenderedRecipe, Requirements
from jupyter_envs.build.recipe.identity import build_prefix, check_identity, package_hash
from jupyter_envs.build.recipe.meta_sections import dependency_name
from jupyter_envs.build.recipe.pins import Found
from jupyter_envs.build.recipe.template import HASH_MARK
from jupyter_envs.errors import RecipeError


def with_build_strings(outputs: Sequence[Output], file: str) -> tuple[Output, ...]:
    """Return the outputs with hashes and build strings, in their order.

    Raises
    ------
    RecipeError
        Two outputs have one name (``recipe.duplicate``), or pin each other exactly (``recipe.cycle``).
    """
    waiting = {output.name: output for output in outputs}
    if any(waiting[output.name] != output for output in outputs):  # the same entry twice does no harm
        raise RecipeError(f"{file}: two outputs have the same name", hint="rename one", code="recipe.duplicate")
    done: dict[str, Output] = {}

    def finish(name: str, trail: tuple[str, ...]) -> Output:
        if name in trail:
            chain = " -> ".join([*trail[trail.index(name) :], name])
            hint = "leave out exact=True in one of them"
            raise RecipeError(f"{file}: outputs pin each other exactly: {chain}", hint=hint, code="recipe.cycle")
        if name not in done:
            pins = sorted(exact_siblings(waiting[name].requirements) & set(waiting) - {name})
            exact = {pin: finish(pin, (*trail, name)) for pin in pins}
            texts = {pin: f"{each.version} {each.build_string}" for pin, each in exact.items()}
            done[name] = _identified(waiting[name], texts)
        return done[name]

    return tuple(finish(name, ()) for name in waiting)


def each_output_once(recipes: Sequence[RenderedRecipe]) -> list[RenderedRecipe]:
    """Return the variants of a recipe, each with those packages only that no earlier one builds.

    What is left out stays among its ``siblings``, for pins. A variant without packages of its own is left out.
    """
    built: set[tuple[str, str]] = set()
    found = []
    for recipe in recipes:
        own = tuple(output for output in recipe.outputs if (output.subdir, output.dist) not in built)
        built.update((output.subdir, output.dist) for output in own)
        others = tuple(output for output in recipe.outputs if output not in own)
        if own:
            found.append(msgspec.structs.replace(recipe, outputs=own, siblings=(*recipe.siblings, *others)))
    return found


def found_siblings(recipe: RenderedRecipe) -> dict[str, Found]:
    """Return version and build string of the packages of a variant, whoever builds them, for pins."""
    return {each.name: Found(each.version, each.build_string) for each in (*recipe.siblings, *recipe.outputs)}


def exact_siblings(needs: Requirements) -> set[str]:
    """Return the names of outputs that are pinned exactly."""
    pins = (need for need in (*needs.host, *needs.run) if isinstance(need, Pin))
    return {pin.name for pin in pins if pin.kind == "subpackage" and pin.exact}


def _identified(output: Output, exact: Mapping[str, str]) -> Output:
    digest = package_hash({**output.variant, **exact})
    names = {dependency_name(need) for need in output.requirements.host}
    # What a template made of PKG_HASH has the letter h in front of it already, as conda-build's documentation shows.
    string = output.build_string.replace(f"h{HASH_MARK}", digest).replace(HASH_MARK, digest[1:])
    kind = output.noarch if output.any_platform else None
    string = string or f"{build_prefix(names, output.variant, kind)}{digest}_{output.build_number}"
    check_identity(output.name, output.version, string)
    return msgspec.structs.replace(output, build_string=string, hash=digest[1:])
