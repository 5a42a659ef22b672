"""The event stream: numbers, thinning out, ETA, half-written lines."""

from __future__ import annotations

import threading
from pathlib import Path

from jupyter_envs.engine.models.events import Event
from jupyter_envs.jobs.events import EventReader, EventWriter, estimate_eta, read_events


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def progress(done: int, total: int = 100) -> Event:
    return Event(kind="progress", phase="link", done=done, total=total)


def test_events_are_numbered_timed_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    writer = EventWriter(path, Clock())
    writer.report(Event(kind="phase", phase="solve", text="solving"))
    writer.report(Event(kind="warning", text="careful", hint="do this", data={"a": 1}))
    writer.close()
    events = read_events(path)
    assert [(event.seq, event.kind, event.text) for event in events] == [
        (1, "phase", "solving"),
        (2, "warning", "careful"),
    ]
    assert events[0].time == 1000.0
    assert events[1].data == {"a": 1}
    assert [event.seq for event in read_events(path, since=1)] == [2]


def test_progress_is_thinned_out_but_first_and_last_are_kept(tmp_path: Path) -> None:
    clock = Clock()
    writer = EventWriter(tmp_path / "e", clock)
    for done in range(1, 101):
        clock.now += 0.001
        writer.report(progress(done))
    writer.close()
    done = [event.done for event in read_events(tmp_path / "e")]
    assert done[0] == 1
    assert done[-1] == 100
    assert len(done) <= 4


def test_what_was_held_back_comes_before_the_next_event(tmp_path: Path) -> None:
    writer = EventWriter(tmp_path / "e", Clock())
    writer.report(progress(1))
    writer.report(progress(2))
    writer.report(progress(3))
    writer.report(Event(kind="phase", phase="commit"))
    assert [(event.kind, event.done) for event in read_events(tmp_path / "e")] == [
        ("progress", 1),
        ("progress", 3),
        ("phase", 0),
    ]
    writer.close()


def test_a_new_phase_shows_its_first_progress_at_once(tmp_path: Path) -> None:
    writer = EventWriter(tmp_path / "e", Clock())
    writer.report(progress(1))
    writer.report(Event(kind="progress", phase="scripts", done=1, total=9))
    assert [event.phase for event in read_events(tmp_path / "e")] == ["link", "scripts"]
    writer.close()


def test_eta_counts_from_the_start_of_the_phase(tmp_path: Path) -> None:
    clock = Clock()
    writer = EventWriter(tmp_path / "e", clock)
    writer.report(Event(kind="phase", phase="link"))
    clock.now += 10
    writer.report(progress(25))
    writer.close()
    assert read_events(tmp_path / "e")[-1].eta == 30.0


def test_eta_prefers_bytes_keeps_a_given_one_and_does_not_guess_from_nothing() -> None:
    assert estimate_eta(Event(kind="progress", done=1, total=2, done_bytes=10, total_bytes=40), 10.0) == 30.0
    assert estimate_eta(Event(kind="progress", done=1, total=2, eta=3.0), 10.0) == 3.0
    assert estimate_eta(Event(kind="progress", done=0, total=2), 10.0) is None
    assert estimate_eta(Event(kind="progress", done=1, total=2), 0.1) is None


def test_a_follower_gets_each_event_once_and_waits_for_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "e"
    reader = EventReader(path)
    assert reader.read() == []
    path.write_bytes(b'{"seq":1,"time":1.0,"kind":"message"}\n{"seq":2,"time":1.0,')
    assert [event.seq for event in reader.read()] == [1]
    assert reader.read() == []
    with path.open("ab") as stream:
        stream.write(b'"kind":"message"}\n')
    assert [event.seq for event in reader.read()] == [2]


def test_a_line_that_a_killed_writer_left_does_not_stop_the_next(tmp_path: Path) -> None:
    path = tmp_path / "e"
    path.write_bytes(b'{"seq":1,"time":1.0,"kind":"message"}\n{"seq":2,"ti\n')
    writer = EventWriter(path)
    writer.report(Event(kind="message", text="again"))
    writer.close()
    assert [(event.seq, event.text) for event in read_events(path)] == [(1, ""), (2, "again")]


def test_threads_share_a_writer(tmp_path: Path) -> None:
    writer = EventWriter(tmp_path / "e")
    threads = [
        threading.Thread(target=lambda: [writer.report(Event(kind="message")) for _ in range(100)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    assert [event.seq for event in read_events(tmp_path / "e")] == list(range(1, 401))


def test_events_after_the_end_are_dropped(tmp_path: Path) -> None:
    writer = EventWriter(tmp_path / "e")
    writer.close()
    writer.report(Event(kind="message"))
    assert read_events(tmp_path / "e") == []
