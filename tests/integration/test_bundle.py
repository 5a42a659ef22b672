"""Bundles: an environment carried in a folder to a root that has nothing, with every way to the network closed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_envs.bundles.folder import read_bundle
from jupyter_envs.bundles.make import Bundler
from jupyter_envs.bundles.models import BundleReport, BundleRequest
from jupyter_envs.bundles.unpack import request_from
from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.events import CancelToken, Event, NullReporter
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.errors import (
    AlreadyExistsError,
    CancelledError,
    EnvsError,
    IntegrityError,
    LockedError,
    NotFoundError,
    PolicyError,
    SpecError,
    StorageError,
)
from jupyter_envs.settings import Settings
from support.channel import PLACEHOLDER, Channel
from support.faults import snapshot_tree
from support.http_server import Server, serve
from support.wheels import SimpleIndex

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
PROGRAM = (sys.executable, "-m", "jupyter_envs.cli.main")
CLOSED = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"), "http://127.0.0.1:9")


class Here:
    """A machine with a channel and an index, and an environment of packages of each kind."""

    def __init__(self, settings: Settings, channel: Channel, server: Server, bundle: Path) -> None:
        self.settings = msgspec.structs.replace(settings, channels=(f"{server.url}/channel",))
        self.channel = channel
        self.bundle = bundle
        self.engine = Engine(self.settings)

    def create(self, name: str, *specs: str, **more: Any) -> Path:
        prefix = self.engine.new_prefix(name)
        self.engine.execute(self.engine.plan(ChangeRequest(action="create", prefix=str(prefix), specs=specs, **more)))
        return prefix

    def make(self, *prefixes: Path, settings: Settings | None = None, **more: Any) -> BundleReport:
        request = BundleRequest(output=str(self.bundle), prefixes=tuple(map(str, prefixes)), **more)
        return Bundler(settings or self.settings).make(request)


@pytest.fixture
def index(tmp_path: Path) -> SimpleIndex:
    index = SimpleIndex()
    index.wheel(tmp_path / "wheels", "pure", entry_points={"console_scripts": {"pure": "pure:main"}})
    return index


@pytest.fixture
def server(channel: Channel, index: SimpleIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serve(tmp_path, index) as running:
        monkeypatch.setenv("PIP_INDEX_URL", f"{running.url}/simple/")
        yield running


@pytest.fixture
def here(settings: Settings, channel: Channel, server: Server, tmp_path: Path) -> Here:
    channel.python(f"{MINOR}.0")
    channel.noarch("tool", depends=["python"], entry_points=["tool = tool.cli:main"])
    channel.add("native", files={"lib/native.bin": PLACEHOLDER.encode() + b"\0rest", "share/native": "1"})
    channel.add("native", subdir="linux-aarch64", files={"share/native": "of another machine"})
    channel.index()
    return Here(settings, channel, server, tmp_path / "bundle")


def elsewhere(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Return an engine where the root is empty again, at the same path, and no address answers."""
    os.rename(settings.root, f"{settings.root}-of-there")
    for name, value in CLOSED.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple/")
    return Engine(msgspec.structs.replace(settings, channels=("http://127.0.0.1:9/channel",)))


def without_times(path: str) -> bool:
    """Leave out what tells when and where from an environment was made; packages' files stay."""
    return path == "conda-meta"


