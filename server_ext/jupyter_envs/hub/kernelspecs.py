"""The kernels of published environments, in the shared root's own Jupyter data directory.

``sync_shared`` brings those of one name in line with the generation that is published. A spec names the generation's
real path, not the link, so that a kernel that is restarted by its manager after a switch is still of one piece; only
``conda_env_path``, by which frontends find its environment in their list, is the link.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.prefix.discovery import describe_environment
from jupyter_envs.errors import EnvsError
from jupyter_envs.hub.shared_root import SharedRoot
from jupyter_envs.kernels.directory import find_registered, remove_kernel, write_kernel
from jupyter_envs.kernels.magics import boot_argument, boot_files
from jupyter_envs.kernels.names import IPYKERNEL, PREFIX, kernel_name
from jupyter_envs.kernels.spec import activation_variables, kernel_json, plain_variables, read_kernels
from jupyter_envs.settings import Settings

SHARED_PREFIX = "shared-"


def sync_shared(shared: SharedRoot, name: str, number: int, settings: Settings) -> list[PlanWarning]:
    """Write the kernels that an environment offers, and remove those of the same name that it does not.

    Parameters
    ----------
    shared : SharedRoot
        Where it is published.
    name : str
        What users know the environment by.
    number : int
        The published generation.
    settings : Settings
        The service's.
    """
    kernels, prefix = shared.kernels, shared.prefix(name, number)
    kernels.mkdir(parents=True, exist_ok=True)
    info = describe_environment(prefix, settings)
    offered, warnings = read_kernels(prefix, info.python, info.has_ipykernel) if info else ([], [])
    variables = _variables(prefix, name, warnings) if offered else {}
    files = boot_files(msgspec.structs.replace(settings, root=""))  # what is asked in it is of the user's own root
    written = set()
    for kernel in offered:
        chosen = SHARED_PREFIX + kernel_name(name, kernel.kernel).removeprefix(PREFIX)
        python = kernel.kernel == IPYKERNEL
        arguments = [boot_argument(kernels / chosen)] if python else []
        spec = kernel_json(
            kernel, prefix, name, variables, place="shared", arguments=arguments, known_as=shared.link(name)
        )
        write_kernel(kernels, chosen, spec, kernel.resources, files if python else {})
        written.add(chosen)
    for registered in find_registered(kernels):
        if Path(registered.prefix).parent == prefix.parent and registered.name not in written:
            remove_kernel(registered)
    return warnings


def _variables(prefix: Path, name: str, warnings: list[PlanWarning]) -> dict[str, str]:
    environ = {"PATH": os.defpath}  # none of the service's own variables may reach users
    try:
        return activation_variables(prefix, name, environ)
    except EnvsError as error:
        warnings.append(PlanWarning(code=error.code, message=error.message, hint=error.hint))
    return plain_variables(prefix, name, environ)
