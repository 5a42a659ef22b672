"""Build on a Dask cluster: tasks go to workers, archives come back by way of the channel's URL; one process publishes.

A worker that dies in mid-build loses nothing: Dask gives its task to another one, and what was half sent is sent again.
Cancelling throws away what workers still finish. Needs the extra ``jupyter-envs[dask]``; the workers need jupyter-envs
of the same version, and reach the same channels.
"""

from __future__ import annotations

import concurrent.futures
import hashlib
import importlib
import io
import os
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from jupyter_envs.build.channel.remote import RemoteChannel
from jupyter_envs.build.many import Submit
from jupyter_envs.build.models import RenderedRecipe
from jupyter_envs.build.places import occupied
from jupyter_envs.build.task import Task, TaskResult, build_task, failed
from jupyter_envs.engine.models.events import CancelToken
from jupyter_envs.errors import BuildError, CancelledError, EnvsError, RecipeError, SpecError
from jupyter_envs.settings import Settings

CONNECT_SECONDS = 20
_POLL_SECONDS = 0.5
_MAX_RECIPE_BYTES = 256 << 20


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A task on its way: the recipe's folder as a tar, and the channel's URL."""

    task: Task
    folder: bytes
    url: str


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker gives back: the result, and where it sent the archives."""

    result: TaskResult
    incoming: tuple[str, ...] = ()


@contextmanager
def cluster(address: str, remote: RemoteChannel, threads: int, cancel: CancelToken) -> Iterator[Submit]:
    """Give what starts tasks on a Dask cluster.

    Parameters
    ----------
    address : str
        Of its scheduler, ``tcp://…``.
    remote : RemoteChannel
        Where packages come from and go to.
    threads : int
        How many tasks are waited for at a time.
    cancel : CancelToken
        Asked while waiting.

    Raises
    ------
    SpecError
        Dask is not installed, or no scheduler answers.
    """
    try:
        distributed: Any = importlib.import_module("distributed")  # it has no types
    except ImportError:
        raise SpecError(
            "Dask is not installed", hint="`pip install jupyter-envs[dask]`, or leave out --dask", code="spec.dask"
        ) from None
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError, TimeoutError) as error:
        raise SpecError(
            f"no Dask scheduler answers at {address}: {error}", hint="check the address", code="spec.dask"
        ) from None
    try:
        publishing = threading.Lock()
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            yield lambda task: pool.submit(_through, client, task, remote, publishing, cancel)
    finally:
        client.close()


def _through(
    client: Any, task: Task, remote: RemoteChannel, publishing: threading.Lock, cancel: CancelToken
) -> TaskResult:
    """Send a task, wait for its result, publish what it built."""
    try:
        sent = Sent(task=task, folder=pack_folder(task.recipe), url=remote.url)
        future = client.submit(work, msgspec.json.encode(sent), key=f"build-{task.recipe.outputs[0].dist}", pure=False)
        returned = msgspec.json.decode(_result(future, cancel), type=Returned)
        if returned.result.error is not None:
            return returned.result
        with publishing:
            return _publish(returned, task, remote)
    except EnvsError as error:
        return failed(task.recipe, error, [])


def _result(future: Any, cancel: CancelToken) -> bytes:
    from distributed import TimeoutError as DaskTimeoutError
    from distributed.scheduler import KilledWorker

    while True:
        if cancel.cancelled:
            future.cancel(force=True)
            raise CancelledError("cancelled")
        try:
            return bytes(future.result(timeout=_POLL_SECONDS))
        except (DaskTimeoutError, TimeoutError):
            continue
        except KilledWorker as error:
            raise BuildError(
                f"every worker that tried the build died: {error}",
                hint="look at the workers' logs; a build may need more memory than they have",
                code="build.worker",
            ) from error


