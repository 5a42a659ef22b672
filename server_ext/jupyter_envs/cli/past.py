"""``history``, ``undo``, ``restore``: what an environment was, and back to it."""

from __future__ import annotations

import click
import msgspec

from jupyter_envs.cli.flow import run_change
from jupyter_envs.cli.options import (
    Consent,
    consent_options,
    environment,
    frozen_option,
    json_option,
    name_and_rest,
    words,
)
from jupyter_envs.cli.session import Session
from jupyter_envs.engine.models.plan import ChangeRequest, Generation
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import SpecError

SHOWN_CHANGES = 6


@click.command()
@environment
@json_option
def history(name: str | None, prefix: str | None, as_json: bool) -> None:
    """Show the generations of an environment: when, by which command, what changed."""
    session = Session(as_json=as_json)
    target = session.prefix(name, prefix)
    generations = session.engine.generations(target)
    before: tuple[RepodataRecord, ...] = ()
    rows, values = [], []
    for generation in generations:
        changes = differences(before, generation.records)
        before = generation.records
        rows.append(_row(generation, changes))
        value = msgspec.to_builtins(generation)
        value["changes"] = changes
        values.append(value)
    if rows:
        rows[-1][0] = f"* {rows[-1][0].strip()}"
        session.output.table(["   #", "when", "action", "packages", "changes", "command"], rows)
    else:
        session.output.text(f"{session.name_of(target)} has no recorded history (another tool made it)")
    session.output.result({"prefix": str(target), "generations": values})


def _row(generation: Generation, changes: list[str]) -> list[str]:
    shown = ", ".join(changes[:SHOWN_CHANGES]) + (
        f", and {len(changes) - SHOWN_CHANGES} more" * (len(changes) > SHOWN_CHANGES)
    )
    when = generation.created_at[:16].replace("T", " ")
    count = str(len(generation.records))
    return [f"  {generation.number}", when, generation.action, count, shown or "-", generation.command]


def differences(before: tuple[RepodataRecord, ...], after: tuple[RepodataRecord, ...]) -> list[str]:
    """Return what changed between two states: ``+numpy 2.1``, ``-six``, ``pandas 2.0 → 2.1``."""
    old = {record.name: record for record in before}
    new = {record.name: record for record in after}
    gone = [f"-{name}" for name in sorted(old.keys() - new.keys())]
    added = [f"+{name} {new[name].version}" for name in sorted(new.keys() - old.keys())]
    moved = []
    for name in sorted(old.keys() & new.keys()):
        one, other = old[name], new[name]
        if one.version != other.version:
            moved.append(f"{name} {one.version} → {other.version}")
        elif one.build != other.build:
            moved.append(f"{name} {one.build} → {other.build}")
    return gone + moved + added


@click.command()
@environment
@frozen_option
@consent_options
@json_option
def undo(name: str | None, prefix: str | None, override_frozen: bool, consent: Consent, as_json: bool) -> None:
    """Take the last change back: exactly the packages of before, without a solve."""
    session = Session(as_json=as_json)
    target = session.prefix(name, prefix)
    request = ChangeRequest(action="undo", prefix=str(target), override_frozen=override_frozen)
    run_change(session, request, yes=consent.yes, dry_run=consent.dry_run)


@click.command()
@words("NAME GENERATION")
@frozen_option
@consent_options
@json_option
def restore(
    arguments: tuple[str, ...], prefix: str | None, override_frozen: bool, consent: Consent, as_json: bool
) -> None:
    """Go back to generation number GENERATION (see `jupyter envs history`)."""
    session = Session(as_json=as_json)
    name, rest = name_and_rest(arguments, prefix)
    if len(rest) != 1 or not rest[0].isdecimal():
        given = " ".join(rest) or "nothing"
        raise SpecError(f"one generation number is needed, {given} was given", hint="`jupyter envs history NAME`")
    target = session.prefix(name, prefix)
    request = ChangeRequest(
        action="restore", prefix=str(target), generation=int(rest[0]), override_frozen=override_frozen
    )
    run_change(session, request, yes=consent.yes, dry_run=consent.dry_run)
