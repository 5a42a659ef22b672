"""The package directory of an interpreter of this machine: links and a ``pyvenv.cfg``, as in a venv (PEP 405).

There is no archive; the record's URL names the executable. Refuses an executable that is not there. Nothing of the
interpreter is copied, so the environment borrows it: moving or removing it breaks the environment, as ``verify`` says.
"""

from __future__ import annotations

import os
from urllib.parse import unquote, urlsplit

import msgspec

from jupyter_envs.engine.models.records import PathsEntry, PathsJson, RepodataRecord
from jupyter_envs.errors import ArchiveError, NotFoundError

SCHEME = "interpreter"


def is_interpreter(url: str) -> bool:
    """Tell whether a record's URL names an interpreter instead of an archive."""
    return url.startswith(f"{SCHEME}://")


def interpreter_path(url: str) -> str:
    """Return the executable that ``interpreter:///abs/python3.11`` names.

    >>> interpreter_path("interpreter:///usr/bin/python3.11")
    '/usr/bin/python3.11'
    """
    path = unquote(urlsplit(url).path)
    if not is_interpreter(url) or not os.path.isabs(path):
        raise ArchiveError(f"{url} does not name an interpreter by its absolute path", code="archive.interpreter")
    return path


def pyvenv_text(executable: str, version: str) -> str:
    """Return the content of ``pyvenv.cfg`` (PEP 405) for an environment of this interpreter."""
    return (
        f"home = {os.path.dirname(executable)}\n"
        "include-system-site-packages = false\n"
        f"version = {version}\n"
        f"executable = {executable}\n"
    )


def make_interpreter(record: RepodataRecord, root: str) -> None:
    """Make the package directory of an interpreter.

    Parameters
    ----------
    record : RepodataRecord
        Of the interpreter source: ``url`` names the executable, ``version`` is the full version.
    root : str
        An empty directory.
    """
    executable = interpreter_path(record.url)
    if not os.path.isfile(executable):
        raise NotFoundError(
            f"the interpreter {executable} is not there any more",
            hint="install it again, or ask for another one, such as `interpreter::python`",
            code="interpreter.missing",
        )
    minor = ".".join(record.version.split(".")[:2])
    site_packages = f"lib/python{minor}/site-packages"
    os.makedirs(f"{root}/bin")
    os.makedirs(f"{root}/{site_packages}")
    os.mkdir(f"{root}/info")
    links = {f"bin/python{minor}": executable, "bin/python3": f"python{minor}", "bin/python": f"python{minor}"}
    for path, target in links.items():
        os.symlink(target, f"{root}/{path}")
    content = pyvenv_text(executable, record.version).encode()
    _write(f"{root}/pyvenv.cfg", content)
    paths = PathsJson(paths=_paths(links, content, site_packages))
    _write(f"{root}/info/paths.json", msgspec.json.format(msgspec.json.encode(paths), indent=2))
    _write(f"{root}/info/index.json", msgspec.json.format(index_json(record), indent=2))


def index_json(record: RepodataRecord) -> bytes:
    """Return the ``info/index.json`` of a package whose archive has none: the record without what names its archive."""
    own = ("fn", "url", "channel", "size", "md5", "sha256")
    return msgspec.json.encode({key: value for key, value in full_record(record).items() if key not in own})


def full_record(record: RepodataRecord) -> dict[str, object]:
    """Return a record as JSON-able values with the fields that other readers insist on, empty ones too."""
    known: dict[str, object] = msgspec.to_builtins(record)
    required = {
        "build": record.build,
        "build_number": record.build_number,
        "depends": list(record.depends),
        "constrains": list(record.constrains),
        "subdir": record.subdir,
    }
    return {**known, **required}


def _paths(links: dict[str, str], content: bytes, site_packages: str) -> tuple[PathsEntry, ...]:
    import hashlib

    empty = hashlib.sha256(b"").hexdigest()
    entries = [PathsEntry(path=path, path_type="softlink", sha256=empty, size_in_bytes=0) for path in links]
    digest = hashlib.sha256(content).hexdigest()
    entries.append(PathsEntry(path="pyvenv.cfg", path_type="hardlink", sha256=digest, size_in_bytes=len(content)))
    entries.append(PathsEntry(path=site_packages, path_type="directory"))
    return tuple(sorted(entries, key=lambda entry: entry.path))


def _write(path: str, content: bytes) -> None:
    fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    try:
        os.write(fd, content)
    finally:
        os.close(fd)
