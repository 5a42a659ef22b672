"""``requirements.txt`` (pip's format) to specs after ``pypi::``, and wheels' records to pinned requirements.

Owns comments, continued lines, ``-r`` and ``-c`` files and ``--hash``. A line ``# python 3.11.7``, which we write and
pip skips, says what the wheels were chosen for. Refuses what is not a name and a version range:
editable installs, URLs, VCS and local paths, since an environment made of them cannot be made again. Options that
choose an index are left to pip's own configuration and reported.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from jupyter_envs.engine.exchange.artifacts import wheel_identity
from jupyter_envs.engine.exchange.markers import assumed_python, holds
from jupyter_envs.engine.exchange.parsed import ParsedEnvironment
from jupyter_envs.engine.models.origins import is_interpreter, is_wheel
from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import IntegrityError, NotFoundError, SpecError, StorageError

PYPI = "pypi::"
_PYTHON_NOTE = re.compile(r"^\s*#\s*python (\d+\.\d+(?:\.\w+)?)\s*$", re.MULTILINE)
_COMMENT = re.compile(r"(^|\s+)#.*$")
_INCLUDES = {"-r": "requirement", "--requirement": "requirement", "-c": "constraint", "--constraint": "constraint"}
_EDITABLE = ("-e", "--editable")
_INDEX_OPTIONS = (
    "-i",
    "--index-url",
    "--extra-index-url",
    "--no-index",
    "-f",
    "--find-links",
    "--trusted-host",
    "--pre",
    "--no-binary",
    "--only-binary",
    "--prefer-binary",
    "--require-hashes",
    "--use-feature",
)
_LOCAL = re.compile(r"^(\.{1,2}([/\\]|$)|[/~]|[A-Za-z]:\\|file:)|\.(whl|tar\.gz|zip)$")
_VCS = re.compile(r"^(git|hg|svn|bzr)\+|^\w+://")


@dataclass
class _Collected:
    """What has been read so far, over all included files."""

    requirements: list[Requirement] = field(default_factory=list)
    constraints: list[Requirement] = field(default_factory=list)
    hashes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    warnings: list[PlanWarning] = field(default_factory=list)
    open_files: list[Path] = field(default_factory=list)
    subdir: str = ""
    python: str | None = None
    within: str | None = None


def parse_requirements(
    text: str, *, subdir: str, path: str = "", python: str | None = None, within: str | None = None
) -> ParsedEnvironment:
    """Read the text of a requirements file.

    Parameters
    ----------
    text : str
        The file's content.
    subdir : str
        The platform for which markers are decided.
    path : str
        Where it is from: for messages, and what ``-r`` and ``-c`` are relative to.
    python : str
        The Python for which markers are decided, when it is known; else the one that the file says it was written
        with.
    within : str
        The folder that included files must lie in; anywhere when not given.

    Raises
    ------
    SpecError
        ``exchange.requirements`` with file and line: what cannot be read or is refused.
    NotFoundError
        An included file is not there.
    """
    note = _PYTHON_NOTE.search(text)
    written_with = note[1] if note else None
    collected = _Collected(subdir=subdir, python=python or written_with, within=within)
    _collect(text, Path(path) if path else Path("requirements.txt"), collected, "requirement")
    return ParsedEnvironment(
        format="requirements",
        path=path,
        python=written_with,
        pip_specs=_merged(collected),
        hashes=collected.hashes,
        warnings=tuple(collected.warnings),
    )


def parse_requirement_lines(
    lines: Sequence[tuple[int, str]], *, path: str, subdir: str, python: str | None, within: str | None = None
) -> ParsedEnvironment:
    """Read numbered requirement lines, such as the ``pip:`` section of an environment.yml."""
    collected = _Collected(subdir=subdir, python=python, within=within)
    for number, line in lines:
        stripped = _COMMENT.sub("", line).strip()
        if stripped:
            _collect_line(stripped, f"{path}:{number}", Path(path), collected, "requirement")
    return ParsedEnvironment(
        format="requirements",
        path=path,
        pip_specs=_merged(collected),
        hashes=collected.hashes,
        warnings=tuple(collected.warnings),
    )


def export_requirements(records: Sequence[RepodataRecord], *, hashes: bool = True) -> str:
    """Return the wheels among the records as pinned requirements, with what pip cannot install as comments.

    Parameters
    ----------
    records : sequence
        All packages of an environment.
    hashes : bool
        Whether the wheels' sha256 are written; pip then installs no other file.
    """
    lines = [f"# python {record.version}" for record in records if record.name == "python"]
    for record in sorted(records, key=lambda record: record.name):
        if is_wheel(record):
            name, version = wheel_identity(record)
            digest = f" --hash=sha256:{record.sha256}" if hashes and record.sha256 else ""
            lines.append(f"{name}=={version}{digest}")
        elif not is_interpreter(record):
            lines.append(f"# not from a Python index: {record.name}={record.version}={record.build}")
    return "".join(line + "\n" for line in lines)


def check_hashes(hashes: Mapping[str, Sequence[str]], records: Iterable[RepodataRecord]) -> None:
    """Compare the wheels of a plan with the digests that a requirements file allows, before anything is downloaded.

    Parameters
    ----------
    hashes : mapping
        ``ParsedEnvironment.hashes``: normalised name to ``sha256:...``; names without an entry may be any wheel.
    records : iterable
        What is going to be installed.

    Raises
    ------
    IntegrityError
        ``integrity.requirements``: the index offers another file than the one the requirements were written for.
    """
    for record in records:
        if not is_wheel(record) or not record.sha256:
            continue
        name, version = wheel_identity(record)
        allowed = hashes.get(name)
        if allowed and f"sha256:{record.sha256}" not in allowed:
            raise IntegrityError(
                f"{name} {version} has a digest that the requirements do not allow: {record.fn}",
                hint="ask for the Python that they were written for, such as python=3.11; or, if the new file is to be "
                f"trusted, write its hash into the requirements (--hash=sha256:{record.sha256})",
                code="integrity.requirements",
                detail={"name": name, "version": version, "sha256": record.sha256},
            )


def _collect(text: str, path: Path, collected: _Collected, role: str) -> None:
    for number, line in _logical_lines(text):
        _collect_line(line, f"{path}:{number}", path, collected, role)


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """Return the lines with the number they begin at: continued ones joined, comments and blank ones left out."""
    found: list[tuple[int, str]] = []
    parts: list[str] = []
    start = 1
    for number, raw in enumerate(text.splitlines(), 1):
        if not parts:
            start = number
        if raw.endswith("\\") and not raw.lstrip().startswith("#"):
            parts.append(raw[:-1])
            continue
        parts.append(raw)
        line = _COMMENT.sub("", " ".join(parts)).strip()
        parts = []
        if line:
            found.append((start, line))
    if parts and (line := _COMMENT.sub("", " ".join(parts)).strip()):
        found.append((start, line))
    return found


def _collect_line(line: str, where: str, path: Path, collected: _Collected, role: str) -> None:
    if line.startswith("-"):
        _collect_option(line, where, path, collected, role)
        return
    text, *options = re.split(r"\s+(?=--)", line)
    requirement = _requirement(text.strip(), where)
    if not _is_wanted(requirement, where, collected):
        return
    if role == "constraint":
        collected.constraints.append(requirement)
        return
    digests = tuple(part.split("=", 1)[1] for option in options for part in option.split() if "--hash=" in part)
    if digests:
        collected.hashes[canonicalize_name(requirement.name)] = digests
    collected.requirements.append(requirement)


def _is_wanted(requirement: Requirement, where: str, collected: _Collected) -> bool:
    """Tell whether a requirement's marker holds, and take the marker off: what is kept is wanted."""
    if requirement.marker is None:
        return True
    wanted, assumed = holds(requirement.marker, collected.subdir, collected.python)
    if assumed:
        verb = "kept" if wanted else "left out"
        collected.warnings.append(
            PlanWarning(
                code="exchange.marker",
                message=f"{where}: {requirement} is {verb} as for Python {assumed_python()}",
                hint="say which Python: `python=3.12`",
            )
        )
    requirement.marker = None
    return wanted


