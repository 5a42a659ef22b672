"""The kernels in the user's Jupyter data directory: which are ours, writing one, removing one.

Owns the disk: files first, ``kernel.json`` last and by rename, so that Jupyter never lists half a kernel; removed the
other way round. Refuses to write into or remove a spec without our mark.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from jupyter_envs.engine.durable import replace_file
from jupyter_envs.errors import KernelError
from jupyter_envs.kernels.spec import MARK

SPEC_FILE = "kernel.json"
_LOCK_TIMEOUT = 30.0


class RegisteredKernel(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A kernelspec of ours. ``kernel`` is its name inside the environment, ``gone`` an environment that is no more.

    ``known_as`` is the path by which people know the environment, where ``prefix`` is what that leads to now;
    ``shared`` a kernel that comes with a shared environment.
    """

    name: str
    display_name: str
    language: str
    prefix: str
    environment: str
    kernel: str
    directory: str
    gone: bool = False
    tool: str = ""  # the version of jupyter-envs that wrote it
    known_as: str = ""
    shared: bool = False


def startable_kernels() -> list[RegisteredKernel]:
    """Return our kernels that Jupyter finds on its whole path, in its order: the user's own come first."""
    from jupyter_core.paths import jupyter_path

    found: dict[str, RegisteredKernel] = {}
    for base in jupyter_path("kernels"):
        with contextlib.suppress(KernelError):  # a folder that cannot be listed; Jupyter finds nothing there either
            for kernel in find_registered(Path(base)):
                found.setdefault(kernel.name, kernel)
    return list(found.values())


def user_kernels_directory() -> Path:
    """Return where Jupyter looks for this user's kernels."""
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir()) / "kernels"


@contextlib.contextmanager
def registration_lock() -> Iterator[None]:
    """Hold the lock under which names of kernels are chosen; two environments may be ready at the same moment."""
    from filelock import FileLock, Timeout
    from jupyter_core.paths import jupyter_runtime_dir

    runtime = Path(jupyter_runtime_dir())
    try:
        runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(runtime / "jupyter-envs-kernels.lock", timeout=_LOCK_TIMEOUT):
            yield
    except Timeout as error:
        raise KernelError(
            f"another process has been registering kernels for {_LOCK_TIMEOUT:g} seconds",
            hint="try again: `jupyter envs kernels sync`",
            code="kernel.locked",
        ) from error
    except OSError as error:
        raise kernel_error(error, "kernels cannot be registered") from error


def kernel_error(error: OSError, what: str) -> KernelError:
    """Return the error for a file of a kernelspec that the system refuses."""
    where = f": {error.filename}" if error.filename else ""
    hint = "check who owns the folder, or set JUPYTER_DATA_DIR to one you can write"
    return KernelError(f"{what}: {error.strerror or error}{where}", hint=hint)


def find_registered(directory: Path) -> list[RegisteredKernel]:
    """Return our kernels below a directory, in order of name."""
    try:
        folders = sorted(path for path in directory.iterdir() if path.is_dir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise kernel_error(error, "kernels cannot be listed") from error
    return [kernel for folder in folders if (kernel := _read(folder)) is not None]


def _read(folder: Path) -> RegisteredKernel | None:
    """Return the kernel in a folder if it is ours."""
    try:
        spec: Any = json.loads((folder / SPEC_FILE).read_text(encoding="utf-8"))
        mark, place = spec["metadata"][MARK], spec["metadata"].get("conda_env_path")
        prefix = str(mark["prefix"])
    except (OSError, ValueError, KeyError, TypeError):
        return None  # unreadable or somebody else's: not ours to touch either way
    return RegisteredKernel(
        name=folder.name,
        display_name=str(spec.get("display_name", folder.name)),
        language=str(spec.get("language", "")),
        prefix=prefix,
        environment=str(mark.get("name", Path(prefix).name)),
        kernel=str(mark.get("kernel", "")),
        directory=str(folder),
        gone=not is_environment(prefix),
        tool=str(mark.get("tool", "")),
        known_as=place if isinstance(place, str) and place != prefix else "",
    )


def is_environment(prefix: str) -> bool:
    """Return whether there is an environment at a path."""
    return os.path.isdir(os.path.join(prefix, "conda-meta")) or os.path.isfile(os.path.join(prefix, "pyvenv.cfg"))


def taken_names(own: Sequence[RegisteredKernel]) -> set[str]:
    """Return the kernel names on Jupyter's whole path (lower case) that are not among ``own``."""
    from jupyter_core.paths import jupyter_path

    ours = {Path(kernel.directory) for kernel in own}
    names = {"python3", "python2"}
    for base in jupyter_path("kernels"):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            folders = [Path(base, entry) for entry in os.listdir(base)]
            names.update(path.name.lower() for path in folders if path not in ours and (path / SPEC_FILE).exists())
    return names


def write_kernel(
    directory: Path,
    name: str,
    spec: Mapping[str, object],
    resources: Sequence[str],
    files: Mapping[str, bytes] | None = None,
) -> bool:
    """Write a kernelspec; tell whether anything changed.

    Parameters
    ----------
    directory : Path
        ``<jupyter data>/kernels``.
    name : str
        The kernel's name.
    spec : mapping
        The content of ``kernel.json``, with our mark.
    resources : sequence of str
        Files to stand beside it; what else is there of ours goes.
    files : mapping
        Name -> content of further files beside it.

    Raises
    ------
    KernelError
        A spec of somebody else has the name, or the disk refuses.
    """
    folder = directory / name
    if (folder / SPEC_FILE).exists() and _read(folder) is None:
        raise KernelError(
            f"a kernel named {name} exists and was not made by jupyter-envs: {folder}",
            hint=f"remove it with `jupyter kernelspec remove {name}` if nobody needs it",
            code="kernel.taken",
        )
    content = json.dumps(spec, indent=1, ensure_ascii=False).encode() + b"\n"
    wanted = {Path(source).name: Path(source).read_bytes() for source in resources}
    wanted.update(files or {})
    wanted[SPEC_FILE] = content  # the last: Jupyter must not see it before the others
    try:
        folder.mkdir(parents=True, exist_ok=True)
        changed = [name for name, data in wanted.items() if _write_file(folder / name, data)]
        extra = [path for path in folder.iterdir() if path.name not in wanted]
        for path in extra:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    except OSError as error:
        raise kernel_error(error, f"the kernel {name} cannot be written") from error
    return bool(changed or extra)


def _write_file(path: Path, data: bytes) -> bool:
    """Replace a file by rename if its content is another; tell whether it was."""
    try:
        if path.read_bytes() == data:
            return False
    except FileNotFoundError:
        pass
    replace_file(path, data, 0o644)
    return True


def remove_kernel(kernel: RegisteredKernel) -> None:
    """Remove a kernelspec of ours; one that has gone already is fine.

    Raises
    ------
    KernelError
        When the disk refuses.
    """
    folder = Path(kernel.directory)
    if _read(folder) is None:
        return
    try:
        (folder / SPEC_FILE).unlink(missing_ok=True)
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise kernel_error(error, f"the kernel {kernel.name} cannot be removed") from error
