"""What a cell shows, from messages."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_envs.magics.report import MOST_ROWS, Report

PLAN = {"type": "plan", "rows": [["+", "polars", "1.0", "pypi"]], "notes": ["1 added: 35 MB to download"]}
EVENT = {"type": "event", "title": "downloading", "amount": "12 MB of 35 MB, 4 s left", "part": 12, "whole": 35}
END = {"type": "end", "exit_code": 0}


def report(*messages: dict[str, Any]) -> Report:
    made = Report("%envinstall polars")
    for message in messages:
        made.take(message)
    return made


def test_while_it_runs_there_is_one_line_and_the_plan() -> None:
    running = report(EVENT, PLAN)
    assert running.text().splitlines() == [
        "downloading: 12 MB of 35 MB, 4 s left",
        "+  polars  1.0  pypi",
        "1 added: 35 MB to download",
    ]
    assert '<progress max="35" value="12">' in running.html()
    assert report().text() == "%envinstall polars …"


def test_in_the_end_there_is_a_sentence_and_the_table_and_no_progress() -> None:
    sentence = "a changed: generation 2, 18 files linked"
    done = report(EVENT, PLAN, {"type": "line", "text": sentence}, {"type": "result", "value": {"executed": True}}, END)
    assert done.text().splitlines() == [sentence, "+  polars  1.0  pypi"]
    assert "progress" not in done.html()
    assert "MB" not in done.html()


def test_what_is_only_planned_says_what_it_would_cost() -> None:
    planned = report(PLAN, {"type": "line", "text": "plan 1"}, {"type": "result", "value": {"executed": False}}, END)
    assert "35 MB to download" in planned.text()
    assert "35 MB to download" in planned.html()


def test_an_error_leaves_a_word_since_the_cell_shows_the_rest() -> None:
    error = {"type": "error", "code": "solve", "message": "no", "hint": "", "lines": ["error: no"]}
    assert report(EVENT, error, END | {"exit_code": 5}).headline() == "not done"
    assert report(error | {"code": "cancelled"}, END).headline() == "cancelled"
    assert report(error, END).is_empty


def test_stopping_is_said_until_it_has_stopped() -> None:
    running = report(EVENT)
    running.stopping = True
    assert running.text() == "stopping…"


@pytest.mark.parametrize("count", [MOST_ROWS, MOST_ROWS + 1, 300])
def test_long_plans_are_folded(count: int) -> None:
    rows = [["+", f"p{index}", "1", "pypi"] for index in range(count)]
    done = report({"type": "plan", "rows": rows, "notes": []}, {"type": "line", "text": "done"}, END)
    assert len(done.text().splitlines()) == 1 + min(count, MOST_ROWS)
    assert ("<details>" in done.html()) == (count > MOST_ROWS)
    assert done.html().count("<tr>") == count


def test_nothing_that_a_package_says_becomes_markup() -> None:
    evil = '<script>alert("x")</script>'
    messages = [
        {"type": "plan", "rows": [["+", evil, evil, evil]], "notes": [evil]},
        {"type": "line", "text": evil},
        {"type": "line", "text": evil},
        {"type": "warning", "message": evil, "hint": evil},
        {"type": "table", "headers": [evil], "rows": [[evil]]},
        {"type": "event", "title": evil, "amount": evil, "part": 0, "whole": 0},
    ]
    assert "<script>" not in report(*messages).html()
    assert "<script>" not in report(*messages, END).html()


def test_tables_and_help_stand_as_they_were_printed() -> None:
    table = report({"type": "table", "headers": ["name", "version"], "rows": [["six", "1"], ["longer", "2"]]}, END)
    assert table.text().splitlines() == ["name    version", "six     1", "longer  2"]
    lines = [{"type": "line", "text": text} for text in ("Usage: x", "", "  Options")]
    assert report(*lines, END).text() == "Usage: x\n\n  Options"
    assert report({"type": "line", "text": "nothing is wrong"}, END).html() == "<div>nothing is wrong</div>"


def test_warnings_stay_and_unknown_messages_are_for_others() -> None:
    said = report({"type": "warning", "message": "old", "hint": "update"}, {"type": "from the future"}, END)
    assert said.text() == "warning: old (update)"
