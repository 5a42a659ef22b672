"""Many archives at once: here or in children, with the same errors."""

from __future__ import annotations

from pathlib import Path

import msgspec
import psutil
import pytest

from jupyter_envs.engine.archive.pool import WORTH_A_CHILD_BYTES, extract_all
from jupyter_envs.engine.archive.worker import Job
from jupyter_envs.engine.models.events import CancelToken
from jupyter_envs.errors import ArchiveError, CancelledError, IntegrityError
from support.packages import make_package


def jobs_for(tmp_path: Path, count: int, **changes: object) -> list[Job]:
    jobs = []
    for number in range(count):
        package = make_package(tmp_path / "c", f"a{number}", files={"lib/a": f"{number}"})
        root = tmp_path / f"out/{number}"
        root.mkdir(parents=True)
        record = msgspec.structs.replace(package.record(), **changes)
        jobs.append(Job(number, record, str(package.path), str(root), verify_archive=True))
    return jobs


def in_children(jobs: list[Job]) -> list[Job]:
    """Make the jobs look heavy enough for children; the size is that of the record, so it must not be checked."""
    heavy = WORTH_A_CHILD_BYTES
    return [
        msgspec.structs.replace(job, record=msgspec.structs.replace(job.record, size=heavy), verify_archive=False)
        for job in jobs
    ]


@pytest.mark.parametrize("heavy", [False, True], ids=["here", "children"])
def test_all_are_extracted(tmp_path: Path, heavy: bool) -> None:
    jobs = jobs_for(tmp_path, 7)
    done: list[int] = []
    extract_all(in_children(jobs) if heavy else jobs, CancelToken(), lambda job: done.append(job.number))
    assert sorted(done) == list(range(7))
    assert [(tmp_path / f"out/{number}/lib/a").read_text() for number in range(7)] == list("0123456")


@pytest.mark.parametrize("heavy", [False, True], ids=["here", "children"])
def test_the_first_failure_is_raised(tmp_path: Path, heavy: bool) -> None:
    jobs = jobs_for(tmp_path, 3)
    Path(jobs[1].archive).write_bytes(b"not an archive")
    jobs = in_children(jobs) if heavy else jobs
    with pytest.raises(ArchiveError if heavy else IntegrityError) as caught:
        extract_all(jobs, CancelToken(), lambda job: None)
    assert caught.value.code == ("archive.corrupt" if heavy else "integrity.size")
    assert caught.value.detail["dist"] == "a1-1.0-h0_0"
    assert caught.value.hint


def test_cancelling_kills_the_children(tmp_path: Path) -> None:
    cancel = CancelToken()
    others = set(psutil.Process().children())  # of tests before this one, in the same process
    with pytest.raises(CancelledError):
        extract_all(in_children(jobs_for(tmp_path, 9)), cancel, lambda job: cancel.cancel())
    assert set(psutil.Process().children()) <= others


def test_a_child_that_dies_is_an_error_of_its_archive(tmp_path: Path) -> None:
    jobs = in_children(jobs_for(tmp_path, 3))
    broken = msgspec.structs.replace(jobs[0], verify_archive="not a truth value")
    with pytest.raises(ArchiveError) as caught:
        extract_all([broken, *jobs[1:]], CancelToken(), lambda job: None)
    assert caught.value.code == "archive.worker"
    assert "ended with status 1" in caught.value.message
