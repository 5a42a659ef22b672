"""The line of a magic, taken apart."""

from __future__ import annotations

import io
import json

import pytest

from jupyter_envs.cli.stream import Channel
from jupyter_envs.magics.problems import RequestError
from jupyter_envs.magics.words import request_for, spelling, split


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('polars "numpy<3"', ["polars", "numpy<3"]),
        ("polars 'numpy<3,>=2' -c ./my\\ channel", ["polars", "numpy<3,>=2", "-c", "./my channel"]),
        (
            "$(touch x) `id` ; rm -rf / | cat > y",
            ["$(touch", "x)", "`id`", ";", "rm", "-rf", "/", "|", "cat", ">", "y"],
        ),
        ("", []),
    ],
)
def test_words_are_those_of_a_shell_and_nothing_else_of_it_is(line: str, words: list[str]) -> None:
    assert split(line, "envinstall") == words


def test_an_open_quote_is_an_error_that_shows_how_it_is_done() -> None:
    with pytest.raises(RequestError, match="no closing quotation") as caught:
        split('"numpy', "envinstall")
    assert caught.value.code == "spec.usage"
    assert '%envinstall "numpy<3" polars' in caught.value.hint


def test_a_request_names_the_prefix_and_keeps_what_was_typed_for_histories() -> None:
    request = request_for("envremove", ["polars", "a b"], "/envs/one two")
    assert request["argv"] == ["remove", "-p", "/envs/one two", "polars", "a b"]
    assert request["command"] == "%envremove polars 'a b'"


def test_fixes_are_spelled_as_magics_the_longest_beginning_first() -> None:
    known = spelling("/envs/one two")
    assert known["jupyter envs install -p '/envs/one two'"] == "%envinstall"
    assert known["jupyter envs execute"] == "%envinstall --plan"
    lengths = [len(beginning) for beginning in known]
    assert lengths == sorted(lengths, reverse=True)


def test_hints_that_name_the_environment_are_spelled_as_magics_and_those_of_others_are_not() -> None:
    written = io.StringIO()
    channel = Channel(written, spelling("/envs/one"))
    channel.warn("`jupyter envs plan` makes one", "`jupyter envs install one 'six>1'` and `jupyter envs update one`")
    assert json.loads(written.getvalue()) == {
        "type": "warning",
        "message": "`%envinstall --dry-run` makes one",
        "hint": "`%envinstall 'six>1'` and `%envupdate`",
    }
    for other in ("one-more", "one.2", "-p /envs/one/two", "analysis2"):
        assert channel.spelled(f"jupyter envs install {other} six") == f"jupyter envs install {other} six"
