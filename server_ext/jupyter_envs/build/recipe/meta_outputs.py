"""The packages that come out of a ``meta.yaml`` under one variant: the recipe itself, or each of its ``outputs``."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from jupyter_envs.build.models import FileRules, Output, Requirements, Script
from jupyter_envs.build.recipe import keys
from jupyter_envs.build.recipe.located import Located
from jupyter_envs.build.recipe.meta_sections import (
    Document,
    dependency_name,
    read_about,
    read_environ,
    read_files,
    read_requirements,
    read_selection,
    read_tests,
)
from jupyter_envs.build.recipe.template import TemplateUse
from jupyter_envs.build.recipe.variant_pins import pin_by_variant
from jupyter_envs.build.recipe.variants import VariantConfig

_SCRIPT_FILE = re.compile(r"[\w.\-/]+\.(sh|py|R|pl)")
_INDEPENDENT = "python_version_independent"
_OWN = ("entry_points", "run_exports", "script", "noarch", "noarch_python", "skip")  # never an output's from its recipe
_LINK_SCRIPTS = ("pre-link", "post-link", "pre-unlink")


def noarch_of(build: Mapping[str, Any]) -> str | None:
    """Return what ``noarch`` says; the old ``noarch_python: true`` means Python, and so does CEP 20's key."""
    value = build.get("noarch")
    if value in (None, False, ""):
        return "python" if True in (build.get("noarch_python"), build.get(_INDEPENDENT)) else None
    return str(value)


def subdir_of(build: Mapping[str, Any], subdir: str) -> str:
    """Return the platform of what is built: a Python package for all Pythons may still be for one platform."""
    return "noarch" if noarch_of({key: build[key] for key in build if key != _INDEPENDENT}) else subdir


def requirement_keys(needs: Requirements, use: TemplateUse, config: VariantConfig) -> set[str]:
    """Return the variant keys behind requirements: names in build and host, and those of compilers."""
    names = {dependency_name(need).replace("-", "_") for need in (*needs.build, *needs.host)}
    tools = {key for need in needs.build if isinstance(need, str) for key in use.tools.get(need, ())}
    return (names | tools) & set(config.values)


def _merged(top: Located, own: Located, kept: Collection[str]) -> Located:
    """Return a section with some keys of another one, where it does not have them itself."""
    merged = Located()
    merged.line, merged.lines = own.line or top.line, {**top.lines, **own.lines}
    merged.update({key: value for key, value in top.items() if key in kept})
    merged.update(own)
    return merged


@dataclasses.dataclass(frozen=True, kw_only=True)
class Frame:
    """What stays the same under all variants: the file, the platform, the variants there are.

    ``present`` are names of files in the recipe's folder, ``text_keys`` the variant keys that selectors and templates
    name.
    """

    document: Document
    config: VariantConfig
    subdir: str
    present: frozenset[str]
    text_keys: frozenset[str]


