"""What a rendered recipe says that can never work, told before anything is built (pure)."""

from __future__ import annotations

from jupyter_envs.build.models import Output, Pin, RenderedRecipe, RunExports
from jupyter_envs.build.post_process import compiled
from jupyter_envs.build.recipe.pins import resolve
from jupyter_envs.build.recipe.siblings import found_siblings
from jupyter_envs.engine.link.entry_points import parse_entry_point
from jupyter_envs.errors import LinkError, RecipeError


def check_recipe(recipe: RenderedRecipe) -> RenderedRecipe:
    """Return the recipe when its pins between outputs name outputs and its entry points can be read.

    Raises
    ------
    RecipeError
        ``recipe.pin`` or ``recipe.value``.
    """
    siblings = found_siblings(recipe)
    for output in recipe.outputs:
        for pin in _pins(output):
            if pin.kind == "subpackage":
                resolve(pin, {}, siblings, output.name)
        for rule in output.files.replacing:
            compiled(rule)
        for text in output.entry_points:
            _check_entry_point(text, output.name)
    return recipe


def _pins(output: Output) -> list[Pin]:
    needs, exports = output.requirements, output.requirements.run_exports
    exported = [each for kind in RunExports.__struct_fields__ for each in getattr(exports, kind)]
    every = (*needs.build, *needs.host, *needs.run, *needs.constrained, *exported)
    return [need for need in every if isinstance(need, Pin)]


def _check_entry_point(text: str, name: str) -> None:
    try:
        parse_entry_point(text, name)
    except LinkError:
        raise RecipeError(
            f"{name} has an entry point that cannot be read: {text!r}",
            hint="write it as `command = module:function`",
            code="recipe.value",
        ) from None
