"""What a request's body means: JSON -> values of the engine and the jobs.

Owns the shapes of bodies (unknown fields are refused: a misspelled one must not be dropped silently) and the rules of
what each action needs. It looks at the disk for whether names are free and environments there; it starts nothing.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from jupyter_envs.build.models import BuildRequest
from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.exchange.additions import absolute_channel, add_file
from jupyter_envs.engine.exchange.markers import python_of
from jupyter_envs.engine.exchange.parsed import ParsedEnvironment
from jupyter_envs.engine.exchange.read import parse_environment_file
from jupyter_envs.engine.models.plan import Action, ChangeRequest
from jupyter_envs.engine.preconditions import check_environment
from jupyter_envs.errors import SpecError
from jupyter_envs.jobs.models import JobKind, JobRequest
from jupyter_envs.kernels.directory import is_environment
from jupyter_envs.server.identifiers import no_environment, path_of
from jupyter_envs.settings import Settings

MAKING = ("create", "clone")
CHANNEL = "channel"  # where packages that are built here go


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A JSON object that a client sends."""


class FileBody(Body, frozen=True, kw_only=True):
    """A file that describes an environment. ``name`` may be its path below the server's root."""

    name: str
    text: str


class ChangeBody(Body, frozen=True, kw_only=True):
    """What a person asks for; left out fields mean the server's own settings.

    ``environment`` and ``clone_from`` are ids; ``name`` is that of the environment that ``create`` and ``clone`` make.
    ``add_ipykernel`` that is left out means: when there is something to create.
    """

    action: Action
    environment: str | None = None
    name: str | None = None
    specs: tuple[str, ...] = ()
    channels: tuple[str, ...] | None = None
    sources: tuple[str, ...] | None = None
    offline: bool = False
    exclude_newer: str | None = None
    generation: int | None = None
    clone_from: str | None = None
    file: FileBody | None = None
    variables: dict[str, str] = {}
    add_ipykernel: bool | None = None
    override_frozen: bool = False


class NameBody(Body, frozen=True, kw_only=True):
    """A new name for an environment."""

    name: str


class FixBody(Body, frozen=True, kw_only=True):
    """A fix, as a finding names it."""

    action: str
    specs: tuple[str, ...] = ()


class CleanBody(Body, frozen=True, kw_only=True):
    """Whether to clean the cache, or only to say what that would remove."""

    dry_run: bool = False


class StaleBody(Body, frozen=True, kw_only=True):
    """Top-level modules that a kernel has imported, and the generation of its environment when it did."""

    modules: tuple[str, ...]
    since: int


class NotebookBody(Body, frozen=True, kw_only=True):
    """A notebook as it is shown, and its path below the server's root.

    ``file`` beside it is to be taken instead. ``channels`` are those that the settings do not name and a person agreed
    to.
    """

    content: dict[str, Any]
    path: str
    file: str = ""
    channels: tuple[str, ...] = ()


class DifferenceBody(Body, frozen=True, kw_only=True):
    """A notebook, and the plan of its environment."""

    content: dict[str, Any]
    path: str
    plan_id: str


class ExecuteBody(Body, frozen=True, kw_only=True):
    """How a plan is executed: whether only those scripts of packages may run that it names."""

    known_scripts: bool = False


class LockBody(Body, frozen=True, kw_only=True):
    """A notebook, and the environment to be written into it."""

    content: dict[str, Any]
    environment: str


class BuildBody(Body, frozen=True, kw_only=True):
    """A recipe: its folder or its file, as JupyterLab shows the path; ``force`` builds again what is there already."""

    recipe: str
    force: bool = False


def file_path(path: str, directory: str) -> str:
    """Return the place of a file or folder below the server's root, such as a notebook.

    Raises
    ------
    SpecError
        It is not below it.
    """
    place = _find_below(directory, path)
    if place is None:
        raise SpecError(f"{path!r} is no file of this server", hint="give its path as JupyterLab shows it")
    return place


def folder_path(path: str, directory: str) -> str:
    """Return the place of a folder of the server; empty means its root."""
    return file_path(path, directory) if path.strip("/") else directory


def _find_below(directory: str, path: str) -> str | None:
    """Return the place of a path as JupyterLab shows it, ``None`` when it leads out of the server's root."""
    place = os.path.normpath(os.path.join(directory, path.lstrip("/")))
    return place if "\0" not in place and place.startswith(directory.rstrip(os.sep) + os.sep) else None


def parse_file(file: FileBody, settings: Settings, directory: str, *, python: str | None = None) -> ParsedEnvironment:
    """Return what a sent file describes; what it includes is looked for beside its place, and only in ``directory``.

    ``python`` is the Python that its markers are decided for, where the file does not say.
    """
    path = _find_below(directory, file.name) or os.path.join(directory, os.path.basename(file.name))
    parsed = parse_environment_file(file.text, path=path, subdir=settings.subdir, python=python, within=directory)
    return msgspec.structs.replace(parsed, path=file.name)


