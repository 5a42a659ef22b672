"""The policy, applied to an engine's plans and their execution: measures what the pure rules need, asks them, audits.

Without a policy every check is a no-op. Owns no rule: those are in `jupyter_envs.engine.policy`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from jupyter_envs.engine.audit import audited
from jupyter_envs.engine.models.plan import ChangePlan, ChangeRequest
from jupyter_envs.engine.models.policy import Allowance, Policy
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import PolicyError
from jupyter_envs.policy_load import disk_quota, earlier, find_policy, narrowed, newest_allowed
from jupyter_envs.settings import Settings

if TYPE_CHECKING:
    from jupyter_envs.engine.prefix.discovery import EnvironmentInfo
    from jupyter_envs.engine.quota import QuotaState


class Enforcement:
    """The checks of one engine.

    Parameters
    ----------
    policy : Policy, optional
        None where nothing is ruled.
    settings : Settings
        Already narrowed by the policy.
    fault : PolicyError, optional
        Why the policy cannot be used: raised by whatever would change something; reading goes on.
    """

    def __init__(self, policy: Policy | None, settings: Settings, fault: PolicyError | None = None) -> None:
        self._policy = policy
        self._settings = settings
        self._fault = fault

    @classmethod
    def of(cls, settings: Settings) -> Enforcement:
        """Return the enforcement of the policy that applies to settings."""
        try:
            policy = find_policy(settings)
        except PolicyError as fault:
            return cls(None, settings, fault)
        return cls(policy, settings if policy is None else narrowed(settings, policy))

    @property
    def settings(self) -> Settings:
        """The settings within the policy."""
        return self._settings

    @property
    def active(self) -> bool:
        """Whether there is a policy at all."""
        return self._policy is not None

    @property
    def pinned(self) -> tuple[str, ...]:
        """Specs that limit every solve."""
        return self._policy.pinned if self._policy else ()

    def exclude_newer(self, asked: str | None) -> str | None:
        """Return the time limit of a solve: what was asked for, but not later than the quarantine allows."""
        return earlier(asked, self._newest())

    def check_request(self, request: ChangeRequest) -> None:
        """Refuse channels and sources before anything is asked of them."""
        if self._policy is not None:
            from jupyter_envs.engine.policy import check_request

            check_request(self._policy, request, self._settings)

    def check_plan(self, plan: ChangePlan) -> None:
        """Refuse a plan whose packages or whose size a rule forbids; asked when it is made and when it is executed."""
        if self._policy is None:
            return
        from jupyter_envs.engine.policy import brought, check_archives, check_records

        check_archives(self._policy, plan.archives, self._settings)
        check_records(self._policy, brought(plan), self._settings, self._newest())
        if self._policy.quota is not None and not self._settings.publishing:
            self._check_quota(self._policy, plan)

    def _check_quota(self, policy: Policy, plan: ChangePlan) -> None:
        from jupyter_envs.engine.quota import check_count, disk_refusal, is_beyond

        check_count(policy, plan, [info.name for info in self._own() if info.path != plan.prefix])
        if (state := self.quota()) is not None and is_beyond(plan, state.used, state.limit):
            raise disk_refusal(policy, plan, msgspec.structs.replace(state, unused=self._unused()))

    def quota(self) -> QuotaState | None:
        """Return what is used of the disk quota, ``None`` where there is none; the cache is not searched for unused."""
        limit = disk_quota(self._policy) if self._policy is not None else None
        if limit is None or self._settings.publishing:
            return None
        from jupyter_envs.engine.prefix.disk import holding
        from jupyter_envs.engine.quota import Held, QuotaState

        own = self._own()
        found = holding([info.path for info in own], self._settings.package_directories[0])
        held = [Held(name=info.name, bytes=alone) for info, alone in zip(own, found.alone, strict=True)]
        return QuotaState(
            limit=limit,
            used=found.total,
            environments=found.environments,
            cache=found.total - found.environments,
            held=tuple(sorted(held, key=lambda one: -one.bytes)),
        )

    def check_packages(self, records: Sequence[RepodataRecord]) -> None:
        """Refuse packages that are in the cache by what they say of themselves, before they are linked."""
        if self._policy is None:
            return
        from jupyter_envs.engine.policy import check_licence_known, check_records

        check_records(self._policy, records, self._settings, self._newest())
        check_licence_known(self._policy, records)

    def allowance(self) -> Allowance | None:
        """Return what is allowed and how much of it is taken; ``None`` where nothing is ruled.

        Raises
        ------
        PolicyError
            The policy cannot be used.
        """
        self._check_usable()
        if self._policy is None:
            return None
        state = self.quota()
        return Allowance(
            channels=self._policy.channels,
            sources=self._policy.sources,
            quarantine_days=self._policy.quarantine_days,
            environments=len(self._own()),
            most_environments=self._policy.quota.environments if self._policy.quota else None,
            used=state.used if state else None,
            disk=state.limit if state else None,
            contact=self._policy.contact,
        )

    def audited(self, action: str, prefix: Path, command: str) -> AbstractContextManager[None]:
        """Write down what becomes of a change that has no plan."""
        self._check_usable()
        return audited(self._policy, action, prefix, command)

    def planning(self, request: ChangeRequest) -> AbstractContextManager[None]:
        """Write down when a request is refused."""
        self._check_usable()
        return audited(self._policy, request.action, Path(request.prefix), request.command, refusals_only=True)

    def executing(self, plan: ChangePlan) -> AbstractContextManager[None]:
        """Write down what becomes of a plan."""
        self._check_usable()
        return audited(self._policy, plan.action, Path(plan.prefix), plan.command, plan.changes)

    def _check_usable(self) -> None:
        """Refuse every change while the administrator's file cannot be used."""
        if self._fault is not None:
            raise self._fault

    def _newest(self) -> datetime | None:
        return newest_allowed(self._policy, datetime.now(UTC))

    def _own(self) -> list[EnvironmentInfo]:
        """Return the user's environments; those that a build makes for itself do not count."""
        from jupyter_envs.engine.prefix.discovery import find_environments

        builds = os.path.join(self._settings.root, "builds") + os.sep
        found = find_environments(self._settings, os.environ)
        return [info for info in found if info.kind == "own" and info.writable and not info.path.startswith(builds)]

    def _unused(self) -> int | None:
        """Return what ``clean`` would free."""
        from jupyter_envs.engine.prefix.discovery import find_environments
        from jupyter_envs.engine.unused import counted_prefixes, needed_dists, unused_bytes

        found = find_environments(self._settings, os.environ)
        prefixes = counted_prefixes(found, self._settings.root)
        return unused_bytes(self._settings.package_directories[0], needed_dists(prefixes))
