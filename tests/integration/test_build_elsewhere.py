"""Channels behind URLs, and builds on a Dask cluster of processes, one of which is killed in mid-build."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.build.channel.remote import RemoteChannel
from jupyter_envs.errors import EnvsError, RecipeError, SpecError
from jupyter_envs.settings import Settings
from support.recipes import build, install, write_recipe
from support.waiting import wait_until


def simple(folder: Path, name: str, script: str = "", needs: str = "", source: str = "{}") -> Path:
    text = f'package: {{name: {name}, version: "1"}}\nrequirements: {{host: [{needs}]}}\nsource: {source}\n'
    body = f'mkdir -p "$PREFIX/share"; touch "$PREFIX/share/{name}"\n{script}'
    return write_recipe(folder / name, {"meta.yaml": text, "build.sh": body})


def test_a_channel_in_a_store(settings: Settings, tmp_path: Path) -> None:
    """The store is a folder here, but it is reached by fsspec's interface alone."""
    store = tmp_path / "store"
    url = f"local://{store}"
    simple(tmp_path / "recipes", "a")
    simple(tmp_path / "recipes", "b", needs="a")
    report = build(settings, url, tmp_path / "recipes")  # type: ignore[arg-type]  # a URL instead of a folder
    assert [package.state for package in report.packages] == ["built", "built"]
    assert (install(settings, "e", "b", channels=(store,)) / "share/b").is_file()
    assert not list(store.rglob("*.part"))
    for path in (Path(settings.root) / "channels").glob("*/linux-64/b-*"):
        path.unlink()  # the copy is behind: it is brought again
    again = build(settings, url, tmp_path / "recipes")  # type: ignore[arg-type]  # as above
    assert {package.state for package in again.packages} == {"present"}


def test_nothing_is_sent_while_something_is_published(settings: Settings, tmp_path: Path) -> None:
    store = tmp_path / "store"
    build(settings, store, simple(tmp_path / "recipes", "a"))
    remote = RemoteChannel(store.as_uri(), settings.root)
    remote.pull()
    index = store / "linux-64/repodata.json"
    index.unlink()
    sending = threading.Thread(target=remote.push)
    with remote.copy.changing():
        sending.start()
        sending.join(1)
        assert sending.is_alive()
        assert not index.exists()
    sending.join()
    assert index.is_file()


def test_a_store_without_a_driver_is_said(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        build(settings, "nothing-of-that-kind://a/b", simple(tmp_path, "a"))  # type: ignore[arg-type]  # as above
    assert caught.value.code == "spec.fsspec"


@pytest.fixture
def dask_cluster() -> Iterator[Any]:
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        yield cluster


@pytest.mark.filterwarnings("default")  # what Dask's own threads say when a worker is killed
def test_a_worker_that_is_killed_in_mid_build_loses_nothing(
    settings: Settings, tmp_path: Path, dask_cluster: Any
) -> None:
    marker = tmp_path / "marker"
    # The first time the script tells which worker runs it, and waits to be killed; the second time it goes on.
    wait = f"if [ ! -e {marker} ]; then echo $PPID > {marker}.new; mv {marker}.new {marker}; sleep 200; fi\n"
    simple(tmp_path / "recipes", "slow", wait)
    simple(tmp_path / "recipes", "other")
    simple(tmp_path / "recipes", "last", needs="slow, other")
    killed: list[int] = []

    def kill() -> None:
        wait_until(marker.exists)
        killed.append(int(marker.read_text()))
        os.kill(killed[0], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    report = build(settings, tmp_path / "out", tmp_path / "recipes", dask=dask_cluster.scheduler_address)
    killer.join()
    assert killed
    assert {package.dist.split("-")[0]: package.state for package in report.packages} == {
        "slow": "built",
        "other": "built",
        "last": "built",
    }
    prefix = install(settings, "e", "last", "slow", channels=(tmp_path / "out",))
    assert sorted(path.name for path in (prefix / "share").iterdir()) == ["last", "slow"]
    assert not list((tmp_path / "out/.incoming").rglob("*.conda")), "what was sent is published and gone"
    assert not list((Path(settings.root) / "builds").glob("slow-*")), "nothing is left of the killed one, either"


@pytest.mark.filterwarnings("default")  # as above
def test_workers_and_the_publisher_of_one_machine_take_nothing_from_each_other(
    settings: Settings, tmp_path: Path, dask_cluster: Any
) -> None:
    out = tmp_path / "out"
    build(settings, out, simple(tmp_path / "recipes", "a"), dask=dask_cluster.scheduler_address)
    copies = Path(settings.root) / "channels"
    (brought,) = copies.glob("*-builders")
    assert not list(brought.glob("*/*.conda")), "what a worker builds is in no copy that others bring"
    publisher = RemoteChannel(out.as_uri(), settings.root)
    (built,) = publisher.copy.archives()
    (out / built.parent.name / built.name).unlink()
    RemoteChannel(out.as_uri(), settings.root, builder=True).pull()
    publisher.push()
    assert (out / built.parent.name / built.name).is_file(), "what was not sent yet has stayed"


@pytest.mark.filterwarnings("default")
def test_what_workers_cannot_have_is_said(settings: Settings, tmp_path: Path, dask_cluster: Any) -> None:
    (tmp_path / "outside").mkdir()
    recipe = simple(tmp_path / "recipes", "a", source="{path: ../../outside}")
    with pytest.raises(RecipeError, match="outside of its folder"):
        build(settings, tmp_path / "out", recipe, dask=dask_cluster.scheduler_address)
    failing = simple(tmp_path / "recipes", "f", "exit 4\n")
    with pytest.raises(EnvsError, match="build script of f") as caught:
        build(settings, tmp_path / "out", failing, dask=dask_cluster.scheduler_address)
    assert caught.value.code == "build.script"


def test_no_scheduler_is_said(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_envs.build.cluster.CONNECT_SECONDS", 1)
    with pytest.raises(SpecError) as caught:
        build(settings, tmp_path / "out", simple(tmp_path, "a"), dask="tcp://127.0.0.1:9")
    assert caught.value.code == "spec.dask"
