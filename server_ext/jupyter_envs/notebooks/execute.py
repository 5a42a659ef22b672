"""The cells of a notebook, executed in the kernel of an environment (nbclient); outputs are written in any case."""

from __future__ import annotations

import atexit
import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from jupyter_envs.errors import CancelledError, EnvsError, NotFoundError
from jupyter_envs.notebooks.document import Notebook, write_notebook

if TYPE_CHECKING:
    from nbclient import NotebookClient

Progress = Callable[[int, int], None]


OUTPUT_SECONDS = 120
"""How long the last output of a cell may take when it has ended.

nbclient waits 4 seconds and goes on without it, which a busy machine, or a cell that says much, needs longer for.
"""
_WAITED_FOR_OUTPUT = "IOPub"


class CellError(EnvsError):
    """A cell failed; what it said is in the written notebook, too."""

    default_code = "notebook.cell"
    exit_code = 1


def execute_notebook(
    source: Path,
    target: Path,
    kernel: str,
    *,
    timeout: float | None = None,
    allow_errors: bool = False,
    progress: Progress = lambda done, total: None,
) -> int:
    """Execute a notebook where it lies and write it with its outputs; return how many cells ran.

    Parameters
    ----------
    source, target : Path
        The notebook, and where the executed one goes; may be the same.
    kernel : str
        The name of a registered kernel.
    timeout : float
        Seconds that one cell may take; no limit when not given.
    allow_errors : bool
        Go on after a cell that fails.
    progress : callable
        Told the number of the cell that begins and the count of all.

    Raises
    ------
    CellError
        A cell failed, took too long, or ended the kernel; the notebook has the outputs until then.
    CancelledError
        Ctrl-C; likewise.
    """
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(source, as_version=4)  # type: ignore[no-untyped-call]  # nbformat
    cells = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]

    def on_cell_start(cell: Any, cell_index: int) -> None:
        if cell_index in cells:
            progress(cells.index(cell_index) + 1, len(cells))

    client = NotebookClient(
        notebook,
        kernel_name=kernel,
        timeout=timeout,
        allow_errors=allow_errors,
        iopub_timeout=OUTPUT_SECONDS,
        raise_on_iopub_timeout=True,
        resources={"metadata": {"path": str(source.parent)}},
        on_cell_start=on_cell_start,
    )
    try:
        with tempfile.TemporaryFile() as log, _sentences(client, target, log):
            client.execute(stderr=log)
    finally:
        atexit.unregister(client._cleanup_kernel)  # left there when the kernel dies before it is ready; fails at exit
        text: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]  # nbformat
        write_notebook(Notebook(target, text.rstrip("\n") + "\n", {}))
    return len(cells)


def check_place(target: Path) -> None:
    """Raise ``NotFoundError`` when there can be no such file: to be known before cells run, perhaps for hours."""
    if not target.parent.is_dir() or target.is_dir():
        what = f"{target} is a folder" if target.is_dir() else f"there is no folder {target.parent}"
        raise NotFoundError(
            f"the executed notebook cannot be written: {what}",
            hint="give another file with --output",
            code="not_found.folder",
        )


@contextlib.contextmanager
def _sentences(client: NotebookClient, target: Path, log: IO[bytes]) -> Iterator[None]:
    """Turn what nbclient raises into errors for a person.

    ``log`` is what the kernel itself says on standard error: of its transport and of its debugger, to nobody who reads
    the outputs of cells. Its end is told when it dies.
    """
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    try:
        yield
    except (CellExecutionError, CellTimeoutError, DeadKernelError, RuntimeError, AssertionError) as error:
        # After a signal nbclient ends the kernel; then the cell, and mostly its own cleaning up, fail over that.
        if hasattr(client, "_async_cleanup_kernel_future"):
            raise CancelledError(f"stopped; {target} has the outputs until then") from error
        if isinstance(error, CellExecutionError):
            hint = f"{target} has what it said, and all before"
            raise CellError(f"a cell failed: {error.ename}: {error.evalue}", hint=hint) from error
        if isinstance(error, CellTimeoutError) and _WAITED_FOR_OUTPUT in str(error):
            said = f"what a cell said had not arrived {OUTPUT_SECONDS} s after it ended"
            raise CellError(said, hint="run it again when the machine has less to do") from error
        if isinstance(error, CellTimeoutError):
            raise CellError(f"a cell took longer than {client.timeout:g} s", hint="--timeout allows more") from error
        if isinstance(error, AssertionError):
            raise
        reason = _last_line(log) or str(error)
        raise CellError(f"the kernel died: {reason}", hint="`jupyter envs doctor` looks for what is wrong") from error
    except KeyboardInterrupt as error:
        raise CancelledError(f"stopped; {target} has the outputs until then") from error


def _last_line(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip() if lines else ""
