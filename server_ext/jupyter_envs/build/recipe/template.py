"""Jinja2 of ``meta.yaml``: the functions and words that recipes use, and errors that name the line (pure).

Templates run in Jinja's sandbox. What is known only later (pins, the build string's hash) becomes a mark in the text,
which ``meta_yaml`` reads again. Refuses undefined words, unknown data formats, and to run a project's code while its
recipe is read: ``load_setup_py_data`` reads what stands there.
"""

from __future__ import annotations

import json
import posixpath
import re
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2
import msgspec
from jinja2.sandbox import SandboxedEnvironment

from jupyter_envs.build.models import Pin
from jupyter_envs.build.recipe.local_source import git_words
from jupyter_envs.build.recipe.located import at_line
from jupyter_envs.build.recipe.setup_data import SetupData, read_setup
from jupyter_envs.errors import RecipeError

HASH_MARK = "PKG_HASH_MARK"
NAMED_WORDS = ("PKG_NAME", "PKG_VERSION", "PKG_BUILDNUM")
SHELL_WORDS = ("PYTHON", "PREFIX", "BUILD_PREFIX", "SRC_DIR", "RECIPE_DIR", "SP_DIR", "STDLIB_DIR", "CPU_COUNT", "R")
DEFAULT_COMPILERS = {"c": "gcc", "cxx": "gxx", "fortran": "gfortran", "rust": "rust", "go": "go", "cuda": "cuda-nvcc"}
_PIN_MARK = re.compile(r"__pin_([0-9a-f]+)")


class TemplateUse:
    """What a template called: the texts that ``compiler`` and ``stdlib`` gave, with the variant keys behind them."""

    def __init__(self) -> None:
        self.tools: dict[str, frozenset[str]] = {}


def render_template(
    text: str,
    name: str,
    *,
    folder: str,
    subdir: str,
    variant: Mapping[str, str],
    words: Mapping[str, Any],
    environ: Mapping[str, str],
    source: Path | None = None,
) -> tuple[str, TemplateUse]:
    """Return the text with its templates rendered.

    Parameters
    ----------
    text : str
        ``meta.yaml`` after its selectors.
    name : str
        What messages call the file.
    folder : str
        The recipe's folder, for ``load_file_regex`` and ``load_file_data``.
    subdir : str
        The target platform.
    variant, words : mapping
        Variant values, and the words that selectors know.
    environ : mapping
        What ``environ`` is in templates.
    source : Path, optional
        The folder of the first source, when that is here.

    Raises
    ------
    RecipeError
        ``recipe.template``: a syntax error or an undefined word, with its line.
    """
    use = TemplateUse()
    git = git_words(source) if source is not None and "GIT_" in text else {}
    environment = SandboxedEnvironment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    known = {key: value for key, value in words.items() if value is not None}
    shell = {word: f"${word}" for word in (*SHELL_WORDS, *NAMED_WORDS)}
    context: dict[str, Any] = {**shell, **known, **variant, **_version_words(subdir, variant), **git}
    context |= {**_functions(folder, source, subdir, variant, use), "PKG_HASH": HASH_MARK}
    context["environ"] = {**environ, **git, **shell}
    try:
        template = environment.from_string(text)
        return template.render(context), use
    except jinja2.TemplateSyntaxError as error:
        problem, line = error.message or "a template that cannot be read", error.lineno
    except RecipeError as error:
        raise at_line(name, _template_line(error), error.message, error.hint, error.code) from None
    except Exception as error:  # templates call methods of texts and numbers: whatever these raise is the recipe's
        problem, line = str(error), _template_line(error)
    hint = "define it with `{% set name = ... %}` or in conda_build_config.yaml" if "undefined" in problem else "fix it"
    raise at_line(name, line, problem, hint, "recipe.template")


def _template_line(error: BaseException) -> int:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
    return frames[-1].lineno or 1 if frames else 1


def _version_words(subdir: str, variant: Mapping[str, str]) -> dict[str, str]:
    """Return conda-build's variables that follow from platform and variant."""
    words = {"SUBDIR": subdir, "ARCH": subdir.partition("-")[2], "SHLIB_EXT": ".so"}
    for key, short in (("python", "PY"), ("numpy", "NPY")):
        parts = re.findall(r"\d+", variant.get(key, ""))[:2]
        if parts:
            words |= {f"{short}_VER": ".".join(parts), f"CONDA_{short}": "".join(parts)}
    return words


