"""``recipe.yaml`` (CEP 13, 14) to ``RenderedRecipe`` values; py-rattler-build reads, renders and multiplies out.

Its rendered recipe is CEP 40's mapping, which becomes our values here. It names no lines for unknown keys; those are
looked up in the file. Runs native code that holds the interpreter's lock: call it in a job's process. Refuses the keys
whose meaning we do not carry out.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from jupyter_envs.build.models import (
    Dependency,
    FileRules,
    Output,
    Pin,
    RenderedRecipe,
    Replacing,
    Requirements,
    RunExports,
    Script,
    Source,
)
from jupyter_envs.build.recipe.identity import check_identity
from jupyter_envs.build.recipe.keys import RECIPE_YAML, RECIPE_YAML_TOP
from jupyter_envs.build.recipe.located import at_line, find_line, parse_yaml
from jupyter_envs.build.recipe.meta_yaml import read_recipe
from jupyter_envs.build.recipe.recipe_tests import read_tests
from jupyter_envs.build.recipe.script_text import Scripts, ScriptText, entries, texts
from jupyter_envs.build.recipe.selectors import selector_names
from jupyter_envs.build.recipe.siblings import each_output_once
from jupyter_envs.build.recipe.variant_pins import pin_by_variant
from jupyter_envs.build.recipe.variants import VariantConfig
from jupyter_envs.errors import RecipeError

Entry = tuple[dict[str, Any], dict[str, str], str]
"""A package: CEP 40's mapping, the variant that counts for it, its hash."""

_UNKNOWN = re.compile(r"unknown (?P<top>top-level )?field '(?P<key>[^']+)'")
_LINE = re.compile(r"\bline:? (\d+)")
_INNER = re.compile(r'message: "((?:[^"\\]|\\.)*)"')


def render_recipe_yaml(path: Path, config: VariantConfig, subdir: str) -> list[RenderedRecipe]:
    """Return the recipe for each of its variants; outputs of one variant stay together.

    Raises
    ------
    RecipeError
        Whatever the renderer refuses, with the line where that is known.
    """
    text = read_recipe(path)
    parse_yaml(text, path.name)  # for the line of what is not YAML, and of keys that appear twice
    rendered = _render(path, text, config, subdir)
    groups: list[list[Entry]] = []
    for item in rendered:
        recipe = item.recipe.to_dict()
        variant = {str(key): str(value) for key, value in item.variant.items()}
        entry = (recipe, variant, item.hash_info.hash if item.hash_info else "")
        name = recipe["package"]["name"]
        if not groups or any(name == other[0]["package"]["name"] for other in groups[-1]):
            groups.append([])
        groups[-1].append(entry)
    recipes: list[RenderedRecipe] = []
    for group in groups:
        parts = [_recipe(path, text, part, config, subdir) for part in _parts(group)]
        recipes += [with_others(part, [other for other in parts if other is not part]) for part in parts]
    return each_output_once(recipes)


def with_others(part: RenderedRecipe, others: Sequence[RenderedRecipe]) -> RenderedRecipe:
    """Return a part of a recipe that knows the packages of the other parts, for pins."""
    return msgspec.structs.replace(part, siblings=tuple(output for other in others for output in other.outputs))


