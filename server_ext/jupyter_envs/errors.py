"""Every error the project raises on purpose; imports nothing of the project.

Each error is a sentence for the person who reads it, a stable ``code`` for programs, and a ``hint`` that works.

    EnvsError                        exit 1
    ├── SpecError                    exit 2   a request that cannot be read (typo, bad file, bad option)
    │   └── RecipeError              exit 2   a recipe that cannot be read or rendered
    ├── NotFoundError                exit 3   an environment, package, generation or file that is not there
    ├── AlreadyExistsError           exit 4   a name or path that is taken
    ├── SolveError                   exit 5   the requests cannot go together, or a name is unknown
    ├── SourceError                  exit 6   a channel, index or interpreter that cannot be used
    │   └── OfflineError             exit 6   what is missing while --offline
    ├── FetchError                   exit 7   a download that failed
    │   └── IntegrityError           exit 7   bytes that are not the promised ones
    ├── ArchiveError                 exit 7   an archive that cannot or must not be extracted
    ├── CacheError                   exit 7   a package cache that cannot be used
    ├── LinkError                    exit 8   files that cannot be put in the prefix
    │   ├── LinkScriptError          exit 8   a pre-link, post-link or pre-unlink script that failed
    │   └── ScriptConsentError       exit 8   scripts that nobody agreed to; none was run
    ├── LockedError                  exit 9   another process is changing the environment
    ├── FrozenError                  exit 10  ``conda-meta/frozen`` or a read-only environment
    ├── StalePlanError               exit 11  the environment has changed since the plan was made
    ├── StorageError                 exit 12  no space, no permission, a disk that fails
    ├── KernelError                  exit 13  a kernelspec that cannot be written or removed
    ├── BuildError                   exit 14  a package that cannot be built
    │   └── PackageTestError         exit 14  a package that was built and fails its tests
    ├── PolicyError                  exit 15  a rule of the administrator; ``code`` is ``policy.<rule>``
    └── CancelledError               exit 130 the person asked to stop; nothing has changed
"""

from __future__ import annotations

import errno
from typing import ClassVar


class EnvsError(Exception):
    """An error with a stable code and a hint.

    Parameters
    ----------
    message : str
        What happened, to what. One sentence, no full stop.
    hint : str
        What to do about it; empty when there is nothing to do.
    code : str
        Overrides the class's own code with a narrower one, such as ``"archive.escape"``.
    detail : dict
        JSON-able facts for programs (names, paths, sizes).
    """

    default_code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1

    def __init__(
        self, message: str, *, hint: str = "", code: str = "", detail: dict[str, object] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or self.default_code
        self.detail = dict(detail or {})

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form that ``--json`` prints and jobs store."""
        return {"code": self.code, "message": self.message, "hint": self.hint, "detail": self.detail}


class SpecError(EnvsError):
    """A request that cannot be read."""

    default_code = "spec"
    exit_code = 2


class RecipeError(SpecError):
    """A recipe cannot be read or rendered; ``detail`` names file and line where there is one."""

    default_code = "recipe"


class NotFoundError(EnvsError):
    """Something named in the request is not there."""

    default_code = "not_found"
    exit_code = 3


class AlreadyExistsError(EnvsError):
    """A name or path is taken."""

    default_code = "exists"
    exit_code = 4


class SolveError(EnvsError):
    """The requests cannot go together. ``detail["conflict"]`` holds the explanation as data."""

    default_code = "solve"
    exit_code = 5


class SourceError(EnvsError):
    """A source of records cannot be used."""

    default_code = "source"
    exit_code = 6


class OfflineError(SourceError):
    """Something is missing and the network must not be asked."""

    default_code = "offline"


class FetchError(EnvsError):
    """A download failed."""

    default_code = "fetch"
    exit_code = 7


class IntegrityError(FetchError):
    """Bytes do not have the promised size or digest."""

    default_code = "integrity"


class ArchiveError(EnvsError):
    """An archive cannot or must not be extracted."""

    default_code = "archive"
    exit_code = 7


class CacheError(EnvsError):
    """The package cache cannot be used."""

    default_code = "cache"
    exit_code = 7


class LinkError(EnvsError):
    """A file cannot be put in the prefix."""

    default_code = "link"
    exit_code = 8


class LinkScriptError(LinkError):
    """A script of a package failed."""

    default_code = "link.script"


class ScriptConsentError(LinkError):
    """Packages bring scripts that nobody agreed to; nothing was linked. ``detail["link_scripts"]`` names them."""

    default_code = "link.consent"


class LockedError(EnvsError):
    """Another process is changing the environment."""

    default_code = "locked"
    exit_code = 9


class FrozenError(EnvsError):
    """The environment refuses changes (CEP 22)."""

    default_code = "frozen"
    exit_code = 10


class StalePlanError(EnvsError):
    """The environment has changed since the plan was made."""

    default_code = "plan.stale"
    exit_code = 11


class StorageError(EnvsError):
    """The disk refuses: full, read-only, not permitted, failing."""

    default_code = "storage"
    exit_code = 12

    @classmethod
    def from_os_error(cls, error: OSError, doing: str) -> StorageError:
        """Turn an ``OSError`` into a sentence.

        Parameters
        ----------
        error : OSError
            What the operating system said.
        doing : str
            What was being done, such as ``"linking numpy into analysis"``.
        """
        where = f": {error.filename}" if error.filename else ""
        hints = {
            errno.ENOSPC: "free some space (`jupyter envs clean` removes packages that no environment uses)",
            errno.EDQUOT: "your disk quota is used up; `jupyter envs disk` shows what takes the space",
            errno.EACCES: "check who owns the folder, or set JUPYTER_ENVS_ROOT to a folder you can write",
            errno.EPERM: "check who owns the folder, or set JUPYTER_ENVS_ROOT to a folder you can write",
            errno.ENOTDIR: "a file stands where a folder is needed; move it away, or set JUPYTER_ENVS_ROOT elsewhere",
            errno.EROFS: "the file system is read-only; set JUPYTER_ENVS_ROOT to a folder you can write",
            errno.ENOLCK: "this mount gives no locks; mount it with them, or set JUPYTER_ENVS_ROOT to another disk",
            errno.EIO: "the disk fails, or the server of a network mount does not answer; check that first",
            errno.ESTALE: "another machine has removed it meanwhile; try again",
            errno.EXDEV: "a folder of another file system, or of a container's image, is in the way; move it away",
        }
        return cls(
            f"{error.strerror or error} while {doing}{where}",
            hint=hints.get(error.errno or 0, ""),
            code={errno.ENOSPC: "storage.full", errno.EDQUOT: "storage.quota"}.get(error.errno or 0, ""),
        )


class KernelError(EnvsError):
    """A kernelspec cannot be written or removed."""

    default_code = "kernel"
    exit_code = 13


class BuildError(EnvsError):
    """A package cannot be built; nothing of it is in the channel."""

    default_code = "build"
    exit_code = 14


class PackageTestError(BuildError):
    """A package was built and fails its tests; it is kept in ``broken/``, outside of the channel."""

    default_code = "build.test"


class PolicyError(EnvsError):
    """A rule of the administrator's policy forbids it. ``detail["rule"]`` names the rule."""

    default_code = "policy"
    exit_code = 15


class CancelledError(EnvsError):
    """The person asked to stop; everything is as it was."""

    default_code = "cancelled"
    exit_code = 130
