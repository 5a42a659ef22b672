"""PEP 440 against conda's order and specifications, judged by rattler itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from rattler import Version as CondaVersion
from rattler import VersionSpec

from jupyter_envs.engine.sources.pypi_versions import (
    asks_for_prereleases,
    conda_specifier,
    conda_version,
    find_version,
    local_label,
    parse_pypi_spec,
    readable_specifier,
)
from jupyter_envs.errors import SpecError

NUMBER = st.integers(0, 3).map(str)
FINAL = st.lists(NUMBER, min_size=1, max_size=4).map(".".join)
RELEASE = st.lists(NUMBER, min_size=3, max_size=3).map(".".join)
SUFFIX = st.sampled_from(["", "", "", "a1", "a2", "b1", "rc1", ".post1", ".post2", ".dev1", "a1.dev1", ".post1.dev1"])
EPOCH = st.sampled_from(["", "", "", "1!"])
ANY = st.builds("{}{}{}".format, EPOCH, RELEASE, SUFFIX)
VERSIONS = st.one_of(FINAL, ANY)


@st.composite
def comparisons(draw: Any, versions: st.SearchStrategy[str]) -> str:
    operator = draw(st.sampled_from(["==", "!=", ">=", "<=", ">", "<", "~="]))
    version = draw(versions)
    assume(operator != "~=" or "." in version.partition("!")[2] or ("!" not in version and "." in version))
    return f"{operator}{version}"


@st.composite
def series(draw: Any) -> str:
    return f"{draw(st.sampled_from(['==', '!=']))}{draw(EPOCH)}{draw(FINAL)}.*"


def accepts(specification: str, version: str) -> bool:
    return VersionSpec(specification or "*").matches(CondaVersion(version))


@given(ANY, ANY)
def test_the_order_is_the_same(left: str, right: str) -> None:
    """PEP 440: dev < a < b < rc < final < post, for releases of one length."""
    one, two = Version(left), Version(right)
    assert (one < two) == (CondaVersion(conda_version(one)) < CondaVersion(conda_version(two)))
    assert (one == two) == (CondaVersion(conda_version(one)) == CondaVersion(conda_version(two)))


@given(FINAL, FINAL)
def test_the_order_of_final_versions_of_any_length(left: str, right: str) -> None:
    one, two = Version(left), Version(right)
    assert (one < two) == (CondaVersion(conda_version(one)) < CondaVersion(conda_version(two)))


@given(st.lists(st.one_of(comparisons(FINAL), series()), max_size=3), FINAL)
def test_a_final_version_is_accepted_by_both_or_by_none(specifiers: list[str], version: str) -> None:
    text = ",".join(specifiers)
    expected = SpecifierSet(text).contains(version, prereleases=True)
    assert accepts(conda_specifier(text), conda_version(Version(version))) == expected


@given(st.sampled_from(["==", "!=", ">=", "<=", ">", "<", "~="]), EPOCH, RELEASE, ANY)
def test_any_version_against_a_final_bound(operator: str, epoch: str, bound: str, version: str) -> None:
    """PEP 440: ``<V`` leaves out pre-releases of V, ``>V`` its post-releases."""
    specifier = f"{operator}{epoch}{bound}"
    expected = SpecifierSet(specifier).contains(version, prereleases=True)
    assert accepts(conda_specifier(specifier), conda_version(Version(version))) == expected


@given(st.sampled_from(["==", "!=", ">=", "<="]), ANY, ANY)
def test_any_version_against_any_bound(operator: str, bound: str, version: str) -> None:
    specifier = f"{operator}{bound}"
    expected = SpecifierSet(specifier).contains(version, prereleases=True)
    assert accepts(conda_specifier(specifier), conda_version(Version(version))) == expected


@given(
    ANY, st.sampled_from(["cpu", "cu118.git7", "ubuntu-1"]), st.sampled_from(["==", ">=", "<=", "<", ">", "!="]), ANY
)
def test_local_labels_do_not_count(version: str, label: str, operator: str, bound: str) -> None:
    """PEP 440: a specifier without a local label ignores the candidate's; so does a translated version."""
    local = Version(f"{version}+{label}")
    assert conda_version(local) == conda_version(Version(version))
    assume(operator not in "<>" or (not Version(bound).is_prerelease and not Version(bound).is_postrelease))
    expected = SpecifierSet(f"{operator}{bound}").contains(local, prereleases=True)
    assert accepts(conda_specifier(f"{operator}{bound}"), conda_version(local)) == expected


