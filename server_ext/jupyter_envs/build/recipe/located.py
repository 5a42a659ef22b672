"""YAML with the line of every key, and the check that a mapping holds only keys that mean something.

Numbers stay as they are written (``version: 1.10`` is not ``1.1``); ``true``/``false`` and ``null`` are what they say.
Refuses a key that appears twice, and one that is not known, with the nearest that is; and texts whose aliases would
grow without end.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from typing import Any

import yaml

from jupyter_envs.errors import RecipeError

_TRUE, _FALSE = {"true", "yes", "on"}, {"false", "no", "off"}
_BOOL, _NULL = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:null"
_MOST_VALUES, _DEEPEST = 100_000, 100
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Located(dict[str, Any]):
    """A mapping that knows the line (from 1) of each of its keys, and its own."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}
        self.line = 0


def parse_yaml(text: str, name: str, *, may_be_empty: bool = False, may_repeat: bool = False) -> Located:
    """Return the mapping that a YAML text holds.

    Parameters
    ----------
    text : str
        YAML.
    name : str
        What messages call it.
    may_be_empty : bool
        Whether a text without anything is an empty mapping.
    may_repeat : bool
        Whether a key may appear again with the same value (two selectors that are true).

    Raises
    ------
    RecipeError
        It is not YAML, not a mapping, too much, or a key appears twice; message and detail name the line.
    """
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or "is not YAML"
        raise at_line(name, _line_of(error, text), f"{problem}", "fix the line", "recipe.yaml") from None
    if node is None and may_be_empty:
        return Located()
    if not isinstance(node, yaml.MappingNode):
        raise at_line(name, 1, "not a mapping of keys", "a recipe is `key: value`", "recipe.yaml")
    _check_size(node, name)
    return _mapping(node, name, may_repeat)


def _check_size(top: yaml.Node, name: str) -> None:
    """Refuse a text that comes to too much: an alias counts as often as it is used, and may hold itself."""
    waiting, count = [(top, 0)], 0
    while waiting:
        node, depth = waiting.pop()
        count += 1
        if count > _MOST_VALUES or depth > _DEEPEST:
            line = node.start_mark.line + 1
            raise at_line(name, line, "the values here do not end", "write them without aliases", "recipe.yaml")
        if isinstance(node, yaml.SequenceNode):
            waiting += [(item, depth + 1) for item in node.value]
        elif isinstance(node, yaml.MappingNode):
            waiting += [(value, depth + 1) for _, value in node.value]


def _line_of(error: yaml.YAMLError, text: str) -> int:
    """Return where a fault is; of what is never closed, where it was opened."""
    mark, context = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    if mark is not None and context is not None and mark.line >= len(text.splitlines()):
        mark = context
    return int(mark.line) + 1 if mark is not None else 1


def at_line(name: str, line: int, problem: str, hint: str, code: str) -> RecipeError:
    """Return the error for one line of a file (the caller raises it)."""
    return RecipeError(f"{name}, line {line}: {problem}", hint=hint, code=code, detail={"file": name, "line": line})


def _value(node: yaml.Node, name: str, may_repeat: bool) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, name, may_repeat)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, name, may_repeat) for item in node.value]
    if node.tag == _NULL:
        return None
    if node.tag == _BOOL and not getattr(node, "style", None):
        word = node.value.lower()
        return True if word in _TRUE else False if word in _FALSE else node.value
    return node.value


def _mapping(node: yaml.MappingNode, name: str, may_repeat: bool) -> Located:
    found = Located()
    found.line = node.start_mark.line + 1
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = str(key_node.value)
        value = _value(value_node, name, may_repeat)
        if key in found and not (may_repeat and value == found[key]):
            hint = f"it stands in line {found.lines[key]} too; give each a selector, or write it once"
            raise at_line(name, line, f"the key {key!r} appears twice", hint, "recipe.duplicate")
        found[key] = value
        found.lines[key] = line
    return found


def check_keys(mapping: Located, known: Collection[str], where: str, name: str, text: str = "") -> None:
    """Refuse a key that is not known.

    Parameters
    ----------
    mapping : Located
        A section of a recipe.
    known : collection of str
        What it may hold.
    where : str
        The section's name, empty for the whole file.
    name : str
        The file's name.
    text : str
        The file as it was written: lines of templates move when they are rendered, so the key is looked up there.

    Raises
    ------
    RecipeError
        ``recipe.key``, with the line and the nearest known key.
    """
    for key in mapping:
        if key in known:
            continue
        near = difflib.get_close_matches(key, known, 1)
        hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(sorted(known))}"
        line = find_line(text, key, mapping.lines[key]) if text else mapping.lines[key]
        raise at_line(name, line, f"there is no key {key!r}{f' in {where}' if where else ''}", hint, "recipe.key")


def find_line(text: str, key: str, near: int) -> int:
    """Return the line of ``text`` where ``key`` stands, the one nearest to ``near`` when there are several."""
    pattern = re.compile(rf"^\s*(?:-\s+)*[\"']?{re.escape(key)}[\"']?\s*:")
    lines = [number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)]
    return min(lines, key=lambda number: abs(number - near), default=near)
