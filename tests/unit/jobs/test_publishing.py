"""The lock of a shared root: who has it alone, who together with others, and that it ends with its holder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_envs.errors import LockedError
from jupyter_envs.jobs.publishing import PublishingLock, find_holder, lock_path, shared_with_jobs

HOLDER = """
import subprocess, sys, time
from pathlib import Path
from jupyter_envs.jobs.publishing import PublishingLock
PublishingLock(Path(sys.argv[1])).take()
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print(child.pid, flush=True)
time.sleep(600)
"""


def refused(lock: PublishingLock) -> LockedError:
    with pytest.raises(LockedError) as caught:
        lock.take()
    assert caught.value.code == "locked.publishing"
    return caught.value


def test_the_second_service_is_told_who_is_first_and_has_it_afterwards(tmp_path: Path) -> None:
    first, second = PublishingLock(tmp_path), PublishingLock(tmp_path)
    first.take()
    first.take()
    error = refused(second)
    assert f"another service publishes into {tmp_path} (process {os.getpid()} on {os.uname().nodename}, since" in str(
        error
    )
    assert "takes over" in error.hint
    first.release()
    assert find_holder(tmp_path) is None
    second.take()
    assert (first.held, second.held) == (False, True)


def test_jobs_have_it_together_and_never_beside_a_service(tmp_path: Path) -> None:
    service = PublishingLock(tmp_path)
    service.take()
    service.release()
    with shared_with_jobs(tmp_path), shared_with_jobs(tmp_path):
        assert "a command line is changing" in refused(service).message
    service.take()
    with pytest.raises(LockedError) as caught, shared_with_jobs(tmp_path):
        raise AssertionError("not reached")
    assert f"a Hub's service publishes into {tmp_path} (process {os.getpid()}" in caught.value.message
    assert "page" in caught.value.hint


def test_a_root_that_no_service_knows_is_not_written_to(tmp_path: Path) -> None:
    with shared_with_jobs(tmp_path), shared_with_jobs(tmp_path / "gone"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_it_ends_with_a_killed_holder_and_not_with_what_that_started(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        child = int(holder.stdout.readline())
        lock = PublishingLock(tmp_path)
        try:
            assert f"process {holder.pid} on" in refused(lock).message
            holder.kill()
            holder.wait()
            lock.take()
            assert find_holder(tmp_path) is not None
        finally:
            holder.kill()
            os.kill(child, signal.SIGKILL)
    lock.release()


def test_what_a_killed_service_wrote_is_not_taken_for_a_service(tmp_path: Path) -> None:
    first = PublishingLock(tmp_path)
    first.take()
    said = lock_path(tmp_path).read_bytes()
    first.release()
    lock_path(tmp_path).write_bytes(said)
    with shared_with_jobs(tmp_path):
        assert "a command line is changing" in refused(PublishingLock(tmp_path)).message
