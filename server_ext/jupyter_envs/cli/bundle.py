"""``bundle``, and ``create --from-bundle``: environments in a folder, for a machine without a network."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from jupyter_envs.bundles.models import BundleRequest
from jupyter_envs.cli.flow import run_job
from jupyter_envs.cli.options import Sources, json_option, source_options
from jupyter_envs.cli.session import Session
from jupyter_envs.cli.tables import counted
from jupyter_envs.engine.exchange.additions import absolute_channel
from jupyter_envs.engine.models.amounts import human_bytes
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.errors import SpecError
from jupyter_envs.jobs.models import JobRequest

from_bundle_option = click.option(
    "--from-bundle",
    "bundle",
    metavar="FOLDER",
    type=click.Path(),
    help="Make it from what `jupyter envs bundle` wrote, without a network; SPECS names the environment in there.",
)


@click.command()
@click.argument("environments", nargs=-1, metavar="NAME|FILE...", type=click.Path())
@click.option("-o", "--output", required=True, metavar="FOLDER", type=click.Path(), help="New, empty, or a bundle.")
@click.option("--platform", default="", metavar="PLATFORM", help="For machines of this kind, such as linux-aarch64.")
@source_options
@json_option
def bundle(environments: tuple[str, ...], output: str, platform: str, where: Sources, as_json: bool) -> None:
    """Put environments into a folder that has all they need, to make them where there is no network.

    A FILE describes an environment (environment.yml, a lock, requirements.txt) and is solved now. Another bundle into
    the same folder adds to it.

    \b
    jupyter envs bundle analysis -o /media/stick/bundle
    jupyter envs create analysis --from-bundle /media/stick/bundle
    """  # noqa: D301 click's mark for lines that stay as they are
    session = Session(as_json=as_json, offline=where.offline)
    if not environments:
        raise SpecError("which environment is not said", hint="`jupyter envs bundle NAME -o FOLDER`")
    files = [text for text in environments if _is_file(text)]
    prefixes = dict.fromkeys(str(session.prefix(text, None)) for text in environments if text not in files)
    request = BundleRequest(
        output=os.path.abspath(os.path.expanduser(output)),
        prefixes=tuple(prefixes),
        files=tuple(dict.fromkeys(os.path.abspath(os.path.expanduser(file)) for file in files)),
        subdir=_platform(platform),
        channels=tuple(map(absolute_channel, where.channels)) or None,
        sources=where.sources or None,
        exclude_newer=where.exclude_newer,
    )
    job = run_job(
        session,
        JobRequest(kind="bundle", bundle=request, register_kernel=False, command=session.surface.command_line()),
    )
    _show(session, job.id, job.result or {})


def bundled_request(
    session: Session,
    folder: str,
    name: str | None,
    prefix: str | None,
    rest: tuple[str, ...],
    files: tuple[str, ...],
) -> ChangeRequest:
    """Return the request of ``create NAME --from-bundle FOLDER [ENVIRONMENT]``; its warnings are shown."""
    from jupyter_envs.bundles.folder import read_bundle
    from jupyter_envs.bundles.unpack import name_in, request_from

    if files or len(rest) > 1:
        raise SpecError(
            "a bundle goes with no files and no packages",
            hint="make the environment from the bundle alone, then install the rest into it",
            code="bundle.mixed",
        )
    place = Path(folder).expanduser().absolute()
    wanted = name_in(read_bundle(place), rest[0] if rest else name, place)
    if rest and wanted != rest[0]:
        raise SpecError(
            f"the bundle {place} holds {wanted}, and not {rest[0]}",
            hint="a bundle goes with no packages; install more when the environment is made",
            code="bundle.mixed",
        )
    target = session.new_prefix(name if name or prefix else wanted, prefix)
    unpacked = request_from(place, wanted, target, session.settings.subdir)
    for warning in unpacked.warnings:
        session.output.warn(warning.message, warning.hint)
    return unpacked.request


def _is_file(text: str) -> bool:
    """Tell whether an argument is a file that describes an environment; what is neither is looked up as a name."""
    return os.path.isfile(os.path.expanduser(text))


def _platform(text: str) -> str:
    """Return a platform that conda knows, empty for this machine's.

    Raises
    ------
    SpecError
        It is none.
    """
    if not text:
        return ""
    from rattler.platform import Subdir

    known = {str(platform) for platform in Subdir.all()}
    if text not in known or text in ("noarch", "unknown"):
        raise SpecError(f"no such platform: {text}", hint="linux-64, linux-aarch64, osx-arm64, osx-64, win-64, …")
    return text


def _show(session: Session, job: str, report: dict[str, Any]) -> None:
    """Say what is in the bundle, and how to use it."""
    names: list[str] = report["names"]
    folder = report["output"]
    session.output.text(
        f"{', '.join(names)} for {report['subdir']} in {folder}: {counted(report['archives'], 'archive')}, "
        f"{human_bytes(report['bytes'])} ({human_bytes(report['new_bytes'])} new)"
    )
    session.output.text(f"there: jupyter envs create {names[0]} --from-bundle FOLDER")
    session.output.result({"job": job, **report})
