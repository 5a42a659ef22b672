"""Channels that have repodata only, and a solve over them in one call."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_envs.engine.models.events import CancelToken, Event
from jupyter_envs.engine.solve.request import Solution, SolveRequest
from jupyter_envs.engine.solve.run import solve
from jupyter_envs.engine.sources import conda_http
from jupyter_envs.settings import Settings
from support.repodata import RepodataChannel
from support.wheels import make_wheel


class Recorder:
    """A Reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def report(self, event: Event) -> None:
        self.events.append(event)


class Desk:
    """Where a test asks for solves: ``desk("numpy>=2", installed=...)``; conda channels only unless said otherwise."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.folder = folder
        self.settings = msgspec.structs.replace(settings, sources=("conda",))
        self.reporter = Recorder()
        self.cancel = CancelToken()

    def channel(self, name: str = "main") -> RepodataChannel:
        return RepodataChannel(self.folder / name)

    def use(self, *channels: RepodataChannel, **fields: Any) -> None:
        urls = tuple(channel.url for channel in channels)
        self.settings = msgspec.structs.replace(self.settings, channels=urls, **fields)

    def __call__(self, *specs: str, **options: Any) -> Solution:
        return solve(SolveRequest(specs=specs, **options), self.settings, self.reporter, self.cancel)

    def dists(self, *specs: str, **options: Any) -> list[str]:
        return [record.dist for record in self(*specs, **options).records]

    def versions(self, *specs: str, **options: Any) -> dict[str, str]:
        return {record.name: record.version for record in self(*specs, **options).records}


@pytest.fixture
def desk(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    for name in list(os.environ):
        if name.startswith("CONDA_OVERRIDE_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(conda_http, "_REACHABLE", {})  # other tests' servers are gone
    return Desk(settings, tmp_path)


@pytest.fixture
def wheelhouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Return a function that puts wheels where pip's configuration finds them; no index is configured."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_INDEX", "1")

    def add(name: str, version: str = "1.0", **options: Any) -> Path:
        return make_wheel(folder, name, version, **options)

    return add
