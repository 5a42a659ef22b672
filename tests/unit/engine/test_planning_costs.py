"""What plans say that a change will take: where nothing can be linked, where archives are on the machine already."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.disk_use import links_bytes, taken_bytes
from jupyter_envs.engine.models.amounts import human_bytes
from jupyter_envs.engine.models.plan import ChangePlan, ChangeRequest
from jupyter_envs.settings import Settings
from support.channel import Channel
from support.http_server import serve


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on another file system than the test's."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system: /dev/shm is missing or is the temporary directory's own")
    folder = Path(tempfile.mkdtemp(dir=memory))
    yield folder
    shutil.rmtree(folder)


def plan_of(settings: Settings, channel: Channel, **more: object) -> ChangePlan:
    engine = Engine(msgspec.structs.replace(settings, **more))  # type: ignore[arg-type]
    request = ChangeRequest(action="create", prefix=str(engine.new_prefix("a")), records=tuple(channel.records()))
    return engine.plan(request)


def test_what_is_extracted_on_another_file_system_is_counted_twice(
    settings: Settings, channel: Channel, elsewhere: Path
) -> None:
    channel.add("large", files={"share/large": "".join(map(str, range(100_000)))})
    here = plan_of(settings, channel)
    there = plan_of(settings, channel, package_directories=(str(elsewhere / "pkgs"),))
    soft = plan_of(settings, channel, package_directories=(str(elsewhere / "pkgs"),), allow_softlinks=True)
    assert [[warning.code for warning in plan.warnings] for plan in (here, there, soft)] == [
        [],
        ["link.copied"],
        ["link.soft"],
    ]
    extracted = (24 << 10) + int(3.5 * (channel.records()[0].size or 0))
    assert there.disk_bytes - here.disk_bytes == extracted > 0
    assert soft.disk_bytes == here.disk_bytes
    assert f"copied: about {human_bytes(extracted)} more" in there.warnings[0].message


def test_an_archive_that_a_layer_keeps_is_not_downloaded(settings: Settings, channel: Channel, tmp_path: Path) -> None:
    archive = channel.add("kept", files={"share/kept": "1"}).path
    channel.index()
    layer = tmp_path / "layer"
    layer.mkdir()
    both = (*settings.package_directories, str(layer))
    with serve(tmp_path) as server:
        engine = Engine(
            msgspec.structs.replace(settings, channels=(f"{server.url}/channel",), package_directories=both)
        )
        request = ChangeRequest(action="create", prefix=str(engine.new_prefix("a")), specs=("kept",))
        before = engine.plan(request)
        shutil.copy(archive, layer)
        plan = engine.plan(request)
        asked = len(server.asked("*.conda"))
        engine.execute(engine.plan(msgspec.structs.replace(request, records=plan.records, specs=(), offline=True)))
        assert (before.download_bytes, plan.download_bytes) == (archive.stat().st_size, 0)
        assert len(server.asked("*.conda")) == asked
    assert (Path(request.prefix) / "share/kept").read_text() == "1"


def test_links_take_what_the_disk_says(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("x" * 200)
    assert links_bytes(tmp_path, [200, 200]) == 2 * taken_bytes(tmp_path / "link")
    assert links_bytes(tmp_path / "nowhere", [200]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["link"]


def test_a_mount_without_common_locks_is_warned_of_before_the_change(
    settings: Settings, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel.add("tool")
    monkeypatch.setattr("jupyter_envs.engine.planning.find_local_locks", lambda _path: "nolock")
    (warning,) = plan_of(settings, channel).warnings
    assert warning.code == "storage.local_locks"
    assert "(nolock)" in warning.message
