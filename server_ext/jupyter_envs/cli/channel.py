"""``channel``: what is in a channel's folder; adding, removing, indexing, patching, serving."""

from __future__ import annotations

from pathlib import Path

import click

from jupyter_envs.build.channel.folder import FolderChannel
from jupyter_envs.cli.options import json_option
from jupyter_envs.cli.session import Session
from jupyter_envs.cli.tables import counted
from jupyter_envs.engine.models.amounts import human_bytes
from jupyter_envs.errors import NotFoundError

folder_argument = click.argument("folder", type=click.Path(path_type=Path))


@click.group()
def channel() -> None:
    """List, add, remove, index and serve the packages of a channel's folder."""


def _existing(folder: Path) -> FolderChannel:
    found = FolderChannel(folder.absolute())
    if not folder.is_dir():
        raise NotFoundError(f"there is no channel {folder}", hint="`jupyter envs build RECIPE -o FOLDER` makes one")
    return found


@channel.command(name="list")
@folder_argument
@json_option
def list_packages(folder: Path, as_json: bool) -> None:
    """List the packages of a channel."""
    session = Session(as_json=as_json)
    archives = _existing(folder).archives()
    rows = [[path.name, path.parent.name, human_bytes(path.stat().st_size)] for path in archives]
    if rows:
        session.output.table(["package", "platform", "size"], rows)
    else:
        session.output.text(f"no packages in {folder}")
    session.output.result(
        {"packages": [{"fn": path.name, "subdir": path.parent.name, "size": path.stat().st_size} for path in archives]}
    )


@channel.command()
@folder_argument
@click.argument("packages", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace a package of the same name with other bytes.")
@json_option
def add(folder: Path, packages: tuple[Path, ...], force: bool, as_json: bool) -> None:
    """Copy package archives into a channel and index it; the channel is made if need be."""
    from jupyter_envs.build.channel.folder import subdir_of

    session = Session(as_json=as_json)
    missing = [path for path in packages if not path.is_file()]
    if missing:
        raise NotFoundError(f"there is no file {missing[0]}", hint="give .conda or .tar.bz2 files")
    found = FolderChannel(folder.absolute())
    placed = found.publish([(subdir_of(path), path) for path in packages], replace=force)
    session.output.text(f"{counted(len(placed), 'package')} added to {folder}")
    session.output.result({"added": [str(path) for path in placed]})


@channel.command()
@folder_argument
@click.argument("packages", nargs=-1, required=True)
@json_option
def remove(folder: Path, packages: tuple[str, ...], as_json: bool) -> None:
    """Remove packages, given as name-version-build or as file names, and index the rest."""
    session = Session(as_json=as_json)
    gone = _existing(folder).remove(packages)
    session.output.text(f"{counted(len(gone), 'package')} removed from {folder}")
    session.output.result({"removed": [str(path) for path in gone]})


@channel.command()
@folder_argument
@click.option("--force", is_flag=True, help="Read every package again, not only new ones.")
@json_option
def index(folder: Path, force: bool, as_json: bool) -> None:
    """Write the index of a channel anew, after packages were copied into it by hand."""
    session = Session(as_json=as_json)
    found = _existing(folder)
    with found.changing():
        found.index((), force=force)
    session.output.text(f"{folder} is indexed: {counted(len(found.archives()), 'package')}")
    session.output.result({"packages": len(found.archives())})


@channel.command()
@folder_argument
@click.argument("package", required=False)
@json_option
def patch(folder: Path, package: str | None, as_json: bool) -> None:
    """Name the package of `noarch` whose patch_instructions.json corrects the index; none takes the patch off."""
    session = Session(as_json=as_json)
    _existing(folder).set_patch(package)
    session.output.text(f"{folder} is patched by {package}" if package else f"{folder} is not patched")
    session.output.result({"repodata_patch": package})


@channel.command()
@folder_argument
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
def serve(folder: Path, host: str, port: int) -> None:
    """Serve a channel's folder by HTTP until Ctrl-C: for one team in one network, without logins."""
    from jupyter_envs.build.channel.serve import make_server

    _existing(folder)
    server = make_server(folder.absolute(), host, port)
    shown = f"http://{server.server_address[0]!s}:{server.server_address[1]}"
    click.echo(f"serving {folder} at {shown} (Ctrl-C stops)")
    click.echo(f"to use it: jupyter envs create NAME -c {shown} PACKAGE")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
    finally:
        server.server_close()
