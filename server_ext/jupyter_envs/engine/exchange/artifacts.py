"""Records from nothing but an archive's URL, and the notes that keep what URLs cannot say.

A conda archive's name is its record's (CEP 26). A wheel's is not: the conda name and the tags that were chosen are
lost, and an interpreter has no archive at all. So our files carry a comment line for each of these, which other
tools skip::

    # dist: pytorch-2.3.0-cp311_cp311_manylinux_2_17_x86_64_0 https://.../torch-2.3.0-cp311-cp311-....whl
    # dist: python-3.11.7-interpreter_0a1b2c3d_0 interpreter:///usr/bin/python3.11

and one for each spec that was asked for, so that an environment made from the file can be updated as the first one::

    # requested: pandas >=2

Pure. Refuses URLs of anything that is neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from jupyter_envs.engine.fetch.urls import without_login
from jupyter_envs.engine.models.origins import INTERPRETER_SCHEME, WHEEL_SUFFIX, is_interpreter, is_wheel
from jupyter_envs.engine.models.records import RepodataRecord, is_one_name
from jupyter_envs.errors import SpecError

CONDA_SUFFIXES = (".conda", ".tar.bz2")
_NOTE = re.compile(r"^\s*#\s*dist:\s+(\S+)\s+(\S.*?)\s*$")
_REQUESTED = re.compile(r"^\s*#\s*requested:\s+(\S.*?)\s*$")


def wheel_identity(record: RepodataRecord) -> tuple[str, str]:
    """Return the project's name on the index and its version by PEP 440, from the wheel's file name."""
    name, version, _, _ = _parse_wheel(record.fn)
    return name, version


def dist_notes(records: Iterable[RepodataRecord]) -> list[str]:
    """Return the comment lines for those records whose URL does not say all."""
    return [f"# dist: {r.dist} {without_login(r.url)}" for r in records if is_wheel(r) or is_interpreter(r)]


def parse_dist_notes(text: str) -> dict[str, str]:
    """Return the dist of each URL that a text's comment lines name, in their order."""
    matches = (_NOTE.match(line) for line in text.splitlines())
    return {match[2]: match[1] for match in matches if match}


def requested_notes(requested: Iterable[str]) -> list[str]:
    """Return the comment lines for what was asked for."""
    return [f"# requested: {without_login(spec)}" for spec in requested]


def parse_requested_notes(text: str) -> tuple[str, ...]:
    """Return the specs that a text's comment lines say were asked for."""
    matches = (_REQUESTED.match(line) for line in text.splitlines())
    return tuple(match[1] for match in matches if match)


def record_from_url(
    url: str, *, subdir: str, dist: str | None = None, md5: str | None = None, sha256: str | None = None
) -> RepodataRecord:
    """Return the record that a URL stands for.

    Dependencies, size and kind are not in it: the package cache completes such a record from the package itself.

    Parameters
    ----------
    url : str
        Of a ``.conda``, ``.tar.bz2`` or ``.whl``, or ``interpreter://`` and an absolute path.
    subdir : str
        The platform that the file is for; used where the URL does not name one.
    dist : str
        ``name-version-build``, from a note; required for interpreters, guessed for wheels.
    md5, sha256 : str
        Lower-case hexadecimal digests.

    Raises
    ------
    SpecError
        ``exchange.url``: not the URL of a package, or one whose name leads out of the folder for packages.
    """
    record = _record(url, subdir=subdir, dist=dist, md5=md5, sha256=sha256)
    if not is_one_name(record.dist):
        raise SpecError(
            f"a package cannot be called {record.dist!r}: {url}",
            hint="do not use this file; ask who made it",
            code="exchange.url",
        )
    return record


def _record(url: str, *, subdir: str, dist: str | None, md5: str | None, sha256: str | None) -> RepodataRecord:
    if url.startswith(INTERPRETER_SCHEME):
        return _interpreter_record(url, subdir, dist)
    fn = unquote(url.rpartition("/")[2])
    if fn.endswith(WHEEL_SUFFIX):
        return _wheel_record(url, fn, subdir, dist, md5, sha256)
    suffix = next((suffix for suffix in CONDA_SUFFIXES if fn.endswith(suffix)), None)
    parts = fn[: -len(suffix)].rsplit("-", 2) if suffix else []
    if len(parts) != 3 or not all(parts):
        raise SpecError(
            f"not the URL of a package: {url}",
            hint="it must end in name-version-build.conda, .tar.bz2, or be a wheel",
            code="exchange.url",
        )
    directory = url.rpartition("/")[0]
    channel, _, folder = directory.rpartition("/")
    return RepodataRecord(
        name=parts[0],
        version=parts[1],
        build=parts[2],
        build_number=_build_number(parts[2]),
        subdir=folder or subdir,
        fn=fn,
        url=url,
        channel=channel or None,
        md5=md5,
        sha256=sha256,
    )


def _interpreter_record(url: str, subdir: str, dist: str | None) -> RepodataRecord:
    parts = (dist or "").rsplit("-", 2)
    if len(parts) != 3:
        raise SpecError(
            f"the version of an interpreter is not given: {url}",
            hint="write `# dist: python-<version>-<build> <url>`, or ask for `interpreter::python` instead",
            code="exchange.url",
        )
    return RepodataRecord(
        name=parts[0],
        version=parts[1],
        build=parts[2],
        subdir=subdir,
        fn=f"{dist}.interpreter",
        url=url,
        channel=INTERPRETER_SCHEME,
    )


def _wheel_record(
    url: str, fn: str, subdir: str, dist: str | None, md5: str | None, sha256: str | None
) -> RepodataRecord:
    name, version, tags, pure = _parse_wheel(fn)
    parts = dist.rsplit("-", 2) if dist else [name, version, f"{tags}_0"]
    if len(parts) != 3:
        raise SpecError(
            f"not a name-version-build: {dist}", hint="correct or remove the `# dist:` line", code="exchange.url"
        )
    return RepodataRecord(
        name=parts[0],
        version=parts[1],
        build=parts[2],
        subdir="noarch" if pure else subdir,
        noarch="python",  # every wheel is laid out for the Python of its environment (CEP 20)
        fn=fn,
        url=url,
        md5=md5,
        sha256=sha256,
    )


def _parse_wheel(fn: str) -> tuple[str, str, str, bool]:
    """Return name, version, tags as a build string and whether the wheel suits any platform."""
    try:
        name, version, _, tags = parse_wheel_filename(fn)
    except InvalidWheelFilename as error:
        raise SpecError(
            f"not the file name of a wheel: {fn}", hint="name-version-python-abi-platform.whl", code="exchange.url"
        ) from error
    spelled = "_".join(fn[: -len(WHEEL_SUFFIX)].split("-")[-3:]).lower().replace(".", "_")
    return canonicalize_name(name), str(version), spelled, all(tag.platform == "any" for tag in tags)


def _build_number(build: str) -> int:
    last = build.rpartition("_")[2]
    return int(last) if last.isascii() and last.isdigit() and len(last) < 9 else 0
