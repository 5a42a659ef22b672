"""One Hub for all tests here: its users, its channel, an environment.yml."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.running import ADMIN, ANNA, BEN, PROXY, RunningHub, Visitor, can_have_users, make_user, remove_user
from support.channel import Channel

USERS = (ADMIN, ANNA, BEN)


@pytest.fixture(scope="session")
def gate_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file that the package ``waits`` waits for when it is installed."""
    return tmp_path_factory.mktemp("gate") / "gate"


@pytest.fixture
def gate(gate_path: Path) -> Path:
    """Return that file, which is not there yet; beside it stands ``gate.waiting`` when somebody waits."""
    for path in (gate_path, gate_path.with_suffix(".waiting")):
        path.unlink(missing_ok=True)
    return gate_path


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory, gate_path: Path) -> Channel:
    """Return a channel with two versions of a package, and one whose installation can be held up."""
    channel = Channel(tmp_path_factory.mktemp("stock"))
    script = f"touch {gate_path}.waiting; while [ ! -e {gate_path} ]; do sleep 0.1; done\n"
    channel.add("waits", link_scripts={"post-link": script})
    for version in ("1.0", "2.0"):
        channel.noarch("tool", version, files={"site-packages/tool/__init__.py": f"version = '{version}'\n"})
    return channel.index()


@pytest.fixture(scope="session")
def hub(stock: Channel) -> Iterator[RunningHub]:
    """Return a JupyterHub that answers; its folder is one that other Unix users can enter."""
    if not (PROXY / "configurable-http-proxy").exists():
        pytest.skip("needs configurable-http-proxy in node_modules, which `jlpm install` brings")
    folder = Path(tempfile.mkdtemp(prefix="hub-"))
    folder.chmod(0o755)
    real = can_have_users()
    running = RunningHub(folder, stock.url, real_users=real)
    try:
        for user in USERS if real else ():
            make_user(user)
        running.start()
        yield running
    finally:
        running.stop()
        for user in USERS if real else ():
            remove_user(user)
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def admin(hub: RunningHub) -> Visitor:
    """Return who may publish, logged in to the service."""
    visitor = hub.login(ADMIN)
    visitor.page()
    return visitor


@pytest.fixture(scope="session")
def anna(hub: RunningHub) -> Visitor:
    """Return a user, logged in to the service."""
    visitor = hub.login(ANNA)
    visitor.page()
    return visitor
