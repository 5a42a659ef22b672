"""The state of a job as people read it."""

from __future__ import annotations

import pytest

from jupyter_envs.cli.jobs import state_of
from jupyter_envs.jobs.models import Job, JobKind, JobRequest, JobState


def job(kind: JobKind, state: JobState = "done", **result: object) -> Job:
    request = JobRequest(kind=kind, plan_id="p" if kind == "execute" else "")
    return Job(id="20260101-000000-abcd", kind=kind, state=state, request=request, result=result or None)


@pytest.mark.parametrize(
    ("one", "others", "said"),
    [
        (job("plan", plan_id="p"), [], "planned"),
        (job("plan", plan_id="p"), [job("execute")], "planned"),
        (job("plan", "failed"), [], "failed"),
        (job("change", plan_id="p", executed=True), [], "done"),
        (job("change", plan_id="p", executed=False), [], "planned, not confirmed"),
        (job("change", plan_id="p", executed=False), [job("execute")], "planned"),
        (job("change", plan_id="p", executed=False), [job("execute", executed=False)], "planned, not confirmed"),
        (job("execute", plan_id="p", executed=False), [job("execute", executed=False)], "planned, not confirmed"),
        (job("execute", plan_id="p", executed=False), [job("execute", "failed")], "planned"),
        (job("clean"), [], "done"),
    ],
)
def test_what_was_only_planned_is_not_called_done(one: Job, others: list[Job], said: str) -> None:
    assert state_of(one, others) == said
