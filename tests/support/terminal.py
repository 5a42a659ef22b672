"""The command line on a pseudo-terminal: what it says there, and what a person types."""

from __future__ import annotations

import codecs
import os
import select
import subprocess
import sys
import time

from support.waiting import PATIENCE

PROGRAM = (sys.executable, "-m", "jupyter_envs.cli.main")


class Terminal:
    """A command on a pseudo-terminal."""

    def __init__(self, *arguments: str, columns: int = 80) -> None:
        self.master, slave = os.openpty()
        environ = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm"}
        self.process = subprocess.Popen([*PROGRAM, *arguments], stdin=slave, stdout=slave, stderr=slave, env=environ)
        os.close(slave)
        self.said = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")()  # a read may end within a character

    def read_until(self, text: str, seconds: float = PATIENCE) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.said:
            assert time.monotonic() < deadline, self.said
            assert self._read(0.2) or self.process.poll() is None or self._read(0.2), self.said

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def finish(self) -> int:
        while self._read(0.1) or self.process.poll() is None:
            pass
        while self._read(0):  # what it said last may have come after the look that found nothing
            pass
        os.close(self.master)
        return self.process.returncode

    def _read(self, seconds: float) -> bool:
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:  # Linux's way to say that the other side is closed
            return False
        self.said += self._decoder.decode(data)
        return bool(data)
