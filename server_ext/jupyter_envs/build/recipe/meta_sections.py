"""The sections of a rendered ``meta.yaml`` as values: source, requirements, script, files, tests, about (pure)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from jupyter_envs.build.models import (
    Dependency,
    FileRules,
    PackageTest,
    Pin,
    Requirements,
    RunExports,
    Script,
    Source,
)
from jupyter_envs.build.recipe import keys
from jupyter_envs.build.recipe.located import Located, at_line, check_keys, find_line
from jupyter_envs.build.recipe.template import find_pin
from jupyter_envs.engine.history.conda_history import spec_name

_DEPENDENCY = re.compile(r"\s*(?:[^\s:\[\]]+::)?[A-Za-z0-9_*][A-Za-z0-9_.\-*]*(?:[\s\[<>=!~(].*)?$", re.DOTALL)


class Document:
    """A recipe file while it is read: its name and its text as written, for messages."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text

    def section(self, parent: Mapping[str, Any], key: str, known: Collection[str]) -> Located:
        """Return a section with its keys checked; an empty mapping when it is not there."""
        value = parent.get(key)
        if value is None:
            return Located()
        if not isinstance(value, Located):
            raise self.error(parent, key, f"{key} is not a mapping", "write `key: value` lines below it")
        self.check(value, known, key)
        return value

    def check(self, section: Located, known: Collection[str], where: str) -> None:
        """Refuse keys that are not known, and those that conda-build knows and we do not do."""
        for key, hint in keys.REFUSED.get(where, {}).items():
            if section.get(key) not in (None, "", [], False):
                line = find_line(self.text, key, section.lines[key])
                raise at_line(self.name, line, f"{key} in {where} is not supported", hint, "recipe.unsupported")
        check_keys(section, {*known, *keys.REFUSED.get(where, {})}, where, self.name, self.text)

    def error(
        self, parent: Mapping[str, Any], key: str, problem: str, hint: str, code: str = "recipe.value"
    ) -> Exception:
        """Return the error for a key's value."""
        near = parent.lines.get(key, parent.line) if isinstance(parent, Located) else 1
        return at_line(self.name, find_line(self.text, key, near), problem, hint, code)

    def texts(self, parent: Mapping[str, Any], key: str) -> tuple[str, ...]:
        """Return a list of texts; a single text is a list of one, empty entries (selectors) are left out."""
        value = parent.get(key)
        if value is None:
            return ()
        items = value if isinstance(value, list) else [value]
        if any(isinstance(item, dict | list) for item in items):
            raise self.error(parent, key, f"{key} is not a list of texts", "write one text in each line")
        return tuple(str(item) for item in items if item not in (None, ""))

    def text_of(self, parent: Mapping[str, Any], key: str) -> str:
        """Return one text, empty when it is not there."""
        value = parent.get(key)
        if isinstance(value, dict | list):
            raise self.error(parent, key, f"{key} is not a text", "write it in one line")
        return "" if value is None else str(value)

    def number(self, parent: Mapping[str, Any], key: str) -> int:
        """Return a whole number, 0 when it is not there."""
        text = self.text_of(parent, key) or "0"
        if not text.isdigit():
            raise self.error(parent, key, f"{key} is not a whole number: {text!r}", "write it as 0, 1, 2 …")
        return int(text)

    def flag(self, parent: Mapping[str, Any], key: str, default: bool = False) -> bool:
        """Return true or false."""
        value = parent.get(key)
        if value is None:
            return default
        words = {"true": True, "1": True, "false": False, "0": False}
        found = words.get(str(value).lower())
        if found is None:
            raise self.error(parent, key, f"{key} is neither true nor false: {value!r}", "write true or false")
        return found

    def dependencies(self, parent: Mapping[str, Any], key: str) -> tuple[Dependency, ...]:
        """Return requirements; marks of pins become pins again."""
        found: list[Dependency] = []
        for text in self.texts(parent, key):
            pin = find_pin(text)
            if pin is None and not _DEPENDENCY.match(text):
                raise self.error(
                    parent, key, f"{text!r} is not a requirement", "write `name`, `name >=1.2` or `name 1.2 build`"
                )
            found.append(pin if pin is not None else " ".join(text.split()))
        return tuple(found)


