"""Whether the policy allows a request, a plan, its packages; pure decisions, no disk.

Owns the names of the rules: ``channels``, ``sources``, ``blocked``, ``pinned``, ``licences``, ``quarantine`` (and
``environments``, ``disk`` of `jupyter_envs.engine.quota`, ``audit`` of `jupyter_envs.engine.audit`). Only what a change
brings is judged: what was there before may stay, and removing is always allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import msgspec

from jupyter_envs.engine.fetch.urls import without_credentials, without_login
from jupyter_envs.engine.history.conda_history import spec_name
from jupyter_envs.engine.models.origins import CONDA, INTERPRETER, is_wheel, source_of
from jupyter_envs.engine.models.plan import ChangePlan, ChangeRequest
from jupyter_envs.engine.models.policy import Licences, Policy
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.solve.specs import parse_specs
from jupyter_envs.engine.sources.base import to_rattler
from jupyter_envs.engine.sources.conda_urls import channel_url
from jupyter_envs.engine.sources.names import canonical_name
from jupyter_envs.errors import PolicyError
from jupyter_envs.settings import SOURCES, Settings

BRINGS_NOTHING = ("remove",)
WHEELS = "pypi::"
"""What begins a spec that speaks of wheels only."""


def refusal(policy: Policy, rule: str, message: str, hint: str, **detail: object) -> PolicyError:
    """Return the error of a broken rule, whose name is in the message, the code and the detail."""
    contact = f"; ask {policy.contact}" if policy.contact else "; ask whoever administers this machine"
    return PolicyError(
        f"{message} (rule {rule!r} of the policy)",
        hint=hint + contact,
        code=f"policy.{rule}",
        detail={"rule": rule, **detail},
    )


def check_request(policy: Policy, request: ChangeRequest, settings: Settings) -> None:
    """Raise ``PolicyError`` for channels and sources that a request names and the policy does not allow."""
    if request.action in BRINGS_NOTHING:
        return
    named = _named_places(policy, request)
    for source in (*(request.sources or ()), *(place for place in named if place in SOURCES)):
        _check_source(policy, source)
    if policy.channels is not None:
        for channel in (*(request.channels or ()), *(place for place in named if place not in SOURCES)):
            url = channel_url(channel, settings)
            if not _is_allowed(url, policy, settings):
                raise _channel_refusal(policy, channel)
    check_archives(policy, request.archives, settings)


def _named_places(policy: Policy, request: ChangeRequest) -> list[str]:
    """Return the sources and channels before ``::`` in what is asked for: none of them is to be contacted in vain."""
    if policy.channels is None and policy.sources is None:
        return []
    return [spec.source for spec in parse_specs(request.specs) if spec.source]


def check_archives(policy: Policy, folder: str, settings: Settings) -> None:
    """Raise ``PolicyError`` for a bundle that is in no allowed channel: what it says of origins proves nothing."""
    if policy.channels is not None and folder and not _is_allowed(channel_url(folder, settings), policy, settings):
        raise _channel_refusal(policy, folder)


def brought(plan: ChangePlan) -> list[RepodataRecord]:
    """Return the records that a plan brings anew; what is linked again was there before."""
    return [change.after for change in plan.changes if change.after is not None and change.kind != "relinked"]


def check_records(
    policy: Policy, records: Iterable[RepodataRecord], settings: Settings, newest: datetime | None
) -> None:
    """Raise ``PolicyError`` for the first record that a rule forbids.

    ``newest`` is when the quarantine begins. A record without time or licence (an explicit list gives only URLs) is
    judged again when its package is in the cache and says both.
    """
    blocked, pinned = _named(policy.blocked), _named(policy.pinned)
    for record in records:
        source = source_of(record)
        _check_source(policy, source, record)
        if source == CONDA and policy.channels is not None and not _is_allowed(record.url, policy, settings):
            raise _channel_refusal(policy, record.channel or record.url, record)
        _check_blocked(policy, record, blocked)
        _check_pinned(policy, record, pinned)
        if source != INTERPRETER:
            _check_licence(policy, record)
        _check_age(policy, record, newest)


def is_licence_allowed(expression: str, licences: Licences) -> bool:
    """Tell whether an SPDX expression is allowed: one of its alternatives, or every identifier in it.

    An expression with ``AND`` or brackets is only allowed when all its identifiers are: that is the careful reading.

    >>> is_licence_allowed("MIT OR GPL-3.0-only", Licences(blocked=("GPL-*",)))
    True
    >>> is_licence_allowed("MIT AND GPL-3.0-only", Licences(blocked=("GPL-*",)))
    False
    """
    simple = "(" not in expression and " AND " not in expression
    names = [name for name in re.split(r"\s+(?:OR|AND|WITH\s+\S+)\s*|[()]", expression) if name and name.strip()]
    allowed = [_is_identifier_allowed(name.strip(), licences) for name in names]
    return any(allowed) if simple else all(allowed)


def _is_identifier_allowed(name: str, licences: Licences) -> bool:
    if any(fnmatchcase(name.lower(), pattern.lower()) for pattern in licences.blocked):
        return False
    return licences.allowed is None or any(fnmatchcase(name.lower(), one.lower()) for one in licences.allowed)


def _check_source(policy: Policy, source: str, record: RepodataRecord | None = None) -> None:
    if policy.sources is not None and source not in policy.sources:
        what = f"{record.name} comes from {source}, which" if record else f"the source {source}"
        raise refusal(policy, "sources", f"{what} is not allowed", f"allowed are {', '.join(policy.sources)}")


def _is_allowed(url: str, policy: Policy, settings: Settings) -> bool:
    url = without_login(url)
    if ".." in unquote(urlsplit(url).path).split("/"):  # it leads out of the place that it begins with
        return False
    for channel in policy.channels or ():
        if "*" in channel:
            if _fits(url, channel):
                return True
        elif url.startswith(without_login(channel_url(channel, settings))):
            return True
    return False


def _fits(url: str, pattern: str) -> bool:
    """Tell whether a URL fits a pattern. A ``*`` in the host stays in the host: it must not match another's path."""
    if "://" not in pattern:
        return fnmatchcase(url, pattern)
    given, wanted = urlsplit(url), urlsplit(pattern)
    if not (fnmatchcase(given.scheme, wanted.scheme) and fnmatchcase(given.netloc, wanted.netloc)):
        return False
    return not wanted.path or fnmatchcase(given.path, wanted.path)


