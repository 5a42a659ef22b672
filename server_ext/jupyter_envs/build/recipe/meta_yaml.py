"""``meta.yaml`` (conda-build's format) to ``RenderedRecipe`` values, one for each variant.

In this order: selectors, templates, YAML, known keys, sections; then variants are multiplied out over the keys that the
recipe uses, and pins between outputs get their hashes. Pure but for the files of the recipe's own folder and of a first
source that is a folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from jupyter_envs.build.models import Output, RenderedRecipe, Requirements, Script
from jupyter_envs.build.recipe import keys
from jupyter_envs.build.recipe.identity import check_identity
from jupyter_envs.build.recipe.local_source import find_local_source
from jupyter_envs.build.recipe.located import Located, check_keys, parse_yaml
from jupyter_envs.build.recipe.meta_outputs import Frame, OutputReader, requirement_keys, subdir_of
from jupyter_envs.build.recipe.meta_sections import Document, read_passed_over, read_requirements, read_sources
from jupyter_envs.build.recipe.selectors import select_lines, selector_names, words_in_selectors
from jupyter_envs.build.recipe.siblings import each_output_once, with_build_strings
from jupyter_envs.build.recipe.template import TemplateUse, render_template
from jupyter_envs.build.recipe.variants import VariantConfig, combinations
from jupyter_envs.errors import RecipeError

_JINJA = re.compile(r"\{\{(.*?)\}\}|\{%(.*?)%\}", re.DOTALL)
_WORD = re.compile(r"[A-Za-z_]\w*")
_PYTHON_WORDS, _NUMPY_WORDS = ("py", "py2k", "py3k", "PY_VER", "CONDA_PY"), ("np", "NPY_VER", "CONDA_NPY")
_KEY_OF_WORD = dict.fromkeys(_PYTHON_WORDS, "python") | dict.fromkeys(_NUMPY_WORDS, "numpy")


def render_meta_yaml(
    path: Path, config: VariantConfig, subdir: str, environ: Mapping[str, str]
) -> list[RenderedRecipe]:
    """Return the recipe for each of its variants, in the variants' order; skipped ones are left out.

    Parameters
    ----------
    path : Path
        ``meta.yaml``.
    config : VariantConfig
        The variants there are.
    subdir : str
        The platform to build for.
    environ : mapping
        What ``environ`` is in templates.

    Raises
    ------
    RecipeError
        Whatever is wrong with the recipe, with its line.
    """
    recipe = _MetaYaml(path, config, subdir, environ)
    used = recipe.used_keys({key: values[0] for key, values in config.values.items()})
    rendered = [recipe.render(variant) for variant in combinations(config, used)]
    return each_output_once([each for each in rendered if each is not None])


def read_recipe(path: Path) -> str:
    """Return a recipe's text; ``RecipeError`` when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or "is not UTF-8"
        raise RecipeError(f"{path} cannot be read: {said}", hint="check the path", code="recipe.missing") from None


def _named_words(top: Located) -> dict[str, str]:
    """Return ``PKG_VERSION`` and ``PKG_BUILDNUM`` of a recipe; outputs have names of their own."""
    package, build = top.get("package"), top.get("build")
    number = build.get("number", "0") if isinstance(build, Located) else "0"
    version = package.get("version", "") if isinstance(package, Located) else ""
    return {"PKG_VERSION": str(version), "PKG_BUILDNUM": str(number)}


