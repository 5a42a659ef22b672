"""``build``: recipes to packages in a channel, as a job whose log is shown while it runs."""

from __future__ import annotations

import functools
import os
import re
import shlex
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec

from jupyter_envs.build.models import BuildRequest
from jupyter_envs.cli.flow import error_of, run_job
from jupyter_envs.cli.options import Command, Sources, json_option, packed, source_options
from jupyter_envs.cli.session import Session
from jupyter_envs.cli.tables import counted, human_duration
from jupyter_envs.engine.exchange.additions import absolute_channel
from jupyter_envs.engine.models.amounts import human_bytes
from jupyter_envs.errors import EnvsError, NotFoundError, SpecError
from jupyter_envs.jobs.models import Job, JobRequest

_POLL_SECONDS = 0.15
_FEW = 3  # packages that the line for using them names together
_COLUMNS = ["package", "platform", "state", "size", "took"]


class How(NamedTuple):
    """The options that say how a build is done."""

    network: bool
    no_test: bool
    force: bool
    keep: bool
    tar_bz2: bool
    no_system_compilers: bool
    compression: int
    parallel: int
    dask: str
    quiet: bool


_HOW = (
    click.option("--network", is_flag=True, help="Let scripts and tests use the network."),
    click.option("--no-test", is_flag=True, help="Do not run the tests."),
    click.option("--force", is_flag=True, help="Build and replace what the channel has already."),
    click.option("--keep", is_flag=True, help="Leave the folder of the build, to look at."),
    click.option("--tar-bz2", is_flag=True, help="Write .tar.bz2 instead of .conda."),
    click.option("--no-system-compilers", is_flag=True, help="Use compilers from channels only."),
    click.option("--compression", type=click.IntRange(1, 22), default=19, show_default=True, help="Of .conda (zstd)."),
    click.option("--parallel", type=click.IntRange(1), default=1, show_default=True, help="So many recipes at a time."),
    click.option(
        "--dask", default="", metavar="ADDRESS", help="Build on the Dask cluster of this scheduler (tcp://…)."
    ),
    click.option("-q", "--quiet", is_flag=True, help="Do not show the log while it runs."),
)


def how_options(command: Command) -> Command:
    """The options of ``How``, given to the command as ``how``."""
    return functools.reduce(lambda decorated, option: option(decorated), reversed(_HOW), packed(command, "how", How))


class Variants(NamedTuple):
    """``-m`` and ``--variant``."""

    variant_files: tuple[str, ...]
    variants: tuple[str, ...]


def variant_options(command: Command) -> Command:
    """The options of ``Variants``, given to the command as ``variant``."""
    file = click.option(
        "-m", "--variant-file", "variant_files", multiple=True, type=click.Path(), help="A variant file; repeatable."
    )
    one = click.option("--variant", "variants", multiple=True, metavar="KEY=VALUE", help="One value; repeatable.")
    return file(one(packed(command, "variant", Variants)))


@click.command()
@click.argument("recipes", nargs=-1, type=click.Path(), metavar="RECIPES...")
@click.option("-o", "--output", default="channel", show_default=True, help="The channel's folder, or an fsspec URL.")
@click.option("--render", is_flag=True, help="Print the rendered recipes, build nothing.")
@variant_options
@how_options
@click.option("--from-pypi", metavar="NAME", help="Write a recipe for a project of the Python index, build nothing.")
@source_options
@json_option
def build(
    recipes: tuple[str, ...],
    output: str,
    render: bool,
    variant: Variants,
    how: How,
    from_pypi: str | None,
    where: Sources,
    as_json: bool,
) -> None:
    """Build packages from recipes and publish them in a channel.

    RECIPES are folders with meta.yaml or recipe.yaml, such files, or folders of such folders.

    \b
    jupyter envs build recipes/hello
    jupyter envs create try -c ./channel hello
    """  # noqa: D301 click's mark for lines that stay as they are
    session = Session(as_json=as_json, offline=where.offline)
    if from_pypi:
        return _write_recipe(session, from_pypi, recipes)
    request = BuildRequest(
        recipes=tuple(_absolute(recipe) for recipe in recipes),
        output=output if "://" in output else os.path.abspath(output),
        variant_files=tuple(map(os.path.abspath, variant.variant_files)),
        variants=dict(_variant(text) for text in variant.variants),
        channels=tuple(map(absolute_channel, where.channels)) or None,
        sources=where.sources or None,
        network=how.network,
        test=not how.no_test,
        force=how.force,
        keep=how.keep,
        archive="tar.bz2" if how.tar_bz2 else "conda",
        system_compilers=not how.no_system_compilers,
        compression=how.compression,
        epoch=_epoch(),
        parallel=how.parallel,
        dask=how.dask,
    )
    if not request.recipes:
        raise SpecError("which recipe is not said", hint="`jupyter envs build FOLDER`")
    for recipe in request.recipes:
        _mention_left_out(session, recipe)
    if render:
        return _show_rendered(session, request)
    job_request = JobRequest(kind="build", build=request, register_kernel=False, command=session.surface.command_line())
    try:
        job = run_job(session, job_request) if how.quiet or as_json else _watch(session, job_request)
    except EnvsError as error:
        report: dict[str, Any] = error.detail.get("report") or {}  # type: ignore[assignment]  # what the job stored
        if len(report.get("packages", ())) > 1 and not as_json:
            _table(session, report)
        raise
    return _show(session, job)