def _publish(returned: Returned, task: Task, remote: RemoteChannel) -> TaskResult:
    with tempfile.TemporaryDirectory(prefix="jupyter-envs-incoming-") as folder:
        archives = remote.take_incoming(returned.incoming, Path(folder))
        packages = returned.result.packages
        pairs = [(package.subdir, archive) for package, archive in zip(packages, archives, strict=True)]
        placed = remote.copy.publish(pairs, replace=task.request.force)
    remote.push()
    remote.forget_incoming(returned.incoming)
    named = [msgspec.structs.replace(each, path=str(path)) for each, path in zip(packages, placed, strict=True)]
    return msgspec.structs.replace(returned.result, packages=tuple(named))


# -- on the worker ----------------------------------------------------------------------------------------------


def work(data: bytes) -> bytes:
    """Do one task on a worker: bring the channel, build, send the archives."""
    from jupyter_envs.settings_load import load_settings

    sent = msgspec.json.decode(data, type=Sent)
    own = load_settings(os.environ)
    settings = msgspec.structs.replace(
        sent.task.settings,
        root=own.root,
        envs_directories=own.envs_directories,
        package_directories=own.package_directories,
    )
    returned = _build(sent, settings)
    return msgspec.json.encode(returned)


def _build(sent: Sent, settings: Settings) -> Returned:
    recipe = msgspec.structs.replace(sent.task.recipe, folder=unpack_folder(sent.folder, settings.root))
    try:
        remote = RemoteChannel(sent.url, settings.root, builder=True)
        remote.pull()
        # What is built is in nobody else's copy: another worker that brings the channel takes away what it has not.
        with occupied(Path(settings.root) / "builds", f"{recipe.outputs[0].dist[:70]}-sent") as places:
            request = msgspec.structs.replace(sent.task.request, output=places.channel, force=True)
            given = str(remote.copy.folder)
            task = msgspec.structs.replace(sent.task, recipe=recipe, request=request, settings=settings, given=given)
            result = build_task(task)
            if result.error is not None:
                return Returned(result=result)
            name = f"{recipe.outputs[0].dist}-{os.getpid()}"
            incoming = remote.send_incoming([Path(package.path) for package in result.packages], name)
    except EnvsError as error:
        return Returned(result=failed(recipe, error, []))
    return Returned(result=result, incoming=tuple(incoming))


# -- the recipe's folder on its way -------------------------------------------------------------------------------


def pack_folder(recipe: RenderedRecipe) -> bytes:
    """Return a recipe's folder as a tar.

    Raises
    ------
    RecipeError
        ``recipe.elsewhere``: a source outside of it, which a worker would not have; or it is too large to be sent.
    """
    folder = Path(recipe.folder).resolve()
    outside = [source.path for source in recipe.sources if source.path and not _inside(folder, source.path)]
    outside += [source.git for source in recipe.sources if source.git and "://" not in source.git]
    if outside:
        raise RecipeError(
            f"the source {outside[0]} of {recipe.name} is outside of its folder, and workers do not have it",
            hint="put it into the recipe's folder, or give it as a URL",
            code="recipe.elsewhere",
        )
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add(folder, arcname=".", filter=lambda member: None if "/.git/" in f"/{member.name}/" else member)
    if buffer.tell() > _MAX_RECIPE_BYTES:
        raise RecipeError(
            f"the folder of {recipe.name} has {buffer.tell() >> 20} MiB, too many to be sent to a worker",
            hint="give its large sources as URLs",
            code="recipe.elsewhere",
        )
    return buffer.getvalue()


def _inside(folder: Path, path: str) -> bool:
    return (folder / path).resolve().is_relative_to(folder)


def unpack_folder(data: bytes, root: str) -> str:
    """Unpack a recipe's folder at a place that is the same each time; return it."""
    target = Path(root, "builds", ".recipes", hashlib.sha256(data).hexdigest()[:16])
    if not target.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=target.parent))
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            tar.extractall(temporary, filter="data")
        try:
            temporary.rename(target)
        except OSError:  # another worker was faster
            return str(target)
    return str(target)
