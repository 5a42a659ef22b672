"""What doctor says of kernels, which the engine does not know: environments without one, kernels without environment.

Owns the findings; refuses to change anything (``sync`` does).
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from jupyter_envs.engine.models.findings import Finding
from jupyter_envs.engine.prefix.discovery import EnvironmentInfo
from jupyter_envs.kernels.directory import RegisteredKernel
from jupyter_envs.kernels.sync import OPT_OUT


def missing_kernel(info: EnvironmentInfo, kernels: Iterable[RegisteredKernel]) -> list[Finding]:
    """Return a finding when an environment could have a kernel and none of these is its, unless that is wished."""
    if not info.has_ipykernel or info.broken or os.path.exists(os.path.join(info.path, OPT_OUT)):
        return []
    if any(kernel.prefix == info.path for kernel in kernels):
        return []
    return [
        Finding(
            code="kernel.missing",
            severity="note",
            message=f"{info.name} has no kernel in the launcher",
            hint=f"`jupyter envs kernels add {info.name}` registers it",
            path=info.path,
        )
    ]


def gone_environments(kernels: Iterable[RegisteredKernel]) -> list[Finding]:
    """Return a finding for each kernel that stands in the launcher while its environment has gone."""
    return [
        Finding(
            code="kernel.gone",
            severity="warning",
            message=f"the kernel {kernel.name} ({kernel.display_name}) cannot start: its environment has gone: "
            + kernel.prefix,
            hint="`jupyter envs kernels sync` removes it",
            path=kernel.prefix,
        )
        for kernel in kernels
        if kernel.gone
    ]