def _functions(
    folder: str, source: Path | None, subdir: str, variant: Mapping[str, str], use: TemplateUse
) -> dict[str, Callable[..., object]]:
    def compiler(language: str) -> str:
        return _tool(f"{language}_compiler", DEFAULT_COMPILERS.get(language, language), subdir, variant, use)

    def stdlib(language: str) -> str:
        return _tool(f"{language}_stdlib", "sysroot", subdir, variant, use)

    return {
        "compiler": compiler,
        "stdlib": stdlib,
        "cdt": lambda package, **_: f"{package}-{variant.get('cdt_name', 'cos7')}-x86_64",
        "pin_compatible": _pin_function("compatible"),
        "pin_subpackage": _pin_function("subpackage"),
        "load_file_regex": _regex_function(Path(folder), source),
        "load_file_data": _data_function(Path(folder), source),
        "load_str_data": lambda text, fmt="json", **_: _parse_data(text, fmt),
        "load_setup_py_data": _setup_function(Path(folder), source),
        "load_setuptools": _setup_function(Path(folder), source),
        "ccache": lambda *_: "",
    }


def _tool(key: str, default: str, subdir: str, variant: Mapping[str, str], use: TemplateUse) -> str:
    """Return the package of a compiler or C library as conda-build names it: ``gcc_linux-64 12.*``."""
    version = variant.get(f"{key}_version", "")
    text = f"{variant.get(key, default)}_{subdir}{f' {version}.*' if version else ''}"
    use.tools[text] = frozenset({key, f"{key}_version"})
    return text


def _pin_function(kind: str) -> Callable[..., str]:
    def pin(package: str, lower: str | None = None, upper: str | None = None, **options: Any) -> str:
        unknown = set(options) - {
            "lower_bound",
            "upper_bound",
            "min_pin",
            "max_pin",
            "exact",
            "build",
            "allow_no_other_outputs",
            "skip_build_id",
        }
        if unknown:
            raise RecipeError(
                f"pin_{kind} has no option {sorted(unknown)[0]}",
                hint="lower_bound, upper_bound, min_pin, max_pin and exact",
                code="recipe.template",
            )
        value = Pin(
            kind="compatible" if kind == "compatible" else "subpackage",
            name=package,
            lower=_bound(options.get("lower_bound", lower), options.get("min_pin", "x.x.x.x.x.x")),
            upper=_bound(options.get("upper_bound", upper), options.get("max_pin", "x")),
            exact=bool(options.get("exact", False)),
            build=str(options.get("build") or ""),
        )
        return f"__pin_{msgspec.json.encode(value).hex()}"

    return pin


def _bound(bound: object, expression: object) -> str:
    return str(bound) if bound else str(expression or "")


def find_pin(text: str) -> Pin | None:
    """Return the pin that a rendered text stands for, if it does."""
    match = _PIN_MARK.fullmatch(text.strip())
    return msgspec.json.decode(bytes.fromhex(match[1]), type=Pin) if match else None


def _regex_function(folder: Path, source: Path | None) -> Callable[..., re.Match[str] | None]:
    def load(load_file: str, regex_pattern: str, from_recipe_dir: bool = False, **_: Any) -> re.Match[str] | None:
        return re.search(regex_pattern, _read(folder, None if from_recipe_dir else source, load_file))

    return load


def _data_function(folder: Path, source: Path | None) -> Callable[..., object]:
    def load(path: str, fmt: str | None = None, from_recipe_dir: bool = False, **_: Any) -> object:
        text = _read(folder, None if from_recipe_dir else source, path)
        return _parse_data(text, fmt or Path(path).suffix.lstrip("."))

    return load


def _read(folder: Path, source: Path | None, path: str) -> str:
    """Return a file of the source, when that is here and has it, else of the recipe's folder."""
    try:
        return _place(folder, source, path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(
            f"{path} cannot be read while the recipe is rendered: {getattr(error, 'strerror', None) or error}",
            hint="only files of the recipe folder, and of a first source that is a folder, are there by then",
            code="recipe.template",
        ) from None


def _place(folder: Path, source: Path | None, path: str) -> Path:
    return source / path if source is not None and (source / path).is_file() else folder / path


def _parse_data(text: str, fmt: str) -> object:
    if fmt in ("json",):
        return json.loads(text)
    if fmt in ("yaml", "yml"):
        return msgspec.yaml.decode(text.encode())
    if fmt == "toml":
        return msgspec.toml.decode(text)
    raise RecipeError(f"data of the format {fmt!r} cannot be read", hint="json, yaml or toml", code="recipe.template")


def _setup_function(folder: Path, source: Path | None) -> Callable[..., SetupData]:
    def load(setup_file: str = "setup.py", from_recipe_dir: bool = False, **_: Any) -> SetupData:
        place = None if from_recipe_dir else source
        beside = [posixpath.join(posixpath.dirname(setup_file), name) for name in ("setup.cfg", "pyproject.toml")]
        there = [name for name in (setup_file, *beside) if _place(folder, place, name).is_file()] or [setup_file]
        setup_py, setup_cfg, pyproject = (
            _read(folder, place, name) if name in there else "" for name in (setup_file, *beside)
        )
        return read_setup(setup_py, setup_cfg, pyproject, setup_file)

    return load
