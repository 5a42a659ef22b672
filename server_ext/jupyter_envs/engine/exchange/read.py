"""Any file that describes an environment, told by its name and its content. Owns the choice; reads one file."""

from __future__ import annotations

import os
import re
from pathlib import Path

from jupyter_envs.engine.exchange.conda_lock import parse_conda_lock
from jupyter_envs.engine.exchange.environment_yml import parse_environment_yml
from jupyter_envs.engine.exchange.explicit import is_explicit, parse_explicit, parse_spec_list
from jupyter_envs.engine.exchange.notebook import parse_notebook
from jupyter_envs.engine.exchange.parsed import FileFormat, ParsedEnvironment
from jupyter_envs.engine.exchange.pixi_lock import parse_pixi_lock
from jupyter_envs.engine.exchange.requirements import parse_requirements
from jupyter_envs.engine.models.platform import current_subdir
from jupyter_envs.errors import NotFoundError, SpecError, StorageError

MAX_BYTES = 64 << 20
_PIP_NAMES = re.compile(r"(requirements|constraints|reqs)", re.IGNORECASE)
_PIP_LINE = re.compile(r"^\s*(-|# python \d|[A-Za-z0-9._-]+\s*(\[|~=|;|@ |\S*\s+--hash=))", re.MULTILINE)
_TOP_KEY = re.compile(r"^(\w[\w-]*)\s*:", re.MULTILINE)


def read_environment_file(
    path: str | os.PathLike[str], *, subdir: str | None = None, python: str | None = None
) -> ParsedEnvironment:
    """Read environment.yml, ``@EXPLICIT``, a list of specs, pixi.lock, conda-lock.yml, requirements.txt or a notebook.

    Parameters
    ----------
    path : path
        The file.
    subdir : str
        The platform that it is read for; this machine's when not given.
    python : str
        The Python for which markers (``; python_version < "3.12"``) are decided, where the file does not fix one.

    Raises
    ------
    NotFoundError
        There is no such file.
    SpecError
        It is none of these, or is broken; with the line where that is known.
    """
    return parse_environment_file(_read_text(Path(path)), path=os.fspath(path), subdir=subdir, python=python)


def parse_environment_file(
    text: str, *, path: str, subdir: str | None = None, python: str | None = None, within: str | None = None
) -> ParsedEnvironment:
    """Return what the text of such a file says.

    Parameters
    ----------
    text : str
        The content.
    path : str
        The file's path or name: its ending helps to tell the format, errors name it, and files that a requirements
        file includes (``-r``) are looked for beside it.
    subdir, python : str
        As for ``read_environment_file``.
    within : str
        The folder that included files must lie in; anywhere when not given.

    Raises
    ------
    SpecError
        It is none of the formats, or is broken.
    """
    subdir = subdir or current_subdir()
    match sniff_format(Path(path).name, text):
        case "explicit":
            return parse_explicit(text, subdir=subdir, path=path)
        case "specs":
            return parse_spec_list(text, path=path)
        case "pixi":
            return parse_pixi_lock(text, subdir=subdir, path=path)
        case "conda-lock":
            return parse_conda_lock(text, subdir=subdir, path=path)
        case "requirements":
            return parse_requirements(text, subdir=subdir, path=path, python=python, within=within)
        case "notebook":
            return parse_notebook(text, subdir=subdir, path=path)
        case _:
            return parse_environment_yml(text, subdir=subdir, path=path, python=python, within=within)


def sniff_format(name: str, text: str) -> FileFormat:
    """Return the format of a file from its name and content. Pure.

    YAML that is not a lock file is taken for an environment.yml, whose reader says what is wrong with it.
    """
    if is_explicit(text):
        return "explicit"
    suffix = Path(name).suffix.lower()
    if suffix == ".ipynb":
        return "notebook"
    if suffix in (".yml", ".yaml", ".lock"):
        keys = set(_TOP_KEY.findall(text))
        if {"environments", "packages"} <= keys:
            return "pixi"
        if {"metadata", "package"} <= keys:
            return "conda-lock"
        return "pixi" if suffix == ".lock" else "yaml"
    if suffix in (".txt", ".in", ""):
        if _PIP_NAMES.search(name):
            return "requirements"
        return "requirements" if _PIP_LINE.search(text) else "specs"
    return "yaml"


def _read_text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SpecError(f"not a description of an environment: {path} is too large", hint="give a text file")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise NotFoundError(
            f"no such file: {path}", hint="give an environment.yml, a lock file or a requirements.txt"
        ) from error
    except UnicodeDecodeError as error:
        raise SpecError(f"not a text file: {path}", hint="save it as UTF-8", code="exchange.text") from error
    except OSError as error:
        raise StorageError.from_os_error(error, "reading the description of an environment") from error