def read_sources(document: Document, top: Located) -> tuple[Source, ...]:
    """Return the sources; a selector may have left entries empty."""
    value = top.get("source")
    entries = value if isinstance(value, list) else [value]
    found = []
    for entry in entries:
        if not entry:
            continue
        if not isinstance(entry, Located):
            raise document.error(top, "source", "source is not a mapping", "write `url: …` and `sha256: …` below it")
        document.check(entry, keys.SOURCE, "source")
        found.append(_source(document, entry))
    return tuple(found)


def _source(document: Document, entry: Located) -> Source:
    kinds = [key for key in ("url", "path", "git_url") if entry.get(key)]
    if len(kinds) != 1:
        said = " and ".join(kinds) or "none of url, path and git_url"
        raise document.error(entry, kinds[0] if kinds else "source", f"a source has {said}", "give exactly one of them")
    revision = next(
        (document.text_of(entry, key) for key in ("git_rev", "git_tag", "git_branch") if entry.get(key)), ""
    )
    return Source(
        urls=document.texts(entry, "url"),
        sha256=document.text_of(entry, "sha256").lower(),
        md5=document.text_of(entry, "md5").lower(),
        file_name=document.text_of(entry, "fn"),
        path=document.text_of(entry, "path"),
        git=document.text_of(entry, "git_url"),
        revision=revision,
        folder=document.text_of(entry, "folder"),
        patches=document.texts(entry, "patches"),
        hoist=not document.flag(entry, "no_hoist"),
    )


def read_requirements(document: Document, parent: Located, build: Located, tools: Collection[str]) -> Requirements:
    """Return the requirements of a recipe or output.

    Without a ``host`` section and without a compiler, what ``build`` asks for is meant for the host environment:
    conda-build then makes one environment of both.
    """
    value = parent.get("requirements")
    if isinstance(value, list):  # an output's short form: what it needs to run
        section = Located()
        section["run"] = value
        section.lines["run"] = parent.lines["requirements"]
    else:
        section = document.section(parent, "requirements", keys.REQUIREMENTS)
    build_needs, host = document.dependencies(section, "build"), document.dependencies(section, "host")
    if section.get("host") is None and not any(need in tools for need in build_needs if isinstance(need, str)):
        build_needs, host = (), build_needs
    return Requirements(
        build=build_needs,
        host=host,
        run=document.dependencies(section, "run"),
        constrained=document.dependencies(section, "run_constrained"),
        run_exports=read_run_exports(document, parent if parent.get("run_exports") else build),
        ignore=document.texts(build, "ignore_run_exports"),
        ignore_from=document.texts(build, "ignore_run_exports_from"),
    )


def read_run_exports(document: Document, parent: Located) -> RunExports:
    """Return the run exports; a plain list is weak."""
    value = parent.get("run_exports")
    if not isinstance(value, dict):
        return RunExports(weak=document.dependencies(parent, "run_exports"))
    section = document.section(parent, "run_exports", keys.RUN_EXPORTS)
    return RunExports(**{key: document.dependencies(section, key) for key in keys.RUN_EXPORTS})


