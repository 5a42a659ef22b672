"""Publishing: a file becomes a generation, which is verified and then switched to; the one before stays until then.

Each build is a job of the service's own root, so it goes on when the service restarts: ``resume`` takes up what was
being built, and says so of what ended without a word. One service at a time does this to a shared root: whoever comes
second only tells what is there, until the first has ended (``begin``). Owns the order of these steps; HTTP and
Jupyter's Hub are elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import msgspec

from jupyter_envs.engine.enforcement import Enforcement
from jupyter_envs.engine.exchange.additions import add_file
from jupyter_envs.engine.exchange.read import parse_environment_file
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.engine.prefix.borrowed import find_lost, lost_message
from jupyter_envs.engine.prefix.names import validate_name
from jupyter_envs.engine.prefix.records import read_record
from jupyter_envs.engine.transaction.create import GRACE, sweep
from jupyter_envs.errors import EnvsError, LockedError, NotFoundError, SpecError, StorageError
from jupyter_envs.hub.kernelspecs import sync_shared
from jupyter_envs.hub.shared_root import Publication, SharedRoot
from jupyter_envs.hub.told import story
from jupyter_envs.jobs.client import JobClient
from jupyter_envs.jobs.events import JobEvent, read_events
from jupyter_envs.jobs.models import Job, JobRequest
from jupyter_envs.jobs.publishing import SERVICE_DIRECTORY, PublishingLock
from jupyter_envs.queries.client import QueryClient
from jupyter_envs.settings import Settings

VERIFY_SECONDS = 1800.0  # every file is read once
THREADS = 16
TURN_SECONDS = 1.0  # between two looks whether the shared root is free
LOG_BYTES = 64 << 10  # from the end: what people read

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def service_settings(settings: Settings, shared: Path) -> Settings:
    """Return settings that keep everything in the shared root."""
    return msgspec.structs.replace(
        settings,
        root=str(shared / SERVICE_DIRECTORY),
        envs_directories=(str(shared / "envs"),),
        package_directories=(str(shared / "pkgs"),),
        shared_directories=(),
        publishing=True,
    )


class Publisher:
    """Publishes into one shared root. Runs on one asyncio loop; what blocks is done in threads.

    Parameters
    ----------
    shared : SharedRoot
        Where to.
    settings : Settings
        ``service_settings``.
    log : logging.Logger
        Told of what went wrong with nobody waiting for it.
    """

    def __init__(self, shared: SharedRoot, settings: Settings, log: logging.Logger) -> None:
        self.shared = shared
        self.settings = settings
        self.jobs = JobClient(settings)
        self._queries = QueryClient(settings)
        self._log = log
        self._lock = PublishingLock(shared.path)
        self._because: EnvsError | None = None  # why nothing can be changed
        self._closing = False
        # Each build that is followed has one.
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="publishing")
        self._busy: dict[str, int] = {}  # name -> generation: one build of an environment at a time
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # one switch or removal of a name
        self._following: set[asyncio.Task[None]] = set()

    # -- what is asked for

    async def publish(self, name: str, file: str, text: str, by: str) -> Publication:
        """Begin to build an environment from a file; it is published when it is built and verified.

        Parameters
        ----------
        name : str
            What users will know it by.
        file, text : str
            The name and the content of an environment.yml or a lock file. What it includes is not read.
        by : str
            The user who asks.

        Raises
        ------
        SpecError
            The name or the file is not understood, or an environment that was not published has the name.
        LockedError
            The same environment is being built, or another service publishes here.
        StorageError
            The shared root cannot be written.
        """
        self.shared.check_free(validate_name(name))
        self.check_turn()
        if name in self._busy:
            raise LockedError(
                f"{name} is being built already", hint="wait until that has ended, or cancel it", code="locked.shared"
            )
        self._busy[name] = 0  # which generation it is will be known in a moment
        try:
            publication = await self._begin(name, file, text, by)
        except BaseException:
            del self._busy[name]
            raise
        self._follow(publication)
        return publication

    async def _begin(self, name: str, file: str, text: str, by: str) -> Publication:
        number = 1 + max((one.number for one in self.shared.publications(name)), default=0)
        request = await self._in_thread(self._request, self.shared.prefix(name, number), file, text, by)
        draft = Publication(
            name=name, number=number, state="building", by=by, created_at=time.time(), file=file, text=text
        )
        self.shared.save(draft)
        try:
            job = await self._in_thread(self.jobs.submit, request)
        except EnvsError:
            self.shared.forget(draft)
            raise
        publication = msgspec.structs.replace(draft, job=job.id)
        with contextlib.suppress(StorageError):  # it is followed all the same, and found by what it builds later on
            self.shared.save(publication)
        return publication

    async def switch(self, name: str, number: int, by: str) -> None:
        """Publish a generation that was built before, because a user asks: a roll back, or forward again.

        Raises
        ------
        NotFoundError
            There is no such generation, or the Python that it borrows has gone.
        SpecError
            It was not built.
        LockedError
            Another service publishes here.
        """
        self.check_turn()
        async with self._turns[validate_name(name)]:
            if self.shared.get(name, number).state != "ready":
                raise SpecError(f"generation {number} of {name} was not built", hint="switch to one that is ready")
            problem = await self._in_thread(self.problem, name, number)
            if problem:
                raise NotFoundError(
                    f"generation {number} of {name} is of no use: {problem}",
                    hint="publish it again, from the same file",
                    code="interpreter.missing",
                )
            await self._in_thread(self._switch, name, number, by)

    async def remove(self, name: str, number: int, by: str) -> None:
        """Remove a generation that is not published, or cancel its build, because a user asks.

        Raises
        ------
        NotFoundError
            There is no such generation.
        LockedError
            It is the one that users get, or another service publishes here.
        """
        self.check_turn()
        publication = self.shared.get(name, number)
        if publication.state == "building":
            await self._in_thread(self.jobs.cancel, publication.job)
            return
        async with self._turns[name]:
            await self._remove(name, number, by)

    async def _remove(self, name: str, number: int, by: str) -> None:
        publication = self.shared.get(name, number)
        if self.shared.find_published(name) == number:
            raise LockedError(
                f"generation {number} of {name} is the one that users get",
                hint="switch to another one first",
                code="locked.published",
            )
        prefix = self.shared.prefix(name, number)
        if prefix.exists():
            request = JobRequest(
                kind="delete", prefix=str(prefix), register_kernel=False, command=f"remove {name} for {by}"
            )
            job = await self._in_thread(lambda: self.jobs.wait(self.jobs.submit(request).id))
            if job.state != "done":
                raise _error_of(job)
        self.shared.forget(publication)

    def progress(self, publication: Publication) -> JobEvent | None:
        """Return the last thing that a build reported, ``None`` when there is nothing yet."""
        if publication.state != "building" or not publication.job:
            return None
        events = read_events(self.jobs.store.events_path(publication.job))
        return events[-1] if events else None

    async def log(self, name: str, number: int) -> str:
        """Return what the build of a generation did, and the end of what it wrote; empty when that is gone.

        Raises
        ------
        NotFoundError
            There is no such generation.
        """
        publication = self.shared.get(validate_name(name), number)
        return await self._in_thread(self._log_of, publication.job) if publication.job else ""

    def _log_of(self, job: str) -> str:
        lines = story(read_events(self.jobs.store.events_path(job)))
        return "\n".join([*lines, "", _end_of(self.jobs.store.log_path(job))]).strip()

    # -- starting and stopping

    @property
    def waiting_for(self) -> str:
        """Why nothing can be changed now, empty when it can."""
        return self._because.message if self._because else ""

    def check_turn(self) -> None:
        """Raise ``LockedError`` while another service publishes here, ``StorageError`` where nothing can be locked."""
        if not self._lock.held:
            raise self._because or LockedError(
                "the service is starting", hint="try again in a moment", code="locked.publishing"
            )

    def take_turn(self) -> bool:
        """Make this the one service that publishes here, if no other is; tell whether it is."""
        try:
            self._lock.take()
        except EnvsError as error:
            if self._because is None or self._because.message != error.message:
                self._log.warning("nothing can be published: %s", error.message)
            self._because = error
            return False
        self._because = None
        return True

    async def begin(self) -> None:
        """Wait for this service's turn, then bring what is there in line and take up what was being built."""
        while not self.take_turn():
            await asyncio.sleep(TURN_SECONDS)
        await self.resume()

    async def resume(self) -> None:
        """Bring kernels in line with what is published, and take up what was being built when the service stopped."""
        for name in self.shared.names():
            number = self.shared.find_published(name)
            if number is not None:
                await self._in_thread(self._sync_kernels, name, number)
                problem = await self._in_thread(self.problem, name, number)
                if problem:
                    self._log.warning("%s has to be published again: %s", name, problem)
            for publication in self.shared.publications(name):
                if publication.state == "building":
                    self._follow(publication if publication.job else self._found_job(publication))

    def _found_job(self, publication: Publication) -> Publication:
        """Return a publication with its job, where the service was stopped between starting it and noting that."""
        prefix = str(self.shared.prefix(publication.name, publication.number))
        jobs = self.jobs.store.jobs(prefix=prefix, hidden=True)
        return self.shared.save(msgspec.structs.replace(publication, job=jobs[-1].id)) if jobs else publication

    async def close(self) -> None:
        """Stop following, and let another service publish; builds go on. What is asked for now is refused."""
        self._closing = True
        tasks = list(self._following)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._queries.close()
        await asyncio.to_thread(self._threads.shutdown)  # no switch may be under way when another service begins
        self._lock.release()

    def problem(self, name: str, number: int) -> str:
        """Return why a generation that was built cannot be used any more, such as a Python that has gone; else nothing.

        Images of the Hub and of users' servers come with other Pythons one day, and what is published stays.
        """
        try:
            python = read_record(self.shared.prefix(name, number), "python")
        except StorageError as error:
            return error.message
        lost = find_lost([python] if python else [])
        return lost_message(lost, "it") if lost else ""

    # -- one build

    def _request(self, prefix: Path, file: str, text: str, by: str) -> JobRequest:
        """Return the job that makes an environment of a file (blocking)."""
        if os.path.basename(file) != file or not file:
            raise SpecError(f"{file!r} is not the name of a file", hint="send its name without a folder")
        nowhere = str(self.shared.path / SERVICE_DIRECTORY)
        subdir = self.settings.subdir
        try:
            parsed = parse_environment_file(text, path=os.path.join(nowhere, file), subdir=subdir, within=nowhere)
        except SpecError as error:  # who sent the file knows it by its name
            error.message = error.message.replace(f"{nowhere}/", "")
            raise
        parsed = msgspec.structs.replace(parsed, path=file)
        request = ChangeRequest(action="create", prefix=str(prefix), command=f"build {prefix.parent.name} for {by}")
        request = add_file(request, parsed, self.settings)
        if not (request.specs or request.records):
            raise SpecError(f"{file} asks for no package", hint="name some under dependencies")
        change = msgspec.structs.replace(request, add_ipykernel=not request.records)
        return JobRequest(kind="change", change=change, register_kernel=False, command=request.command)

    def _follow(self, publication: Publication) -> None:
        self._busy[publication.name] = publication.number
        task = asyncio.get_running_loop().create_task(self._finish(publication))
        self._following.add(task)
        task.add_done_callback(self._following.discard)
        task.add_done_callback(lambda _task: self._let_next(publication))

    def _let_next(self, publication: Publication) -> None:
        """Permit the next build of an environment, unless it has begun already."""
        if self._busy.get(publication.name) == publication.number:
            del self._busy[publication.name]

    async def _finish(self, publication: Publication) -> None:
        """Wait for a build, then verify and publish it, or note why not. The one before stays published until then."""
        try:
            job = await self._ended(publication)
            if job.state != "done":
                raise _error_of(job)
            await self._verify(publication)
            self._let_next(publication)  # who sees that it is published may ask for the next one
            async with self._turns[publication.name]:
                await self._in_thread(self._switch, publication.name, publication.number, publication.by)
            await self._note(msgspec.structs.replace(publication, state="ready"))
        except EnvsError as error:
            await self._fail(publication, error.message, error.hint)
        except Exception as error:  # whoever looks at the page must learn that it ended
            self._log.exception("publishing %s failed", publication.name)
            await self._fail(publication, f"the service failed: {type(error).__name__}", "the Hub's log shows where")

    async def _ended(self, publication: Publication) -> Job:
        if not publication.job:
            raise EnvsError("the service stopped before the build was started", hint="publish it again")
        while True:
            job = await self._in_thread(self.jobs.wait, publication.job, timeout=1.0)
            if job.finished:
                return job

    async def _verify(self, publication: Publication) -> None:
        prefix = str(self.shared.prefix(publication.name, publication.number))
        findings: list[dict[str, Any]] = await self._queries.ask("verify", timeout=VERIFY_SECONDS, environment=prefix)
        faults = [finding for finding in findings if finding["severity"] == "error"]
        if faults:
            more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
            raise EnvsError(f"it was built, but is not sound: {faults[0]['message']}{more}", hint="publish it again")

    def _switch(self, name: str, number: int, by: str) -> None:
        """Make a generation the one that users get, then its kernels the ones they see (blocking). It is audited."""
        rules = Enforcement.of(self.settings)
        with rules.audited("publish", self.shared.prefix(name, number), f"publish {name} for {by}"):
            self.shared.publish(name, number)
        self._sync_kernels(name, number)

    def _sync_kernels(self, name: str, number: int) -> None:
        for warning in sync_shared(self.shared, name, number, self.settings):
            self._log.warning("kernels of %s: %s", name, warning.message)

    async def _fail(self, publication: Publication, message: str, hint: str) -> None:
        """Sweep away what a build left, let the next one begin, then note why this one was not published."""
        self._log.info("%s was not published: %s", publication.name, message)
        may_be_next = self._busy.get(publication.name) != publication.number
        await self._in_thread(self._sweep, publication, may_be_next)
        self._let_next(publication)  # who sees that it failed may ask for the next one
        await self._note(msgspec.structs.replace(publication, state="failed", message=message, hint=hint))

    async def _note(self, ended: Publication) -> None:
        """Write what became of a build; where the disk is full, as soon as there is room."""
        told = False
        while True:
            try:
                await self._in_thread(self.shared.save, ended)
            except StorageError as error:
                if not told:
                    what = f"generation {ended.number} of {ended.name} is {ended.state}"
                    self._log.warning("that %s will be noted later: %s", what, error.message)
                told = True
                await asyncio.sleep(TURN_SECONDS)
            else:
                return

    def _sweep(self, publication: Publication, may_be_next: bool) -> None:
        """Remove what a build left half made (blocking); what is just begun stays where that may be the next build."""
        prefix = self.shared.prefix(publication.name, publication.number)
        if prefix.exists():
            request = JobRequest(kind="recover", prefix=str(prefix), hidden=True, register_kernel=False)
            self.jobs.wait(self.jobs.submit(request).id)
        sweep(prefix.parent, now=time.time(), grace=GRACE if may_be_next else 0.0)

    async def _in_thread(
        self, function: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
    ) -> Result:
        if self._closing:
            hint = "try again in a moment, when it has started again"
            raise LockedError("the service is being stopped", hint=hint, code="locked.publishing")
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(function, *arguments, **named))


def _end_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - LOG_BYTES))
            return file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


def _error_of(job: Job) -> EnvsError:
    error = job.error or {}
    if job.state == "cancelled":
        return EnvsError("the build was cancelled; what was published before is as it was")
    if job.state == "interrupted":
        message = "the build was interrupted; what was published before is as it was"
        return EnvsError(message, hint="publish it again", code="job.interrupted")
    return EnvsError(str(error.get("message") or f"the build is {job.state}"), hint=str(error.get("hint") or ""))
