"""A disk that is really full: a small tmpfs of the test's own, from too small for the archive to just large enough.

An environment in it stays as it was, a bundle is finished by the next one.

Faults injected at Python's calls (tests/crash) do not reach what native code writes; a real file system does.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from support.channel import PLACEHOLDER, Channel

SIZES_MB = (3, 4, 5, 6, 7, 8, 10, 16)

WORKER = """
import json, os, sys
sys.path.insert(0, sys.argv[2])
import msgspec
from pathlib import Path
from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import EnvsError
from jupyter_envs.settings import Settings
from support.faults import snapshot_tree, tree_difference

disk = sys.argv[1]
small, large = msgspec.json.decode(sys.argv[3], type=list[RepodataRecord])
settings = Settings(
    root=disk, envs_directories=(disk + "/envs",), package_directories=(disk + "/pkgs",), channels=(),
    compile_in_background=False,
)
engine = Engine(settings)
prefix = engine.new_prefix("analysis")

def state():
    return snapshot_tree(prefix, ignore=lambda path: path == "conda-meta/jupyter-envs/lock")

engine.execute(engine.plan(ChangeRequest(action="create", prefix=str(prefix), records=(small,))))
before, said = state(), {}
try:
    engine.execute(engine.plan(ChangeRequest(action="install", prefix=str(prefix), records=(large,))))
    said["installed"] = True
except EnvsError as error:
    said.update(error.to_dict(), difference=tree_difference(before, state()))
said["left"] = sorted(name for name in os.listdir(disk + "/pkgs") if name.startswith((".tmp", "large")))
said["verify"] = [finding.message for finding in engine.verify(prefix)]
print(json.dumps(said))
sys.stdout.flush()
os._exit(0)
"""


@pytest.fixture(scope="module")
def namespace() -> list[str]:
    """Return the command prefix for a mount namespace of one's own; skip where that is not permitted."""
    for command in (["unshare", "--mount"], ["unshare", "--mount", "--map-root-user"]):
        try:
            trial = subprocess.run([*command, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
        except FileNotFoundError:
            pytest.skip("needs `unshare` (util-linux), which is not installed")
        if trial.returncode == 0:
            return command
    pytest.skip("needs a mount namespace, which this user or container may not make")


@pytest.fixture
def records(channel: Channel) -> str:
    noise = random.Random(3).randbytes(2_000_000)
    channel.add("small", "1.0", files={"share/small": "x"}, noarch="generic")
    files = {"share/large": noise, "share/patched": PLACEHOLDER.encode() + b"\0" + noise}
    channel.add("large", "1.0", files=files, noarch="generic")
    import msgspec

    return msgspec.json.encode(channel.records()).decode()


@pytest.mark.parametrize("size", SIZES_MB)
def test_an_environment_on_a_full_disk_is_as_it_was(
    namespace: list[str], records: str, tmp_path: Path, size: int
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    support = Path(__file__).parent.parent
    script = f'mount -t tmpfs -o size={size}m none "$1" && exec "$2" -c "$3" "$1" "$4" "$5"'
    command = [*namespace, "sh", "-c", script, "sh", str(disk), sys.executable, WORKER, str(support), records]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert result.returncode == 0, result.stderr
    said = json.loads(result.stdout.strip().splitlines()[-1])
    assert said["verify"] == []
    if size == SIZES_MB[-1]:
        assert said.get("installed"), said
    if not said.get("installed"):
        assert size < SIZES_MB[-1]
        assert said["code"] == "storage.full", said
        assert "jupyter envs clean" in said["hint"]
        assert said["difference"] == []
        assert not [name for name in said["left"] if name.startswith(".tmp")]
    if size == SIZES_MB[0]:
        assert not said.get("installed"), "even the smallest disk was large enough: nothing was tested"


BUNDLER = """
import json, os, subprocess, sys
import msgspec
from jupyter_envs.bundles.folder import read_bundle
from jupyter_envs.bundles.make import Bundler
from jupyter_envs.bundles.models import BundleRequest
from jupyter_envs.bundles.unpack import request_from
from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import EnvsError, NotFoundError
from jupyter_envs.settings import Settings
from pathlib import Path

root, disk = sys.argv[1], Path(sys.argv[2])
records = msgspec.json.decode(sys.argv[3], type=tuple[RepodataRecord, ...])
settings = Settings(
    root=root, envs_directories=(root + "/envs",), package_directories=(root + "/pkgs",), channels=(),
    compile_in_background=False,
)
engine = Engine(settings)
prefix = engine.new_prefix("analysis")
engine.execute(engine.plan(ChangeRequest(action="create", prefix=str(prefix), records=records)))

def bundle():
    try:
        Bundler(settings).make(BundleRequest(output=str(disk / "bundle"), prefixes=(str(prefix),)))
    except EnvsError as error:
        return error.to_dict()
    request_from(disk / "bundle", "analysis", Path(root, "x"), settings.subdir)
    return {}

def named():
    try:
        return list(read_bundle(disk / "bundle").environments)
    except NotFoundError:
        return []

said = []
for size in json.loads(sys.argv[4]):
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "none", str(disk)], check=True)
    first, has = bundle(), named()
    subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
    said.append({"size": size, "first": first, "has": has, "second": bundle()})
    subprocess.run(["umount", str(disk)], check=True)
print(json.dumps(said))
sys.stdout.flush()
os._exit(0)
"""


def test_a_bundle_on_a_full_stick_says_so_and_is_finished_when_there_is_room(
    namespace: list[str], channel: Channel, tmp_path: Path
) -> None:
    import msgspec

    channel.add("small", files={"share/small": random.Random(3).randbytes(100_000)})
    disk = tmp_path / "disk"
    disk.mkdir()
    sizes = [*range(104, 164, 8), 1024]
    records = msgspec.json.encode(channel.records()).decode()
    command = [*namespace, sys.executable, "-c", BUNDLER, str(tmp_path / "root"), str(disk), records, json.dumps(sizes)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert result.returncode == 0, result.stderr
    said = json.loads(result.stdout.strip().splitlines()[-1])
    for one in said:
        assert one["second"] == {}, one
        if one["first"]:
            assert one["has"] == []
            assert one["first"]["code"] == "storage.full", one
            assert "free some space" in one["first"]["hint"], one
    assert said[0]["first"], "even the smallest disk was large enough: nothing was tested"
    assert not said[-1]["first"], said[-1]