def _channel_refusal(policy: Policy, channel: str, record: RepodataRecord | None = None) -> PolicyError:
    shown = without_credentials(channel)
    what = f"{record.name} comes from the channel {shown}, which" if record else f"the channel {shown}"
    return refusal(
        policy, "channels", f"{what} is not allowed", f"allowed are {', '.join(policy.channels or ())}", channel=shown
    )


class _Named(NamedTuple):
    """A spec of the policy, and the package that it names: as it is written, and as a wheel of that name is called."""

    spec: str
    name: str
    of_wheel: str

    def concerns(self, record: RepodataRecord) -> bool:
        """Tell whether it speaks of a record: ``torch`` means the wheel that is known as ``pytorch`` here, too."""
        if self.spec.startswith(WHEELS) and not is_wheel(record):
            return False
        return record.name == self.name or (is_wheel(record) and record.name == self.of_wheel)

    def matches(self, record: RepodataRecord) -> bool:
        """Tell whether a record that it concerns has the version and build that it says."""
        text = self.spec.removeprefix(WHEELS).strip()
        if text.lower() == self.name:
            return True
        from rattler import MatchSpec

        return bool(MatchSpec(text).matches(to_rattler(msgspec.structs.replace(record, name=self.name))))


def _named(specs: Sequence[str]) -> list[_Named]:
    return [_Named(spec, name, canonical_name(name)) for spec in specs for name in [spec_name(spec)]]


def _check_blocked(policy: Policy, record: RepodataRecord, blocked: Sequence[_Named]) -> None:
    for one in blocked:
        if one.concerns(record) and one.matches(record):
            hint = "another version may be allowed" if one.spec != record.name else "leave out what needs it"
            raise refusal(policy, "blocked", f"{record.dist} is blocked by {one.spec!r}", hint, package=record.name)


def _check_pinned(policy: Policy, record: RepodataRecord, pinned: Sequence[_Named]) -> None:
    for one in pinned:
        if one.concerns(record) and not one.matches(record):
            message = f"{record.dist} is not what is prescribed: {one.spec}"
            raise refusal(policy, "pinned", message, f"ask for {one.spec!r}", package=record.name)


def _check_licence(policy: Policy, record: RepodataRecord) -> None:
    licences = policy.licences
    if licences is None:
        return
    if record.license is not None and not is_licence_allowed(record.license, licences):
        message = f"the licence of {record.name}, {record.license}, is not allowed"
        raise refusal(policy, "licences", message, "leave out what needs it", package=record.name)


def check_licence_known(policy: Policy, records: Iterable[RepodataRecord]) -> None:
    """Raise ``PolicyError`` for a package in the cache that names no licence, where the policy wants one."""
    if policy.licences is None or policy.licences.unknown == "allow":
        return
    for record in records:
        if not record.license and source_of(record) != INTERPRETER:
            message = f"{record.name} names no licence"
            raise refusal(policy, "licences", message, "leave out what needs it", package=record.name)


def _check_age(policy: Policy, record: RepodataRecord, newest: datetime | None) -> None:
    if newest is None or record.timestamp is None:
        return
    # conda's timestamps are milliseconds, in old packages seconds.
    seconds = record.timestamp / 1000 if record.timestamp > 10**11 else record.timestamp
    if seconds > newest.timestamp():
        published = datetime.fromtimestamp(seconds, UTC).date()
        message = (
            f"{record.dist} was published on {published}; packages of the last {policy.quarantine_days} days must wait"
        )
        raise refusal(policy, "quarantine", message, "an older version may do", package=record.name)
