"""Texts that people write for a package, read: MatchSpecs (CEP 29) and the source before ``::``.

Owns what ``pypi::``, ``interpreter::`` and ``<channel>::`` mean and how a text that cannot be read is pointed at.
Refuses what rattler's MatchSpec refuses, and blanks that would turn one name into a name and a version.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from jupyter_envs.errors import SpecError

PYPI = "pypi"
INTERPRETER = "interpreter"

_CHANNEL_KEY = re.compile(r"""channel="((?:[^"\\]|\\.)*)",?""")
_PLAIN_VERSION = re.compile(r"^(==)?\d[\w.+!]*(\.\*|\*)?$")
_WRITTEN_NAME = re.compile(r"(?:.*::)?[\w.\-]+(?:\[[\w\-., ]+\])?")
_PLATFORM = re.compile(r"/(noarch|(?:linux|osx|win|emscripten|wasi|freebsd|zos)-[a-z0-9]+)/?$")
_EXTRAS = re.compile(r"^\s*[\w.\-]+\[([\w\-.]+(?:\s*,\s*[\w\-.]+)*)\]")


class RequestedSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One request, read.

    ``text`` is what the person wrote, ``name`` the conda name, ``match`` the MatchSpec without its source, ``version``
    its version limit. ``source`` is ``pypi``, ``interpreter``, a channel, or empty for any. ``extras`` are PyPI's.
    """

    text: str
    name: str
    match: str
    version: str | None = None
    source: str = ""
    extras: tuple[str, ...] = ()

    def without_version(self) -> RequestedSpec:
        """Return the request for any version and build of the same package."""
        written = _WRITTEN_NAME.match(self.text)
        text = written[0] if written else self.name
        return msgspec.structs.replace(self, text=text, match=self.name, version=None)


def parse_specs(texts: Iterable[str]) -> tuple[RequestedSpec, ...]:
    """Read each text; see ``parse_spec``."""
    return tuple(parse_spec(text) for text in dict.fromkeys(texts))


def parse_spec(text: str) -> RequestedSpec:
    """Read one request.

    Raises
    ------
    SpecError
        With the text and ``^~~~`` under what is wrong, and ``detail`` ``{"text", "column", "length"}``.

    Examples
    --------
    >>> parse_spec("pypi::numpy>=2").source
    'pypi'
    """
    source, separator, rest = text.partition("::")
    if separator and "[" not in source:
        source = source.strip()
        if source == PYPI:
            return _parse_pypi(text, rest)
        spec = _parse_match(text, rest, len(text) - len(rest))
        if source == INTERPRETER and spec.name != "python":
            raise _pointed(text, rest, "an interpreter is only a source of python", "use interpreter::python=3.11")
        return _from_channel(spec, source)
    return _parse_match(text, text, 0)


def _from_channel(spec: RequestedSpec, source: str) -> RequestedSpec:
    """Return the request limited to a channel, and to a platform where the channel ends with one (CEP 29)."""
    found = _PLATFORM.search(source)
    if found is None:
        return msgspec.structs.replace(spec, source=source or spec.source)
    limit = f'subdir="{found[1]}"'
    match = f"{spec.match[:-1]},{limit}]" if spec.match.endswith("]") else f"{spec.match}[{limit}]"
    return msgspec.structs.replace(spec, source=source[: found.start()], match=match)


def _parse_pypi(text: str, rest: str) -> RequestedSpec:
    from jupyter_envs.engine.sources.pypi_versions import parse_pypi_spec

    match_text, extras = parse_pypi_spec(rest.strip())
    spec = _parse_match(text, match_text, len(text) - len(rest))
    return msgspec.structs.replace(spec, source=PYPI, extras=tuple(extras))


def _parse_match(text: str, match_text: str, offset: int) -> RequestedSpec:
    from rattler import MatchSpec
    from rattler.exceptions import InvalidMatchSpecError

    try:
        spec = MatchSpec(match_text, strict=True)
    except InvalidMatchSpecError as strict_error:
        try:
            spec = MatchSpec(match_text)
        except InvalidMatchSpecError as error:
            raise explain_rejection(text, match_text, str(error), offset) from None
        if not _is_plain(spec):
            raise explain_rejection(text, match_text, str(strict_error), offset) from None
    name = spec.name.normalized
    if not name:
        raise explain_rejection(text, match_text, "missing package name", offset)
    canonical = spec.to_canonical_string()
    found = _CHANNEL_KEY.search(canonical)
    match = _CHANNEL_KEY.sub("", canonical).replace(",]", "]").replace("[]", "")
    return RequestedSpec(
        text=text.strip(), name=name, match=match, version=spec.version, source=found[1] if found else ""
    )


def _is_plain(spec: object) -> bool:
    """Whether what only the lenient reader accepts is an old form of conda's: ``python 3.11``, ``x=1.0=build``."""
    version = str(getattr(spec, "version", None) or "")
    build = str(getattr(spec, "build", None) or "")
    return bool(_PLAIN_VERSION.match(version)) and re.fullmatch(r"[\w.+*]*", build) is not None


def explain_rejection(text: str, match_text: str, reason: str, offset: int) -> SpecError:
    """Return the error that points at the part of a text that cannot be read."""
    reason = reason.partition("\n")[0]
    wanted = re.search(r"'=?([^']*)'|: (\S.*)$", reason)
    part = next((group for group in (wanted.groups() if wanted else ()) if group), "")
    hint = "a request looks like numpy, numpy>=2, numpy=1.26 or conda-forge::numpy"
    extras = _EXTRAS.match(match_text)
    if extras:
        bare = match_text.strip()
        part, hint = f"[{extras[1]}]", f'extras belong to the Python index: write "pypi::{bare}"'
        reason = "a conda package has no extras"
    elif "regex" in reason or re.search(r"\*\.\d", match_text):
        star = re.search(r"[\w.]*\*\.[\w.*]*", match_text)
        part = star[0] if star else part
        reason, hint = "a star can only be the last part of a version", "use a range, such as >=1,<2"
    elif "missing range specifier" in reason:
        reason = f"{part!r} is not a version" if not part[:1].isdigit() else reason.split(".", maxsplit=1)[0]
        hint = "two packages are two requests; a version begins with =, ==, >=, <, != or ~="
    elif re.search(r"=[<>]", match_text):
        hint = "write >= or <=, with the equals sign last"
    elif "/" in match_text and "package name" in reason:
        reason, part = "a folder, repository or file is not a package's name", match_text.strip()
        hint = "name packages of a channel or an index; `jupyter envs build` makes them of recipes"
    elif "missing package name" in reason:
        hint = "write the name first: numpy>=2"
    elif "only exact package names" in reason:
        reason, hint = "a request names one package", "use `jupyter envs search` for patterns"
        part = match_text.strip().split()[0]
    return _pointed(text, part, reason, hint, offset)


def _pointed(text: str, part: str, reason: str, hint: str, offset: int = 0) -> SpecError:
    """Return a SpecError with the text and a line of ``^~~~`` under the part."""
    column = text.find(part, offset) if part else -1
    if column < 0:
        part = text[offset:]
        column = offset
    length = max(1, len(part.rstrip()))
    pointer = " " * column + "^" + "~" * (length - 1)
    return SpecError(
        f"cannot read {text.strip()!r}: {reason}\n    {text}\n    {pointer}",
        hint=hint,
        code="spec.match",
        detail={"text": text, "column": column, "length": length, "reason": reason},
    )
