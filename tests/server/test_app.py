"""The extension's configuration: what is set reaches the engine, what is not stays as it was; all of it documented."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from traitlets import TraitError

import jupyter_envs
from jupyter_envs.server.app import EnvsExtension
from jupyter_envs.server.handlers import ROUTES
from jupyter_envs.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[2]
MANUAL = (REPOSITORY / "docs/server.md").read_text(encoding="utf-8")


def own_traits() -> set[str]:
    """Return the configurable traits that the extension adds."""
    return {name for name, trait in EnvsExtension.class_own_traits(config=True).items() if trait.help}


def test_what_is_configured_wins_over_variables_and_the_rest_stays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JUPYTER_ENVS_CHANNELS", "from-variable")
    monkeypatch.setenv("JUPYTER_ENVS_OFFLINE", "1")
    settings = EnvsExtension(root=str(tmp_path), channels=["own"]).configured()
    assert (settings.root, settings.channels, settings.offline) == (str(tmp_path), ("own",), True)
    assert settings.envs_directories == (str(tmp_path / "envs"),)
    assert EnvsExtension(root=str(tmp_path), offline=False).configured().offline is False


def test_each_setting_is_a_field_of_settings() -> None:
    assert set(EnvsExtension.class_traits(setting=True)) <= set(Settings.__struct_fields__)


def test_a_source_that_does_not_exist_is_refused() -> None:
    with pytest.raises(TraitError, match="cran"):
        EnvsExtension(sources=["cran"])


def test_each_trait_and_each_resource_is_in_the_manual() -> None:
    assert {name for name in own_traits() if f"| `{name}` |" not in MANUAL} == set()
    assert {handler.auth_resource for _, handler in ROUTES if f"| `{handler.auth_resource}` |" not in MANUAL} == set()


def test_jupyter_finds_and_validates_the_extension(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "config/jupyter_server_config.d"
    folder.mkdir(parents=True)
    source = REPOSITORY / "server_ext/jupyter-config/jupyter_server_config.d/jupyter_envs.json"
    (folder / source.name).write_bytes(source.read_bytes())
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    command = [sys.executable, "-m", "jupyter_server.extension.serverextension", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    told = (listed.stdout + listed.stderr).split("jupyter_envs", 1)[1]
    assert "OK" in told
    assert "error" not in told.lower()


def test_importing_the_package_loads_no_server() -> None:
    code = "import jupyter_envs, sys, json; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = json.loads(run.stdout)
    assert not {"jupyter_server", "tornado", "traitlets", "msgspec"} & set(loaded)
    assert jupyter_envs.__version__