class OutputReader:
    """Reads outputs.

    Parameters
    ----------
    frame : Frame
        The recipe's file.
    top, build : Located
        The recipe under the variant, and its ``build`` section.
    use : TemplateUse
        What compilers the templates named.
    variant : mapping
        The variant's values.
    """

    def __init__(
        self, frame: Frame, top: Located, build: Located, use: TemplateUse, variant: Mapping[str, str]
    ) -> None:
        self._top, self._build, self._use, self._variant = top, build, use, variant
        self._document, self._config, self._subdir = frame.document, frame.config, frame.subdir
        self._present, self._text_keys = frame.present, frame.text_keys

    def single(self, name: str, version: str) -> Output:
        """Return the one package of a recipe without ``outputs``."""
        build = self._build
        script = self.script(build, self._top, default="build.sh")
        output = self._output(self._top, build, name, version)
        return msgspec.structs.replace(
            output, script=script, tests=read_tests(self._document, self._top, self._present)
        )

    def entry(self, entry: object, recipe_name: str, recipe_version: str) -> Output | None:
        """Return the package of one entry of ``outputs``, ``None`` when it is skipped."""
        document = self._document
        if not isinstance(entry, Located):
            hint = "write `- name: …` for each output"
            raise document.error(self._top, "outputs", "an output is not a mapping", hint)
        document.check(entry, keys.OUTPUT, "outputs")
        own = document.section(entry, "build", keys.BUILD)
        if document.flag(own, "skip"):
            return None
        if document.text_of(entry, "type") not in ("", "conda", "conda_v2"):
            hint = "outputs are conda packages; make wheels in their own build"
            raise document.error(entry, "type", f"outputs of type {entry['type']} are not made", hint)
        name = document.text_of(entry, "name").lower()
        if name == recipe_name:
            entry = self._with_top_level(entry)
        script = self.script(own, entry, default="", parent=entry)
        select, exclude = read_selection(document, entry)
        if select is None and script.empty and name != recipe_name:
            select = ()
        version = document.text_of(entry, "version") or recipe_version
        output = self._output(entry, self._inherited(entry, own, name == recipe_name), name, version)
        return msgspec.structs.replace(
            output,
            script=script,
            tests=read_tests(document, entry, self._present if name == recipe_name else ()),
            files=msgspec.structs.replace(output.files, select=select, exclude=exclude),
        )

    def metapackage(self, name: str, version: str, needs: Requirements, outputs: Sequence[Output]) -> list[Output]:
        """Return the package of the recipe's own name, if its run requirements name outputs (conda-build adds it)."""
        names = {output.name for output in outputs}
        if name in names or not names & {dependency_name(need) for need in needs.run}:
            return []
        entry = Located()
        entry["name"], entry.lines, entry.line = name, {"name": self._top.line}, self._top.line
        output = self.entry(entry, name, version)
        return [msgspec.structs.replace(output, files=FileRules(select=()))] if output is not None else []

    def _with_top_level(self, entry: Located) -> Located:
        """Return the output that is called like the recipe with what the recipe says of it: needs, about, tests."""
        merged = _merged(self._top, entry, {"test"})
        for key in ("requirements", "about"):
            top, own = self._top.get(key), entry.get(key)
            if isinstance(top, Located) and (own is None or isinstance(own, Located)):
                merged[key] = _merged(top, own or Located(), top)
                merged.lines.setdefault(key, self._top.lines[key])
        return merged

    def _inherited(self, entry: Located, own: Located, is_recipe: bool) -> Located:
        """Return an output's ``build`` with what it has from the recipe's, as conda-build does it.

        One that is called like the recipe has everything that it does not say itself; one without a ``build`` of its
        own all but what is one package's alone; any other the number.
        """
        if is_recipe:
            kept = set(self._build) - {"script", "skip"}
        else:
            kept = set(self._build) - set(_OWN) if entry.get("build") is None else {"number"}
        return _merged(self._build, own, kept)

    def requirements(self, parent: Located, build: Located) -> Requirements:
        """Return requirements with what the variant says of them."""
        needs = read_requirements(self._document, parent, build, self._use.tools)
        return pin_by_variant(needs, self._variant, {} if noarch_of(build) else self._config.run_pins)

    def script(self, build: Located, where: Located, *, default: str, parent: Located | None = None) -> Script:
        """Return the script of a recipe (``build/script``) or of an output (``script`` of ``parent``)."""
        document = self._document
        environ, inherit = read_environ(document, build)
        interpreter = document.text_of(where, "script_interpreter") if "script_interpreter" in where else ""
        script = Script(interpreter=interpreter, environ=environ, inherit=inherit)
        lines = document.texts(build if parent is None or not parent.get("script") else parent, "script")
        if len(lines) == 1 and (lines[0] in self._present or (parent is not None and _SCRIPT_FILE.fullmatch(lines[0]))):
            return msgspec.structs.replace(script, file=lines[0])
        if lines:
            return msgspec.structs.replace(script, lines=lines)
        return msgspec.structs.replace(script, file=default if default in self._present else "")

    def _output(self, parent: Located, build: Located, name: str, version: str) -> Output:
        document = self._document
        noarch = noarch_of(build)
        if noarch not in (None, "python", "generic"):
            raise document.error(build, "noarch", f"there is no noarch kind {noarch!r}", "python or generic")
        needs = self.requirements(parent, build)
        about, licenses = read_about(document, parent if parent.get("about") is not None else self._top)
        return Output(
            name=name,
            version=version,
            build_string=document.text_of(build, "string"),
            build_number=document.number(build, "number"),
            subdir=subdir_of(build, self._subdir),
            noarch=noarch,  # type: ignore[arg-type]  # compared above
            requirements=needs,
            entry_points=document.texts(parent if parent.get("entry_points") else build, "entry_points"),
            files=read_files(document, build, None),
            about=about,
            license_files=licenses,
            track_features=document.texts(build, "track_features"),
            link_scripts=self._link_scripts(parent, build),
            include_recipe=document.flag(build, "include_recipe", default=True),
            python_site_packages_path=document.text_of(build, "python_site_packages_path"),
            variant=self._counted(needs, build),
        )

    def _link_scripts(self, parent: Located, build: Located) -> dict[str, str]:
        """Return the link scripts that ``build`` names; a recipe's own may also lie there by their names alone."""
        named = {key: str(build[key]) for key in _LINK_SCRIPTS if build.get(key)}
        own = self._present if parent is self._top else frozenset[str]()
        return {key: f"{key}.sh" for key in _LINK_SCRIPTS if f"{key}.sh" in own} | named

    def _forced(self, build: Located, key: str) -> set[str]:
        return {*self._document.texts(self._build, key), *self._document.texts(build, key)}

    def _counted(self, needs: Requirements, build: Located) -> dict[str, str]:
        """Return the variant values that tell this package from its siblings."""
        used = requirement_keys(needs, self._use, self._config) | set(self._text_keys)
        subdir = subdir_of(build, self._subdir)
        is_one = subdir == "noarch" and "python" not in self._text_keys  # a package for all Pythons
        left_out = self._config.ignored | ({"python"} if is_one else set())
        used = (used - left_out | self._forced(build, "force_use_keys")) - self._forced(build, "force_ignore_keys")
        counted = {key: self._variant[key] for key in sorted(used) if key in self._variant}
        return {**counted, "target_platform": subdir}
