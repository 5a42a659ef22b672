"""``python -m jupyter_envs.cli.stream``: one command for a program that follows it, such as the magics of a kernel.

The first line of standard input is the request, ``{"argv": [...], "command": "%envinstall polars", "spelling": {}}``;
a later line ``cancel`` is Ctrl-C. Standard output is JSON lines, each with a ``type``: ``event`` (a job's progress:
``title``, ``amount``, ``part``, ``whole``),
``plan`` (``rows``, ``notes``), ``line``, ``table`` (``headers``, ``rows``), ``warning`` (``message``, ``hint``),
``result`` (``value``), ``error`` (``code``, ``message``, ``hint``, ``lines``), and ``end`` (``exit_code``) as the last.
``spelling`` maps how commands begin here to what the person types there.

Refuses to do anything that the command line does not: it is the command line, shown otherwise.
"""

from __future__ import annotations

import _thread
import io
import os
import re
import sys
import threading
from collections.abc import Sequence
from typing import IO, ClassVar

import msgspec

from jupyter_envs.cli.main import leave, run
from jupyter_envs.cli.output import Output
from jupyter_envs.cli.progress import QUIET_PHASES, amount, spoken, title_of
from jupyter_envs.cli.surface import Surface
from jupyter_envs.engine.models.events import Event
from jupyter_envs.errors import EnvsError, SpecError
from jupyter_envs.jobs.models import Consent

CANCEL = "cancel"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of standard input; ``command`` is what histories are to say."""

    argv: tuple[str, ...]
    command: str
    spelling: dict[str, str] = {}


class Channel:
    """JSON lines to whoever started us; what they typed stands where our own spelling of a command would.

    Parameters
    ----------
    stream : text stream
        Where the lines go.
    spelling : dict
        Beginnings of commands, the longest first, and what the person types instead.
    """

    def __init__(self, stream: IO[str], spelling: dict[str, str]) -> None:
        self._stream = stream
        self._spelling = spelling
        self._lock = threading.Lock()

    def send(self, kind: str, /, **values: object) -> None:
        """Write one message."""
        text = msgspec.json.encode({"type": kind, **values}).decode()
        with self._lock:
            self._stream.write(text + "\n")
            self._stream.flush()

    def warn(self, message: str, hint: str) -> None:
        """Write a warning."""
        self.send("warning", message=self.spelled(message), hint=self.spelled(hint))

    def spelled(self, text: str) -> str:
        """Return a text with commands as the person types them; ``install a`` does not begin ``install a-b``."""
        for ours, theirs in self._spelling.items():
            end = r"(?![\w/-]|\.\w)" if ours[-1].isalnum() else ""
            text = re.sub(re.escape(ours) + end, theirs.replace("\\", r"\\"), text)
        return text


class StreamView:
    """A running job as messages (``View``)."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def show(self, event: Event) -> None:
        """Send one event, in words and as two numbers; what a person must read as a line of its own."""
        if event.kind == "warning":
            self._channel.warn(event.text, event.hint)
        elif said := spoken(event):
            self._channel.send("line", text=said)
        elif event.kind in ("phase", "progress") and event.phase not in QUIET_PHASES:
            far = amount(event) if event.kind == "progress" else ""
            part, whole = (event.done_bytes, event.total_bytes) if event.total_bytes else (event.done, event.total)
            self._channel.send("event", title=title_of(event), amount=far, part=part, whole=whole)

    def pause(self) -> None:
        """Do nothing: the other side redraws."""

    def close(self) -> None:
        """Do nothing."""


class StreamOutput(Output):
    """Results as messages. What commands print in other ways arrives as lines."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(as_json=False)
        self._channel = channel

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Send a table."""
        self._channel.send("table", headers=list(headers), rows=[list(row) for row in rows])

    def plan(self, rows: Sequence[Sequence[str]], notes: Sequence[str]) -> None:
        """Send what a plan changes and costs."""
        self._channel.send("plan", rows=[list(row) for row in rows], notes=list(notes))

    def kernel_ready(self, name: str) -> None:
        """Say nothing: whoever asks runs in it."""

    def note(self, line: str) -> None:
        """Say nothing: the other side says that it waits."""

    def warn(self, message: str, hint: str = "") -> None:
        """Send a warning, once."""
        if self.is_news(message):
            self._channel.warn(message, hint)

    def result(self, value: object) -> None:
        """Send what a program may want to know."""
        self._channel.send("result", value=value)


class StreamSurface(Surface):
    """A cell of a notebook: it cannot be asked, so what was named is agreed to, and all else needs --yes."""

    consent: ClassVar[Consent] = "unasked"

    def __init__(self, channel: Channel, command: str) -> None:
        self._channel = channel
        self._command = command

    def output(self, *, as_json: bool) -> Output:
        """Return results as messages."""
        return StreamOutput(self._channel)

    def view(self, *, as_json: bool) -> StreamView:
        """Return progress as messages."""
        return StreamView(self._channel)

    def command_line(self) -> str:
        """Return what was typed in the cell, as it is written into histories: without logins."""
        from jupyter_envs.engine.fetch.urls import without_login

        return " ".join(without_login(word) if "://" in word else word for word in self._command.split(" "))

    def fail(self, error: EnvsError, argv: Sequence[str]) -> None:
        """Send an error, also as the lines in which the command line shows it."""
        from jupyter_envs.cli.failures import failure_lines

        lines = [self._channel.spelled(line) for line in failure_lines(error, argv)]
        message, hint = self._channel.spelled(error.message), self._channel.spelled(error.hint)
        self._channel.send("error", code=error.code, message=message, hint=hint, lines=lines)


class LineSender(io.TextIOBase):
    """What a command prints, sent line by line."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel
        self._rest = ""

    def writable(self) -> bool:
        """Say yes."""
        return True

    def write(self, text: str) -> int:
        """Send the lines that are whole."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._channel.send("line", text=self._channel.spelled(line))
        return len(text)

    def flush(self) -> None:
        """Send what has no end of line yet."""
        if self._rest:
            self.write("\n")


def read_request(line: str) -> Request:
    """Return the request in a line.

    Raises
    ------
    SpecError
        It is none.
    """
    try:
        return msgspec.json.decode(line, type=Request)
    except msgspec.MsgspecError as error:
        raise SpecError(f"not a request: {error}", hint="upgrade jupyter-envs and restart the kernel") from error


def listen_for_cancel(stream: IO[str]) -> None:
    """Interrupt the main thread for each line that says so; the end of the stream is no reason to stop."""

    def listen() -> None:
        for line in stream:
            if line.strip() == CANCEL:
                _thread.interrupt_main()

    threading.Thread(target=listen, name="cancel", daemon=True).start()


def main() -> int:
    """Serve the one request on standard input; return the exit code."""
    # Of our own: a stray print of a library must not get between the messages.
    stream = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", errors="replace")
    try:
        request = read_request(sys.stdin.readline())
    except SpecError as error:
        Channel(stream, {}).send("error", lines=[f"error: {error.message}"], **error.to_dict())
        return error.exit_code
    channel = Channel(stream, request.spelling)
    listen_for_cancel(sys.stdin)
    sys.stdout = LineSender(channel)
    code = run(request.argv, StreamSurface(channel, request.command))
    sys.stdout.flush()
    channel.send("end", exit_code=code)
    return code


if __name__ == "__main__":
    leave(main())
