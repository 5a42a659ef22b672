"""What an environment may be called."""

from __future__ import annotations

import pytest

from jupyter_envs.engine.prefix.names import suggest_name, validate_name
from jupyter_envs.errors import SpecError


@pytest.mark.parametrize("name", ["a", "analysis", "py3.11", "A_b-c.d", "_x", "9lives", "x" * 64])
def test_good_names(name: str) -> None:
    assert validate_name(name) == name


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "empty"),
        ("x" * 65, "65 characters"),
        (".hidden", "begins with '.'"),
        ("-option", "begins with '-'"),
        ("base", "conda reserves"),
        ("ROOT", "conda reserves"),
        ("a b", "only letters"),
        ("a/b", "only letters"),
        ("a:b", "only letters"),
        ("a#b", "only letters"),
        ("..", "begins with"),
        ("naïve", "only letters"),
        ("a\n", "only letters"),
        ("end.", "ends with"),
    ],
)
def test_bad_names_say_why_and_suggest_one_that_works(name: str, why: str) -> None:
    with pytest.raises(SpecError, match=why) as caught:
        validate_name(name)
    assert caught.value.code == "spec.name"
    suggestion = str(caught.value.detail["suggestion"])
    assert suggestion in caught.value.hint
    assert validate_name(suggestion) == suggestion


def test_suggestions_keep_what_they_can() -> None:
    assert suggest_name("my project (v2)") == "my-project-v2"
    assert suggest_name("базис") == "my-env"
    assert suggest_name("base") == "base-env"