class _MetaYaml:
    """One ``meta.yaml``, rendered under different variants."""

    def __init__(self, path: Path, config: VariantConfig, subdir: str, environ: Mapping[str, str]) -> None:
        self._path, self._config, self._subdir, self._environ = path, config, subdir, environ
        self._text = read_recipe(path)
        self._document = Document(path.name, self._text)
        self._source = find_local_source(self._text, path.parent)
        self._frame = Frame(
            document=self._document,
            config=config,
            subdir=subdir,
            present=frozenset(os.listdir(path.parent)),
            text_keys=self._keys_in_text(),
        )

    def _keys_in_text(self) -> frozenset[str]:
        """Return the variant keys that selectors and templates name."""
        words = set(words_in_selectors(self._text))
        for inside in _JINJA.findall(self._text):
            words.update(_WORD.findall(" ".join(inside)))
        named = {_KEY_OF_WORD.get(word, word) for word in words}
        return frozenset(named & set(self._config.values)) - {"target_platform"}

    def _read(self, variant: Mapping[str, str]) -> tuple[Located, TemplateUse]:
        """Return the mapping that the recipe is under a variant, its top-level keys checked.

        Templates may name what the recipe itself says: then it is rendered once more, when that is known.
        """
        top, use = self._rendered(variant, {})
        named = _named_words(top)
        return self._rendered(variant, named) if any(word in self._text for word in named) else (top, use)

    def _rendered(self, variant: Mapping[str, str], named: Mapping[str, str]) -> tuple[Located, TemplateUse]:
        name = self._path.name
        words = selector_names(self._subdir, variant, self._environ)
        rendered, use = render_template(
            select_lines(self._text, words, name),
            name,
            folder=str(self._path.parent),
            subdir=self._subdir,
            variant=variant,
            words={**words, **named},
            environ=self._environ,
            source=self._source,
        )
        top = parse_yaml(rendered, name, may_repeat=True)
        check_keys(top, keys.TOP, "", name, self._text)
        return top, use

    def used_keys(self, variant: Mapping[str, str]) -> frozenset[str]:
        """Return the variant keys that the recipe depends on, over all its outputs."""
        top, use = self._read(variant)
        used = set(self._frame.text_keys)
        for parent in (top, *(entry for entry in top.get("outputs") or [] if isinstance(entry, Located))):
            build = self._document.section(parent, "build", keys.BUILD)
            used.update(self._document.texts(build, "force_use_keys"))
            found = requirement_keys(read_requirements(self._document, parent, build, use.tools), use, self._config)
            used |= found - {"python"} if subdir_of(build, self._subdir) == "noarch" else found
        return frozenset(used)

    def render(self, variant: Mapping[str, str]) -> RenderedRecipe | None:
        """Return the recipe under one variant, ``None`` when it is skipped there."""
        top, use = self._read(variant)
        document = self._document
        package, build = document.section(top, "package", keys.PACKAGE), document.section(top, "build", keys.BUILD)
        if document.flag(build, "skip"):
            return None
        name, version = document.text_of(package, "name").lower(), document.text_of(package, "version")
        if not name:
            raise document.error(top, "package", "the package has no name", "write `package:` with `name:` below it")
        reader = OutputReader(self._frame, top, build, use, variant)
        entries = [entry for entry in top.get("outputs") or [] if entry]
        outputs: list[Output] = []
        script, requirements = Script(), Requirements()
        if entries:
            check_identity(name, version or "0", "0")  # folders of the build are called after it
            outputs = [output for entry in entries if (output := reader.entry(entry, name, version)) is not None]
            script, requirements = reader.script(build, top, default="build.sh"), reader.requirements(top, build)
            outputs += reader.metapackage(name, version, requirements, outputs)
        else:
            outputs = [reader.single(name, version)]
        return RenderedRecipe(
            folder=str(self._path.parent),
            file=self._path.name,
            name=name,
            version=version,
            outputs=with_build_strings(outputs, self._path.name),
            sources=read_sources(document, top),
            script=script,
            requirements=requirements,
            variant=dict(variant),
            text=self._text,
            warnings=tuple(
                line
                for parent in (top, *(entry for entry in entries if isinstance(entry, Located)))
                for line in read_passed_over(document, parent, document.text_of(parent, "name") or name)
            ),
            extra=dict(document.section(top, "extra", set(top.get("extra") or ()))),
        )
