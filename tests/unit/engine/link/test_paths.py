"""Paths that a package may and may not claim."""

import pytest

from jupyter_envs.engine.link.paths import directories_of, validate_path, validate_paths
from jupyter_envs.errors import LinkError

BAD = [
    "",
    "/etc/passwd",
    "../x",
    "a/../../x",
    "a/..",
    "..",
    ".",
    "./a",
    "a/./b",
    "a/.",
    "a//b",
    "a/",
    "conda-meta",
    "conda-meta/history",
    "conda-meta/jupyter-envs/lock",
    "a\0b",
    "a\0/b",
]
GOOD = ["a", "a/b", ".hidden", "..a/b", "a/...", "a b/ü", "bin/[", "conda-metal/x", "x/conda-meta/y", "a\nb", "c\\d"]


@pytest.mark.parametrize("path", BAD)
def test_a_path_that_is_not_plain_is_refused_by_both_ways(path: str) -> None:
    with pytest.raises(LinkError) as alone:
        validate_path(path, "evil-1-0")
    paths = ["lib/a.py", path, "lib/b.py"]
    with pytest.raises(LinkError) as among:
        validate_paths(paths, directories_of(paths), "evil-1-0")
    assert alone.value.code == among.value.code == "link.bad_path"
    assert "evil-1-0" in among.value.message
    assert among.value.detail["path"] == path
    assert "report it to its channel" in among.value.hint


@pytest.mark.parametrize("path", GOOD)
def test_a_plain_path_is_taken(path: str) -> None:
    validate_path(path, "good-1-0")
    validate_paths([path, "lib/a.py"], directories_of([path, "lib/a.py"]), "good-1-0")


@pytest.mark.parametrize("path", ["a\\..\\b", "C:/x", "a:stream", "a./b", "a /b", "CONDA-META/x", "Conda-Meta"])
def test_windows_refuses_what_means_something_else_there(path: str) -> None:
    with pytest.raises(LinkError):
        validate_paths([path], directories_of([path]), "evil-1-0", windows=True, fold_case=True)


def test_macos_does_not_tell_cases_apart() -> None:
    with pytest.raises(LinkError):
        validate_path("Conda-Meta/history", "evil-1-0", fold_case=True)
    validate_path("Conda-Meta/history", "good-1-0")


def test_no_paths_at_all_are_fine() -> None:
    validate_paths([], set(), "empty-1-0")
