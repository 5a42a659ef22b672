"""What a job is: its kind, its request, its state. Values only.

A job's state goes one way::

    queued -> running -> done | failed | cancelled | interrupted
    queued -> cancelled | interrupted
"""

from __future__ import annotations

from typing import Literal

import msgspec

from jupyter_envs.build.models import UNUSED_DAYS, BuildRequest
from jupyter_envs.bundles.models import BundleRequest
from jupyter_envs.engine.models.plan import ChangeRequest

JobKind = Literal["plan", "change", "execute", "recover", "rename", "delete", "clean", "compile", "build", "bundle"]
JobState = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
Consent = Literal["given", "destructive", "unasked"]

FINAL_STATES: tuple[JobState, ...] = ("done", "failed", "cancelled", "interrupted")
LIVE_STATES: tuple[JobState, ...] = ("queued", "running")


class JobRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a job is asked to do.

    ``change`` is the request of ``plan`` and ``change`` jobs, ``plan_id`` the stored plan of ``execute`` (which may
    carry a ``change``, too, to say for what); ``build`` and ``bundle`` are the requests of jobs of these kinds;
    ``prefix`` (absolute) is what the other kinds work on. ``consent`` of ``destructive`` stops a ``change`` after its
    plan when that removes or downgrades something; the plan can then be executed by its id. ``unasked`` stops it only
    when that does not follow from the request (``consent.unasked_losses``). ``register_kernel`` of ``None`` leaves the
    environment's kernels alone. ``link_scripts`` are the scripts of packages that were agreed to (``None``: all);
    where others would run, nothing is executed and the result names them. ``clean`` keeps what ``source_days`` says of
    recipes' sources. ``hidden`` jobs are not shown to people unless they ask for all.
    """

    kind: JobKind
    change: ChangeRequest | None = None
    build: BuildRequest | None = None
    bundle: BundleRequest | None = None
    plan_id: str = ""
    prefix: str = ""
    new_name: str = ""
    dry_run: bool = False
    source_days: int = UNUSED_DAYS
    consent: Consent = "given"
    link_scripts: tuple[str, ...] | None = None
    register_kernel: bool = True
    hidden: bool = False
    command: str = ""

    @property
    def subject(self) -> str:
        """The prefix the job is about, empty when there is none."""
        return self.prefix or (self.change.prefix if self.change else "")


class Job(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One row of the store. Times are seconds since the epoch (UTC).

    ``process_started`` is the process's own start time as psutil gives it, so that another process that got the same
    pid later is not taken for the job.
    """

    id: str
    kind: JobKind
    state: JobState
    request: JobRequest
    prefix: str = ""
    command: str = ""
    hidden: bool = False
    created_at: float = 0.0
    started_at: float | None = None
    ended_at: float | None = None
    pid: int | None = None
    process_started: float | None = None
    cancel_requested: bool = False
    exit_code: int | None = None
    result: dict[str, object] | None = None
    error: dict[str, object] | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in FINAL_STATES
