"""Which recipe file a path means, its variant files, and the renderer for its format."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from jupyter_envs.build.models import BuildRequest, RenderedRecipe
from jupyter_envs.build.recipe.checks import check_recipe
from jupyter_envs.build.recipe.meta_yaml import read_recipe, render_meta_yaml
from jupyter_envs.build.recipe.variants import read_variants
from jupyter_envs.errors import RecipeError

RECIPE_FILES = ("recipe.yaml", "meta.yaml")
VARIANT_FILES = ("conda_build_config.yaml", "variants.yaml")


def find_recipes(path: Path) -> list[Path]:
    """Return the recipe files that a path means: a file, a recipe folder, or a folder of recipe folders.

    Raises
    ------
    RecipeError
        ``recipe.missing``: there is none.
    """
    if path.is_file():
        return [path]
    own = find_recipe(path)
    if own is not None:
        return [own]
    found = []
    for directory, folders, _files in os.walk(path):
        folders.sort()
        recipe = find_recipe(Path(directory))
        if recipe is not None:
            found.append(recipe)
            folders.clear()
    if not found:
        raise RecipeError(
            f"there is no recipe in {path}",
            hint=f"a recipe folder holds {' or '.join(RECIPE_FILES)}",
            code="recipe.missing",
        )
    return found


def hidden_recipes(path: Path) -> tuple[Path | None, list[Path]]:
    """Return the recipe file that a folder holds itself, and the recipe folders in it, which are passed over for it."""
    own = find_recipe(path) if path.is_dir() else None
    if own is None:
        return None, []
    return own, sorted(folder for folder in path.iterdir() if folder.is_dir() and find_recipe(folder) is not None)


def find_recipe(folder: Path) -> Path | None:
    """Return the recipe file of a folder, ``None`` when it has none; ``recipe.yaml`` comes before ``meta.yaml``."""
    return next((folder / name for name in RECIPE_FILES if (folder / name).is_file()), None)


def render(
    path: Path, subdir: str, *, variant_files: Sequence[str] = (), variants: Mapping[str, str] | None = None
) -> list[RenderedRecipe]:
    """Return the recipe of a file for each of its variants.

    Parameters
    ----------
    path : Path
        ``meta.yaml`` or ``recipe.yaml``.
    subdir : str
        The platform to build for.
    variant_files : sequence of str
        Read before those of the recipe's folder.
    variants : mapping
        Single values that win over all files.

    Raises
    ------
    RecipeError
        Whatever is wrong with the recipe.
    """
    files = [Path(file) for file in variant_files]
    files += [path.parent / name for name in VARIANT_FILES if (path.parent / name).is_file()]
    config = read_variants([(str(file), read_recipe(file)) for file in files], subdir, variants, os.environ)
    if path.name.endswith("recipe.yaml"):
        from jupyter_envs.build.recipe.recipe_yaml import render_recipe_yaml

        rendered = render_recipe_yaml(path, config, subdir)
    else:
        rendered = render_meta_yaml(path, config, subdir, os.environ)
    return [check_recipe(recipe) for recipe in rendered]


def render_request(request: BuildRequest, subdir: str) -> list[RenderedRecipe]:
    """Return every variant of every recipe of a request, in the order they were found."""
    found = []
    for text in request.recipes:
        for path in find_recipes(Path(text)):
            found += render(path, subdir, variant_files=request.variant_files, variants=request.variants)
    if not found:
        raise RecipeError(
            "every variant of the recipes is skipped on this platform",
            hint="look at `skip` in the recipe",
            code="recipe.skipped",
        )
    return found
