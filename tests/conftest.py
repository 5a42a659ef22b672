"""What every test starts from: a home, a root and Jupyter directories of its own, and no one's configuration."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as properties

from jupyter_envs.settings import Settings
from support.channel import Channel
from support.homes import keep_pip_configuration

# pytest allows plugins here only; `tests/server` uses this one. What it would do after every test is undone below.
pytest_plugins = ("pytest_jupyter.jupyter_server",)

# How fast an example is says something of the machine: speed is for benchmarks/.
properties.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
properties.load_profile("any machine")

_ORIGINAL = dict(os.environ)
_FOREIGN = ("CONDA", "_CONDA", "MAMBA", "PIXI", "PIP_", "JUPYTER", "IPYTHON", "XDG_", "UV_", "_CE_")
_FOREIGN_NAMES = ("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "CONDARC", "NETRC")


@pytest.fixture(autouse=True)
def jp_server_cleanup() -> None:
    """Stand in for pytest-jupyter's fixture, which makes a server after each test; `tests/server` has a real one."""


@pytest.fixture(scope="session")
def index_answers() -> None:
    """Skip when pip itself cannot reach its index: then there is no ipykernel to install."""
    command = [sys.executable, "-m", "pip", "index", "versions", "ipykernel", "--timeout", "10", "--retries", "0"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        pytest.skip(f"needs a package index, and pip's configured one does not answer: {result.stderr.strip()[-200:]}")


@pytest.fixture(autouse=True)
def home(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """Give the test a HOME of its own, without what conda, pip, virtual environments and Jupyter left set.

    Tests marked ``network`` keep pip's variables and its configuration, since these say where the index is.
    """
    network = request.node.get_closest_marker("network") is not None
    for name in list(os.environ):
        if (name.startswith(_FOREIGN) or name in _FOREIGN_NAMES) and not (network and name.startswith("PIP_")):
            monkeypatch.delenv(name)
    folder = tmp_path_factory.mktemp("home")  # not inside tmp_path, which a test may want empty
    if network:
        keep_pip_configuration(Path(_ORIGINAL.get("HOME", "/nonexistent")), folder)
    else:
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("JUPYTER_ENVS_ROOT", str(tmp_path / "root"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(folder / "jupyter/data"))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(folder / "jupyter/config"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "jupyter/runtime"))
    monkeypatch.setenv("IPYTHONDIR", str(folder / "jupyter/ipython"))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    return folder


@pytest.fixture
def settings(tmp_path: Path, home: Path) -> Settings:
    """Return settings that live in the test's own folder: no channel, no background compiling."""
    root = tmp_path / "root"
    return Settings(
        root=str(root),
        envs_directories=(str(root / "envs"),),
        package_directories=(str(root / "pkgs"),),
        channels=(),
        compile_in_background=False,
    )


@pytest.fixture
def channel(tmp_path: Path) -> Channel:
    """Return an empty channel in a folder; build into it, then ``index()``."""
    return Channel(tmp_path / "channel")


@pytest.fixture
def forked() -> Iterator[None]:
    """Mark a test that forks: it must run where ``os.fork`` is."""
    if not hasattr(os, "fork"):
        pytest.skip("needs os.fork, which this platform does not have")
    yield
