"""One JSON line for each change that was asked for, in the file that the policy names.

Owns the format of a line. Refuses a change that could not be written down: the file is opened before anything is done.
Lines are appended with one ``write`` each, so that several processes can share a file.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from jupyter_envs.engine.models.plan import PackageChange
from jupyter_envs.engine.models.policy import Policy
from jupyter_envs.errors import EnvsError, PolicyError


class AuditEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line. ``outcome`` is done, refused (by a rule) or failed; ``changes`` are ``+name-version-build``, ``-…``."""

    time: str
    user: str
    uid: int
    action: str
    prefix: str
    command: str = ""
    outcome: str
    code: str = ""
    message: str = ""
    changes: tuple[str, ...] = ()


@contextmanager
def audited(
    policy: Policy | None,
    action: str,
    prefix: Path,
    command: str = "",
    changes: Sequence[PackageChange] = (),
    *,
    refusals_only: bool = False,
) -> Iterator[None]:
    """Write down what becomes of the block; with ``refusals_only`` only that a rule has refused it (a plan)."""
    if policy is None or policy.audit is None:
        yield
        return
    descriptor = _open(policy.audit)
    event = AuditEvent(
        time=datetime.now(UTC).isoformat(timespec="milliseconds"),
        user=_user(),
        uid=os.getuid() if hasattr(os, "getuid") else -1,
        action=action,
        prefix=str(prefix),
        command=command,
        outcome="done",
        changes=tuple(_words(changes)),
    )
    try:
        try:
            yield
        except EnvsError as error:
            refused = isinstance(error, PolicyError)
            if refused or not refusals_only:
                _write(descriptor, event, outcome="refused" if refused else "failed", error=error)
            raise
        except BaseException as error:  # a fault of ours, or an interrupt: what was done has an end, too
            if not refusals_only:
                _write(descriptor, event, outcome="failed", error=EnvsError(f"it ended by {type(error).__name__}"))
            raise
        if not refusals_only:
            _write(descriptor, event)
    finally:
        os.close(descriptor)


def _open(path: str) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    except OSError as error:
        raise PolicyError(
            f"{path} cannot be written ({error.strerror}), and the policy wants every change in it (rule 'audit')",
            hint="whoever administers this machine has to make the file writable",
            code="policy.audit",
            detail={"rule": "audit"},
        ) from error


def _write(descriptor: int, event: AuditEvent, *, outcome: str = "done", error: EnvsError | None = None) -> None:
    if error is not None:
        event = msgspec.structs.replace(event, outcome=outcome, code=error.code, message=error.message)
    os.write(descriptor, msgspec.json.encode(event) + b"\n")


def _user() -> str:
    """Return who acts: by the Hub's name on a JupyterHub, where one account may be everybody's."""
    if os.environ.get("JUPYTERHUB_USER"):
        return os.environ["JUPYTERHUB_USER"]
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return ""


def _words(changes: Sequence[PackageChange]) -> Iterator[str]:
    for change in changes:
        if change.before is not None and change.kind != "relinked":
            yield f"-{change.before.dist}"
        if change.after is not None:
            yield f"+{change.after.dist}"
