"""Pieces of a growing log."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from jupyter_envs.server import logs
from jupyter_envs.server.logs import read_log


def test_a_log_is_read_on_from_where_the_last_piece_ended(tmp_path: Path) -> None:
    path = tmp_path / "log"
    assert read_log(path, 0) == ("", 0)
    path.write_text("one\n")
    assert read_log(path, 0) == ("one\n", 4)
    with path.open("a") as stream:
        stream.write("zwei: ü\n")
    assert read_log(path, 4) == ("zwei: ü\n", 13)
    assert read_log(path, 13) == ("", 13)
    assert read_log(path, 99) == ("", 99)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 40))
def test_a_character_that_is_not_whole_waits(tmp_path_factory, text: str, cut: int) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path_factory.mktemp("log") / "log"
    data = text.encode()
    path.write_bytes(data[:cut])
    first, following = read_log(path, 0)
    path.write_bytes(data)
    second, end = read_log(path, following)
    assert (first + second, end) == (text, len(data))


def test_bytes_that_are_no_text_are_shown_as_such_and_do_not_stop_it(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"a\xffb\x80")
    text, following = read_log(path, 0)
    assert (text, following) == ("a\ufffdb\ufffd", 4)


def test_a_long_log_comes_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x" * (logs.PIECE + 10))
    text, following = read_log(path, 0)
    assert (len(text), following) == (logs.PIECE, logs.PIECE)
    assert read_log(path, following) == ("x" * 10, logs.PIECE + 10)
