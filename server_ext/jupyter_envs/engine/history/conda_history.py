"""``conda-meta/history`` in conda's format (CEP 32): what other tools read to know what was asked for. Pure text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from jupyter_envs.engine.models.plan import PackageChange
from jupyter_envs.engine.models.records import PackageRecord, RepodataRecord

_SPECS = re.compile(r"^#\s*(update|install|create|remove)? ?specs:\s*(\[.*\])\s*$")


def spec_name(spec_text: str) -> str:
    """Return the package name of a spec text, lower-case: ``pypi::Foo[bar]>=1`` gives ``foo``."""
    rest = spec_text.rsplit("::", 1)[-1].strip()
    found = re.match(r"[A-Za-z0-9_.\-*]+?(?=$|[\s=<>!~\[;,@(])", rest)
    return (found.group(0) if found else rest).lower()


def dist_text(record: PackageRecord) -> str:
    """Return ``channel/subdir::name-version-build`` as conda's history spells a package."""
    channel = ""
    if isinstance(record, RepodataRecord) and record.channel:
        channel = re.sub(r"^[a-z+]+://", "", record.channel).strip("/").rsplit("/", 1)[-1]
    scheme = record.url.split(":", 1)[0] if isinstance(record, RepodataRecord) else ""
    if scheme == "interpreter":
        channel = "interpreter"
    elif isinstance(record, RepodataRecord) and record.fn.endswith(".whl"):
        channel = "pypi"
    return f"{channel}/{record.subdir}::{record.dist}" if channel else record.dist


def history_entry(
    changes: Iterable[PackageChange],
    *,
    command: str,
    when: datetime,
    tool: str,
    updated: Sequence[str] = (),
    removed: Sequence[str] = (),
) -> str:
    """Return one revision as text to be appended.

    Parameters
    ----------
    changes : iterable of PackageChange
        What was linked and unlinked.
    command : str
        What the person typed.
    when : datetime
        Local time, as conda writes it.
    tool : str
        Name and version of the program.
    updated, removed : sequence of str
        Specs that were asked for, and specs that were taken back.
    """
    lines = [f"==> {when:%Y-%m-%d %H:%M:%S} <==", f"# cmd: {command}".replace("\n", " "), f"# tool: {tool}"]
    minus, plus = [], []
    for change in changes:
        if change.kind == "relinked":
            continue
        if change.before is not None:
            minus.append(f"-{dist_text(change.before)}")
        if change.after is not None:
            plus.append(f"+{dist_text(change.after)}")
    lines += [*sorted(minus), *sorted(plus)]
    if updated:
        lines.append(f"# update specs: {list(updated)!r}")
    if removed:
        lines.append(f"# remove specs: {list(removed)!r}")
    return "\n".join(lines) + "\n"


def requested_from_history(text: str) -> tuple[str, ...]:
    """Return the specs still asked for after every revision of a history file, in the order they were first asked.

    Unreadable lines are passed over: other tools write lines that conda never did.
    """
    asked: dict[str, str] = {}
    for line in text.splitlines():
        found = _SPECS.match(line)
        if not found:
            continue
        try:
            specs = ast.literal_eval(found.group(2))
        except (ValueError, SyntaxError):
            continue
        for spec in specs:
            if found.group(1) == "remove":
                asked.pop(spec_name(str(spec)), None)
            else:
                asked[spec_name(str(spec))] = str(spec)
    return tuple(asked.values())