def change_request(body: ChangeBody, engine: Engine, directory: str) -> ChangeRequest:
    """Return the engine's request for what a person asks.

    Parameters
    ----------
    body : ChangeBody
        As sent.
    engine : Engine
        Tells whether names are free.
    directory : str
        Where the server's files are.

    Raises
    ------
    SpecError
        Something the action needs is missing, or is not what it must be.
    NotFoundError, AlreadyExistsError
        The environment is not there, or the name is taken.
    """
    parsed = parse_file(body.file, engine.settings, directory, python=python_of(body.specs)) if body.file else None
    request = ChangeRequest(
        action=body.action,
        prefix=_prefix(body, parsed, engine),
        specs=tuple(spec.strip() for spec in body.specs if spec.strip()),
        channels=None if body.channels is None else tuple(map(absolute_channel, body.channels)),
        sources=body.sources,
        offline=body.offline,
        exclude_newer=body.exclude_newer,
        generation=body.generation,
        clone_from=_origin(body),
        variables=body.variables,
        override_frozen=body.override_frozen,
    )
    if parsed is not None:
        request = add_file(request, parsed, engine.settings)
    _check_complete(request)
    wants_kernel = body.action == "create" and body.add_ipykernel is not False
    return msgspec.structs.replace(
        request,
        add_ipykernel=wants_kernel and bool(request.specs) and not request.records,
        command=command_text(request, engine.settings, file=body.file.name if body.file else ""),
    )


def _prefix(body: ChangeBody, parsed: ParsedEnvironment | None, engine: Engine) -> str:
    if body.action in MAKING:
        name = body.name or (parsed.name if parsed is not None else None) or ""
        if os.sep in name:
            raise SpecError(
                f"{name!r} is not a name for an environment: only letters, digits, '_', '.' and '-' are allowed",
                hint="give a name, not a path",
                code="spec.name",
            )
        return str(engine.new_prefix(name))
    if not body.environment:
        raise _incomplete(body.action, "no environment", "say which environment to change")
    prefix = path_of(body.environment)
    if not is_environment(prefix):
        raise no_environment(prefix)
    check_environment(Path(prefix))
    return prefix


def _origin(body: ChangeBody) -> str | None:
    if body.action != "clone":
        return None
    if not body.clone_from:
        raise _incomplete("clone", "no environment to copy", "say which environment to clone")
    origin = path_of(body.clone_from)
    if not is_environment(origin):
        raise no_environment(origin)
    return origin


def _check_complete(request: ChangeRequest) -> None:
    if request.action == "install" and not (request.specs or request.records):
        raise _incomplete("install", "no packages", "name at least one package")
    if request.action == "remove" and not request.specs:
        raise _incomplete("remove", "no packages", "name at least one package")
    if request.action == "restore" and request.generation is None:
        raise _incomplete("restore", "no generation", "say which generation to go back to")


def _incomplete(action: str, what: str, hint: str) -> SpecError:
    return SpecError(f"{action} was asked for with {what}", hint=hint, code="spec.incomplete")


def command_text(request: ChangeRequest, settings: Settings, *, file: str = "") -> str:
    """Return the command that does the same, as it is written into histories. Pure."""
    if request.action == "clone":
        return shlex.join(
            ["jupyter", "envs", "clone", _shown(request.clone_from or "", settings), *_place(request, settings)]
        )
    words = ["jupyter", "envs", request.action, *_place(request, settings)]
    if request.generation is not None:
        words.append(str(request.generation))
    words += ["--file", file] if file else request.specs
    return shlex.join(words)


def _place(request: ChangeRequest, settings: Settings) -> Sequence[str]:
    shown = _shown(request.prefix, settings)
    return ["-p", shown] if os.sep in shown else [shown]


def _shown(prefix: str, settings: Settings) -> str:
    parent, name = os.path.split(prefix)
    return name if parent in settings.envs_directories else prefix


def change_job(kind: JobKind, request: ChangeRequest, command: str) -> JobRequest:
    """Return the job that plans, or plans and carries out, a request that a person has agreed to."""
    request = msgspec.structs.replace(request, command=command)
    return JobRequest(kind=kind, change=request, consent="given", command=command)


def rename_request(prefix: Path, name: str, engine: Engine) -> JobRequest:
    """Return the job that renames an environment; raises when it cannot be changed, or the name is not free."""
    check_environment(prefix)
    if os.sep in name:
        raise SpecError(f"{name!r} is not a name for an environment", hint="give a name, not a path", code="spec.name")
    engine.new_prefix(name)
    command = shlex.join(["jupyter", "envs", "rename", _shown(str(prefix), engine.settings), name])
    return JobRequest(kind="rename", prefix=str(prefix), new_name=name, command=command)


def delete_request(prefix: Path, settings: Settings) -> JobRequest:
    """Return the job that deletes an environment; raises when it is not one that can be changed."""
    check_environment(prefix)
    command = shlex.join(["jupyter", "envs", "delete", _shown(str(prefix), settings)])
    return JobRequest(kind="delete", prefix=str(prefix), command=command)


def build_job(recipe: str, directory: str, *, force: bool) -> JobRequest:
    """Return the job that builds a recipe into ``channel`` in the root, as the command does when typed there. Pure."""
    request = BuildRequest(recipes=(recipe,), output=os.path.join(directory, CHANNEL), force=force)
    again = ["--force"] if force else []
    command = shlex.join(["jupyter", "envs", "build", *again, os.path.relpath(recipe, directory)])
    return JobRequest(kind="build", build=request, register_kernel=False, command=command)
