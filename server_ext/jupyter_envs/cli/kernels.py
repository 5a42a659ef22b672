"""``kernels``: list, add, remove, bring in line."""

from __future__ import annotations

import os

import click
import msgspec

from jupyter_envs.cli.options import environment, json_option
from jupyter_envs.cli.session import Session
from jupyter_envs.kernels.directory import RegisteredKernel
from jupyter_envs.kernels.sync import (
    KernelReport,
    add_kernels,
    remove_kernels,
    sync_kernels,
    sync_outdated,
    visible_kernels,
)


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def kernels(ctx: click.Context, as_json: bool) -> None:
    """List the kernels of environments, shared ones among them; `add`, `remove` and `sync` change those of your own."""
    if ctx.invoked_subcommand is None:
        show_list(Session(as_json=as_json))


@kernels.command(name="list")
@json_option
def list_registered(as_json: bool) -> None:
    """List the kernels of environments: those that were registered, and those that come with shared environments."""
    show_list(Session(as_json=as_json))


def show_list(session: Session) -> None:
    """Print all kernels of ours, the user's own refreshed where another version wrote them."""
    for warning in sync_outdated(session.settings).warnings:
        session.output.warn(warning.message, warning.hint)
    found = visible_kernels(session.settings)
    rows = [[k.name, k.display_name, k.language, _state(k), k.prefix] for k in found]
    if rows:
        session.output.table(["kernel", "shown as", "language", "state", "environment"], rows)
    else:
        session.output.text("no kernels of environments; `jupyter envs kernels add NAME` registers one")
    session.output.result({"kernels": msgspec.to_builtins(found)})


@kernels.command()
@environment
@click.option("--as", "shown", metavar="NAME", help="What to call the environment in kernel names.")
@json_option
def add(name: str | None, prefix: str | None, shown: str | None, as_json: bool) -> None:
    """Register the kernels of an environment: one made here, conda's, pixi's, or a venv."""
    session = Session(as_json=as_json)
    target = session.prefix(name, prefix)
    show_report(session, add_kernels(target, session.settings, name=shown))


@kernels.command()
@environment
@json_option
def remove(name: str | None, prefix: str | None, as_json: bool) -> None:
    """Remove the kernels of an environment; they stay away until they are added again."""
    session = Session(as_json=as_json)
    show_report(session, KernelReport(removed=remove_kernels(session.prefix(name, prefix), session.settings)))


@kernels.command()
@json_option
def sync(as_json: bool) -> None:
    """Refresh all kernels and remove those whose environment has gone."""
    from jupyter_envs.engine.prefix.discovery import find_environments

    session = Session(as_json=as_json)
    show_report(session, sync_kernels(find_environments(session.settings, os.environ), session.settings))


def _state(kernel: RegisteredKernel) -> str:
    return "gone" if kernel.gone else "shared" if kernel.shared else "ok"


def show_report(session: Session, report: KernelReport) -> None:
    """Say what became of kernels."""
    for warning in report.warnings:
        session.output.warn(warning.message, warning.hint)
    for name in report.removed:
        session.output.text(f"kernel {name} removed")
    for kernel in report.kernels:
        session.output.text(f"kernel {kernel.name} is ready: {kernel.display_name}")
    if not (report.removed or report.kernels):
        session.output.text("nothing to do")
    session.output.result(msgspec.to_builtins(report))
