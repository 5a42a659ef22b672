"""Scheduled notebooks (jupyter-scheduler, which is optional) in our environments.

``EnvsEnvironmentManager`` offers the environments that have a kernel; ``EnvsExecutionManager`` runs a notebook in the
one that was chosen, whatever kernel the notebook names. Both are named in the server's configuration::

    c.SchedulerApp.environment_manager_class = "jupyter_envs.server.scheduler.EnvsEnvironmentManager"
    c.Scheduler.execution_manager_class = "jupyter_envs.server.scheduler.EnvsExecutionManager"

Offered is what Jupyter itself finds a kernel of: shared environments, too, and of those always the generation that is
published when the notebook runs. Refuses to run in an environment that has gone, or has lost its kernel, since the job
was made.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from jupyter_scheduler.environments import EnvironmentManager
from jupyter_scheduler.executors import DefaultExecutionManager
from jupyter_scheduler.models import RuntimeEnvironment

from jupyter_envs.errors import NotFoundError
from jupyter_envs.kernels.directory import RegisteredKernel, startable_kernels

FORMATS = {"ipynb": "Notebook", "html": "HTML"}


class EnvsEnvironmentManager(EnvironmentManager):  # type: ignore[misc]  # jupyter-scheduler has no types
    """Tells jupyter-scheduler which environments there are."""

    def list_environments(self) -> list[RuntimeEnvironment]:
        """Return the environments that a notebook can run in, by name."""
        return [as_runtime_environment(kernel) for kernel in usable_kernels()]

    def manage_environments_command(self) -> str:
        """Return the command of JupyterLab that shows the environments."""
        return "jupyter-envs:show-sidebar"

    def output_formats_mapping(self) -> dict[str, str]:
        """Return what a run can be written as."""
        return dict(FORMATS)


class EnvsExecutionManager(DefaultExecutionManager):  # type: ignore[misc]  # jupyter-scheduler has no types
    """Runs a notebook in the environment that its job names."""

    def execute(self) -> None:
        """Run the staged notebook with the kernel of the job's environment."""
        kernel = kernel_of(self.model.runtime_environment_name)
        use_kernel(Path(self.staging_paths["input"]), kernel)
        super().execute()


def usable_kernels() -> list[RegisteredKernel]:
    """Return one kernel for each environment that is there, its Python's before those of other languages."""
    kernels = [kernel for kernel in startable_kernels() if not kernel.gone]
    kernels.sort(key=lambda kernel: (kernel.environment, kernel.prefix, kernel.kernel != "python3", kernel.name))
    return list({os.path.realpath(kernel.prefix): kernel for kernel in reversed(kernels)}.values())[::-1]


def as_runtime_environment(kernel: RegisteredKernel) -> RuntimeEnvironment:
    """Return an environment as jupyter-scheduler shows it; the kernel's name, which is unique, is its name."""
    path = kernel.known_as or kernel.prefix
    return RuntimeEnvironment(
        name=kernel.name,
        label=kernel.environment,
        description=f"{kernel.display_name}: {path}",
        file_extensions=["ipynb"],
        output_formats=list(FORMATS),
        metadata={"path": path, "kernel": kernel.name},
        compute_types=None,
        default_compute_type=None,
        utc_only=None,
    )


def kernel_of(name: str) -> RegisteredKernel:
    """Return the kernel of an environment that a job names.

    Raises
    ------
    NotFoundError
        The environment or its kernel has gone.
    """
    for kernel in usable_kernels():
        if kernel.name == name:
            return kernel
    raise NotFoundError(
        f"the environment of this job is not there any more: {name}",
        hint="make the job again with another environment, or register the kernel (`jupyter envs kernels add`)",
        code="not_found.environment",
    )


def use_kernel(notebook: Path, kernel: RegisteredKernel) -> None:
    """Write a kernel into a staged notebook."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    spec = {"name": kernel.name, "display_name": kernel.display_name, "language": kernel.language}
    content.setdefault("metadata", {})["kernelspec"] = spec
    notebook.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
