"""A recipe for a project of the Python index: a starting point, to be read and kept by whoever builds from it.

The engine chooses the wheel, as it would for an environment; the recipe names it by URL and digest and installs it with
pip, without dependencies, which become requirements. Refuses a folder that holds a recipe already.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec
from packaging.utils import canonicalize_name

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.exchange.artifacts import wheel_identity
from jupyter_envs.engine.models.origins import is_wheel
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import AlreadyExistsError, SolveError
from jupyter_envs.settings import Settings

_PURE = re.compile(r"-(py3|py2\.py3|py[23]\d*)-none-any\.whl$")


def write_recipe(name: str, folder: Path, settings: Settings) -> Path:
    """Write ``recipe.yaml`` for a project into a folder and return its path.

    Parameters
    ----------
    name : str
        The project, or a requirement such as ``click>=8``.
    folder : Path
        Made if need be.
    settings : Settings
        Which Python and which index.

    Raises
    ------
    AlreadyExistsError
        There is a recipe in the folder.
    SolveError
        The index has no wheel of that name for this machine.
    """
    path = folder / "recipe.yaml"
    if path.exists():
        raise AlreadyExistsError(
            f"there is a recipe already: {path}", hint="build it, or name another folder", code="exists.recipe"
        )
    text = recipe_text(find_wheel(name, settings))
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def find_wheel(name: str, settings: Settings) -> RepodataRecord:
    """Return the record of the wheel that an environment would get."""
    engine = Engine(msgspec.structs.replace(settings, channels=()))
    prefix = os.path.join(settings.root, "builds", ".from-pypi")
    sources = ("pypi", "interpreter")
    request = ChangeRequest(action="create", prefix=prefix, specs=(f"pypi::{name}", "python"), sources=sources)
    plan = engine.plan(request)
    wanted = canonicalize_name(re.split(r"[\[<>=!~ ;]", name, maxsplit=1)[0])
    for record in plan.records:
        if is_wheel(record) and wheel_identity(record)[0] == wanted:
            return record
    raise SolveError(f"the index has no wheel of {name} for this machine", hint="check the name", code="solve.unknown")


def recipe_text(record: RepodataRecord) -> str:
    """Return ``recipe.yaml`` for a wheel (pure).

    Only a wheel for any platform becomes a noarch package; another is built for each Python.
    """
    url = record.url.split("#")[0]
    file_name = os.path.basename(unquote(urlsplit(url).path))
    noarch = _PURE.search(file_name) is not None
    needs = [need for need in record.depends if not need.startswith("__") and need.split()[0] != "python"]
    python = next((need for need in record.depends if need.split()[0] == "python"), "python")
    recipe = {
        "package": {"name": record.name, "version": record.version},
        "source": {"url": url, "sha256": record.sha256 or "", "file_name": file_name},
        "build": {
            **({"noarch": "python"} if noarch else {}),
            "script": f"$PYTHON -m pip install --no-deps --no-index {shlex.quote(f'./{file_name}')}",
        },
        "requirements": {"host": ["python", "pip"], "run": [python if noarch else "python", *needs]},
        "about": {"license": record.license} if record.license else {},
    }
    kept = {key: value for key, value in recipe.items() if value}
    said = "# Written from a wheel of the Python index. Add tests: and what you know about: it, then build it.\n"
    return said + msgspec.yaml.encode(kept).decode()
