"""One Hub for all tests here: its users, its channel, an environment.yml."""

from __future__ import annotations

import os
import shutil
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.accounts import make_user, missing_for_users, remove_user
from hub.crowd import CROWD
from hub.running import ADMIN, ANNA, BEN, CLEO, PROXY, RunningHub, Visitor
from support import users
from support.channel import Channel

NEEDED = 1 << 30  # bytes
TEST_SECONDS = 900
USERS = (ADMIN, ANNA, BEN, CLEO)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test the time that servers and kernels of several users take on a busy machine."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(TEST_SECONDS))


def memory() -> str | None:
    """Return a folder in memory from which programs can be run; thousands of files go away there in no time."""
    place = "/dev/shm"  # as tempfile, it makes a folder of its own in it
    try:
        state = os.statvfs(place)
    except FileNotFoundError:
        return None
    fit = os.access(place, os.W_OK) and not state.f_flag & os.ST_NOEXEC and state.f_bavail * state.f_frsize > NEEDED
    return place if fit else None


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """Return a folder that other Unix users can enter; pytest's own they cannot."""
    made = Path(tempfile.mkdtemp(prefix="hub-", dir=memory()))
    try:
        made.chmod(0o755)
        yield made
    finally:
        shutil.rmtree(made)


@pytest.fixture(scope="session")
def gate_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file that the package ``waits`` waits for when it is installed."""
    return tmp_path_factory.mktemp("gate") / "gate"


@pytest.fixture
def gate(gate_path: Path) -> Path:
    """Return that file, which is not there yet; ``gate.<name>`` appears beside it when the build of a name waits."""
    for path in gate_path.parent.iterdir():
        path.unlink()
    return gate_path


@pytest.fixture(scope="session")
def stock(folder: Path, gate_path: Path) -> Channel:
    """Return a channel with two versions of a package, one whose installation can be held up, and an ipykernel."""
    channel = Channel(folder / "stock")
    script = f'touch {gate_path}.$(basename "$(dirname "$PREFIX")"); while [ ! -e {gate_path} ]; do sleep 0.1; done\n'
    channel.add("plain", files={"share/plain.txt": "plain"})
    channel.add("forbidden")
    channel.add("more", files={"share/more.txt": "more"})
    channel.add("big", files={"share/big": os.urandom(9_000_000)})
    channel.add("half", files={"share/half": os.urandom(1_500_000)})
    channel.add("other-half", files={"share/other": os.urandom(2_000_000)})
    channel.add("waits", link_scripts={"post-link": script})
    for version in ("1.0", "2.0"):
        channel.noarch("tool", version, files={"site-packages/tool/__init__.py": f"version = '{version}'\n"})
    add_ipykernel(channel)
    return channel.index()


def add_ipykernel(channel: Channel) -> None:
    """Add an ipykernel that is the tests' own: no index is asked, and nothing downloaded."""
    paths = users.packages().replace(os.pathsep, "\n")
    files = {"site-packages/tests.pth": f"{paths}\n"}
    version = sysconfig.get_python_version()
    channel.add("ipykernel", "7.0", files=files, depends=[f"python {version}.*"], noarch="python")


@pytest.fixture(scope="session")
def hub(folder: Path, stock: Channel) -> Iterator[RunningHub]:
    """Return a JupyterHub that answers."""
    if not (PROXY / "configurable-http-proxy").exists():
        pytest.skip("needs configurable-http-proxy in node_modules, which `jlpm install` brings")
    real = not missing_for_users()
    running = RunningHub(folder, stock.url, real_users=real, crowd=CROWD)
    try:
        for user in USERS if real else ():
            make_user(user)
        running.start()
        yield running
    finally:
        running.stop()
        for user in USERS if real else ():
            remove_user(user)


@pytest.fixture(scope="session")
def admin(hub: RunningHub) -> Visitor:
    """Return who may publish, logged in to the service."""
    visitor = hub.login(ADMIN)
    visitor.page()
    return visitor


@pytest.fixture(scope="session")
def ben(hub: RunningHub) -> Visitor:
    """Return another user, logged in."""
    return hub.login(BEN)


@pytest.fixture(scope="session")
def anna(hub: RunningHub) -> Visitor:
    """Return a user, logged in to the service."""
    visitor = hub.login(ANNA)
    visitor.page()
    return visitor


@pytest.fixture(scope="session")
def cleo(hub: RunningHub) -> Visitor:
    """Return a third user, logged in, whose quota no other test takes."""
    return hub.login(CLEO)
