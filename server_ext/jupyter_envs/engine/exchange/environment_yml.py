"""environment.yml (CEP 24): read with line numbers, written so that reading gives the same environment.

Owns keys, types, the ``pip:`` section and selectors. Unknown top-level keys are warnings, as CEP 24 wants; a wrong
type, an unknown section of ``dependencies`` and a file without ``dependencies`` are refused with their line. Nothing is
solved.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jupyter_envs.engine.exchange.artifacts import wheel_identity
from jupyter_envs.engine.exchange.markers import python_of
from jupyter_envs.engine.exchange.parsed import ParsedEnvironment
from jupyter_envs.engine.exchange.requirements import PYPI, parse_requirement_lines
from jupyter_envs.engine.exchange.selectors import entry_expression, evaluate, select_lines
from jupyter_envs.engine.fetch.urls import without_login
from jupyter_envs.engine.models.origins import is_interpreter, is_wheel
from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import SpecError

if TYPE_CHECKING:
    import yaml

KEYS = ("name", "prefix", "channels", "dependencies", "variables", "platforms", "category")
NO_DEFAULTS = "nodefaults"
INTERPRETER = "interpreter::"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SUBDIR = re.compile(r"[a-z]+-[a-z0-9_]+")
_STRING = "tag:yaml.org,2002:str"
_NULL = "tag:yaml.org,2002:null"


def parse_environment_yml(
    text: str, *, subdir: str, path: str = "", python: str | None = None, within: str | None = None
) -> ParsedEnvironment:
    """Read the text of an environment.yml.

    Parameters
    ----------
    text : str
        The file's content.
    subdir : str
        The platform whose selectors hold.
    path : str
        Where it is from: for messages, and what ``-r`` lines of the ``pip:`` section are relative to.
    python : str
        The Python for which markers are decided, when the file does not say.
    within : str
        The folder that included files must lie in; anywhere when not given.

    Raises
    ------
    SpecError
        ``exchange.yaml``, beginning with ``file:line:``.
    """
    selected, unknown = select_lines(text, subdir)
    reader = _Reader(path or "environment.yml", subdir, python, within)
    for line, expression in unknown:
        reader.warn(
            line, f"[{expression}] is not a known selector; the line is kept", "selectors are linux, osx, win, …"
        )
    return reader.read(_compose(selected, reader))


def export_yaml(
    records: Sequence[RepodataRecord],
    requested: Sequence[str],
    channels: Sequence[str],
    variables: Mapping[str, str],
    name: str | None,
    *,
    exact: bool,
) -> str:
    """Return an environment.yml.

    Parameters
    ----------
    records : sequence
        All packages of the environment.
    requested : sequence
        What was asked for; written when not ``exact``.
    channels : sequence
        In their order. ``nodefaults`` is added, so that no other tool adds its own (CEP 24).
    variables : mapping
        Written as ``variables``.
    name : str
        The environment's name; left out when ``None``.
    exact : bool
        Every package with version and build, wheels in the ``pip:`` section with their version, an interpreter as
        ``python=<version>``; else only what was requested.
    """
    conda, pip = _exact_specs(records) if exact else _requested_specs(requested)
    document: dict[str, object] = {} if name is None else {"name": name}
    document["channels"] = [*(without_login(channel) for channel in channels), NO_DEFAULTS]
    document["dependencies"] = [*conda, *([{"pip": pip}] if pip else [])]
    if variables:
        document["variables"] = dict(variables)
    import yaml

    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=10_000)


def _exact_specs(records: Sequence[RepodataRecord]) -> tuple[list[str], list[str]]:
    conda, pip = [], []
    for record in sorted(records, key=lambda record: record.name):
        if is_wheel(record):
            pip.append("{}=={}".format(*wheel_identity(record)))
        elif is_interpreter(record):
            conda.append(f"{record.name}={record.version}")
        else:
            conda.append(f"{record.name}={record.version}={record.build}")
    return conda, pip


def _requested_specs(requested: Sequence[str]) -> tuple[list[str], list[str]]:
    conda, pip = [], []
    for spec in requested:
        if spec.startswith(PYPI):
            pip.append(spec.removeprefix(PYPI))
        else:
            conda.append(spec.removeprefix(INTERPRETER))
    return list(dict.fromkeys(conda)), list(dict.fromkeys(pip))


def _compose(text: str, reader: _Reader) -> yaml.Node | None:
    import yaml

    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "broken YAML"
        raise reader.error(
            mark.line + 1 if mark else 1, f"not YAML: {problem}", "check indentation and colons"
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise reader.error(1, f"not YAML: {error}", "save it as UTF-8 text without control characters") from error


class _Reader:
    """Reads the nodes of one document, keeping the line of each for what has to be said about it."""

    def __init__(self, path: str, subdir: str, python: str | None, within: str | None) -> None:
        self.path = path
        self.subdir = subdir
        self.python = python
        self.within = within
        self.warnings: list[PlanWarning] = []
        self.specs: list[str] = []
        self.pip_lines: list[tuple[int, str]] = []

    def error(self, line: int, message: str, hint: str) -> SpecError:
        detail: dict[str, object] = {"path": self.path, "line": line}
        return SpecError(f"{self.path}:{line}: {message}", hint=hint, code="exchange.yaml", detail=detail)

    def warn(self, line: int, message: str, hint: str) -> None:
        self.warnings.append(PlanWarning(code="exchange.yaml", message=f"{self.path}:{line}: {message}", hint=hint))

    def read(self, root: yaml.Node | None) -> ParsedEnvironment:
        keys = self._top(root)
        self._dependencies(keys["dependencies"])
        channels = self._texts(keys.get("channels"), "channels")
        python = python_of(self.specs) or self.python
        pip = parse_requirement_lines(
            self.pip_lines, path=self.path, subdir=self.subdir, python=python, within=self.within
        )
        return ParsedEnvironment(
            format="yaml",
            path=self.path,
            name=self._text(keys.get("name"), "name"),
            prefix=self._prefix(keys.get("prefix")),
            channels=tuple(channel for channel in channels if channel != NO_DEFAULTS),
            default_channels=NO_DEFAULTS not in channels,
            specs=tuple(dict.fromkeys(self.specs)),
            pip_specs=pip.pip_specs,
            variables=self._variables(keys.get("variables")),
            platforms=self._platforms(keys.get("platforms")),
            hashes=pip.hashes,
            warnings=(*self.warnings, *pip.warnings),
        )

    def _top(self, root: yaml.Node | None) -> dict[str, yaml.Node]:
        import yaml

        if not isinstance(root, yaml.MappingNode):
            raise self.error(
                1, "not an environment.yml", "it needs a `dependencies:` list, such as `dependencies: [python, numpy]`"
            )
        keys: dict[str, yaml.Node] = {}
        unknown: list[tuple[int, str]] = []
        for key, value in self._pairs(root, "the file"):
            if key in KEYS:
                keys[key] = value
            else:
                unknown.append((value.start_mark.line + 1, key))
        for line, key in unknown:
            self.warn(line, f"unknown key {key!r} is ignored", _did_you_mean(key, KEYS))
        if "dependencies" not in keys:
            line, key = next(((at, key) for at, key in unknown if _close(key, ("dependencies",))), (1, ""))
            hint = f"did you mean `dependencies` for {key!r}?" if key else "it needs a `dependencies:` list"
            raise self.error(line, "not an environment.yml: there are no dependencies", hint)
        return keys

    def _dependencies(self, node: yaml.Node) -> None:
        import yaml

        for item in self._items(node, "dependencies"):
            if isinstance(item, yaml.ScalarNode):
                self.specs.append(self._spec(item))
            elif isinstance(item, yaml.MappingNode):
                for key, value in self._pairs(item, "dependencies"):
                    self._section(key, value)
            else:
                raise self.error(_line(item), "a dependency must be a text", "write it as `- numpy >=2`")

    def _section(self, key: str, value: yaml.Node) -> None:
        expression = entry_expression(key)
        if key == "pip":
            self.pip_lines += [(_line(item), self._require_text(item, "pip")) for item in self._items(value, "pip")]
        elif expression is not None:
            holds = evaluate(expression, self.subdir)
            if holds is None:
                raise self.error(_line(value), f"unknown selector sel({expression})", "use unix, linux, osx or win")
            if holds:
                self.specs.append(self._spec(value))
        else:
            raise self.error(
                _line(value),
                f"unknown section {key!r} in dependencies",
                _did_you_mean(key, ("pip",))
                or f"a spec with a colon must be quoted; only `pip:` is a section, not {key!r}",
            )

    def _spec(self, node: yaml.Node) -> str:
        text = " ".join(self._require_text(node, "dependencies").split())
        problem = None if text.startswith((PYPI, INTERPRETER)) else spec_problem(text)
        if problem is not None:
            raise self.error(_line(node), f"{text!r} is not a spec ({problem})", "write it as `numpy >=2,<3`")
        return text

    def _variables(self, node: yaml.Node | None) -> dict[str, str]:
        import yaml

        if node is None or node.tag == _NULL:
            return {}
        if not isinstance(node, yaml.MappingNode):
            raise self.error(_line(node), "variables must be a mapping", "write `NAME: value` on lines of their own")
        variables = {}
        for key, value in self._pairs(node, "variables"):
            if not isinstance(value, yaml.ScalarNode):
                raise self.error(_line(value), f"the value of {key} must be a text", "quote it")
            if not _VARIABLE.fullmatch(key):
                raise self.error(_line(value), f"{key!r} is not the name of a variable", "letters, digits and '_'")
            variables[key] = str(value.value)
        return variables

    def _platforms(self, node: yaml.Node | None) -> tuple[str, ...]:
        platforms = self._texts(node, "platforms")
        for platform in platforms:
            if node is not None and not _SUBDIR.fullmatch(platform):
                raise self.error(_line(node), f"{platform!r} is not a platform", "such as linux-64, osx-arm64, win-64")
        return platforms

    def _prefix(self, node: yaml.Node | None) -> str | None:
        text = self._text(node, "prefix")
        return os.path.expanduser(os.path.expandvars(text)) if text else None

    def _text(self, node: yaml.Node | None, key: str) -> str | None:
        return None if node is None or node.tag == _NULL else self._require_text(node, key)

    def _texts(self, node: yaml.Node | None, key: str) -> tuple[str, ...]:
        if node is None or node.tag == _NULL:
            return ()
        return tuple(self._require_text(item, key) for item in self._items(node, key))

    def _require_text(self, node: yaml.Node, key: str) -> str:
        import yaml

        if isinstance(node, yaml.ScalarNode) and node.tag == _STRING and node.value.strip():
            return str(node.value)
        shown = f", not {node.value!r}" if isinstance(node, yaml.ScalarNode) else ""
        raise self.error(_line(node), f"{key} must be a text{shown}", "quote it, and write one on each line")

    def _items(self, node: yaml.Node, key: str) -> list[yaml.Node]:
        import yaml

        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        if node.tag == _NULL:
            return []
        raise self.error(_line(node), f"{key} must be a list", "begin each line with `- `")

    def _pairs(self, node: yaml.MappingNode, where: str) -> Iterator[tuple[str, yaml.Node]]:
        import yaml

        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self.error(_line(key), f"a key of {where} must be a text", "check the indentation")
            if key.value in seen:
                raise self.error(_line(key), f"{key.value!r} stands twice in {where}", "join the two")
            seen.add(key.value)
            yield str(key.value), value


def spec_problem(text: str) -> str | None:
    """Return why a text is not a MatchSpec (CEP 29), in one line, or ``None`` when it is one."""
    from rattler import MatchSpec
    from rattler.exceptions import InvalidMatchSpecError

    try:
        spec = MatchSpec(text)
    except InvalidMatchSpecError as error:
        return str(error).splitlines()[0]
    return None if spec.name is not None else "it has no name"


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1


def _close(word: str, known: Sequence[str]) -> list[str]:
    return difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.7)


def _did_you_mean(word: str, known: Sequence[str]) -> str:
    close = _close(word, known)
    return f"did you mean {close[0]!r}?" if close else ""