def read_environ(document: Document, build: Located) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return ``script_env``: variables with values, and names that are taken from the caller."""
    given: dict[str, str] = {}
    inherited = []
    for text in document.texts(build, "script_env"):
        name, mark, value = text.partition("=")
        if mark:
            given[name.strip()] = value
        else:
            inherited.append(text.strip())
    return given, tuple(inherited)


def read_files(document: Document, build: Located, select: tuple[str, ...] | None) -> FileRules:
    """Return how the files of an output are chosen and treated."""
    ignored = build.get("ignore_prefix_files")
    relocation = build.get("binary_relocation")
    linking = document.flag(build, "error_overlinking")
    return FileRules(
        select=select,
        always_include=document.texts(build, "always_include_files"),
        no_link=document.texts(build, "no_link"),
        ignore_prefix=ignored if isinstance(ignored, bool) else document.texts(build, "ignore_prefix_files") or False,
        text_prefix=document.texts(build, "has_prefix_files"),
        binary_prefix=document.texts(build, "binary_has_prefix_files"),
        detect_binary_prefix=document.flag(build, "detect_binary_files_with_prefix", default=True),
        relocate=relocation if isinstance(relocation, bool) else document.texts(build, "binary_relocation") or True,
        rpaths=tuple(folder.removeprefix("$PREFIX/") for folder in document.texts(build, "rpaths")) or ("lib/",),
        missing_allowed=tuple(
            pattern
            for key in ("missing_dso_whitelist", "missing_dso_allowlist", "runpath_whitelist", "runpath_allowlist")
            for pattern in document.texts(build, key)
        ),
        overlinking="error" if linking else "warn",
        overdepending=document.flag(build, "error_overdepending"),
        skip_pyc=document.texts(build, "skip_compile_pyc"),
    )


def read_selection(document: Document, entry: Located) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """Return the patterns of an output's ``files``: what is taken (``None``: nothing is said) and what left out."""
    if not isinstance(entry.get("files"), Located):
        return (document.texts(entry, "files") if entry.get("files") is not None else None), ()
    section = document.section(entry, "files", ("include", "exclude"))
    return document.texts(section, "include") or ("**",), document.texts(section, "exclude")


def read_tests(document: Document, parent: Located, present: Collection[str]) -> tuple[PackageTest, ...]:
    """Return the tests of an output.

    Parameters
    ----------
    document : Document
        The file.
    parent : Located
        The recipe, or an output.
    present : collection of str
        Names of files of the recipe folder; ``run_test.sh`` and its like are tests by their names alone.
    """
    section = document.section(parent, "test", keys.TEST)
    requires = document.texts(section, "requires")
    files, source_files = document.texts(section, "files"), document.texts(section, "source_files")

    def scripted(script: Script) -> PackageTest:
        return PackageTest(kind="script", script=script, requires=requires, files=files, source_files=source_files)

    tests = []
    imports = document.texts(section, "imports")
    if imports:
        tests.append(PackageTest(kind="python", imports=imports, requires=requires))
    commands = document.texts(section, "commands")
    if commands:
        tests.append(scripted(Script(lines=commands)))
    scripts = document.texts(section, "script") or tuple(
        name for name in ("run_test.sh", "run_test.py", "run_test.pl", "run_test.R", "run_test.r") if name in present
    )
    tests += [scripted(Script(file=name)) for name in scripts]
    return tuple(tests)


def read_passed_over(document: Document, parent: Located, name: str) -> list[str]:
    """Return what a recipe or output asks for and is not done, for warnings: the package is the same without it."""
    others = document.texts(document.section(parent, "test", keys.TEST), "downstreams")
    found = [f"{name}: what needs it is not tested ({', '.join(others)})"] if others else []
    if parent.get("app"):
        found.append(f"{name}: what launchers of applications read is not written (app)")
    build = document.section(parent, "build", keys.BUILD)
    if not document.flag(build, "activate_in_script", default=True):
        found.append(f"{name}: the environments are activated for its script all the same (activate_in_script)")
    return found


def read_about(document: Document, parent: Located) -> tuple[dict[str, object], tuple[str, ...]]:
    """Return ``about`` without ``license_file``, and the licence files."""
    section = document.section(parent, "about", keys.ABOUT)
    about = {key: value for key, value in section.items() if value is not None and key != "license_file"}
    return about, document.texts(section, "license_file")


def dependency_name(dependency: Dependency) -> str:
    """Return the package that a dependency is about, in small letters."""
    return dependency.name if isinstance(dependency, Pin) else spec_name(dependency)
