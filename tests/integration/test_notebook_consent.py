"""A notebook from somebody else: nothing foreign is contacted and no script is run before a person has agreed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.engine.exchange.notebook_lock import KEY
from jupyter_envs.jobs.store import JobStore
from support.channel import Channel
from support.http_server import Server, serve
from support.terminal import PROGRAM, Terminal

SCRIPT = "scripted-1.0-h0_0: bin/.scripted-post-link.sh"


class Stranger:
    """A channel that the settings do not name, a notebook locked with it, and what its script leaves."""

    def __init__(self, folder: Path, server: Server, lock: dict[str, Any]) -> None:
        self.folder = folder
        self.server = server
        self.lock = lock
        self.ran = folder / "ran"

    @property
    def built(self) -> list[str]:
        """The environments that there are."""
        envs = self.folder / "root/envs"
        return [path.name for path in envs.iterdir()] if envs.is_dir() else []

    def notebook(self, **lock: Any) -> str:
        path = self.folder / "work.ipynb"
        cells = [{"cell_type": "code", "source": "1", "metadata": {}, "outputs": [], "execution_count": None}]
        metadata = {KEY: {**self.lock, **lock}}
        path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": metadata, "cells": cells}))
        return str(path)


def envs(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240, check=False
    )


@pytest.fixture
def stranger(home: Path, channel: Channel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stranger]:
    monkeypatch.setenv("JUPYTER_ENVS_COMPILE_IN_BACKGROUND", "0")
    monkeypatch.setenv("JUPYTER_ENVS_SOURCES", "conda")
    channel.python()
    channel.noarch("ipykernel", "7.4.0")
    channel.add("scripted", files={"share/s": "s"}, link_scripts={"post-link": f"touch {tmp_path}/ran\n"})
    channel.index()
    with serve(channel.folder) as server:
        monkeypatch.setenv("JUPYTER_ENVS_ROOT", str(tmp_path / "maker"))
        monkeypatch.setenv("JUPYTER_ENVS_CHANNELS", server.url)
        made = envs("create", "theirs", "python", "ipykernel", "scripted")
        assert made.returncode == 0, made.stderr
        lock = json.loads(envs("lock", "-e", "theirs", "--json").stdout)["lock"]
        assert envs("delete", "theirs", "--yes").returncode == 0
        (tmp_path / "ran").unlink()
        server.clear()
        own = Channel(tmp_path / "own")
        own.python()
        own.noarch("ipykernel", "7.4.0")
        monkeypatch.setenv("JUPYTER_ENVS_ROOT", str(tmp_path / "root"))
        monkeypatch.setenv("JUPYTER_ENVS_CHANNELS", own.index().url)
        yield Stranger(tmp_path, server, lock)


@pytest.mark.parametrize("platform", ["here", "elsewhere"])
def test_a_foreign_channel_is_not_contacted_unasked(stranger: Stranger, platform: str) -> None:
    (packages,) = stranger.lock["platforms"].values()
    notebook = stranger.notebook(**({} if platform == "here" else {"platforms": {"osx-64": packages}}))
    for verb in ("run", "open"):
        refused = envs(verb, notebook)
        assert refused.returncode == 2
        said = f"work.ipynb takes packages from where your settings do not: {stranger.server.url}, and nobody can be"
        assert said in refused.stderr
        assert "add --yes to agree, or add them to your own" in refused.stderr
    assert not stranger.server.asked()
    assert not stranger.built


def test_scripts_are_shown_before_they_run_also_when_their_package_had_to_be_downloaded(
    stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = stranger.notebook()
    monkeypatch.setenv("JUPYTER_ENVS_CHANNELS", stranger.server.url)
    refused = envs("run", notebook)
    assert refused.returncode == 2
    assert "3 packages not downloaded yet may bring scripts; you are asked before any is run" in refused.stdout
    assert f"error: 1 script of packages would run, as you: {SCRIPT}, and nobody can be asked" in refused.stderr
    assert "JUPYTER_ENVS_RUN_LINK_SCRIPTS=0" in refused.stderr
    assert not stranger.ran.exists()
    assert not stranger.built
    assert [job.state for job in JobStore(stranger.folder / "root/jobs").jobs()] == ["done"]
    known = envs("run", notebook)  # now that it is in the cache, its plan names it
    assert f"1 script of packages will run: {SCRIPT}" in known.stdout
    assert known.returncode == 2
    terminal = Terminal("run", notebook, columns=400)
    terminal.read_until("Go on?")
    terminal.type("n\n")
    assert terminal.finish() == 130
    assert not stranger.ran.exists()
    assert not stranger.built


def test_who_agrees_gets_it_built(stranger: Stranger) -> None:
    notebook = stranger.notebook()
    terminal = Terminal("run", notebook, columns=400)
    terminal.read_until("where your settings do not")
    terminal.read_until("Go on? [y/N]")
    assert not stranger.server.asked()
    terminal.type("y\n")
    terminal.read_until("as you")
    assert not stranger.ran.exists()
    terminal.type("y\n")
    terminal.finish()  # the kernel of this channel is none
    assert stranger.ran.exists()
    assert len(stranger.built) == 1
    assert "created: generation 1" in terminal.said
    assert "Traceback" not in terminal.said


def test_an_option_agrees_and_a_setting_builds_without_scripts(
    stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ((subdir, locked),) = stranger.lock["platforms"].items()
    alone = [line for line in locked["packages"] if "/scripted-" in line]  # no kernel, so nothing is executed
    notebook = stranger.notebook(platforms={subdir: {**locked, "packages": alone}})
    assert "created: generation 1" in envs("run", "--yes", notebook).stdout
    assert stranger.ran.exists()
    stranger.ran.unlink()
    assert envs("delete", *stranger.built, "--yes").returncode == 0
    monkeypatch.setenv("JUPYTER_ENVS_RUN_LINK_SCRIPTS", "0")
    monkeypatch.setenv("JUPYTER_ENVS_CHANNELS", stranger.server.url)
    without = envs("run", notebook)
    assert "created: generation 1" in without.stdout
    assert "script of packages" not in without.stdout
    assert not stranger.ran.exists()
