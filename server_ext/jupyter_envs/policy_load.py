"""Find and read the administrator's policy, and narrow settings by it. The file is read only; nothing is written.

Owns which file counts: ``/etc/jupyter-envs/policy.yaml`` where it exists, whatever variables say; else the one that
``JUPYTER_ENVS_POLICY`` names. Neither ``.condarc`` nor the server's configuration nor an option can name another.
Refuses any change without a policy that was named and cannot be read, and any key it does not know: a rule with a typo
must not silently rule nothing.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec

from jupyter_envs.engine.models.policy import POLICY_VERSION, Licences, Policy, Quota
from jupyter_envs.engine.models.times import parse_time
from jupyter_envs.errors import PolicyError
from jupyter_envs.settings import SOURCES, Settings

MACHINE_POLICY = Path("/etc/jupyter-envs/policy.yaml")
VARIABLE = "JUPYTER_ENVS_POLICY"
_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}


def find_policy_file(environ: Mapping[str, str]) -> str | None:
    """Return the path of the policy that applies, ``None`` when there is none."""
    if MACHINE_POLICY.exists():
        return str(MACHINE_POLICY)
    return environ.get(VARIABLE, "").strip() or None


def find_policy(settings: Settings) -> Policy | None:
    """Return the policy for settings that may come from elsewhere; the machine's own file wins over theirs."""
    path = str(MACHINE_POLICY) if MACHINE_POLICY.exists() else settings.policy_file
    return None if path is None else read_policy(Path(path))


def read_policy(path: Path) -> Policy:
    """Return the policy in a file.

    Raises
    ------
    PolicyError
        ``policy.file``: it cannot be read, or is not a policy.
    """
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
        if repeated := _repeated_key(yaml.compose(text, yaml.SafeLoader)):
            raise ValueError(f"the key {repeated} stands there twice")
        return parse_policy(yaml.safe_load(text))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, msgspec.ValidationError, ValueError) as error:
        message = " ".join(str(error).split())
        raise PolicyError(
            f"the policy {path} cannot be used, so nothing may be changed: {message}",
            hint="whoever administers this machine has to correct the file",
            code="policy.file",
        ) from error


def parse_policy(loaded: object) -> Policy:
    """Return the policy of a file's content; ``ValueError`` (msgspec's, too) says what is wrong with it."""
    if not isinstance(loaded, dict):
        raise ValueError("it is no mapping of rules, such as `blocked: [name]`; `{}` rules nothing")
    _refuse_unknown_keys(loaded)
    policy = msgspec.convert(loaded, Policy)
    if policy.policy_version > POLICY_VERSION:
        raise ValueError(f"policy_version {policy.policy_version} is newer than this program knows ({POLICY_VERSION})")
    wrong = [source for source in policy.sources or () if source not in SOURCES]
    if wrong:
        raise ValueError(f"there is no source {wrong[0]!r}; sources are {', '.join(SOURCES)}")
    if policy.link_modes is not None and "copy" not in policy.link_modes:
        raise ValueError("link_modes must contain copy: files that name their prefix cannot be shared")
    for name, url in policy.mirrors.items():
        if not url.rstrip("/").endswith(f"/{name}"):
            raise ValueError(f"the mirror of {name} must be a URL that ends with /{name}, not {url!r}")
    disk_quota(policy)
    for spec in (*policy.blocked, *policy.pinned):
        _check_spec(spec)
    sourced = [spec for spec in policy.pinned if spec.startswith("pypi::")]
    if sourced:
        raise ValueError(f"pinned says a version, not a source: {sourced[0]!r}")
    return policy


def _refuse_unknown_keys(loaded: Mapping[str, object]) -> None:
    parts: list[tuple[str, object, type[msgspec.Struct]]] = [
        ("", loaded, Policy),
        ("licences.", loaded.get("licences"), Licences),
        ("quota.", loaded.get("quota"), Quota),
    ]
    for where, part, kind in parts:
        known = kind.__struct_fields__
        for key in part if isinstance(part, dict) else ():
            if key not in known:
                near = difflib.get_close_matches(str(key), known, 1)
                hint = f"did you mean {where}{near[0]}?" if near else f"there are {', '.join(known)}"
                raise ValueError(f"there is no key {where}{key}; {hint}")