@pytest.mark.parametrize(
    ("pep440", "conda"),
    [
        ("", ""),
        ("~=1.4.2", ">=1.4.2,1.4.*"),
        ("~=2.2", ">=2.2,2.*"),
        ("==1.*", "1.*"),
        ("!=1.5.*,>=1", ">=1,!=1.5.*"),
        ("<3,>=2", ">=2,<3dev0"),
        ("<2.0rc1", "<2.0rc1"),
        (">1.0", ">1.0,!=1.0.post*"),
        ("==1!2.0", "==1!2.0"),
        ("===1.0", "==1.0"),
        ("==2.1+cu118", "==2.1 *_cu118_*"),
        (">=1.0.dev0", ">=1.0dev0"),
        ("==2024.01.02", "==2024.1.2"),
    ],
)
def test_spelling(pep440: str, conda: str) -> None:
    assert conda_specifier(pep440) == conda


def test_a_specification_is_shown_without_what_only_machines_need() -> None:
    assert readable_specifier(conda_specifier(">=2,<3,!=2.5")) == ">=2,<3,!=2.5"
    assert readable_specifier(">=1.0dev0,<2.0dev0|==3") == ">=1.0dev0,<2.0|==3"


@pytest.mark.parametrize("text", ["1.0-not-a-version", "v", "", "1..0"])
def test_no_version(text: str) -> None:
    assert find_version(text) is None


def test_local_label_as_part_of_a_build_string() -> None:
    assert local_label(Version("1.0+CU11.8-git")) == "cu11_8_git"
    assert local_label(Version("1.0")) == ""


@pytest.mark.parametrize("text", [">=2.0rc1", "==1.0a1", ">=1,>=2.0.dev3", "==1.0b2|==3"])
def test_asks_for_prereleases(text: str) -> None:
    assert asks_for_prereleases(text)


@pytest.mark.parametrize("text", ["", ">=2", "<3dev0", ">=2,<3.0rc1", "!=2.0rc1", "2.*", "==1.0.post1"])
def test_does_not_ask_for_prereleases(text: str) -> None:
    assert not asks_for_prereleases(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pandas", ("pandas", ())),
        ("pandas>=2,<3", ("pandas >=2,<3dev0", ())),
        ("pypi::torch==2.1+cpu", ("pytorch ==2.1 *_cpu_*", ())),
        ("requests[Socks,security] >= 2", ("requests >=2", ("security", "socks"))),
        (" Typing_Extensions ", ("typing_extensions", ())),
    ],
)
def test_parse_pypi_spec(text: str, expected: tuple[str, tuple[str, ...]]) -> None:
    assert parse_pypi_spec(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pandas>=", "is not a Python requirement"),
        ("two words", "is not a Python requirement"),
        ("", "is not a Python requirement"),
        ("x @ https://example.org/x-1-py3-none-any.whl", "names a file by its address"),
        ("x; python_version < '3.9'", "has an environment marker"),
        ("x===weird", "compares with something that is not a version"),
    ],
)
def test_what_is_no_request(text: str, message: str) -> None:
    with pytest.raises(SpecError, match=message) as caught:
        parse_pypi_spec(text)
    assert caught.value.hint
    assert caught.value.code == "spec"


def test_what_is_no_specifier() -> None:
    with pytest.raises(SpecError, match="is not a version specifier") as caught:
        conda_specifier("more than two")
    assert "pandas>=2,<3" in caught.value.hint
