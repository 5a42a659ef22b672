"""Environments and their kernels as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.prefix.discovery import EnvironmentInfo
from jupyter_envs.kernels.directory import RegisteredKernel
from jupyter_envs.server.identifiers import environment_id


def environment_json(
    info: EnvironmentInfo, *, kernels: Iterable[str] = (), job: str | None = None, size: int | None = None
) -> dict[str, Any]:
    """Return one line of the list.

    Parameters
    ----------
    info : EnvironmentInfo
        What discovery says.
    kernels : iterable of str
        Names of the kernels that are registered for it.
    job : str, optional
        The job that is changing it now.
    size : int, optional
        Bytes that only it takes, when they were measured.
    """
    value: dict[str, Any] = msgspec.to_builtins(info)
    value |= {"id": environment_id(info.path), "kernels": list(kernels), "job": job, "size": size}
    value["busy"] = info.busy or job is not None
    return value


def kernel_names(kernels: Iterable[RegisteredKernel]) -> dict[str, list[str]]:
    """Return the names of kernels by the path of their environment."""
    names: dict[str, list[str]] = {}
    for kernel in kernels:
        names.setdefault(kernel.prefix, []).append(kernel.name)
    return names


def kernels_json(
    kernels: Iterable[RegisteredKernel], variables: Mapping[str, str], warnings: Sequence[PlanWarning] = ()
) -> dict[str, Any]:
    """Return the kernels of one environment, the variables they start with, and what a person should know of them."""
    return {
        "kernels": [
            {
                "name": kernel.name,
                "display_name": kernel.display_name,
                "language": kernel.language,
                "kernel": kernel.kernel,
            }
            for kernel in kernels
        ],
        "variables": dict(variables),
        "warnings": [warning_json(warning) for warning in warnings],
    }


def warning_json(warning: PlanWarning) -> dict[str, str]:
    """Return a warning with all its fields."""
    return {"code": warning.code, "message": warning.message, "hint": warning.hint}
