"""The environment of a notebook, written into it: which one that is, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.exchange.notebook_lock import KEY, NotebookLock, find_lock, lock_json, make_lock
from jupyter_envs.engine.planning import ordered
from jupyter_envs.errors import NotFoundError
from jupyter_envs.kernels.directory import RegisteredKernel
from jupyter_envs.notebooks.document import Notebook, with_metadata


def find_kernel(metadata: Mapping[str, Any], kernels: Iterable[RegisteredKernel]) -> RegisteredKernel | None:
    """Return the kernel of ours that a notebook names, ``None`` when it names none or another's."""
    spec = metadata.get("kernelspec")
    name = spec.get("name") if isinstance(spec, dict) else None
    return next((kernel for kernel in kernels if kernel.name == name and not kernel.gone), None)


def get_prefix(notebook: Notebook, kernels: Iterable[RegisteredKernel]) -> Path:
    """Return the environment whose kernel a notebook names.

    Raises
    ------
    NotFoundError
        It names no kernel, or one that is not an environment's.
    """
    kernel = find_kernel(notebook.metadata, kernels)
    if kernel is None:
        spec = notebook.metadata.get("kernelspec")
        named = spec.get("display_name") or spec.get("name") if isinstance(spec, dict) else None
        said = f"its kernel, {named}, is not one of an environment here" if named else "it names no kernel"
        raise NotFoundError(
            f"which environment {notebook.path.name} belongs to is not known: {said}",
            hint="say which with `--environment NAME`, or choose its kernel in JupyterLab and save",
            code="not_found.kernel",
        )
    return Path(kernel.prefix)


def lock_of(engine: Engine, prefix: Path, earlier: NotebookLock | None = None) -> NotebookLock:
    """Return the lock of an environment as it is now.

    Raises
    ------
    EnvsError
        It is not one whose packages are recorded, or a record does not say where its package came from.
    """
    records = ordered(record.repodata() for record in engine.packages(prefix))
    if not records:
        raise NotFoundError(
            f"no package of {prefix.name} is recorded, so there is nothing to lock",
            hint="`jupyter envs create NAME` makes an environment that can be locked",
            code="not_found.packages",
        )
    generations = engine.generations(prefix)
    channels = generations[-1].channels if generations else ()
    return make_lock(records, engine.requested(prefix), channels, engine.settings.subdir, earlier)


def with_lock(notebook: Notebook, engine: Engine, prefix: Path) -> Notebook:
    """Return the notebook with the lock of an environment in its metadata."""
    lock = lock_of(engine, prefix, find_lock(notebook.metadata, notebook.path.name))
    return with_metadata(notebook, **{KEY: lock_json(lock)})
