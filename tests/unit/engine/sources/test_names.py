"""Names both ways: the normalised name, the table of exceptions, synthetic names of extras."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_envs.engine.sources import names

PROJECTS = st.from_regex(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,8}[A-Za-z0-9])?", fullmatch=True)


@pytest.mark.parametrize(
    ("pypi", "conda"),
    [
        ("torch", "pytorch"),
        ("opencv-python", "py-opencv"),
        ("msgpack", "msgpack-python"),
        ("Ruamel.Yaml", "ruamel.yaml"),
        ("typing_extensions", "typing_extensions"),
        ("Flask_Login", "flask-login"),
        ("pandas", "pandas"),
    ],
)
def test_conda_name(pypi: str, conda: str) -> None:
    assert names.conda_name(pypi) == conda


@pytest.mark.parametrize("name", ["redis", "tzdata", "torch", "lmdb", "build", "__glibc", "not a name", ""])
def test_a_conda_name_of_something_else_is_no_project(name: str) -> None:
    assert names.pypi_names(name) == ()


def test_one_conda_package_may_be_several_projects() -> None:
    assert names.pypi_names("psycopg2") == ("psycopg2", "psycopg2-binary")


@given(PROJECTS)
def test_there_and_back(project: str) -> None:
    assert names.normalize_name(project) in names.pypi_names(names.conda_name(project))


@given(PROJECTS)
def test_the_canonical_name_is_one_that_has_projects(project: str) -> None:
    canonical = names.canonical_name(project)
    assert names.pypi_names(canonical)
    assert names.canonical_name(canonical) == canonical


@pytest.mark.parametrize("written", ["torch", "pytorch", "PyTorch"])
def test_canonical_name_of_both_spellings(written: str) -> None:
    assert names.canonical_name(written) == "pytorch"


@given(PROJECTS, PROJECTS)
def test_extra_names_can_be_read_back(project: str, extra: str) -> None:
    name = names.conda_name(project)
    made = names.extra_record_name(name, extra)
    assert names.split_extra_record_name(made) == (name, names.normalize_name(extra))


def test_an_ordinary_name_is_no_extra() -> None:
    assert names.split_extra_record_name("requests") is None
    assert names.split_extra_record_name("pypi-extra--") is None