def _write_recipe(session: Session, name: str, folders: tuple[str, ...]) -> None:
    """Write a recipe into the folder that is given, else into ``recipes/NAME``."""
    from jupyter_envs.build.from_pypi import write_recipe

    if len(folders) > 1:
        raise SpecError("one folder is enough for one recipe", hint="`jupyter envs build --from-pypi NAME FOLDER`")
    folder = Path(folders[0]) if folders else Path("recipes", re.split(r"[\[<>=!~ ;]", name, maxsplit=1)[0])
    path = write_recipe(name, folder.absolute(), session.settings)
    session.output.text(f"{path} written; read it, then: jupyter envs build {folder}")
    session.output.result({"recipe": str(path)})


def _absolute(recipe: str) -> str:
    path = os.path.abspath(os.path.expanduser(recipe))
    if not os.path.exists(path):
        hint = "give the folder that holds meta.yaml or recipe.yaml"
        raise NotFoundError(f"there is no recipe {recipe}", hint=hint, code="not_found.recipe")
    return path


def _mention_left_out(session: Session, recipe: str) -> None:
    """Warn of a recipe file that lies beside the folders of others, which it hides."""
    from jupyter_envs.build.load import hidden_recipes

    found, hidden = hidden_recipes(Path(recipe))
    if found is not None and hidden:
        names = ", ".join(folder.name for folder in hidden[:5]) + (", …" if len(hidden) > 5 else "")
        session.output.warn(
            f"only {found} is built: it lies beside the folders of {counted(len(hidden), 'recipe')} ({names})",
            hint="move it away to build these, or name them",
        )


def _variant(text: str) -> tuple[str, str]:
    key, mark, value = text.partition("=")
    if not mark or not key:
        raise SpecError(f"not a variant: {text!r}", hint="write it as KEY=VALUE, such as python=3.12")
    return key.strip(), value.strip()


def _epoch() -> int | None:
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    return int(given) if given.isdigit() else None


def _show_rendered(session: Session, request: BuildRequest) -> None:
    """Print what recipes render to: YAML for people, JSON for programs."""
    from jupyter_envs.build.load import render_request
    from jupyter_envs.build.shown import recipes_text

    rendered = render_request(request, session.settings.subdir)
    session.output.text(recipes_text(rendered).rstrip())
    session.output.result({"recipes": [msgspec.structs.replace(recipe, text="") for recipe in rendered]})


def _watch(session: Session, request: JobRequest) -> Job:
    """Run a job, printing its log as it grows; Ctrl-C cancels it."""
    job = session.jobs.submit(request)
    log = session.jobs.store.log_path(job.id)
    shown = 0
    try:
        while not job.finished:
            time.sleep(_POLL_SECONDS)
            shown = _print_new(log, shown)
            job = session.jobs.wait(job.id, timeout=0)
    except KeyboardInterrupt:
        session.output.note("stopping; press Ctrl-C again to stop at once…")
        try:
            job = session.jobs.cancel(job.id)
        except KeyboardInterrupt:
            job = session.jobs.cancel(job.id, grace=0)
    _print_new(log, shown)
    if job.state != "done":
        raise error_of(job)
    return job


def _print_new(log: Path, shown: int) -> int:
    try:
        with log.open("rb") as stream:
            stream.seek(shown)
            data = stream.read()
    except FileNotFoundError:
        return shown
    sys.stderr.write(data.decode(errors="replace"))
    sys.stderr.flush()
    return shown + len(data)


def _show(session: Session, job: Job) -> None:
    """Say what was built, and how to install it."""
    report: dict[str, Any] = job.result or {}
    packages = report.get("packages", [])
    _table(session, report)

    names = [each["dist"].rsplit("-", 2)[0] for each in packages if each["state"] in ("built", "present")]
    built = list(dict.fromkeys(names))
    if built:
        channel = report["channel"]
        shown = channel if "://" in channel else os.path.relpath(channel)
        session.output.text()
        place = shown if "://" in shown or shown.startswith((".", "/")) else f"./{shown}"
        few = " ".join(built) if len(built) <= _FEW else built[-1]
        session.output.text(f"to use it: jupyter envs create NAME -c {shlex.quote(place)} {few}")
    session.output.result({"job": job.id, **report})


def _table(session: Session, report: dict[str, Any]) -> None:
    """Print what became of each package."""
    rows = [
        [
            each["dist"],
            each["subdir"],
            {"present": "there already"}.get(each["state"], each["state"]),
            human_bytes(each["size"]) if each.get("size") else "-",
            human_duration(each["seconds"]) if each.get("seconds") else "-",
        ]
        for each in report["packages"]
    ]
    session.output.table(_COLUMNS, rows)
