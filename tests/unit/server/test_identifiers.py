"""Ids of environments: there and back, and what is none."""

from __future__ import annotations

import base64
import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_envs.errors import NotFoundError
from jupyter_envs.server.identifiers import PATTERN, environment_id, path_of

parts = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1).filter(
    lambda part: part not in (".", "..")
)


@given(st.lists(parts, min_size=1))
def test_an_id_tells_its_path_and_fits_into_a_url(names: list[str]) -> None:
    path = "/" + "/".join(names)
    identifier = environment_id(path)
    assert re.fullmatch(PATTERN, identifier)
    assert path_of(identifier) == path


def test_a_name_that_is_no_text_has_an_id_too() -> None:
    path = os.fsdecode(b"/envs/caf\xe9")
    assert path_of(environment_id(path)) == path


@pytest.mark.parametrize("path", ["relative", "", "/a/../b", "/a/", "//a//b", "/a\0b"])
def test_only_absolute_normal_paths_are_taken(path: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        path_of(base64.urlsafe_b64encode(path.encode()).decode().rstrip("="))
    assert caught.value.code == "not_found.environment"


@pytest.mark.parametrize("text", ["x", "a+b/", "*", "ä"])
def test_what_is_no_base64_is_no_id(text: str) -> None:
    with pytest.raises(NotFoundError):
        path_of(text)