def _collect_option(line: str, where: str, path: Path, collected: _Collected, role: str) -> None:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise _refused(where, f"{line!r} cannot be read ({error})", "close the quotes") from error
    option, equals, value = words[0].partition("=")
    if not equals and option[:2] in ("-r", "-c", "-e") and len(option) > 2 and option[1] != "-":
        option, value = option[:2], option[2:]
    value = value or " ".join(words[1:])
    if option in _EDITABLE:
        raise _refused(where, f"editable installs are refused: {value}", _editable_hint(value))
    if option in _INCLUDES:
        inner = role if _INCLUDES[option] == "requirement" else "constraint"
        _include(path.parent / value, where, collected, inner)
    elif option in _INDEX_OPTIONS:
        collected.warnings.append(
            PlanWarning(
                code="exchange.option",
                message=f"{where}: {option} is not taken from the file",
                hint="set it in pip's own configuration (`pip config set`), which is honoured",
            )
        )
    else:
        raise _refused(where, f"unknown option {option}", "remove it; names, -r, -c and --hash are read")


def _include(path: Path, where: str, collected: _Collected, role: str) -> None:
    if "\0" in str(path):
        raise _refused(where, f"{str(path)!r} is no path", "remove the NUL character")
    if collected.within is not None:
        path = _path_within(collected.within, path, where)
    resolved = path.resolve()
    if resolved in collected.open_files:
        raise _refused(where, f"{path} includes itself", "remove the circle of -r lines")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise NotFoundError(
            f"{where}: no such file: {path}", hint="paths are relative to the file they stand in"
        ) from error
    except UnicodeDecodeError as error:
        raise _refused(where, f"{path} is not a text file", "save it as UTF-8") from error
    except OSError as error:
        raise StorageError.from_os_error(error, "reading requirements") from error
    collected.open_files.append(resolved)
    _collect(text, path, collected, role)
    collected.open_files.pop()


