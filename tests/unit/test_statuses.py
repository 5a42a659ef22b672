"""Errors and their HTTP statuses."""

from __future__ import annotations

import pytest

from jupyter_envs import errors
from jupyter_envs.statuses import status_of


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.SpecError("x"), 400),
        (errors.NotFoundError("x"), 404),
        (errors.AlreadyExistsError("x"), 409),
        (errors.StalePlanError("x"), 409),
        (errors.LockedError("x"), 423),
        (errors.FrozenError("x"), 403),
        (errors.SolveError("x"), 422),
        (errors.SourceError("x"), 502),
        (errors.OfflineError("x"), 503),
        (errors.FetchError("x"), 502),
        (errors.IntegrityError("x"), 502),
        (errors.StorageError("x"), 507),
        (errors.CancelledError("x"), 409),
        (errors.LinkScriptError("x"), 500),
        (errors.EnvsError("x"), 500),
    ],
)
def test_the_narrowest_class_counts(error: errors.EnvsError, status: int) -> None:
    assert status_of(error) == status
