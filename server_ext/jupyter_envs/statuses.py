"""Which HTTP status an error answers with. Pure; the narrowest class counts."""

from __future__ import annotations

from jupyter_envs import errors

INTERNAL = 500

STATUSES: dict[type[errors.EnvsError], int] = {
    errors.SpecError: 400,
    errors.FrozenError: 403,
    errors.PolicyError: 403,
    errors.NotFoundError: 404,
    errors.AlreadyExistsError: 409,
    errors.StalePlanError: 409,
    errors.CancelledError: 409,
    errors.SolveError: 422,
    errors.LockedError: 423,
    errors.SourceError: 502,
    errors.FetchError: 502,
    errors.OfflineError: 503,
    errors.StorageError: 507,
}


def status_of(error: errors.EnvsError) -> int:
    """Return the status for an error; 500 for a class that has none of its own."""
    return next((STATUSES[cls] for cls in type(error).__mro__ if cls in STATUSES), INTERNAL)
