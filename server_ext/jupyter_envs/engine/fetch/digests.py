"""Sizes and digests: what was promised, what came. The only place where bytes are compared with promises."""

from __future__ import annotations

import hashlib
import os
from typing import Protocol

import msgspec

from jupyter_envs.errors import IntegrityError

READ_BYTES = 1 << 18
HINT = "try again; if it stays, the file on the server or its index entry is wrong"


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """What a file must be: size in bytes and hex digests; ``None`` where nothing was promised."""

    size: int | None = None
    sha256: str | None = None
    md5: str | None = None

    @property
    def strongest(self) -> tuple[str, str] | None:
        """The digest that is checked: sha256 when there is one, else md5 (it would add nothing to a sha256)."""
        if self.sha256:
            return "sha256", self.sha256.lower()
        return ("md5", self.md5.lower()) if self.md5 else None


class _Hash(Protocol):
    def update(self, data: bytes | memoryview, /) -> None: ...
    def hexdigest(self) -> str: ...


class Checker:
    """Counts and hashes bytes as they come and compares them with a promise.

    Parameters
    ----------
    promise : Promise
        What must come.
    what : str
        A name for messages: the file's, or its URL without credentials.
    """

    def __init__(self, promise: Promise, what: str) -> None:
        self.size = 0
        self._promise = promise
        self._what = what
        strongest = promise.strongest
        self._hash: _Hash | None = hashlib.new(strongest[0], usedforsecurity=False) if strongest else None

    def update(self, chunk: bytes | memoryview) -> None:
        """Take the next bytes; stop at the first byte too many.

        Raises
        ------
        IntegrityError
            More bytes than promised.
        """
        self.size += len(chunk)
        if self._promise.size is not None and self.size > self._promise.size:
            raise self.error("size", str(self._promise.size), f"more than {self._promise.size}")
        if self._hash is not None:
            self._hash.update(chunk)

    def finish(self) -> None:
        """Compare.

        Raises
        ------
        IntegrityError
            With code ``integrity.size`` or ``integrity.digest`` and both values in ``detail``.
        """
        if self._promise.size is not None and self.size != self._promise.size:
            raise self.error("size", str(self._promise.size), str(self.size))
        strongest = self._promise.strongest
        if strongest is not None and self._hash is not None and self._hash.hexdigest() != strongest[1]:
            raise self.error(strongest[0], strongest[1], self._hash.hexdigest())

    def error(self, kind: str, expected: str, actual: str) -> IntegrityError:
        """Return the error for a broken promise (the caller raises it)."""
        return IntegrityError(
            f"{self._what} has {kind} {actual} instead of {expected}",
            hint=HINT,
            code="integrity.size" if kind == "size" else "integrity.digest",
            detail={"what": self._what, "kind": kind, "expected": expected, "actual": actual},
        )


def verify_file(path: str, promise: Promise, what: str) -> None:
    """Check a file on disk: its size before a byte is read, then its strongest digest.

    Raises
    ------
    IntegrityError
        The file is not the promised one.
    OSError
        It cannot be read.
    """
    checker = Checker(promise, what)
    size = os.stat(path).st_size
    if promise.size is not None and size != promise.size:
        raise checker.error("size", str(promise.size), str(size))
    if promise.strongest is None:
        return
    with open(path, "rb", buffering=0) as stream:  # noqa: PTH123  # no buffer wanted
        buffer = memoryview(bytearray(READ_BYTES))  # one for the whole file: a new one each time costs page faults
        while count := stream.readinto(buffer):
            checker.update(buffer[:count])
    checker.finish()
