"""``@EXPLICIT`` files and lists of specs (CEP 23): one URL, or one MatchSpec, per line.

Owns both directions of the explicit form. Beyond CEP 23 our files may name wheels, and interpreters in comment lines
(see `jupyter_envs.engine.exchange.artifacts`); a file without them is read by every conda-compatible tool. Nothing is
solved. Refuses lines that are neither URL nor path of a package.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from jupyter_envs.engine.exchange.artifacts import (
    dist_notes,
    parse_dist_notes,
    parse_requested_notes,
    record_from_url,
    requested_notes,
)
from jupyter_envs.engine.exchange.parsed import ParsedEnvironment
from jupyter_envs.engine.fetch.urls import without_login
from jupyter_envs.engine.models.origins import INTERPRETER_SCHEME, is_interpreter
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import SpecError

MARK = "@EXPLICIT"
_PLATFORM = re.compile(r"^\s*#\s*platform:\s*(\S+)\s*$", re.MULTILINE)
_HASH = re.compile(r"(?P<md5>[0-9a-f]{32})|(?:sha256[:=])?(?P<sha256>[0-9a-f]{64})")


def is_explicit(text: str) -> bool:
    """Tell whether a text has the line ``@EXPLICIT``."""
    return any(line.strip() == MARK for line in text.splitlines())


def export_explicit(records: Sequence[RepodataRecord], subdir: str, requested: Sequence[str] = ()) -> str:
    """Return the text that makes exactly these records again, without a solve.

    Parameters
    ----------
    records : sequence
        In the order in which they are to be linked (dependencies first, as CEP 23 wants it).
    subdir : str
        The platform they are for.
    requested : sequence of str
        What was asked for; kept in comment lines.

    Raises
    ------
    SpecError
        ``exchange.no_url``: a record without a URL, made by a tool that did not write it down.
    """
    lines = ["# This file makes an environment: jupyter envs create NAME --file FILE", f"# platform: {subdir}"]
    lines += [*requested_notes(requested), *dist_notes(records)]
    lines.append(MARK)
    lines += [_line(record) for record in records if not is_interpreter(record)]
    return "\n".join(lines) + "\n"


def parse_explicit(text: str, *, subdir: str, path: str = "") -> ParsedEnvironment:
    """Read an ``@EXPLICIT`` text.

    Parameters
    ----------
    text : str
        The file's content.
    subdir : str
        This machine's platform, for what does not name its own.
    path : str
        Where the text is from, for messages.

    Raises
    ------
    SpecError
        ``exchange.explicit`` with the line's number.
    """
    platform = _PLATFORM.search(text)
    own = platform[1] if platform else subdir
    notes = parse_dist_notes(text)
    records = [
        record_from_url(url, subdir=own, dist=dist) for url, dist in notes.items() if url.startswith(INTERPRETER_SCHEME)
    ]
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#") or stripped == MARK:
            continue
        try:
            records.append(_record(stripped, own, notes))
        except SpecError as error:
            raise SpecError(
                f"{path or MARK}:{number}: {error.message}", hint=error.hint, code="exchange.explicit"
            ) from error
    return ParsedEnvironment(
        format="explicit",
        path=path,
        records=tuple(records),
        requested=parse_requested_notes(text),
        platforms=(platform[1],) if platform else (),
    )


def parse_spec_list(text: str, *, path: str = "") -> ParsedEnvironment:
    """Read a text of one MatchSpec per line (CEP 23's other form); comments and blank lines are left out."""
    platform = _PLATFORM.search(text)
    lines = (line.strip() for line in text.splitlines())
    specs = tuple(re.sub(r"\s+#.*$", "", line) for line in lines if line and not line.startswith("#"))
    return ParsedEnvironment(format="specs", path=path, specs=specs, platforms=(platform[1],) if platform else ())


def _line(record: RepodataRecord) -> str:
    if not record.url:
        raise SpecError(
            f"where {record.dist} came from is not recorded",
            hint="export as yaml, or install the package again so that its URL is recorded",
            code="exchange.no_url",
        )
    if record.sha256:
        return f"{without_login(record.url)}#sha256:{record.sha256}"
    return without_login(record.url) + (f"#{record.md5}" if record.md5 else "")


def _record(line: str, subdir: str, notes: dict[str, str]) -> RepodataRecord:
    url, _, fragment = line.partition("#")
    digest = _HASH.fullmatch(fragment) if fragment else None
    if fragment and digest is None:
        raise SpecError(
            f"not a checksum: {fragment}", hint="after '#' stands an md5 or sha256 in lower-case hexadecimal"
        )
    dist = notes.get(url)
    if "://" not in url:
        url = _file_url(url)
    return record_from_url(
        url,
        subdir=subdir,
        dist=dist,
        md5=digest["md5"] if digest else None,
        sha256=digest["sha256"] if digest else None,
    )


def _file_url(text: str) -> str:
    """Return the ``file://`` URL of a path, relative to the working directory as CEP 23 says."""
    try:
        return Path(os.path.expandvars(text)).expanduser().absolute().as_uri()
    except (ValueError, OSError, RuntimeError) as error:
        raise SpecError(f"not a path: {text} ({error})", hint="give a URL or the path of a package") from error