def _repeated_key(node: object) -> str:
    """Return a key that a file has twice: YAML takes the last one, and the rule before it would rule nothing."""
    import yaml

    seen: set[str] = set()
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if str(key.value) in seen:
            return str(key.value)
        seen.add(str(key.value))
        if repeated := _repeated_key(value):
            return repeated
    return ""


def _check_spec(spec: str) -> None:
    if re.fullmatch(r"[A-Za-z0-9_.-]+", spec):
        return
    from rattler import MatchSpec
    from rattler.exceptions import InvalidMatchSpecError

    try:
        MatchSpec(spec.removeprefix("pypi::"))
    except InvalidMatchSpecError as error:
        raise ValueError(f"{spec!r} is not a MatchSpec: {error}") from None


def disk_quota(policy: Policy) -> int | None:
    """Return the bytes of the disk quota, ``None`` without one; ``ValueError`` when it is not an amount.

    >>> disk_quota(parse_policy({"quota": {"disk": "20 GB"}}))
    20000000000
    """
    amount = policy.quota.disk if policy.quota else None
    if amount is None or isinstance(amount, int):
        return amount
    found = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)\s*", amount)
    if found is None or found[2].upper() not in _UNITS:
        raise ValueError(f"quota.disk is not an amount: {amount!r}; write 20 GB or 20 GiB")
    return int(float(found[1]) * _UNITS[found[2].upper()])


def newest_allowed(policy: Policy | None, now: datetime) -> datetime | None:
    """Return the time after which packages are in quarantine, ``None`` without one."""
    if policy is None or policy.quarantine_days is None:
        return None
    return now - timedelta(days=policy.quarantine_days)


def narrowed(settings: Settings, policy: Policy) -> Settings:
    """Return settings that stay within a policy: what it forbids is off, what it prescribes is set. Idempotent."""
    values: dict[str, Any] = {}
    if policy.channels is not None:
        patterns = policy.channels
        kept = tuple(one for one in settings.channels if any(fnmatchcase(one, pattern) for pattern in patterns))
        values["channels"] = kept or tuple(channel for channel in policy.channels if "*" not in channel)
        # What a name in the policy stands for is the administrator's to say: nobody's folder may be "conda-forge".
        values["channel_alias"] = None
        values["custom_channels"] = _of_other_names(settings.custom_channels, policy.channels)
    if policy.sources is not None:
        kept = tuple(source for source in settings.sources if source in policy.sources)
        values["sources"] = kept or policy.sources
    if policy.mirrors:
        # conda's ``custom_channels`` name the place that the channel's name is appended to.
        places = {name: url.rstrip("/").removesuffix(f"/{name}") for name, url in policy.mirrors.items()}
        values["custom_channels"] = {**values.get("custom_channels", settings.custom_channels), **places}
    if policy.ssl_verify is not None:
        values["ssl_verify"] = policy.ssl_verify
    if policy.link_modes is not None:
        values["always_copy"] = settings.always_copy or "hardlink" not in policy.link_modes
        values["allow_softlinks"] = settings.allow_softlinks and "softlink" in policy.link_modes
    if not policy.link_scripts:
        values["run_link_scripts"] = False
    return msgspec.structs.replace(settings, **values)


def _of_other_names(custom: Mapping[str, str], channels: tuple[str, ...]) -> dict[str, str]:
    """Return the custom channels that say nothing of what the policy names (``a`` says where ``a/label/b`` is, too)."""
    return {
        name: place
        for name, place in custom.items()
        if not any(channel == name or channel.startswith(f"{name}/") for channel in channels)
    }


def earlier(text: str | None, limit: datetime | None) -> str | None:
    """Return the earlier of a time that was asked for and the policy's, as ISO 8601; a time without zone is in UTC."""
    if limit is None:
        return text
    return min(parse_time(text) or limit, limit).isoformat()
