"""The packages that come out of a ``meta.yaml`` under one variant: the recipe itself, or each of its ``outputs``."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from jupyter_envs.build.models import Output, Requirements, Script
from jupyter_envs.build.recipe import keys
from jupyter_envs.build.recipe.located import Located
from jupyter_envs.build.recipe.meta_sections import (
    Document,
    dependency_name,
    read_about,
    read_environ,
    read_files,
    read_requirements,
    read_tests,
)
from jupyter_envs.build.recipe.template import TemplateUse
from jupyter_envs.build.recipe.variant_pins import pin_by_variant
from jupyter_envs.build.recipe.variants import VariantConfig

_SCRIPT_FILE = re.compile(r"[\w.\-/]+\.(sh|py|R|pl)")
_LINK_SCRIPTS = ("pre-link", "post-link", "pre-unlink")


def noarch_of(build: Mapping[str, Any]) -> str | None:
    """Return what ``noarch`` says; the old ``noarch_python: true`` means Python."""
    value = build.get("noarch")
    if value in (None, False, ""):
        return "python" if build.get("noarch_python") is True else None
    return str(value)


def requirement_keys(needs: Requirements, use: TemplateUse, config: VariantConfig) -> set[str]:
    """Return the variant keys behind requirements: names in build and host, and those of compilers."""
    names = {dependency_name(need).replace("-", "_") for need in (*needs.build, *needs.host)}
    tools = {key for need in needs.build if isinstance(need, str) for key in use.tools.get(need, ())}
    return (names | tools) & set(config.values)


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
        script = self.script(own, entry, default="", parent=entry)
        select = document.texts(entry, "files") if entry.get("files") is not None else None
        if select is None and script.empty and name != recipe_name:
            select = ()
        version = document.text_of(entry, "version") or recipe_version
        output = self._output(entry, self._inherited(own), name, version)
        return msgspec.structs.replace(
            output,
            script=script,
            tests=read_tests(document, entry, ()),
            files=msgspec.structs.replace(output.files, select=select),
            about=output.about or read_about(document, self._top)[0],
        )

    def _inherited(self, own: Located) -> Located:
        """Return an output's ``build`` with the number of the recipe's when it has none."""
        merged = Located()
        merged.line, merged.lines = own.line or self._build.line, {**self._build.lines, **own.lines}
        merged.update({key: self._build[key] for key in ("number",) if key in self._build})
        merged.update(own)
        return merged

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
        lines = document.texts(build if parent is None else parent, "script")
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
        about, licenses = read_about(document, parent)
        return Output(
            name=name,
            version=version,
            build_string=document.text_of(build, "string"),
            build_number=document.number(build, "number"),
            subdir="noarch" if noarch else self._subdir,
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
            variant=self._counted(needs, noarch),
        )

    def _link_scripts(self, parent: Located, build: Located) -> dict[str, str]:
        """Return the link scripts that ``build`` names; a recipe's own may also lie there by their names alone."""
        named = {key: str(build[key]) for key in _LINK_SCRIPTS if build.get(key)}
        own = self._present if parent is self._top else frozenset[str]()
        return {key: f"{key}.sh" for key in _LINK_SCRIPTS if f"{key}.sh" in own} | named

    def _forced(self, key: str) -> tuple[str, ...]:
        return self._document.texts(self._build, key)

    def _counted(self, needs: Requirements, noarch: str | None) -> dict[str, str]:
        """Return the variant values that tell this package from its siblings."""
        used = requirement_keys(needs, self._use, self._config) | set(self._text_keys)
        left_out = self._config.ignored | ({"python"} if noarch and "python" not in self._text_keys else set())
        used = (used - left_out | set(self._forced("force_use_keys"))) - set(self._forced("force_ignore_keys"))
        counted = {key: self._variant[key] for key in sorted(used) if key in self._variant}
        return {**counted, "target_platform": "noarch" if noarch else self._subdir}
