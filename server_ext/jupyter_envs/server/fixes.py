"""What a Fix button does: a job for what changes files of the environment, else done here and now. Blocking.

Also the findings that the engine cannot make, since it knows no Jupyter: those of kernels.
"""

from __future__ import annotations

import os

from jupyter_envs.engine.models.findings import Finding
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.engine.prefix.discovery import describe_environment
from jupyter_envs.engine.prefix.registry import unregister_environment
from jupyter_envs.errors import SpecError
from jupyter_envs.jobs.models import Job, JobRequest
from jupyter_envs.kernels.findings import missing_kernel
from jupyter_envs.kernels.sync import add_kernels, forget_kernels, visible_kernels
from jupyter_envs.server.identifiers import path_of
from jupyter_envs.server.requests import FixBody, change_job, command_text
from jupyter_envs.server.services import Services

ACTIONS = ("repair", "recover", "kernels", "install", "forget")


def fix(services: Services, identifier: str, body: FixBody) -> Job | None:
    """Do what a finding offers; return the job that does it, ``None`` when it is done.

    Raises
    ------
    SpecError
        There is no such fix, or ``install`` without packages.
    NotFoundError
        There is no such environment.
    """
    if body.action == "forget":
        gone = path_of(identifier)
        unregister_environment(gone, os.environ)
        forget_kernels(gone)
        return None
    prefix = services.reading.find(identifier)
    match body.action:
        case "kernels":
            add_kernels(prefix, services.settings)
            return None
        case "recover":
            command = f"jupyter envs repair {prefix.name}"
            return services.submit(JobRequest(kind="recover", prefix=str(prefix), command=command))
        case "repair":
            return _change(services, ChangeRequest(action="repair", prefix=str(prefix)))
        case "install" if body.specs:
            return _change(services, ChangeRequest(action="install", prefix=str(prefix), specs=body.specs))
    raise SpecError(
        f"there is no such fix: {body.action}",
        hint=f"one of {', '.join(ACTIONS)}; install needs specs",
        code="spec.fix",
    )


def _change(services: Services, request: ChangeRequest) -> Job:
    return services.submit(change_job("change", request, command_text(request, services.settings)))


def find_kernel_findings(services: Services, identifier: str) -> list[Finding]:
    """Return what is wrong with the kernels of an environment."""
    info = describe_environment(services.reading.find(identifier), services.settings)
    return [] if info is None else missing_kernel(info, visible_kernels(services.settings))
