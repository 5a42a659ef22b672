"""Extraction of wheels (PEP 427) into what conda calls a ``noarch: python`` package (CEP 20 for platform wheels).

Owns the mapping: ``purelib`` and ``platlib`` to ``site-packages/``, scripts to ``python-scripts/``, data to the root of
the prefix, headers to ``include/``; ``entry_points.txt`` to ``info/link.json``. Refuses a wheel whose dist-info is not
the file name's, whose RECORD does not list and hash every file (PEP 427), or whose data would land in ``info/``,
``conda-meta/`` or the package's own special folders.

Reproducible builds give every version of a wheel the same times, and a ``.pyc`` is believed when time and size agree.
So all files get one time that is the wheel's own: its newest date less up to half a year, taken from the digest of
RECORD.
"""

from __future__ import annotations

import base64
import configparser
import csv
import hashlib
import io
import re
from collections.abc import Iterator
from email.parser import BytesHeaderParser

import msgspec
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from jupyter_envs.engine.archive.guard import Guard, is_safe_path, refuse
from jupyter_envs.engine.archive.interpreter import index_json
from jupyter_envs.engine.archive.writer import TreeWriter
from jupyter_envs.engine.archive.zips import Entry, ZipReader
from jupyter_envs.engine.models.records import EntryPoints, LinkJson, PathsEntry, PathsJson, RepodataRecord
from jupyter_envs.errors import ArchiveError

PLACEHOLDER = "/opt/jupyter_envs_placeholder_placeholder_placeholder"
INSTALLER = b"jupyter-envs\n"
SPREAD_SECONDS = 1 << 24
WHEEL_HINT = "use another version, or report it to whoever publishes it"
UNHASHED = ("RECORD", "RECORD.jws", "RECORD.p7s")
RESERVED = ("info", "conda-meta", "site-packages", "python-scripts", "pyvenv.cfg")
ENTRY_NAME = re.compile(r"[^\s/\\=\[][^/\\=\[\0]*")
ENTRY_TARGET = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


class Promise(msgspec.Struct, frozen=True):
    """A line of RECORD: the digest's algorithm and its value in urlsafe base64 without padding."""

    algorithm: str
    value: str


def extract_wheel(path: str, record: RepodataRecord, writer: TreeWriter, guard: Guard) -> None:
    """Extract a wheel and write the ``info/`` that a conda package would have."""
    with ZipReader(path, guard, record.fn) as reader:
        files = [entry for entry in reader.entries if not entry.name.endswith("/")]
        stem = _dist_info_stem(files, record.fn)
        info = f"{stem}.dist-info"
        by_name = {entry.name: entry for entry in files}
        _check_version(reader.read(_required(by_name, f"{info}/WHEEL", record.fn)), record.fn)
        listing = reader.read(_required(by_name, f"{info}/RECORD", record.fn))
        promises = _parse_record(listing, record.fn)
        mtime = _mtime(files, listing)
        placed: dict[str, str] = {}
        for entry in files:
            placed[entry.name] = _extract_entry(reader, entry, stem, promises, mtime, writer, record)
        entry_points: tuple[str, ...] = ()
        if f"{info}/entry_points.txt" in by_name:
            entry_points = parse_entry_points(reader.read(by_name[f"{info}/entry_points.txt"]), record.fn)
    lines = _installed_record(placed, promises, info)
    writer.file(f"site-packages/{info}/RECORD", (lines,), 0o644, mtime)
    if f"{info}/INSTALLER" not in by_name:
        writer.file(f"site-packages/{info}/INSTALLER", (INSTALLER,), 0o644, mtime)
    _write_info(record, writer, entry_points)


