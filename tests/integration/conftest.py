"""Environments with real kernels, made once for all tests here that ask for them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.homes import keep_pip_configuration
from support.kernels import Place, fill, variables_for


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Return environments ``six`` and ``seven``; skipped when pip itself cannot reach its index."""
    command = [sys.executable, "-m", "pip", "index", "versions", "ipykernel", "--timeout", "10", "--retries", "0"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        pytest.skip(f"needs a package index, and pip's configured one does not answer: {answer.stderr.strip()[-200:]}")
    folder = tmp_path_factory.mktemp("place")
    home = folder / "home"  # environments are listed in it
    home.mkdir()
    keep_pip_configuration(Path.home(), home)
    made = Place(folder, {**variables_for(folder), "HOME": str(home)})
    fill(made.channel)
    made.envs("create", "six", "python", "ipykernel<7")
    made.envs("create", "seven", "python", "ipykernel>=7,<8")
    return made


@pytest.fixture
def here(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Let this process see what ``place`` made."""
    for name, value in place.variables.items():
        monkeypatch.setenv(name, value)
    return place
