"""The error of a magic: it fails the cell, so that *Run All* stops, and shows sentences instead of a traceback."""

from __future__ import annotations


class RequestError(Exception):
    """What was asked for could not be done; the environment is as it was.

    Parameters
    ----------
    message : str
        What happened, to what.
    code : str
        Stable, for programs: that of ``jupyter_envs.errors``.
    hint : str
        What to do about it.
    lines : list of str
        How a person is told, hint and fixes among them; made of message and hint when not given.
    """

    def __init__(self, message: str, code: str = "error", hint: str = "", lines: list[str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint
        self.lines = lines or [f"error: {message}", *([f" hint: {hint}"] if hint else [])]

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows in place of a traceback."""
        return self.lines
