"""What a look at environments, kernels and jobs notices."""

from __future__ import annotations

import json
import os
from pathlib import Path

from jupyter_envs.jobs.models import JobRequest
from jupyter_envs.jobs.pulse import JobSign, StorePulse
from jupyter_envs.jobs.store import DATABASE, JobStore
from jupyter_envs.kernels.spec import MARK
from jupyter_envs.server.signs import (
    EnvironmentChange,
    EnvironmentSigns,
    KernelSign,
    KernelSigns,
    changed_environments,
    changed_jobs,
    changed_kernels,
)


def environment(folder: Path, name: str) -> Path:
    """Make what counts as an environment."""
    (folder / name / "conda-meta").mkdir(parents=True)
    return folder / name


def test_differences_between_two_looks() -> None:
    before, after = {"/a": 1, "/b": 1, "/c": 1}, {"/b": 1, "/c": 2, "/d": 1}
    assert set(changed_environments(before, after)) == {
        EnvironmentChange("/a", "removed"),
        EnvironmentChange("/c", "changed"),
        EnvironmentChange("/d", "created"),
    }
    assert list(changed_environments(after, after)) == []


def test_kernels_tell_of_the_environments_they_are_and_were_of() -> None:
    before = {"k": KernelSign("/a", 1), "same": KernelSign("/s", 1)}
    after = {"k": KernelSign("/b", 2), "same": KernelSign("/s", 1), "new": KernelSign("/n", 1)}
    assert changed_kernels(before, after) == {"/a", "/b", "/n"}


def test_kernels_are_looked_at_in_all_places(tmp_path: Path) -> None:
    own, shared = tmp_path / "own", tmp_path / "shared"
    signs = KernelSigns([str(own), str(shared)])
    empty = signs.stamp()
    mark = {"prefix": "/a", "name": "a", "kernel": "python3"}
    for place in (own, shared):
        (place / "same").mkdir(parents=True)
        (place / "same" / "kernel.json").write_text(json.dumps({"metadata": {MARK: mark}}))
    assert signs.look().keys() == {str(own / "same"), str(shared / "same")}
    assert signs.stamp() != empty


def test_a_look_sees_environments_come_change_and_go(tmp_path: Path) -> None:
    envs = tmp_path / "envs"
    signs = EnvironmentSigns([str(envs)], {"HOME": str(tmp_path)})
    assert signs.look() == {}
    made = environment(envs, "a")
    environment(envs, ".b.creating")
    (envs / "no-environment").mkdir()
    first = signs.look()
    assert list(first) == [str(made)]
    (made / "conda-meta/new.json").write_text("{}")
    os.utime(made / "conda-meta", ns=(0, 5))
    assert [change.change for change in changed_environments(first, signs.look())] == ["changed"]
    made.rename(tmp_path / "elsewhere")
    assert signs.look() == {}


def test_a_look_follows_the_list_of_conda_tools(tmp_path: Path) -> None:
    signs = EnvironmentSigns([], {"HOME": str(tmp_path)})
    made = environment(tmp_path, "project/env")
    assert signs.look() == {}
    (tmp_path / ".conda").mkdir()
    (tmp_path / ".conda/environments.txt").write_text(f"{made}\n/not/there\n")
    assert list(signs.look()) == [str(made)]


def test_the_pulse_tells_of_every_write_of_anybody_once(tmp_path: Path) -> None:
    pulse = StorePulse(tmp_path / DATABASE)
    assert pulse.has_changed() is False
    assert pulse.recent() == []
    store = JobStore(tmp_path)
    assert (pulse.has_changed(), pulse.has_changed()) == (True, False)
    job = store.add(JobRequest(kind="clean"))
    assert (pulse.has_changed(), pulse.has_changed()) == (True, False)
    (sign,) = pulse.recent()
    assert sign == JobSign(id=job.id, kind="clean", state="queued", prefix="", cancel_requested=False)
    store.request_cancel(job.id)
    assert pulse.has_changed()
    assert [changed.cancel_requested for changed in changed_jobs({sign.id: sign}, pulse.recent())] == [True]
    store.add(JobRequest(kind="compile", hidden=True))
    assert [known.id for known in pulse.recent()] == [job.id], "nobody is told of hidden jobs"
    pulse.close()


def test_the_pulse_notices_that_the_store_was_replaced(tmp_path: Path) -> None:
    JobStore(tmp_path).add(JobRequest(kind="clean"))
    pulse = StorePulse(tmp_path / DATABASE)
    assert pulse.has_changed()
    for path in tmp_path.iterdir():
        path.unlink()
    assert pulse.has_changed() is False
    JobStore(tmp_path)
    assert pulse.has_changed()
    assert pulse.recent() == []
    pulse.close()
