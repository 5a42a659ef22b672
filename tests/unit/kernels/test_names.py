"""Kernel names: what Jupyter accepts, never somebody else's."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_envs.kernels.names import choose_name, kernel_name, short_hash, slug


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("analysis", "analysis"),
        ("My Analysis (2)", "my-analysis-2"),
        ("Études", "etudes"),
        ("a__b.c", "a__b.c"),
        ("..", short_hash("..")),
        ("数据", short_hash("数据")),
    ],
)
def test_slugs(text: str, expected: str) -> None:
    assert slug(text) == expected


@given(st.text(min_size=1), st.text(min_size=1))
def test_names_are_what_jupyter_accepts_and_never_python3(environment: str, kernel: str) -> None:
    name = kernel_name(environment, kernel)
    assert re.fullmatch(r"[a-z0-9._-]+", name)
    assert name != "python3"


def test_another_language_is_named_beside_the_environment() -> None:
    assert kernel_name("analysis", "ir") == "envs-analysis-ir"


def test_a_taken_name_gets_the_hash_of_the_path() -> None:
    assert choose_name("a", "python3", "/envs/a", own=None, taken=set()) == "envs-a"
    assert choose_name("a", "python3", "/envs/a", own=None, taken={"envs-a"}) == f"envs-a-{short_hash('/envs/a')}"


def test_a_registered_name_is_kept_although_the_first_choice_is_free_now() -> None:
    own = f"envs-a-{short_hash('/envs/a')}"
    assert choose_name("a", "python3", "/envs/a", own=own, taken=set()) == own
    assert choose_name("b", "python3", "/envs/a", own=own, taken=set()) == "envs-b"
