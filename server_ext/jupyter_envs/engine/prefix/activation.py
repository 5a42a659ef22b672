"""What activating an environment means, decided from values: variables, PATH and the scripts to run, in order (CEP 32).

Pure: `read_contents` is the one function that reads, everything else takes values. The order is conda's: leave what is
active (its ``deactivate.d`` in reverse, its variables), then ``CONDA_*`` and PATH, then ``etc/conda/env_vars.d``
alphabetically, then ``conda-meta/state``, and last the ``activate.d`` scripts, which a shell has to run
(`jupyter_envs.engine.prefix.activated`). An environment with ``pyvenv.cfg`` also gets ``VIRTUAL_ENV``, as venv's own
activation gives it; leaked ``VIRTUAL_ENV`` and ``PYTHONHOME`` are taken away. Refuses to run anything.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from jupyter_envs.engine.models.platform import PlatformLayout
from jupyter_envs.engine.prefix.python import PYVENV_CONFIG
from jupyter_envs.engine.prefix.records import META_DIRECTORY
from jupyter_envs.engine.prefix.state import UNSET, read_state
from jupyter_envs.errors import SpecError, StorageError

WINDOWS_PATHS = ("", "Library\\mingw-w64\\bin", "Library\\usr\\bin", "Library\\bin", "Scripts", "bin")
_CONDA_VARIABLES = ("CONDA_PREFIX", "CONDA_DEFAULT_ENV", "CONDA_PROMPT_MODIFIER")


class PrefixContents(msgspec.Struct, frozen=True, kw_only=True):
    """What a prefix holds that matters to activation. Scripts are absolute paths in alphabetical order."""

    prefix: str
    variables: dict[str, str] = {}
    activate_scripts: tuple[str, ...] = ()
    deactivate_scripts: tuple[str, ...] = ()
    conda: bool = True
    venv: bool = False


class Activation(msgspec.Struct, frozen=True, kw_only=True):
    """What to do to a process's variables: unset, then set, then run the scripts in order.

    ``deactivate_scripts`` belong to the environment that was active and run before anything else changes.
    ``path_entries`` are this environment's own, already at the front of ``variables["PATH"]``.
    """

    variables: dict[str, str]
    unset: tuple[str, ...] = ()
    path_entries: tuple[str, ...] = ()
    deactivate_scripts: tuple[str, ...] = ()
    activate_scripts: tuple[str, ...] = ()

    def applied_to(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return a copy of ``environ`` with the variables unset and set; the scripts are not run."""
        kept = {name: value for name, value in environ.items() if name not in self.unset}
        return kept | self.variables


def read_contents(prefix: str | os.PathLike[str], layout: PlatformLayout) -> PrefixContents:
    """Read what activation needs of a prefix.

    Raises ``SpecError`` for an ``env_vars.d`` or ``state`` file that is not what CEP 32 says, naming the file.
    """
    suffix = ".bat" if layout.windows else ".sh"
    base = Path(os.path.abspath(prefix))
    return PrefixContents(
        prefix=str(base),
        variables=_read_env_vars(base) | read_state(base),
        activate_scripts=_sorted_files(base / "etc/conda/activate.d", suffix),
        deactivate_scripts=_sorted_files(base / "etc/conda/deactivate.d", suffix),
        conda=(base / META_DIRECTORY).is_dir(),
        venv=(base / PYVENV_CONFIG).is_file(),
    )


def path_entries(contents: PrefixContents, layout: PlatformLayout) -> tuple[str, ...]:
    """Return what a prefix puts on PATH, first entry first."""
    if not layout.windows:
        return (f"{contents.prefix}/{layout.bin_directory}",)
    if not contents.conda:
        return (f"{contents.prefix}\\Scripts",)
    return tuple(f"{contents.prefix}\\{part}" if part else contents.prefix for part in WINDOWS_PATHS)


def default_env_name(prefix: str) -> str:
    """Return conda's name for a prefix: the folder's when it lies in one called ``envs``, else the whole path."""
    parts = prefix.replace("\\", "/").rstrip("/").split("/")
    return parts[-1] if len(parts) > 1 and parts[-2] == "envs" else prefix


