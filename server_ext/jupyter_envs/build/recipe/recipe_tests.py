"""The tests of a rendered ``recipe.yaml`` (CEP 14) as values (pure). Refuses kinds that are not run."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from jupyter_envs.build.models import PackageTest, Script
from jupyter_envs.build.recipe.script_text import Scripts, texts
from jupyter_envs.errors import RecipeError

# Tests of other languages: the key that lists what is loaded, and the command that loads one.
_IMPORTS = {
    "perl": ("uses", "perl -e 'eval qq(require $ARGV[0]; 1) or die $@' {}"),
    "r": ("libraries", "Rscript -e 'library(commandArgs(TRUE)[1], character.only = TRUE)' {}"),
    "ruby": ("requires", "ruby -e 'require ARGV[0]' {}"),
}


def read_tests(entry: Mapping[str, Any], name: str, scripts: Scripts) -> list[PackageTest]:
    """Return an entry of ``tests`` as tests: one for each Python version that it names."""
    if "script" in entry:
        files, needs = entry.get("files", {}), entry.get("requirements", {})
        return [
            PackageTest(
                kind="script",
                script=scripts.read(entry["script"], default=""),
                requires=(*texts(needs.get("build")), *texts(needs.get("run"))),
                files=texts(files.get("recipe")),
                source_files=texts(files.get("source")),
            )
        ]
    if "python" in entry:
        section = entry["python"]
        versions = [f"python {version}" for version in texts(section.get("python_version"))]
        return [
            PackageTest(
                kind="python",
                imports=texts(section.get("imports")),
                pip_check=bool(section.get("pip_check", True)),
                requires=tuple(need),
            )
            for need in ([[version] for version in versions] or [[]])
        ]
    if "package_contents" in entry:
        return [PackageTest(kind="contents", contents=_contents(entry["package_contents"]))]
    kind = next(iter(entry))
    if kind == "downstream":
        return []
    if kind not in _IMPORTS:
        hint = "write it as a `script:` test"
        raise RecipeError(f"{name}: tests of the kind {kind!r} are not run here", hint=hint, code="recipe.unsupported")
    key, command = _IMPORTS[kind]
    lines = tuple(command.format(shlex.quote(name)) for name in texts(entry[kind].get(key)))
    return [PackageTest(kind="script", script=Script(lines=lines))]


def _contents(section: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return glob patterns by kind; ``absent`` are those that must match nothing."""
    files = section.get("files", {})
    found = {key: texts(section.get(key)) for key in ("lib", "bin", "include", "site_packages") if section.get(key)}
    found["files"] = texts(files.get("exists")) if isinstance(files, dict) else texts(files)
    if isinstance(files, dict) and files.get("not_exists"):
        found["absent"] = texts(files["not_exists"])
    if section.get("strict"):
        found["strict"] = ("true",)
    return {key: patterns for key, patterns in found.items() if patterns}
