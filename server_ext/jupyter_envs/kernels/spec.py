"""What a kernelspec of an environment says: read from the environment, decided from values, written by ``directory``.

ipykernel's spec starts the environment's own Python; another language's is the one in ``share/jupyter/kernels`` with
its program made absolute. Both carry the variables of activation, computed now (``activate.d`` is run) and again at
each refresh. Refuses to guess: a ``kernel.json`` that cannot be read is a warning, and no kernel.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from jupyter_envs import __version__
from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.models.platform import PlatformLayout, current_subdir, layout_for
from jupyter_envs.engine.prefix.activated import run_activation
from jupyter_envs.engine.prefix.activation import Activation, plan_activation, read_contents
from jupyter_envs.engine.prefix.python import python_executable, site_packages
from jupyter_envs.errors import EnvsError
from jupyter_envs.kernels.names import IPYKERNEL

MARK = "jupyter_envs"
MARK_VERSION = 1
ACTIVATION_TIMEOUT = 30.0
_INHERITED = ("HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR", "SHELL", "TERM", "SYSTEMROOT", "USERPROFILE")
_NOT_FOR_KERNELS = ("CONDA_PROMPT_MODIFIER",)
_PYTHON_NAMES = ("python", "python3")


class EnvironmentKernel(msgspec.Struct, frozen=True, kw_only=True):
    """A kernel that an environment offers. ``kernel`` is its name there, ``resources`` the files beside its spec."""

    kernel: str
    language: str
    argv: tuple[str, ...]
    title: str
    interrupt_mode: str = "signal"
    protocol_version: str = ""
    metadata: dict[str, object] = {}
    env: dict[str, str] = {}
    resources: tuple[str, ...] = ()


# -- what the environment offers ------------------------------------------------------------------------------------


def read_kernels(
    prefix: Path, python: str | None, has_ipykernel: bool
) -> tuple[list[EnvironmentKernel], list[PlanWarning]]:
    """Return the kernels of an environment and what is wrong with those that cannot be used.

    Parameters
    ----------
    prefix : Path
        The environment.
    python : str
        The version of its Python, if it has one.
    has_ipykernel : bool
        Whether ipykernel is among its packages.
    """
    kernels: list[EnvironmentKernel] = []
    warnings: list[PlanWarning] = []
    for directory in _kernel_directories(prefix):
        spec = _read_spec(directory, warnings)
        if spec is None or directory.name == IPYKERNEL or _starts_ipykernel(spec):
            continue
        kernels.append(_other_language(prefix, directory, spec))
    if python is not None and has_ipykernel:
        kernels.insert(0, _ipykernel(prefix, python))
    return kernels, warnings


def _kernel_directories(prefix: Path) -> list[Path]:
    base = prefix / "share" / "jupyter" / "kernels"
    try:
        return sorted(path for path in base.iterdir() if (path / "kernel.json").is_file())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _read_spec(directory: Path, warnings: list[PlanWarning]) -> dict[str, object] | None:
    file = directory / "kernel.json"
    problem = "it names no program"
    try:
        spec: object = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        spec, problem = None, str(error)
    if isinstance(spec, dict) and _texts(spec.get("argv")):
        return spec
    hint = "reinstall the package that brought it"
    warnings.append(PlanWarning(code="kernel.spec", message=f"not a kernelspec: {file}: {problem}", hint=hint))
    return None


def _texts(value: object) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, list) and all(isinstance(item, str) for item in value) else ()


def _starts_ipykernel(spec: Mapping[str, object]) -> bool:
    return bool({"ipykernel_launcher", "ipykernel"} & set(_texts(spec.get("argv"))))


def _ipykernel(prefix: Path, python: str) -> EnvironmentKernel:
    """Return ipykernel's kernel, with what the installed version says of itself (debugger, encryption)."""
    directory = prefix / "share" / "jupyter" / "kernels" / IPYKERNEL
    said = _read_spec(directory, []) if (directory / "kernel.json").is_file() else None
    spec = said if said is not None and _starts_ipykernel(said) else {}
    metadata = spec.get("metadata")
    resources = _files_beside(prefix, directory) if spec else ()
    return EnvironmentKernel(
        kernel=IPYKERNEL,
        language="python",
        argv=(str(python_executable(prefix)), "-m", "ipykernel_launcher", "-f", "{connection_file}"),
        title=f"Python {'.'.join(python.split('.')[:2])}",
        protocol_version=str(spec.get("kernel_protocol_version", "")),
        metadata=dict(metadata) if isinstance(metadata, dict) else {"debugger": True},
        resources=resources or _logos_of_ipykernel(prefix),
    )


def _logos_of_ipykernel(prefix: Path) -> tuple[str, ...]:
    packages = site_packages(prefix)
    directory = packages / "ipykernel" / "resources" if packages else None
    return tuple(str(path) for path in sorted(directory.glob("logo*"))) if directory and directory.is_dir() else ()


def _other_language(prefix: Path, directory: Path, spec: Mapping[str, object]) -> EnvironmentKernel:
    environ, metadata = spec.get("env"), spec.get("metadata")
    return EnvironmentKernel(
        kernel=directory.name,
        language=str(spec.get("language", "")),
        argv=absolute_argv(prefix, _texts(spec.get("argv")), layout_for(current_subdir())),
        title=str(spec.get("display_name", directory.name)),
        interrupt_mode=str(spec.get("interrupt_mode", "signal")),
        protocol_version=str(spec.get("kernel_protocol_version", "")),
        metadata=dict(metadata) if isinstance(metadata, dict) else {},
        env={key: str(value) for key, value in environ.items()} if isinstance(environ, dict) else {},
        resources=_files_beside(prefix, directory),
    )