def plan_activation(
    contents: PrefixContents,
    layout: PlatformLayout,
    environ: Mapping[str, str],
    *,
    name: str | None = None,
    leaving: PrefixContents | None = None,
) -> Activation:
    """Decide how a process with the variables ``environ`` enters an environment.

    Parameters
    ----------
    contents : PrefixContents
        The environment to activate.
    layout : PlatformLayout
        The platform's rules.
    environ : mapping
        The process's variables before.
    name : str
        ``CONDA_DEFAULT_ENV``; conda's own rule when not given.
    leaving : PrefixContents
        The environment that ``environ`` has active, when its files can be read; its variables and scripts are undone.
    """
    level = _level(environ)
    again = environ.get("CONDA_PREFIX") == contents.prefix and level > 0
    variables: dict[str, str] = {}
    unset = {"PYTHONHOME", "VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT"}
    if leaving is not None:
        unset.update(key for key, value in leaving.variables.items() if environ.get(key) == value)
    if contents.conda:
        shown = name or default_env_name(contents.prefix)
        variables |= {
            "CONDA_PREFIX": contents.prefix,
            "CONDA_DEFAULT_ENV": shown,
            "CONDA_PROMPT_MODIFIER": f"({shown}) ",
            "CONDA_SHLVL": str(level if again else level + 1),
        }
        if level > 0 and not again:
            variables[f"CONDA_PREFIX_{level}"] = environ.get("CONDA_PREFIX", "")
    else:
        unset.update((*_CONDA_VARIABLES, "CONDA_SHLVL"))
    if contents.venv:
        variables["VIRTUAL_ENV"] = contents.prefix
    entries = path_entries(contents, layout)
    variables["PATH"] = _path(entries, environ, layout)
    variables |= contents.variables
    return Activation(
        variables=variables,
        unset=tuple(sorted(key for key in unset if key in environ and key not in variables)),
        path_entries=entries,
        deactivate_scripts=tuple(reversed(leaving.deactivate_scripts)) if leaving else (),
        activate_scripts=contents.activate_scripts,
    )


def _level(environ: Mapping[str, str]) -> int:
    given = environ.get("CONDA_SHLVL", "0")
    return int(given) if given.isdecimal() and environ.get("CONDA_PREFIX") else 0


def _path(entries: tuple[str, ...], environ: Mapping[str, str], layout: PlatformLayout) -> str:
    """Return PATH with ``entries`` first and without those of the environments that were active."""
    separator = ";" if layout.windows else ":"
    gone = set(entries)
    for key, conda in (("CONDA_PREFIX", True), ("VIRTUAL_ENV", False)):
        if environ.get(key):
            gone.update(path_entries(PrefixContents(prefix=environ[key], conda=conda), layout))
    before = [entry for entry in environ.get("PATH", "").split(separator) if entry and entry not in gone]
    return separator.join([*entries, *before])


def _sorted_files(directory: Path, suffix: str) -> tuple[str, ...]:
    try:
        names = sorted(name for name in os.listdir(directory) if name.endswith(suffix))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise StorageError.from_os_error(error, "reading activation scripts") from error
    return tuple(str(directory / name) for name in names)


def _read_env_vars(prefix: Path) -> dict[str, str]:
    """Return the variables of ``etc/conda/env_vars.d``, later files over earlier ones."""
    variables: dict[str, str] = {}
    for file in _sorted_files(prefix / "etc/conda/env_vars.d", ""):
        try:
            raw = msgspec.json.decode(Path(file).read_bytes(), type=dict[str, str | int | float | bool | None])
        except IsADirectoryError:
            continue
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise SpecError(
                f"variables of a package cannot be read: {file} ({error})",
                hint="it must be a JSON object of texts; reinstall the package that brought it",
                code="prefix.env_vars",
            ) from error
        except OSError as error:
            raise StorageError.from_os_error(error, "reading the variables of a package") from error
        variables |= {key: str(value) for key, value in raw.items() if value is not None and value != UNSET}
    return variables
