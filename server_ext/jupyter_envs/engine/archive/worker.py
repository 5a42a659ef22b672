"""A child process that extracts archives: one JSON job a line on stdin, one JSON answer a line on stdout.

Started by ``pool``, because two threads of one Python take turns at creating files. Ends when stdin does.
"""

from __future__ import annotations

import gc
import os
import sys

import msgspec

from jupyter_envs.engine.archive.extract import extract
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import EnvsError


class Job(msgspec.Struct, frozen=True):
    """What to extract where and what to check (see ``extract``); ``number`` comes back in the answer."""

    number: int
    record: RepodataRecord
    archive: str
    root: str
    verify_archive: bool
    verify_files: bool = True


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a job; ``kind`` is the class of its error, empty when it went well."""

    number: int
    kind: str = ""
    message: str = ""
    hint: str = ""
    code: str = ""
    detail: dict[str, object] = {}


def run(job: Job) -> Answer:
    """Do one job; an expected error becomes an answer."""
    try:
        extract(job.record, job.archive, job.root, verify_archive=job.verify_archive, verify_files=job.verify_files)
    except EnvsError as error:
        return Answer(job.number, type(error).__name__, error.message, error.hint, error.code, error.detail)
    return Answer(job.number)


def main() -> None:
    """Answer jobs until stdin ends."""
    gc.disable()  # an archive's thousands of entries form no cycles, and the process is gone soon
    decoder = msgspec.json.Decoder(Job)
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    for line in sys.stdin.buffer:
        answers.write(msgspec.json.encode(run(decoder.decode(line))) + b"\n")


if __name__ == "__main__":
    main()