def parse_entry_points(content: bytes, wheel: str) -> tuple[str, ...]:
    """Return console and gui entry points as ``link.json`` spells them: ``name = module:function``, extras stripped.

    Raises
    ------
    ArchiveError
        The file cannot be read, or a name or target is not one.
    """
    parser = configparser.RawConfigParser(delimiters=("=",), strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # the documented way to keep the case
    try:
        parser.read_string(content.decode())
    except (configparser.Error, UnicodeDecodeError) as error:
        raise _bad_wheel(wheel, "has an entry_points.txt that cannot be read") from error
    found = []
    for section in ("console_scripts", "gui_scripts"):
        for name, value in parser.items(section) if parser.has_section(section) else ():
            target = value.partition("[")[0].replace(" ", "")
            if not ENTRY_NAME.fullmatch(name) or name in (".", "..") or not ENTRY_TARGET.fullmatch(target):
                raise _bad_wheel(wheel, f"has an entry point that is not one: {name} = {value}")
            found.append(f"{name} = {target}")
    return tuple(dict.fromkeys(found))


def place_of(name: str, stem: str, wheel: str) -> str:
    """Return where a wheel's file goes in the package directory.

    >>> place_of("a/b.py", "a-1", "a.whl"), place_of("a-1.data/scripts/run", "a-1", "a.whl")
    ('site-packages/a/b.py', 'python-scripts/run')
    """
    if not is_safe_path(name):
        raise refuse(wheel, f"holds a path that leaves the package: {name!r}", "archive.escape")
    data = f"{stem}.data/"
    if not name.startswith(data):
        return f"site-packages/{name}"
    scheme, _, rest = name.removeprefix(data).partition("/")
    if scheme == "data" and rest:
        if rest.split("/")[0].casefold() in RESERVED:
            raise refuse(wheel, f"puts data where the engine keeps its own: {rest!r}", "archive.escape")
        return rest
    places = {
        "purelib": "site-packages",
        "platlib": "site-packages",
        "scripts": "python-scripts",
        "headers": f"include/{stem.split('-', maxsplit=1)[0]}",
    }
    if scheme not in places or not rest:
        raise _bad_wheel(wheel, f"holds data of an unknown kind: {name!r}")
    return f"{places[scheme]}/{rest}"


def _extract_entry(  # all of it is one wheel's state; a class would only hide that
    reader: ZipReader,
    entry: Entry,
    stem: str,
    promises: dict[str, Promise],
    mtime: float,
    writer: TreeWriter,
    record: RepodataRecord,
) -> str:
    place = place_of(entry.name, stem, record.fn)
    base = entry.name.removeprefix(f"{stem}.dist-info/")
    if base in UNHASHED:
        return place
    promise = promises.get(entry.name)
    if promise is None:
        raise _bad_wheel(record.fn, f"holds {entry.name!r}, which its RECORD does not list")
    writer.guard.admit_bytes(entry.size)
    executable = bool(entry.mode & 0o111)
    content = _Hashing(reader.chunks(entry), promise.algorithm)
    if place.startswith("python-scripts/"):
        script = _placeholder_shebang(b"".join(content))
        writer.file(place, (script,), 0o755, mtime)
        actual = content.digest()
    else:
        hashed = reader.chunks(entry) if promise.algorithm == "sha256" else content
        written = writer.file(place, hashed, 0o755 if executable else 0o644, mtime)
        actual = bytes.fromhex(written.sha256) if promise.algorithm == "sha256" else content.digest()
    if _base64(actual) != promise.value:
        raise refuse(
            record.fn, f"holds {entry.name!r} with other content than its RECORD says", "archive.mismatch", WHEEL_HINT
        )
    return place


class _Hashing:
    """Passes chunks on; hashes them unless the writer already does (sha256 of ordinary files)."""

    def __init__(self, chunks: Iterator[bytes], algorithm: str) -> None:
        self._chunks = chunks
        self._digest = hashlib.new(algorithm)

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._digest.update(chunk)
            yield chunk

    def digest(self) -> bytes:
        return self._digest.digest()


def _placeholder_shebang(script: bytes) -> bytes:
    for interpreter in (b"#!pythonw", b"#!python"):
        if script.startswith(interpreter):
            return b"#!" + PLACEHOLDER.encode() + b"/bin/python" + script[len(interpreter) :]
    return script


def _dist_info_stem(files: list[Entry], wheel: str) -> str:
    try:
        name, version, _, _ = parse_wheel_filename(wheel)
    except (InvalidWheelFilename, InvalidVersion) as error:
        raise _bad_wheel(wheel, "is not named as wheels are") from error
    tops = {entry.name.split("/")[0] for entry in files if "/" in entry.name}
    stems = [top.removesuffix(".dist-info") for top in tops if top.endswith(".dist-info")]
    if len(stems) != 1:
        raise _bad_wheel(wheel, f"holds {len(stems)} dist-info folders instead of one")
    own_name, _, own_version = stems[0].partition("-")
    if canonicalize_name(own_name) != name or not _same_version(own_version, version):
        raise refuse(wheel, f"holds {stems[0]}, not what its name says", "archive.mismatch", WHEEL_HINT)
    return stems[0]


def _same_version(text: str, version: Version) -> bool:
    try:
        return Version(text.replace("_", "-")) == version
    except InvalidVersion:
        return False


def _required(by_name: dict[str, Entry], name: str, wheel: str) -> Entry:
    if name not in by_name:
        raise _bad_wheel(wheel, f"has no {name}")
    return by_name[name]


def _check_version(content: bytes, wheel: str) -> None:
    version = str(BytesHeaderParser().parsebytes(content).get("Wheel-Version", "")).strip()
    if version.split(".")[0] != "1":
        raise _bad_wheel(wheel, f"has Wheel-Version {version or 'none'}, only 1.x is known")


def _parse_record(content: bytes, wheel: str) -> dict[str, Promise]:
    promises: dict[str, Promise] = {}
    try:
        for row in csv.reader(io.StringIO(content.decode(), newline="")):
            if len(row) < 2 or not row[1]:
                continue
            algorithm, _, value = row[1].partition("=")
            if algorithm not in ("sha256", "sha384", "sha512"):
                raise _bad_wheel(wheel, f"has a RECORD with {algorithm}, which proves nothing")
            promises[row[0].replace("\\", "/")] = Promise(algorithm, value.rstrip("="))
    except (csv.Error, UnicodeDecodeError) as error:
        raise _bad_wheel(wheel, "has a RECORD that cannot be read") from error
    return promises


def _mtime(files: list[Entry], listing: bytes) -> float:
    newest = max(entry.mtime for entry in files)
    return newest - int.from_bytes(hashlib.sha256(listing).digest()[:4], "big") % SPREAD_SECONDS


def _installed_record(placed: dict[str, str], promises: dict[str, Promise], info: str) -> bytes:
    """Return RECORD as an installed project has it: paths relative to site-packages (PEP 376)."""
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\n")
    for name, place in sorted(placed.items(), key=lambda item: item[1]):
        promise = promises.get(name)
        if place.startswith("site-packages/"):
            digest = f"{promise.algorithm}={promise.value}" if promise else ""
            rows.writerow((place.removeprefix("site-packages/"), digest, ""))
        else:
            rows.writerow((f"../../../{place.replace('python-scripts/', 'bin/', 1)}", "", ""))
    if f"{info}/INSTALLER" not in placed:
        rows.writerow((f"{info}/INSTALLER", f"sha256={_base64(hashlib.sha256(INSTALLER).digest())}", len(INSTALLER)))
    return text.getvalue().encode()


def _write_info(record: RepodataRecord, writer: TreeWriter, entry_points: tuple[str, ...]) -> None:
    entries = []
    for path, written in sorted(writer.files.items()):
        patched = path.startswith("python-scripts/") and _has_placeholder(f"{writer.root}/{path}")
        entries.append(
            PathsEntry(
                path=path,
                path_type="hardlink",
                sha256=written.sha256,
                size_in_bytes=written.size,
                prefix_placeholder=PLACEHOLDER if patched else None,
                file_mode="text" if patched else None,
            )
        )
    link = LinkJson(noarch=EntryPoints(type="python", entry_points=entry_points))
    writer.replace("info/paths.json", msgspec.json.encode(PathsJson(paths=tuple(entries))))
    writer.replace("info/link.json", msgspec.json.encode(link))
    writer.replace("info/index.json", index_json(record))


def _has_placeholder(path: str) -> bool:
    with open(path, "rb") as stream:  # noqa: PTH123  # plain strings in the archive code
        return stream.read(512).startswith(b"#!" + PLACEHOLDER.encode())


def _base64(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _bad_wheel(wheel: str, what: str) -> ArchiveError:
    return refuse(wheel, what, "archive.wheel", WHEEL_HINT)
