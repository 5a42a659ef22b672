"""What a project says of itself in pyproject.toml, setup.py and setup.cfg, read as text and never run (pure).

What conda-build's ``load_setup_py_data`` gives templates, without running anything: arguments of ``setup`` count that
are written out, or are names that the file gives a written-out value before. Refuses to guess: a value that setup.py
computes is an error once a recipe asks for it.
"""

from __future__ import annotations

import ast
import configparser
from collections.abc import Mapping
from typing import Any, NoReturn

import msgspec

from jupyter_envs.errors import RecipeError

_LISTS = ("install_requires", "setup_requires", "tests_require", "classifiers", "keywords", "packages", "scripts")
_OF_PYPROJECT = {
    "name": "name",
    "version": "version",
    "description": "description",
    "requires-python": "python_requires",
    "dependencies": "install_requires",
    "optional-dependencies": "extras_require",
    "keywords": "keywords",
    "classifiers": "classifiers",
}


class SetupData(dict[str, Any]):
    """The arguments of ``setup``; asking for one that is computed raises ``RecipeError``."""

    def __init__(self, known: Mapping[str, Any], computed: frozenset[str], file: str) -> None:
        super().__init__(known)
        self._computed, self._file = computed - known.keys(), file

    def __missing__(self, key: str) -> NoReturn:
        if key in self._computed:
            raise RecipeError(
                f"{self._file} computes {key}, and is not run while the recipe is read",
                hint=f"write {key} into the recipe, or as text into setup.cfg or pyproject.toml",
                code="recipe.template",
            )
        raise KeyError(key)

    def get(self, key: str, default: Any = None) -> Any:
        """Return what is known, the default for what is not said; raises for what is computed."""
        return self[key] if key in self or key in self._computed else default


def read_setup(setup_py: str, setup_cfg: str, pyproject: str, file: str = "setup.py") -> SetupData:
    """Return what three files say; as with setuptools, pyproject.toml counts most and setup.cfg least.

    Parameters
    ----------
    setup_py, setup_cfg, pyproject : str
        Their texts, empty for those that are not there.
    file : str
        What messages call the first.

    Raises
    ------
    RecipeError
        ``recipe.template``: one cannot be read.
    """
    try:
        called, computed = _of_call(setup_py)
        configured, elsewhere = _of_config(setup_cfg)
        project, dynamic = _of_project(pyproject)
    except (SyntaxError, configparser.Error, msgspec.DecodeError) as error:
        raise RecipeError(
            f"what the project says of itself cannot be read: {error}",
            hint="correct setup.py, setup.cfg or pyproject.toml",
            code="recipe.template",
        ) from None
    known = {key: value for key, value in configured.items() if key not in computed} | called | project
    return SetupData(known, computed | elsewhere | dynamic, file)


def _of_call(text: str) -> tuple[dict[str, Any], frozenset[str]]:
    """Return the arguments of ``setup`` that are written out, and the names of the others."""
    tree = ast.parse(text)
    values: dict[str, Any] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            value = _Value(values).find(statement.value)
            for target in targets:
                if isinstance(target, ast.Name):
                    values[target.id] = value
    call = next((node for node in ast.walk(tree) if isinstance(node, ast.Call) and _called(node) == "setup"), None)
    found = {word.arg: _Value(values).find(word.value) for word in call.keywords if word.arg} if call else {}
    for word in call.keywords if call else ():
        spread = _Value(values).find(word.value) if word.arg is None else None
        found = {**spread, **found} if isinstance(spread, dict) else found
    return (
        {key: value for key, value in found.items() if value is not _COMPUTED},
        frozenset(key for key, value in found.items() if value is _COMPUTED),
    )


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


_COMPUTED = object()


class _Value:
    """Values of expressions that are written out, given those of names."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names

    def find(self, node: ast.expr) -> Any:
        """Return the value of an expression, ``_COMPUTED`` when only running it would tell."""
        if isinstance(node, ast.Name):
            return self._names.get(node.id, _COMPUTED)
        if isinstance(node, ast.List | ast.Tuple):
            return self._all(node.elts, list)
        if isinstance(node, ast.Dict):
            return self._dict(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._sum(self.find(node.left), self.find(node.right))
        if isinstance(node, ast.Call) and _called(node) == "dict" and not node.args:
            keys: list[ast.expr | None] = [ast.Constant(word.arg) if word.arg else None for word in node.keywords]
            return self._dict(ast.Dict(keys, [word.value for word in node.keywords]))
        try:
            return ast.literal_eval(node)
        except ValueError:
            return _COMPUTED

    def _all(self, nodes: list[ast.expr], kind: type[list[Any]]) -> Any:
        found = kind(map(self.find, nodes))
        return _COMPUTED if any(each is _COMPUTED for each in found) else found

    def _dict(self, node: ast.Dict) -> Any:
        if None in node.keys:
            return _COMPUTED
        keys, values = self._all([key for key in node.keys if key], list), self._all(node.values, list)
        return _COMPUTED if _COMPUTED in (keys, values) else dict(zip(keys, values, strict=True))

    @staticmethod
    def _sum(left: Any, right: Any) -> Any:
        kinds = {type(left), type(right)}
        return left + right if kinds in ({str}, {list}) else _COMPUTED


def _of_config(text: str) -> tuple[dict[str, Any], frozenset[str]]:
    """Return ``[metadata]`` and ``[options]`` of a setup.cfg, and the names that files and attributes give a value."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    found: dict[str, Any] = {}
    computed = set()
    for section in ("metadata", "options"):
        for key, value in parser[section].items() if parser.has_section(section) else ():
            name = key.replace("-", "_")
            if value.startswith(("attr:", "file:", "find:", "find_namespace:")):
                computed.add(name)
            else:
                found[name] = _listed(value) if name in _LISTS else value.strip()
    for section, name in (("options.extras_require", "extras_require"), ("options.entry_points", "entry_points")):
        if parser.has_section(section):
            found[name] = {key: _listed(value) for key, value in parser[section].items()}
    return found, frozenset(computed)


def _listed(text: str) -> list[str]:
    parts = text.split("\n") if "\n" in text else text.split(",")
    return [part.strip() for part in parts if part.strip()]


def _of_project(text: str) -> tuple[dict[str, Any], frozenset[str]]:
    """Return ``[project]`` of a pyproject.toml in the words of ``setup``, and the names of what it calls dynamic."""
    project: dict[str, Any] = msgspec.toml.decode(text).get("project", {}) if text.strip() else {}
    found = {ours: project[theirs] for theirs, ours in _OF_PYPROJECT.items() if theirs in project}
    licensed = project.get("license")
    if isinstance(licensed, str) or (isinstance(licensed, dict) and "text" in licensed):
        found["license"] = licensed if isinstance(licensed, str) else licensed["text"]
    points = {**project.get("entry-points", {})}
    for theirs, ours in (("scripts", "console_scripts"), ("gui-scripts", "gui_scripts")):
        points |= {ours: project[theirs]} if theirs in project else {}
    if points:
        found["entry_points"] = {
            group: [f"{name} = {target}" for name, target in each.items()] for group, each in points.items()
        }
    urls = {key.lower(): value for key, value in project.get("urls", {}).items()}
    dynamic = frozenset(_OF_PYPROJECT.get(key, key) for key in project.get("dynamic", ()))
    return found | ({"url": urls["homepage"]} if "homepage" in urls else {}), dynamic
