"""The plain links of many packages: nearly all files of an environment, shared out between threads.

``os.link`` leaves the interpreter's lock while the kernel works, and the kernel's work is nearly all there is: a second
thread halves the time where a second core is free and costs nothing where it is not (processes cost more there).
Few links are made by the caller's thread alone, in the plans' order.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from jupyter_envs.engine.link.actions import LinkOptions, PackageLinkPlan
from jupyter_envs.engine.link.bring import Bringer

CHUNK = 256
Chunk = tuple[str, list[str], list[str]]
_BY_DESCRIPTOR = os.link in os.supports_dir_fd and hasattr(os, "O_PATH")


def chunks(plans: Sequence[PackageLinkPlan]) -> Iterator[Chunk]:
    """Yield all plain links in pieces: directory of the sources, sources below it, targets below the root."""
    for plan in plans:
        for directory, sources, targets in (
            (plan.manifest.directory, plan.sources, plan.targets),
            (plan.manifest.pyc_directory or "", plan.pyc_sources, plan.pyc_targets),
        ):
            for start in range(0, len(targets), CHUNK):
                yield directory, sources[start : start + CHUNK], targets[start : start + CHUNK]


def link_chunk(bringer: Bringer, chunk: Chunk, root: str) -> None:
    """Make the links of one piece below ``root``; the loop that most of the time is spent in."""
    directory, sources, targets = chunk
    if not bringer.hard_links(directory):
        for source, target in zip(sources, targets, strict=True):
            bringer.link(f"{directory}/{source}", f"{root}/{target}", directory)
        return
    pairs = iter(zip(sources, targets, strict=True))
    link = _descriptor_link if _BY_DESCRIPTOR else _path_link
    failed = 0
    while (failure := link(pairs, directory, root)) is not None:
        failed += 1
        error, source, target = failure
        bringer.after_failed_link(error, f"{directory}/{source}", f"{root}/{target}", directory)
        if not bringer.hard_links(directory):
            for source, target in pairs:
                failed += 1
                bringer.link(f"{directory}/{source}", f"{root}/{target}", directory)
    bringer.linked += len(targets) - failed


def _path_link(pairs: Iterator[tuple[str, str]], directory: str, root: str) -> tuple[OSError, str, str] | None:
    """Link until one fails, which is returned; ``None`` at the end."""
    link, below, base = os.link, f"{directory}/", f"{root}/"
    source = target = ""
    try:
        for source, target in pairs:
            link(below + source, base + target)
    except OSError as error:
        return error, source, target
    return None


def _descriptor_link(pairs: Iterator[tuple[str, str]], directory: str, root: str) -> tuple[OSError, str, str] | None:
    """Do as ``_path_link`` with shorter paths for the kernel to walk."""
    link, source, target = os.link, "", ""
    below = os.open(directory, os.O_PATH | os.O_CLOEXEC)
    base = os.open(root, os.O_PATH | os.O_CLOEXEC)
    try:
        for source, target in pairs:
            link(source, target, src_dir_fd=below, dst_dir_fd=base, follow_symlinks=False)
    except OSError as error:
        return error, source, target
    finally:
        os.close(below)
        os.close(base)
    return None


class LinkCrew:
    """Links pieces in this thread and, when there are many, in others.

    Parameters
    ----------
    plans : sequence of PackageLinkPlan
        Whose plain links are made; their directories exist.
    root : str
        The directory below which they are made.
    options : LinkOptions
        ``parallel_from`` says how many links are many.
    check : callable
        Asked before each piece, in every thread; raises to stop.
    """

    def __init__(
        self, plans: Sequence[PackageLinkPlan], root: str, options: LinkOptions, check: Callable[[], None]
    ) -> None:
        self._pieces = deque(chunks(plans))
        self._root = root
        self._options = options
        self._check = check
        self._stop = False
        self._errors: list[BaseException] = []
        self._threads: list[threading.Thread] = []
        self.total = sum(len(piece[2]) for piece in self._pieces)
        self.bringers = [self._bringer(plans)]
        many = 0 < options.parallel_from <= self.total
        for _ in range(min(3, usable_cores() - 1) if many else 0):
            self.bringers.append(self._bringer(plans))

    def _bringer(self, plans: Sequence[PackageLinkPlan]) -> Bringer:
        return Bringer(self._root, self._options, plans[0].target.layout.bin_directory)

    @property
    def done(self) -> int:
        """How many files have been brought in so far."""
        return sum(bringer.count for bringer in self.bringers)

    def start(self) -> None:
        """Let the other threads begin."""
        for bringer in self.bringers[1:]:
            thread = start_thread(self._work, bringer, lambda: None)
            if thread is None:
                return
            self._threads.append(thread)

    def join(self, progress: Callable[[], None]) -> None:
        """Link along until nothing is left; raises the first error of any thread once all have stopped."""
        self._work(self.bringers[0], progress)
        self._wait()
        if self._errors:
            raise self._errors[0]

    def abandon(self) -> None:
        """Stop all threads and wait for them: nothing is written after this."""
        self._stop = True
        self._wait()

    def _wait(self) -> None:
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _work(self, bringer: Bringer, progress: Callable[[], None]) -> None:
        try:
            while self._pieces and not self._stop:
                self._check()
                try:
                    piece = self._pieces.popleft()
                except IndexError:  # another thread took the last one
                    return
                link_chunk(bringer, piece, self._root)
                progress()
        except BaseException as error:  # handed to the thread that joins
            self._stop = True
            self._errors.append(error)


def start_thread(work: Callable[..., None], *arguments: object) -> threading.Thread | None:
    """Start a thread, or return ``None`` where the system allows no more of them (small containers)."""
    thread = threading.Thread(target=work, args=arguments, name="link")
    try:
        thread.start()
    except RuntimeError:
        return None
    return thread


def usable_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