def _path_within(folder: str, path: Path, where: str) -> Path:
    """Return a path without its ``..``; whoever sent the file may not read what lies outside of a folder by it."""
    plain = Path(os.path.normpath(path))
    if not plain.is_relative_to(folder):
        raise _refused(where, f"{plain} lies outside of {folder}", "put it beside the file that includes it")
    return plain


def _requirement(text: str, where: str) -> Requirement:
    if _VCS.search(text):
        raise _refused(where, f"URLs and version control are refused: {text}", "build a wheel, or name a release")
    if _LOCAL.search(text) and " @ " not in text:
        raise _refused(
            where, f"local paths are refused: {text}", "put the wheel in a folder that pip's find-links names"
        )
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0]
        raise _refused(where, f"{text!r} is not a requirement ({reason})", "write it as `name>=1.0`") from error
    if requirement.url:
        raise _refused(where, f"URLs are refused: {text}", f"write `{requirement.name}` and a version")
    return requirement


def _merged(collected: _Collected) -> tuple[str, ...]:
    """Return the requirements as specs, narrowed by the constraints on their names."""
    limits: dict[str, list[Requirement]] = {}
    for constraint in collected.constraints:
        limits.setdefault(canonicalize_name(constraint.name), []).append(constraint)
    asked = {canonicalize_name(requirement.name) for requirement in collected.requirements}
    for name in sorted(set(limits) - asked):
        collected.warnings.append(
            PlanWarning(
                code="exchange.constraint",
                message=f"the constraint on {name} is not used, since nothing asks for {name} directly",
                hint=f"pin it in conda-meta/pinned, or add {name} to the requirements",
            )
        )
    specs = []
    for requirement in collected.requirements:
        for limit in limits.get(canonicalize_name(requirement.name), []):
            requirement.specifier &= limit.specifier
        specs.append(PYPI + str(requirement))
    return tuple(dict.fromkeys(specs))


def _editable_hint(value: str) -> str:
    return f"install it with pip inside the environment afterwards: `jupyter envs run NAME -- pip install -e {value}`"


def _refused(where: str, message: str, hint: str) -> SpecError:
    return SpecError(f"{where}: {message}", hint=hint, code="exchange.requirements", detail={"where": where})