def _render(path: Path, text: str, config: VariantConfig, subdir: str) -> Sequence[Any]:
    from rattler_build import PlatformConfig, RenderConfig, Stage0Recipe
    from rattler_build import VariantConfig as Variants

    values = {key: list(value) for key, value in config.values.items()}
    zipped = [[key for key in group if key in values] for group in config.zip_keys]
    for group in zipped:
        longest = max((len(values[key]) for key in group), default=1)
        values |= {key: values[key] * longest for key in group if len(values[key]) == 1}
    try:
        return list(
            Stage0Recipe.from_file(path).render(
                Variants(values, [group for group in zipped if len(group) > 1]),
                RenderConfig(platform=PlatformConfig(target_platform=subdir)),
            )
        )
    except (RecipeError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the native code is a BaseException
        raise _explained(str(error), path.name, text) from None


def _explained(said: str, name: str, text: str) -> RecipeError:
    """Return the renderer's complaint as an error with a line."""
    unknown = _UNKNOWN.search(said)
    if unknown:
        key = unknown["key"]
        known = RECIPE_YAML_TOP if unknown["top"] else RECIPE_YAML
        near = difflib.get_close_matches(key, known, 1)
        hint = f"did you mean {near[0]}?" if near else "CEP 14 lists the keys of recipe.yaml"
        return at_line(name, find_line(text, key, 1), f"there is no key {key!r} here", hint, "recipe.key")
    inner = _INNER.search(said)
    problem = (inner[1].encode().decode("unicode_escape") if inner else said).split("\n")[0]
    line = _LINE.search(said)
    code = "recipe.template" if "undefined" in said or "Jinja" in said else "recipe.value"
    return at_line(name, int(line[1]) if line else 1, problem, "compare the recipe with CEP 14", code)


def _parts(group: Sequence[Entry]) -> list[Sequence[Entry]]:
    """Return the packages of a variant by the staging output that they begin with, when there are several of these.

    Each is built as a recipe of its own: there is one work directory, and one script that runs first.
    """
    stages = {str(stage["name"]) for recipe, _, _ in group for stage in entries(recipe.get("staging_caches"))}
    if len(stages) < 2:
        return [group]
    parts: dict[str, list[Entry]] = {}
    for entry in group:
        parts.setdefault((entry[0].get("inherits_from") or {}).get("cache_name", ""), []).append(entry)
    return list(parts.values())


def _recipe(
    path: Path,
    text: str,
    group: Sequence[Entry],
    config: VariantConfig,
    subdir: str,
) -> RenderedRecipe:
    first, stage = group[0][0], _stage([recipe for recipe, _, _ in group])
    scripts = _scripts(path, text, first, group[0][1], config, subdir)
    outputs = tuple(_output(path, text, recipe, variant, digest, config, subdir) for recipe, variant, digest in group)
    return RenderedRecipe(
        folder=str(path.parent),
        file=path.name,
        name=first["package"]["name"],
        version=str(first["package"]["version"]),
        outputs=outputs,
        sources=tuple(_source(entry) for entry in entries((stage or first).get("source"))),
        script=scripts.read(stage.get("build", {}).get("script"), default="build.sh") if stage else Script(),
        requirements=_requirements(stage.get("requirements", {})) if stage else Requirements(),
        variant={key: values[0] for key, values in config.values.items()} | group[0][1],
        text=text,
        warnings=tuple(line for recipe, _, _ in group for line in _passed_over(recipe)),
        extra=first.get("extra", {}),
    )


def _stage(recipes: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the staging output that packages begin with, ``None`` when there is none."""
    return next((stage for recipe in recipes for stage in entries(recipe.get("staging_caches"))), None)


def _scripts(
    path: Path, text: str, recipe: Mapping[str, Any], variant: Mapping[str, str], config: VariantConfig, subdir: str
) -> Scripts:
    values = {key: each[0] for key, each in config.values.items()} | dict(variant)
    words = {**selector_names(subdir, values, os.environ), **values, **recipe.get("context", {})}
    return Scripts(path.parent, ScriptText(path.name, text, words, os.environ))


def _source(entry: Mapping[str, Any]) -> Source:
    revision = next((str(entry[key]) for key in ("rev", "tag", "branch") if entry.get(key)), "")
    return Source(
        urls=texts(entry.get("url")),
        sha256=entry.get("sha256", ""),
        md5=entry.get("md5", ""),
        file_name=entry.get("file_name", ""),
        path=entry.get("path", ""),
        git=entry.get("git", ""),
        revision=revision,
        folder=entry.get("target_directory", ""),
        patches=texts(entry.get("patches")),
        use_gitignore=bool(entry.get("use_gitignore", True)),
        expected_commit=entry.get("expected_commit", ""),
        only=texts(entry.get("filter")),
    )


def _output(
    path: Path,
    text: str,
    recipe: dict[str, Any],
    variant: dict[str, str],
    digest: str,
    config: VariantConfig,
    subdir: str,
) -> Output:
    package, build, about = recipe["package"], recipe.get("build", {}), dict(recipe.get("about", {}))
    _refuse(path, recipe)
    check_identity(package["name"], str(package["version"]), build["string"])
    python = build.get("python", {})
    noarch = build.get("noarch") or ("python" if python.get("version_independent") else None)
    pins = {} if noarch else config.run_pins
    values = {key: each[0] for key, each in config.values.items()} | variant
    licenses = texts(about.pop("license_file", None))
    scripts = _scripts(path, text, recipe, variant, config, subdir)
    inherited = recipe.get("inherits_from")
    return Output(
        name=package["name"],
        version=str(package["version"]),
        build_string=build["string"],
        build_number=int(build.get("number", 0)),
        subdir="noarch" if build.get("noarch") else subdir,
        noarch=noarch,  # type: ignore[arg-type]  # the renderer knows these two only
        requirements=pin_by_variant(_requirements(recipe.get("requirements", {})), values, pins),
        script=scripts.read(build.get("script"), default="build.sh"),
        entry_points=texts(python.get("entry_points")),
        files=_file_rules(build, staged=bool(inherited)),
        tests=tuple(test for entry in entries(recipe.get("tests")) for test in read_tests(entry, path.name, scripts)),
        about=_about(about),
        license_files=licenses,
        track_features=_down_prioritized(package["name"], build.get("variant", {})),
        python_site_packages_path=python.get("site_packages_path", ""),
        staged=bool(inherited),
        staged_exports=bool(inherited.get("inherit_run_exports", True)) if inherited else None,
        variant=variant,
        hash=digest,
    )


def _refuse(path: Path, recipe: Mapping[str, Any]) -> None:
    """Refuse what the renderer knows and we do not carry out: it would be another package than was asked for."""
    build, sources = recipe.get("build", {}), entries(recipe.get("source"))
    found = {
        "merge_build_and_host_envs": build.get("merge_build_and_host_envs"),
        "attestation": any(entry.get("attestation") for entry in sources),
        "lfs": any(entry.get("lfs") for entry in sources),
    }
    wrong = next((name for name, value in found.items() if value), None)
    if wrong is not None:
        raise RecipeError(
            f"{path.name}: {wrong} is not supported",
            hint="leave it out; what it does can be written into the script",
            code="recipe.unsupported",
        )


def _passed_over(recipe: Mapping[str, Any]) -> list[str]:
    """Return what is asked for and not done, for warnings: the package is the same without it."""
    name = recipe["package"]["name"]
    others = [str(entry["downstream"]) for entry in entries(recipe.get("tests")) if "downstream" in entry]
    return [f"{name}: what needs it is not tested ({', '.join(others)})"] if others else []


def _about(about: dict[str, Any]) -> dict[str, object]:
    names = {"homepage": "home", "documentation": "doc_url", "repository": "dev_url"}
    return {names.get(key, key): value for key, value in about.items()}


def _down_prioritized(name: str, variant: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the track features that make solvers prefer other variants (``down_prioritize_variant``)."""
    return tuple(f"{name}-p-{number}" for number in range(int(variant.get("down_prioritize_variant") or 0)))


def _dependency(entry: Any) -> Dependency:
    if isinstance(entry, str):
        return entry
    ((kind, pin),) = entry.items()
    return Pin(
        kind="subpackage" if kind == "pin_subpackage" else "compatible",
        name=pin["name"],
        lower=pin.get("lower_bound") or "",
        upper=pin.get("upper_bound") or "",
        exact=bool(pin.get("exact", False)),
        build=pin.get("build") or "",
    )


def _dependencies(value: Any) -> tuple[Dependency, ...]:
    return tuple(_dependency(entry) for entry in entries(value))


def _requirements(section: Mapping[str, Any]) -> Requirements:
    exports = section.get("run_exports", {})
    ignored = section.get("ignore_run_exports", {})
    return Requirements(
        build=_dependencies(section.get("build")),
        host=_dependencies(section.get("host")),
        run=_dependencies(section.get("run")),
        constrained=_dependencies(section.get("run_constraints")),
        run_exports=RunExports(
            weak=_dependencies(exports.get("weak")),
            strong=_dependencies(exports.get("strong")),
            noarch=_dependencies(exports.get("noarch")),
            weak_constrains=_dependencies(exports.get("weak_constraints")),
            strong_constrains=_dependencies(exports.get("strong_constraints")),
        ),
        ignore=texts(ignored.get("by_name")),
        ignore_from=texts(ignored.get("from_package")),
    )


def _included(globs: Any) -> tuple[str, ...]:
    """Return patterns that are given as a list, or as a mapping with ``include``."""
    return texts(globs.get("include")) or ("**",) if isinstance(globs, dict) else texts(globs)


def _file_rules(build: Mapping[str, Any], *, staged: bool) -> FileRules:
    chosen, prefix, linking = build.get("files"), build.get("prefix_detection", {}), build.get("dynamic_linking", {})
    included = _included(chosen)
    ignored = prefix.get("ignore", False)
    forced = prefix.get("force_file_type", {})
    relocation = linking.get("binary_relocation", True)
    overlinking = linking.get("overlinking_behavior", "warn")
    return FileRules(
        select=included if chosen else ("**",) if staged else None,
        exclude=texts(chosen.get("exclude")) if isinstance(chosen, dict) else (),
        always_include=texts(build.get("always_include_files")),
        no_link=texts(build.get("always_copy_files")),
        ignore_prefix=ignored if isinstance(ignored, bool) else texts(ignored),
        text_prefix=texts(forced.get("text")),
        binary_prefix=texts(forced.get("binary")),
        detect_binary_prefix=not prefix.get("ignore_binary_files", False),
        relocate=relocation if isinstance(relocation, bool) else texts(relocation),
        rpaths=texts(linking.get("rpaths")) or ("lib/",),
        missing_allowed=(*texts(linking.get("missing_dso_allowlist")), *texts(linking.get("rpath_allowlist"))),
        overlinking="error" if overlinking == "error" else "warn" if overlinking == "warn" else "ignore",
        overdepending=linking.get("overdepending_behavior") == "error",
        replacing=tuple(
            Replacing(files=_included(each["files"]), pattern=each["regex"], replacement=each["replacement"])
            for each in entries(build.get("post_process"))
        ),
        skip_pyc=texts(build.get("python", {}).get("skip_pyc_compilation")),
    )