def absolute_argv(prefix: Path, argv: Sequence[str], layout: PlatformLayout) -> tuple[str, ...]:
    """Return a kernel's command with its program from the environment and ``{prefix}`` filled in.

    Jupyter would take a bare ``python``, and ``{prefix}``, to be the server's own.
    """
    filled = [argument.replace("{prefix}", str(prefix)) for argument in argv]
    program = filled[0]
    if program in _PYTHON_NAMES or program.startswith("python3."):
        filled[0] = str(python_executable(prefix, layout))
    elif "/" not in program and (prefix / layout.bin_directory / program).exists():
        filled[0] = str(prefix / layout.bin_directory / program)
    return tuple(filled)


def _files_beside(prefix: Path, directory: Path) -> tuple[str, ...]:
    """Return the regular files beside a spec; links that lead out of the environment are left out."""
    inside = f"{prefix.resolve()}{os.sep}"
    files = (path for path in sorted(directory.iterdir()) if path.name != "kernel.json" and path.is_file())
    return tuple(str(path) for path in files if not path.is_symlink() or str(path.resolve()).startswith(inside))


# -- variables --------------------------------------------------------------------------------------------------


def activation_variables(prefix: Path, name: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that activation sets, as a kernelspec spells them (``${PATH}`` stands for the server's).

    ``VIRTUAL_ENV`` and ``CONDA_PREFIX`` are always among them, so that those of the server do not reach the kernel.

    Raises
    ------
    EnvsError
        When ``env_vars.d``, ``state`` or a script cannot be read or run.
    """
    before = _plain_environ(environ)
    activation = _plan(prefix, name, before)
    after = activation.applied_to(before)
    if activation.activate_scripts and os.name != "nt":
        after = run_activation(activation, before, timeout=ACTIVATION_TIMEOUT)
    return for_kernelspec(prefix, name, before, after)


def plain_variables(prefix: Path, name: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what ``activation_variables`` does, without running scripts: for an environment whose scripts fail."""
    before = _plain_environ(environ)
    return for_kernelspec(prefix, name, before, _plan(prefix, name, before).applied_to(before))


def _plain_environ(environ: Mapping[str, str]) -> dict[str, str]:
    plain = {key: environ[key] for key in _INHERITED if key in environ}
    return plain | {"PATH": environ.get("PATH") or os.defpath}


def _plan(prefix: Path, name: str, environ: Mapping[str, str]) -> Activation:
    layout = layout_for(current_subdir())
    return plan_activation(read_contents(prefix, layout), layout, environ, name=name)


def for_kernelspec(prefix: Path, name: str, before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """Return the difference of two sets of variables in the form that ``jupyter_client`` substitutes into."""
    own = {"CONDA_PREFIX": str(prefix), "CONDA_DEFAULT_ENV": name, "VIRTUAL_ENV": str(prefix)}
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    result = {}
    for key, value in sorted((own | changed).items()):
        if key in _NOT_FOR_KERNELS:
            continue
        if key == "PATH" and before["PATH"] in value:
            head, tail = value.split(before["PATH"], 1)
            result[key] = f"{_escaped(head)}${{PATH}}{_escaped(tail)}"
        else:
            result[key] = _escaped(value)
    return result


def _escaped(text: str) -> str:
    return text.replace("$", "$$")


# -- the spec itself --------------------------------------------------------------------------------------------


def kernel_json(
    kernel: EnvironmentKernel,
    prefix: Path,
    name: str,
    variables: Mapping[str, str],
    *,
    place: str = "",
    arguments: Sequence[str] = (),
    known_as: Path | None = None,
) -> dict[str, object]:
    """Return the content of ``kernel.json``.

    Parameters
    ----------
    kernel : EnvironmentKernel
        What the environment offers.
    prefix, name
        The environment.
    variables : mapping
        ``activation_variables``; the kernel's own ``env`` stands above them.
    place : str
        Added to the display name when another environment has the same name.
    arguments : sequence of str
        Added to the kernel's command.
    known_as : Path
        The path that lists of environments show, where that is a link to ``prefix``.
    """
    shown = f"{name}, {place}" if place else name
    spec: dict[str, object] = {
        "argv": [*kernel.argv, *arguments],
        "display_name": f"{kernel.title} ({shown})",
        "language": kernel.language,
        "interrupt_mode": kernel.interrupt_mode,
        "env": {**variables, **kernel.env},
        "metadata": {
            **kernel.metadata,
            "conda_env_name": name,
            "conda_env_path": str(known_as or prefix),
            MARK: {
                "prefix": str(prefix),
                "name": name,
                "kernel": kernel.kernel,
                "version": MARK_VERSION,
                "tool": __version__,
            },
        },
    }
    if kernel.protocol_version:
        spec["kernel_protocol_version"] = kernel.protocol_version
    return spec


def iter_problems(error: EnvsError, prefix: Path) -> Iterator[PlanWarning]:
    """Yield the warning for an environment whose activation failed."""
    yield PlanWarning(
        code="kernel.activation",
        message=f"the kernel of {prefix.name} starts without what its activation scripts set: {error.message}",
        hint=error.hint,
    )
