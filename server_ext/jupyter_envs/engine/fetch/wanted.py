"""What a download is: a URL, where it goes, what it must be. Values only."""

from __future__ import annotations

import msgspec

from jupyter_envs.engine.fetch.digests import Promise
from jupyter_envs.engine.fetch.urls import without_credentials


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """One file to have.

    ``url`` may be ``http(s)://``, ``file://`` or a plain path; local files are verified and used where they are.
    ``size`` is in bytes, digests are hex, ``label`` is what a person sees.
    """

    url: str
    destination: str
    sha256: str | None = None
    md5: str | None = None
    size: int | None = None
    label: str = ""

    @property
    def promise(self) -> Promise:
        """Size and digests that the file must have."""
        return Promise(size=self.size, sha256=self.sha256, md5=self.md5)

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.label or without_credentials(self.url)


class InterruptedDownloadError(Exception):
    """The connection ended early; what came is kept and the rest can be asked for."""
