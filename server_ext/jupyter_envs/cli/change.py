"""``create``, ``install``, ``remove``, ``update``: requests made from what was typed or from a file."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from jupyter_envs.cli.bundle import bundled_request, from_bundle_option
from jupyter_envs.cli.flow import execute_stored, run_change
from jupyter_envs.cli.options import (
    Consent,
    Sources,
    consent_options,
    frozen_option,
    json_option,
    name_and_rest,
    source_options,
    words,
)
from jupyter_envs.cli.session import Session
from jupyter_envs.engine.exchange.additions import absolute_channel
from jupyter_envs.engine.models.plan import Action, ChangeRequest
from jupyter_envs.errors import SpecError

file_option = click.option(
    "-f",
    "-r",
    "--file",
    "files",
    multiple=True,
    type=click.Path(),
    help="Read environment.yml, an @EXPLICIT list, a lock (pixi, conda-lock) or requirements.txt; repeatable.",
)
no_kernel_option = click.option("--no-kernel", is_flag=True, help="Add no ipykernel, register no kernel.")


def make_request(action: Action, prefix: Path, specs: tuple[str, ...], where: Sources) -> ChangeRequest:
    """Return the request for what was typed; options that were not given stay the settings' own."""
    return ChangeRequest(
        action=action,
        prefix=str(prefix),
        specs=specs,
        channels=tuple(map(absolute_channel, where.channels)) or None,
        sources=where.sources or None,
        offline=where.offline,
        exclude_newer=where.exclude_newer,
    )


@click.command()
@words("NAME [SPECS]...")
@file_option
@from_bundle_option
@source_options
@no_kernel_option
@consent_options
@json_option
def create(
    arguments: tuple[str, ...],
    prefix: str | None,
    files: tuple[str, ...],
    bundle: str | None,
    where: Sources,
    no_kernel: bool,
    consent: Consent,
    as_json: bool,
) -> None:
    """Make an environment and register its kernel.

    SPECS are conda's (python=3.11, "pandas>=2"), pypi::NAME for a wheel, interpreter::python for a Python of this
    machine. ipykernel is added unless --no-kernel.

    \b
    jupyter envs create analysis python=3.11 "pandas>=2" matplotlib
    jupyter envs create copy --file environment.yml
    jupyter envs create analysis --from-bundle /media/stick/bundle
    """  # noqa: D301 click's mark for lines that stay as they are
    session = Session(as_json=as_json, offline=where.offline)
    name, specs = name_and_rest(arguments, prefix)
    if bundle is not None:
        request = bundled_request(session, bundle, name, prefix, specs, files)
        return run_change(session, request, yes=consent.yes, dry_run=consent.dry_run, register_kernel=not no_kernel)
    if name is None and prefix is None:
        name = _name_in(session, files)
    request = make_request("create", session.new_prefix(name, prefix), specs, where)
    request = _with_files(session, request, files)
    wants_kernel = not no_kernel and not request.records and bool(request.specs)
    request = msgspec.structs.replace(request, add_ipykernel=wants_kernel)
    return run_change(session, request, yes=consent.yes, dry_run=consent.dry_run, register_kernel=not no_kernel)


@click.command()
@words("NAME SPECS...")
@file_option
@click.option("--plan", "plan_id", metavar="ID", help="Execute this stored plan instead.")
@source_options
@frozen_option
@consent_options
@json_option
def install(
    arguments: tuple[str, ...],
    prefix: str | None,
    files: tuple[str, ...],
    plan_id: str | None,
    where: Sources,
    override_frozen: bool,
    consent: Consent,
    as_json: bool,
) -> None:
    """Install packages into an environment.

    \b
    jupyter envs install analysis polars "numpy<2" pypi::some-wheel
    """  # noqa: D301 click's mark for lines that stay as they are
    session = Session(as_json=as_json, offline=where.offline)
    if plan_id:
        return execute_stored(session, plan_id, yes=consent.yes)
    name, specs = name_and_rest(arguments, prefix)
    request = make_request("install", session.prefix(name, prefix), specs, where)
    request = _with_files(session, request, files)
    if not (request.specs or request.records):
        raise SpecError("nothing to install was given", hint='`jupyter envs install NAME "pandas>=2"`')
    request = msgspec.structs.replace(request, override_frozen=override_frozen)
    return run_change(session, request, yes=consent.yes, dry_run=consent.dry_run)


@click.command()
@words("NAME PACKAGES...")
@frozen_option
@consent_options
@json_option
def remove(
    arguments: tuple[str, ...], prefix: str | None, override_frozen: bool, consent: Consent, as_json: bool
) -> None:
    """Remove packages, and what only they needed."""
    session = Session(as_json=as_json)
    name, packages = name_and_rest(arguments, prefix)
    if not packages:
        raise SpecError("which package to remove is not said", hint="`jupyter envs remove NAME PACKAGE`")
    target = session.prefix(name, prefix)
    request = ChangeRequest(action="remove", prefix=str(target), specs=packages, override_frozen=override_frozen)
    run_change(session, request, yes=consent.yes, dry_run=consent.dry_run)


@click.command()
@words("NAME [PACKAGES]...")
@click.option("--all", "everything", is_flag=True, help="Update every package (as without PACKAGES).")
@source_options
@frozen_option
@consent_options
@json_option
def update(
    arguments: tuple[str, ...],
    prefix: str | None,
    everything: bool,
    where: Sources,
    override_frozen: bool,
    consent: Consent,
    as_json: bool,
) -> None:
    """Update packages to the newest versions that go together; all of them when none is named."""
    session = Session(as_json=as_json, offline=where.offline)
    name, packages = name_and_rest(arguments, prefix)
    if everything and packages:
        raise SpecError("--all was given with packages", hint="give one or the other")
    request = make_request("update", session.prefix(name, prefix), packages, where)
    request = msgspec.structs.replace(request, override_frozen=override_frozen)
    run_change(session, request, yes=consent.yes, dry_run=consent.dry_run)


def _name_in(session: Session, files: tuple[str, ...]) -> str | None:
    """Return the name that a file gives its environment."""
    from jupyter_envs.cli.files import read_file

    return next((name for file in files if (name := read_file(file, session.settings).name)), None)


def _with_files(session: Session, request: ChangeRequest, files: tuple[str, ...]) -> ChangeRequest:
    """Return the request with what files ask for; warnings of reading them are shown."""
    if not files:
        return request
    from jupyter_envs.cli.files import read_file
    from jupyter_envs.engine.exchange.additions import add_file
    from jupyter_envs.engine.exchange.markers import python_of
    from jupyter_envs.engine.prefix.python import python_version_of

    installed = python_version_of(request.prefix)
    for file in files:
        parsed = read_file(file, session.settings, python_of(request.specs) or installed)
        for warning in parsed.warnings:
            session.output.warn(warning.message, warning.hint)
        request = add_file(request, parsed, session.settings)
    return request
