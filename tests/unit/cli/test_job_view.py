"""A job read back from its events."""

from __future__ import annotations

from jupyter_envs.cli.job_view import Step, step_lines, steps_of
from jupyter_envs.jobs.events import JobEvent


def event(seq: int, kind: str, phase: str = "", **fields: object) -> JobEvent:
    return JobEvent(seq=seq, time=100.0 + seq, kind=kind, phase=phase, **fields)  # type: ignore[arg-type]  # its fields


def test_phases_have_what_they_handled_and_their_time_and_what_was_said_stays_in_its_place() -> None:
    events = [
        event(1, "phase", "solve", text="choosing versions"),
        event(2, "phase", "solve", text="solving", total=1),
        event(3, "message", "solve", text="planned", data={"plan_id": "p"}),
        event(4, "warning", text="c cannot be reached", hint="try again"),
        event(5, "phase", "fetch", total=2, total_bytes=3_000_000),
        event(6, "progress", "fetch", done=2, total=2, done_bytes=3_000_000, total_bytes=3_000_000),
        event(7, "phase", "link", text="linking 2 packages", total=40),
        event(8, "progress", "link", done=40, total=40),
        event(9, "phase", "commit", text="switching to the new files"),
        event(10, "phase", "scripts", text="post-link script of a"),
        event(12, "result"),
    ]
    assert steps_of(events, 115.0) == [
        "warning: c cannot be reached\n   hint: try again",
        Step("solving", "", 4.0),
        Step("downloading", "3.0 MB", 2.0),
        Step("linking", "40 files", 2.0),
        Step("running scripts", "post-link script of a", 5.0),
    ]


def test_what_was_cut_short_says_how_far_it_came() -> None:
    events = [
        event(1, "phase", "fetch", total=2, total_bytes=3_000_000),
        event(2, "progress", "fetch", total=2, done_bytes=1_000_000, total_bytes=3_000_000, eta=4.0),
    ]
    assert steps_of(events, 105.0) == [Step("downloading", "1.0 MB of 3.0 MB", 4.0)]
    assert steps_of(events, None) == [Step("downloading", "1.0 MB of 3.0 MB, 4.0 s left", None)]
    assert steps_of([], None) == []


def test_columns_are_aligned_around_what_was_said() -> None:
    steps = [Step("solving", "", 0.4), "warning: old", Step("linking", "12 files", 61.0)]
    assert step_lines(steps, None) == [
        "  solving            0.4 s",
        "  warning: old",
        "  linking  12 files  1 min 1 s",
    ]
