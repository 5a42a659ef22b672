"""A user's quota: whether a plan fits into it, and a refusal from which one can see what to do. Pure, no disk.

Owns the rules ``environments`` and ``disk`` of a policy; what is used is measured by whoever asks.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from jupyter_envs.engine.models.amounts import human_bytes
from jupyter_envs.engine.models.plan import ChangePlan
from jupyter_envs.engine.models.policy import Policy
from jupyter_envs.engine.policy import brought, refusal
from jupyter_envs.errors import PolicyError

SHOWN = 3
"""How many environments a sentence names."""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """An environment, and the bytes that go with it when it is deleted and the cache is cleaned."""

    name: str
    bytes: int


class QuotaState(msgspec.Struct, frozen=True, kw_only=True):
    """What of a disk quota is used, in bytes, and by what.

    ``used`` are ``environments`` and what the package ``cache`` holds beside them; ``limit`` is the quota. ``held``
    are the environments, the largest first. ``unused`` is what cleaning the cache would free, ``None`` when that is
    not known.
    """

    limit: int
    used: int
    environments: int
    cache: int
    held: tuple[Held, ...] = ()
    unused: int | None = None


def check_count(policy: Policy, plan: ChangePlan, names: Sequence[str]) -> None:
    """Raise ``PolicyError`` when a plan adds an environment to as many as there may be; ``names`` are the others."""
    most = policy.quota.environments if policy.quota else None
    new = plan.action in ("create", "clone") and not plan.keep_history
    if not new or most is None or len(names) < most:
        return
    shown = ", ".join([*names[:SHOWN], *(["…"] if len(names) > SHOWN else [])])
    had = f"you have {len(names)} environments ({shown})" if names else "you have no environment"
    raise refusal(
        policy,
        "environments",
        f"{had}, and {most} are allowed",
        "`jupyter envs delete NAME` makes room" if names else "what others publish can be used all the same",
        quota=most,
        environments=list(names),
    )


def is_beyond(plan: ChangePlan, used: int, limit: int) -> bool:
    """Tell whether a plan brings something and ends above a limit, in bytes."""
    return bool(brought(plan)) and used + plan.disk_bytes > limit


def disk_refusal(policy: Policy, plan: ChangePlan, state: QuotaState) -> PolicyError:
    """Return the error of a plan that is beyond the disk quota: what is used, by what, and what would make room.

    Parameters
    ----------
    policy : Policy
        Whom to ask.
    plan : ChangePlan
        What would be added; its own environment is not offered for deletion.
    state : QuotaState
        What is there.
    """
    return refusal(
        policy,
        "disk",
        f"this takes about {human_bytes(plan.disk_bytes)}, and {describe(state)}",
        _hint(plan, state),
        needed=plan.disk_bytes,
        used=state.used,
        quota=state.limit,
        environments_bytes=state.environments,
        cache_bytes=state.cache,
        unused_bytes=state.unused,
        environments=[msgspec.to_builtins(one) for one in state.held],
    )


def describe(state: QuotaState) -> str:
    """Return in words what is left of a quota, and what has the rest."""
    left = state.limit - state.used
    quota = f"your quota of {human_bytes(state.limit)}"
    room = f"{human_bytes(left)} of {quota} are left" if left > 0 else f"{quota} is used up"
    parts = f"environments take {human_bytes(state.environments)}, the package cache {human_bytes(state.cache)}"
    return f"{room} ({parts} beside them)"


def _hint(plan: ChangePlan, state: QuotaState) -> str:
    if plan.disk_bytes > state.limit:
        return "that is more than the whole quota, so no cleaning makes room for it"
    ways = []
    if state.unused:
        ways.append(f"`jupyter envs clean` frees {human_bytes(state.unused)}")
    own = plan.prefix.rstrip("/").rpartition("/")[2]
    others = [one for one in state.held if one.name not in (own, plan.prefix) and one.bytes][:SHOWN]
    if others:
        each = ", ".join(f"{one.name} {human_bytes(one.bytes)}" for one in others)
        ways.append(f"`jupyter envs delete NAME` and then `clean` free: {each}")
    return "; ".join(ways) or "nothing that could be cleaned is left"
