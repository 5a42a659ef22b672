"""Virtual packages and CONDA_OVERRIDE_* (CEP 30)."""

from __future__ import annotations

import pytest

from jupyter_envs.engine.models.platform import current_subdir
from jupyter_envs.engine.sources.virtual_packages import apply_overrides, detect_virtual_packages, to_generic
from jupyter_envs.errors import SpecError


def test_this_machine_has_what_its_name_says() -> None:
    found = detect_virtual_packages(current_subdir(), {})
    assert {"__unix", "__archspec"} <= set(found) or {"__win", "__archspec"} <= set(found)
    assert len(to_generic(found)) == len(found)


@pytest.mark.parametrize(
    ("subdir", "versions"),
    [
        ("osx-arm64", {"__unix": "0", "__osx": "13.0"}),
        ("win-64", {"__win": "0"}),
        ("linux-s390x", {"__unix": "0", "__linux": "4.18", "__glibc": "2.28"}),
        ("noarch", {}),
    ],
)
def test_another_platform_has_what_its_machines_can_be_expected_to_have(subdir: str, versions: dict[str, str]) -> None:
    found = detect_virtual_packages(subdir, {})
    assert {name: version for name, (version, _build) in found.items()} == versions
    older = detect_virtual_packages(subdir, {"CONDA_OVERRIDE_GLIBC": "2.17"})
    assert older["__glibc"] == ("2.17", "0")


def test_an_override_sets_removes_and_adds() -> None:
    found = {"__glibc": ("2.36", "0"), "__cuda": ("12.1", "0")}
    environ = {"CONDA_OVERRIDE_GLIBC": "2.17", "CONDA_OVERRIDE_CUDA": "", "CONDA_OVERRIDE_ARCHSPEC": "zen4"}
    assert apply_overrides(found, environ) == {"__glibc": ("2.17", "0"), "__archspec": ("1", "zen4")}


def test_an_override_that_is_no_version_names_its_variable() -> None:
    with pytest.raises(SpecError, match="CONDA_OVERRIDE_GLIBC is not a version") as raised:
        to_generic({"__glibc": ("2 or 3", "0")})
    assert raised.value.code == "spec.override"
