"""A channel served over HTTP, from the first solve to the last undo, with what networks do to it in between."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangeRequest, ChangeResult
from jupyter_envs.errors import FetchError, IntegrityError
from jupyter_envs.settings import Settings
from support.channel import Channel
from support.faults import snapshot_tree, tree_difference
from support.http_server import Server, serve


@pytest.fixture
def server(channel: Channel) -> Iterator[Server]:
    channel.python()
    channel.noarch("dependency", "1.0")
    channel.noarch("dependency", "2.0")
    channel.noarch("tool", "1.0", depends=["python", "dependency"], entry_points=["tool = tool.cli:main"])
    channel.noarch("extra", "1.0", depends=["python", "dependency <2"])
    channel.add("large", "1.0", files={"share/noise": random.Random(1).randbytes(3_000_000)}, noarch="generic")
    channel.index()
    with serve(channel.folder) as running:
        yield running


@pytest.fixture
def served(settings: Settings, server: Server) -> Settings:
    return msgspec.structs.replace(settings, channels=(server.url,), sources=("conda",))


@pytest.fixture
def prefix(served: Settings) -> Path:
    return Path(served.envs_directories[0]) / "analysis"


def change(settings: Settings, action: str, prefix: Path, *specs: str, **more: object) -> ChangeResult:
    engine = Engine(settings)
    request = ChangeRequest(action=action, prefix=str(prefix), specs=specs, **more)  # type: ignore[arg-type]  # test data
    return engine.execute(engine.plan(request))


def versions(settings: Settings, prefix: Path) -> dict[str, str]:
    return {record.name: record.version for record in Engine(settings).packages(prefix)}


def test_create_install_update_remove_and_undo(served: Settings, prefix: Path) -> None:
    change(served, "create", prefix, "python=3.11", "tool")
    assert versions(served, prefix) == {"python": "3.11.7", "dependency": "2.0", "tool": "1.0"}
    output = subprocess.run([prefix / "bin/tool"], capture_output=True, text=True, check=True).stdout
    assert output == "tool 1.0\n"
    created = snapshot_tree(prefix, ignore=lambda path: path.startswith("conda-meta"))

    change(served, "install", prefix, "extra")
    assert versions(served, prefix)["dependency"] == "1.0"
    change(served, "remove", prefix, "extra")
    assert "extra" not in versions(served, prefix)
    change(served, "restore", prefix, generation=1)
    restored = snapshot_tree(prefix, ignore=lambda path: path.startswith("conda-meta"))
    assert tree_difference(created, restored) == []
    assert Engine(served).verify(prefix) == []


def test_a_download_that_breaks_off_is_continued(served: Settings, prefix: Path, server: Server) -> None:
    server.fault("noarch/large-*", times=1, truncate_at=2_500_000)
    change(served, "create", prefix, "large")
    assert (prefix / "share/noise").stat().st_size == 3_000_000
    first, second = (request.headers.get("range") for request in server.asked("noarch/large-*"))
    assert first is None
    assert second is not None
    assert 1_000_000 < int(second.removeprefix("bytes=").removesuffix("-")) <= 2_500_000


def test_bytes_that_are_not_the_promised_ones_change_nothing(served: Settings, prefix: Path, server: Server) -> None:
    server.fault("noarch/tool-*", corrupt=True)
    with pytest.raises(IntegrityError) as caught:
        change(served, "create", prefix, "tool")
    assert "tool-1.0" in caught.value.message
    assert caught.value.hint
    assert not prefix.exists()
    assert not list(Path(served.package_directories[0]).glob("tool-*/info"))


def test_a_server_that_stays_away_changes_nothing(served: Settings, prefix: Path, server: Server) -> None:
    change(served, "create", prefix, "tool")
    before = snapshot_tree(prefix)
    server.fault("noarch/extra-*", status=404)
    with pytest.raises(FetchError):
        change(served, "install", prefix, "extra")
    assert tree_difference(before, snapshot_tree(prefix)) == []


def test_what_is_cached_is_not_fetched_again(served: Settings, prefix: Path, server: Server) -> None:
    change(served, "create", prefix, "tool")
    server.clear()
    change(served, "create", prefix.with_name("second"), "tool")
    assert server.asked("*.conda") == []
