"""PyPI names and conda names of the same package, both ways.

Owns the normalised name (PEP 503) and a table of the projects whose conda package is called something else. Refuses to
guess: a name that is not in the table is its own translation. Where conda gives a PyPI project's name to something else
(``redis`` is the server there, ``tzdata`` the time zone files), the table keeps the two apart.
"""

from __future__ import annotations

import re

from jupyter_envs.engine.sources.base import EXTRA_PREFIX

EXTRA_SEPARATOR = "--"

# PyPI (normalised) -> conda. Several projects may be builds of one conda package; the first listed is the usual one.
_EXCEPTIONS: dict[str, str] = {
    # another name
    "annoy": "python-annoy",
    "blosc": "python-blosc",
    "blosc2": "python-blosc2",
    "brotli": "brotli-python",
    "build": "python-build",
    "clang": "python-clang",
    "docker": "docker-py",
    "duckdb": "python-duckdb",
    "flatbuffers": "python-flatbuffers",
    "graphviz": "python-graphviz",
    "igraph": "python-igraph",
    "kubernetes": "python-kubernetes",
    "lmdb": "python-lmdb",
    "msgpack": "msgpack-python",
    "opencv-python": "py-opencv",
    "psycopg2": "psycopg2",
    "psycopg2-binary": "psycopg2",
    "pyqt5": "pyqt",
    "redis": "redis-py",
    "tables": "pytables",
    "torch": "pytorch",
    "tzdata": "python-tzdata",
    "xgboost": "py-xgboost",
    "xxhash": "python-xxhash",
    # the same name, spelled with underscores
    "et-xmlfile": "et_xmlfile",
    "importlib-resources": "importlib_resources",
    "ipython-genutils": "ipython_genutils",
    "jupyter-client": "jupyter_client",
    "jupyter-console": "jupyter_console",
    "jupyter-core": "jupyter_core",
    "jupyter-events": "jupyter_events",
    "jupyter-server": "jupyter_server",
    "jupyter-server-terminals": "jupyter_server_terminals",
    "jupyterlab-pygments": "jupyterlab_pygments",
    "jupyterlab-server": "jupyterlab_server",
    "jupyterlab-widgets": "jupyterlab_widgets",
    "prometheus-client": "prometheus_client",
    "pure-eval": "pure_eval",
    "stack-data": "stack_data",
    "typing-extensions": "typing_extensions",
    # the same name, spelled with dots
    "backports-tarfile": "backports.tarfile",
    "backports-zoneinfo": "backports.zoneinfo",
    "discord-py": "discord.py",
    "jaraco-classes": "jaraco.classes",
    "jaraco-context": "jaraco.context",
    "jaraco-functools": "jaraco.functools",
    "keyrings-alt": "keyrings.alt",
    "ruamel-yaml": "ruamel.yaml",
    "ruamel-yaml-clib": "ruamel.yaml.clib",
    "zope-event": "zope.event",
    "zope-interface": "zope.interface",
}

_SEPARATORS = re.compile(r"[-_.]+")
_VALID = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")


def normalize_name(name: str) -> str:
    """Return a PyPI name as PEP 503 compares it: ``Ruamel.Yaml`` -> ``ruamel-yaml``."""
    return _SEPARATORS.sub("-", name.strip()).lower()


def is_pypi_name(name: str) -> bool:
    """Whether a name, once normalised, can be a project on a Python index."""
    return _VALID.fullmatch(normalize_name(name)) is not None


def conda_name(pypi_name: str) -> str:
    """Return what conda calls a PyPI project: ``torch`` -> ``pytorch``, ``Zope.Event`` -> ``zope.event``."""
    normalized = normalize_name(pypi_name)
    return _EXCEPTIONS.get(normalized, normalized)


def pypi_names(conda_name: str) -> tuple[str, ...]:
    """Return the PyPI projects (normalised) that are the conda package of this name; none when it cannot be one.

    ``redis`` is answered with nothing: on PyPI the name is a client library, which conda calls ``redis-py``.
    """
    name = conda_name.strip().lower()
    if name in _REVERSE:
        return _REVERSE[name]
    normalized = normalize_name(name)
    if not _VALID.fullmatch(normalized) or _EXCEPTIONS.get(normalized, name) != name:
        return ()
    return (normalized,)


def canonical_name(name: str) -> str:
    """Return the name under which this source makes records of what a person calls ``name``.

    For a name that no conda channel has: ``torch`` -> ``pytorch``, ``typing-extensions`` -> ``typing_extensions``,
    ``Flask_Login`` -> ``flask-login``. A conda name stays as it is.
    """
    lowered = name.strip().lower()
    return lowered if lowered in _REVERSE else conda_name(lowered)


def extra_record_name(name: str, extra: str) -> str:
    """Return the name of the synthetic record that stands for ``name[extra]`` (``name`` as conda has it)."""
    return f"{EXTRA_PREFIX}{name}{EXTRA_SEPARATOR}{normalize_name(extra)}"


def split_extra_record_name(name: str) -> tuple[str, str] | None:
    """Return ``(conda name, extra)`` of a synthetic record's name, or ``None`` when it is an ordinary name."""
    if not name.startswith(EXTRA_PREFIX):
        return None
    base, separator, extra = name[len(EXTRA_PREFIX) :].rpartition(EXTRA_SEPARATOR)
    return (base, extra) if separator and base and extra else None


def _reverse() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for pypi, conda in _EXCEPTIONS.items():
        found[conda] = (*found.get(conda, ()), pypi)
    return found


_REVERSE = _reverse()