def test_another_machine_gets_the_same_bytes_without_a_network(
    here: Here, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = here.create("analysis", f"python={MINOR}", "tool", "native", "pypi::pure", variables={"COLOUR": "blue"})
    borrowing = here.create("borrowing", f"interpreter::python={MINOR}", "pypi::pure")
    report = here.make(prefix, borrowing)
    assert report.names == ("analysis", "borrowing")
    assert report.bytes == report.new_bytes > 0
    before, records = snapshot_tree(prefix, ignore=without_times), here.engine.packages(prefix)
    borrowed_before = snapshot_tree(borrowing, ignore=without_times)

    there = elsewhere(here.settings, monkeypatch)
    asked = len(server.log)
    for name, target in (("analysis", prefix), ("borrowing", borrowing)):
        unpacked = request_from(here.bundle, name, target, here.settings.subdir)
        assert unpacked.warnings == ()
        there.execute(there.plan(unpacked.request))
        assert there.verify(target) == []
    assert snapshot_tree(prefix, ignore=without_times) == before
    assert snapshot_tree(borrowing, ignore=without_times) == borrowed_before
    assert len(server.log) == asked
    now = there.packages(prefix)
    assert [(one.dist, one.url, one.sha256, one.depends) for one in now] == [
        (one.dist, one.url, one.sha256, one.depends) for one in records
    ]
    assert there.requested(prefix) == (f"python={MINOR}", "tool", "native", "pypi::pure")
    assert json.loads((prefix / "conda-meta/state").read_bytes())["env_vars"] == {"COLOUR": "blue"}


def test_a_bundle_is_a_channel_and_a_folder_of_wheels_for_others(here: Here, tmp_path: Path) -> None:
    here.make(here.create("analysis", f"python={MINOR}", "tool", "pypi::pure"))
    settings = msgspec.structs.replace(here.settings, channels=((here.bundle / "channel").as_uri(),), offline=True)
    engine = Engine(settings)
    request = ChangeRequest(action="create", prefix=str(tmp_path / "root/envs/other"), specs=("tool",))
    assert {record.name for record in engine.plan(request).records} == {"python", "tool"}
    page = (here.bundle / "wheels/index.html").read_text()
    assert "pure-1.0-py3-none-any.whl#sha256=" in page
    assert "jupyter envs create analysis --from-bundle" in (here.bundle / "README.md").read_text()


def test_a_second_bundle_adds_and_asks_for_nothing_twice(here: Here, server: Server) -> None:
    here.make(here.create("one", "native"))
    asked = len(server.asked("*.conda"))
    second = here.make(here.create("two", "native", "tool"))
    again = [request.path for request in server.asked("*.conda")][asked:]
    assert len([path for path in again if "native" in path]) == 0
    assert second.new_bytes < second.bytes
    assert set(read_bundle(here.bundle).environments) == {"one", "two"}
    repeated = here.make(here.engine.resolve("one"))
    assert repeated.new_bytes == 0


def test_a_file_is_solved_for_another_platform_and_stays_beside_this_one(here: Here, tmp_path: Path) -> None:
    here.make(here.create("analysis", "native"))
    here.make(here.engine.resolve("analysis"), subdir="linux-aarch64")
    assert len(list(here.bundle.glob("channel/linux-aarch64/native-*"))) == 1
    assert set(read_bundle(here.bundle).environments["analysis"].platforms) == {here.settings.subdir, "linux-aarch64"}
    file = tmp_path / "environment.yml"
    file.write_text("name: described\ndependencies: [native]\n")
    with pytest.raises(EnvsError):  # no ipykernel in this channel
        here.make(files=(str(file),))
    here.channel.noarch("ipykernel", "7.4.0")
    here.channel.index()
    assert here.make(files=(str(file),)).names == ("described",)
    assert os.listdir(here.settings.envs_directories[0]) == ["analysis"], "nothing was made"
    borrowing = here.create("borrowing", f"interpreter::python={MINOR}")
    with pytest.raises(EnvsError):
        here.make(borrowing, subdir="linux-aarch64")


@pytest.fixture
def carried(here: Here) -> Here:
    here.make(here.create("analysis", "native", "pypi::pure", f"interpreter::python={MINOR}"))
    return here


def archive_of(here: Here, name: str) -> Path:
    return next(here.bundle.rglob(f"{name}-*"))


def test_a_damaged_archive_is_named_and_nothing_is_made(carried: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = archive_of(carried, "pure")
    data = bytearray(archive.read_bytes())
    data[len(data) // 2] ^= 1
    archive.write_bytes(data)
    prefix = carried.engine.resolve("analysis")
    there = elsewhere(carried.settings, monkeypatch)
    request = request_from(carried.bundle, "analysis", prefix, carried.settings.subdir).request
    with pytest.raises(IntegrityError, match=archive.name) as caught:
        there.execute(there.plan(request))
    assert caught.value.code == "integrity.digest"
    assert "copy the bundle again" in caught.value.hint
    assert not prefix.exists()
    archive.write_bytes(data[:-9])
    with pytest.raises(IntegrityError, match="instead of") as caught:
        request_from(carried.bundle, "analysis", prefix, carried.settings.subdir)
    assert caught.value.code == "bundle.incomplete"
    archive.unlink()
    with pytest.raises(IntegrityError, match="is not there"):
        request_from(carried.bundle, "analysis", prefix, carried.settings.subdir)


def test_a_damaged_archive_is_put_right_by_the_next_bundle(carried: Here) -> None:
    archive = archive_of(carried, "native")
    sound = archive.read_bytes()
    archive.write_bytes(b"x" * len(sound))
    assert carried.make(carried.engine.resolve("analysis")).new_bytes == len(sound)
    assert archive.read_bytes() == sound


def with_python(folder: Path, executable: str, version: str) -> None:
    """Write into a bundle that its environment borrowed another Python."""
    bundle = json.loads((folder / "bundle.json").read_bytes())
    for bundled in bundle["environments"]["analysis"]["platforms"].values():
        record = next(record for record in bundled["records"] if record["url"].startswith("interpreter:"))
        record.update(url=f"interpreter://{executable}", version=version)
    (folder / "bundle.json").write_text(json.dumps(bundle))


def test_another_python_of_the_minor_version_is_borrowed_and_none_is_refused(
    carried: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    subdir, prefix = carried.settings.subdir, carried.engine.resolve("analysis")
    with_python(carried.bundle, f"/nowhere/python{MINOR}", f"{MINOR}.99")
    there = elsewhere(carried.settings, monkeypatch)
    unpacked = request_from(carried.bundle, "analysis", prefix, subdir)
    assert [warning.code for warning in unpacked.warnings] == ["bundle.interpreter"]
    there.execute(there.plan(unpacked.request))
    ran = subprocess.run([prefix / "bin/python", "-c", "import pure"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    with_python(carried.bundle, "/nowhere/python3.99", "3.99.0")
    with pytest.raises(NotFoundError, match=r"a Python 3\.99, and there is none here") as caught:
        request_from(carried.bundle, "analysis", prefix, subdir)
    assert caught.value.code == "interpreter.missing"
    assert "install Python 3.99" in caught.value.hint


def test_a_folder_with_other_things_is_left_alone(here: Here) -> None:
    here.bundle.mkdir()
    (here.bundle / "thesis.tex").write_text("mine")
    prefix = here.create("analysis", "native")
    with pytest.raises(SpecError, match=r"thesis\.tex") as caught:
        here.make(prefix)
    assert caught.value.code == "bundle.not_empty"
    assert [path.name for path in here.bundle.iterdir()] == ["thesis.tex"]


def test_what_is_no_bundle_is_said(carried: Here, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no bundle") as caught:
        read_bundle(tmp_path / "nowhere")
    assert caught.value.code == "not_found.bundle"
    with pytest.raises(NotFoundError, match="holds no environment other") as caught:
        request_from(carried.bundle, "other", tmp_path / "x", carried.settings.subdir)
    assert "analysis" in caught.value.hint
    with pytest.raises(NotFoundError, match="this machine is osx-arm64") as caught:
        request_from(carried.bundle, "analysis", tmp_path / "x", "osx-arm64")
    assert "--platform osx-arm64" in caught.value.hint
    (carried.bundle / "bundle.json").write_text('{"bundle_version": 2}')
    with pytest.raises(SpecError, match="version 2"):
        read_bundle(carried.bundle)
    (carried.bundle / "bundle.json").write_text('{"bundle_ver')
    with pytest.raises(SpecError, match="cannot be read"):
        read_bundle(carried.bundle)


def test_a_record_cannot_lead_out_of_the_bundle(carried: Here, tmp_path: Path) -> None:
    text = (carried.bundle / "bundle.json").read_text()
    (carried.bundle / "bundle.json").write_text(text.replace('"pure-1.0-py3-none-any.whl"', '"../../pure.whl"'))
    with pytest.raises(EnvsError) as caught:
        request_from(carried.bundle, "analysis", tmp_path / "x", carried.settings.subdir)
    assert caught.value.code == "archive.name"


def test_two_packages_of_one_name_are_refused(here: Here, server: Server, tmp_path: Path) -> None:
    here.make(here.create("one", "native"))
    other = Channel(tmp_path / "other")
    other.add("native", files={"share/native": "other bytes"})
    two = here.create("two", "native", channels=(other.index().url,))
    with pytest.raises(AlreadyExistsError) as caught:
        here.make(two)
    assert caught.value.code == "bundle.clash"
    assert set(read_bundle(here.bundle).environments) == {"one"}


def test_one_that_is_cancelled_is_none_and_the_next_finishes_it(here: Here) -> None:
    prefix = here.create("analysis", "native", "pypi::pure")
    token = CancelToken()

    class AtTheFirstArchive(NullReporter):
        def report(self, event: Event) -> None:
            if event.phase == "fetch":
                token.cancel()

    request = BundleRequest(output=str(here.bundle), prefixes=(str(prefix),))
    with pytest.raises(CancelledError):
        Bundler(here.settings, reporter=AtTheFirstArchive(), cancel=token).make(request)
    with pytest.raises(NotFoundError):
        read_bundle(here.bundle)
    assert here.make(prefix).names == ("analysis",)
    assert not list(here.bundle.glob(".downloads"))


def test_two_at_once_are_refused(here: Here) -> None:
    from jupyter_envs.bundles.folder import changing

    prefix = here.create("analysis", "native")
    with changing(here.bundle), pytest.raises(LockedError):
        here.make(prefix)


def test_a_disk_without_room_is_said_before_anything_is_fetched(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    large = here.create("analysis", "native")
    record = next(path for path in (large / "conda-meta").glob("native-*.json"))
    record.write_text(json.dumps({**json.loads(record.read_bytes()), "size": 1 << 60}))
    with pytest.raises(StorageError, match="MB are free") as caught:
        here.make(large)
    assert caught.value.code == "storage.full"


def test_a_policy_judges_the_bundle_by_where_it_lies(carried: Here, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(json.dumps({"policy_version": 1, "channels": [f"{carried.settings.channels[0]}"]}))
    request = request_from(carried.bundle, "analysis", tmp_path / "root/envs/x", carried.settings.subdir).request
    engine = Engine(msgspec.structs.replace(carried.settings, policy_file=str(policy)))
    with pytest.raises(PolicyError) as caught:
        engine.plan(request)
    assert caught.value.code == "policy.channels"
    allowed = [carried.settings.channels[0], carried.bundle.as_uri()]
    policy.write_text(json.dumps({"policy_version": 1, "channels": allowed}))
    engine = Engine(msgspec.structs.replace(carried.settings, policy_file=str(policy)))
    assert engine.execute(engine.plan(request)).generation == 1


def test_the_two_verbs_are_jobs_that_a_person_can_follow(carried: Here, tmp_path: Path) -> None:
    environ = {**os.environ, "JUPYTER_ENVS_CHANNELS": carried.settings.channels[0]}

    def envs(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [*PROGRAM, *arguments]
        return subprocess.run(
            command, env={**environ, **more}, capture_output=True, text=True, check=False, timeout=240
        )

    folder = str(tmp_path / "second")
    made = envs("bundle", "analysis", "-o", folder)
    assert made.returncode == 0, made.stderr
    assert "analysis for " in made.stdout
    assert "--from-bundle FOLDER" in made.stdout
    assert "indexing" in made.stderr
    assert "bundle" in envs("jobs").stdout
    there = {"JUPYTER_ENVS_ROOT": str(tmp_path / "there"), **CLOSED}
    created = envs("create", "mine", "--from-bundle", folder, "--json", **there)
    assert created.returncode == 0, created.stderr + created.stdout
    assert envs("verify", "mine", **there).returncode == 0
    assert envs("create", "more", "--from-bundle", folder, "analysis", "numpy", **there).returncode == 2
    assert "holds analysis, and not numpy" in envs("create", "more", "--from-bundle", folder, "numpy", **there).stderr
    assert envs("bundle", "-o", folder).returncode == 2
    assert "no such platform" in envs("bundle", "analysis", "-o", folder, "--platform", "linux").stderr


@pytest.mark.parametrize(
    ("subdir", "tag", "only"),
    [
        ("linux-aarch64", f"cp{MINOR.replace('.', '')}-abi3-manylinux_2_17_aarch64", "posix"),
        ("osx-arm64", "py3-none-macosx_11_0_arm64", "posix"),
        ("win-64", "py3-none-win_amd64", "windows"),
    ],
)
def test_wheels_for_another_platform_have_its_tags_and_its_markers(
    here: Here, index: SimpleIndex, tmp_path: Path, subdir: str, tag: str, only: str
) -> None:
    here.channel.add("python", f"{MINOR}.0", subdir=subdir)
    here.channel.index()
    for each in ("manylinux_2_17_x86_64", "manylinux_2_17_aarch64", "macosx_11_0_arm64", "win_amd64"):
        kind = f"cp{MINOR.replace('.', '')}-abi3" if "aarch64" in each else "py3-none"
        requires = ["posix; sys_platform != 'win32'", "windows; sys_platform == 'win32'"]
        index.wheel(tmp_path / "wheels", "binary", tag=f"{kind}-{each}", requires=requires)
    for name in ("posix", "windows", "ipykernel"):
        index.wheel(tmp_path / "wheels", name)
    file = tmp_path / "environment.yml"
    file.write_text(f"name: far\ndependencies: [python={MINOR}, pip: [binary]]\n")
    here.make(files=(str(file),), subdir=subdir)
    bundled = read_bundle(here.bundle).environments["far"].platforms[subdir].records
    assert f"binary-1.0-{tag}.whl" in [record.fn for record in bundled]
    assert {"posix", "windows"} & {record.name for record in bundled} == {only}
    assert {path.name for path in here.bundle.rglob("binary-*.whl")} == {f"binary-1.0-{tag}.whl"}
    request = request_from(here.bundle, "far", tmp_path / "x", subdir).request
    assert {record.subdir for record in request.records} <= {subdir, "noarch"}
