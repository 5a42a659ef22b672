"""What root publishes is seen, cloned and not changed by other users; each user's own is out of the others' reach."""

from __future__ import annotations

import ast
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from support.channel import Channel
from support.packages import PLACEHOLDER, File
from support.users import FIRST, User, missing

KERNEL = json.dumps({"argv": ["bin/toy", "{connection_file}"], "display_name": "Toy", "language": "toy"})


MANAGEMENT_BYTES = 64 << 10
"""What no plan counts: the environment's own directories, its history and its state."""


def own_bytes(folder: Path) -> int:
    """Return what the disk gives to a folder alone: files with another link are the cache's."""
    paths = [folder, *folder.rglob("*")]
    return sum(
        info.st_blocks * 512 for info in map(Path.lstat, paths) if stat.S_ISDIR(info.st_mode) or info.st_nlink == 1
    )


class World(NamedTuple):
    """The shared directory, and two users who know of it."""

    shared: Path
    anna: User
    ben: User

    def signs(self) -> dict[str, tuple[int, int, bytes]]:
        """Return what changes when anything in the shared directory is touched: inodes, times, contents."""
        found = {}
        for path in (self.shared, *self.shared.rglob("*")):
            info = path.lstat()
            content = path.read_bytes() if stat.S_ISREG(info.st_mode) else b""
            found[str(path)] = (info.st_ino, info.st_mtime_ns, content)
        return found


@pytest.fixture
def world() -> Iterator[World]:
    """Publish an environment as root. The folder is not pytest's, which only its owner may enter."""
    folder = Path(tempfile.mkdtemp(prefix="envs-shared-"))
    try:
        folder.chmod(0o755)
        if lacking := missing():
            pytest.skip(lacking)
        yield publish(folder)
    finally:
        shutil.rmtree(folder)


def publish(folder: Path) -> World:
    channel = Channel(folder / "channel")
    channel.add("data", files={"share/data/big": "d" * 50_000, "etc/data.conf": f"home = {PLACEHOLDER}/share\n"})
    program = File("#!/bin/sh\n" + "# a program\n" * 20_000, 0o755)
    small = {f"share/toys-with-a-name-that-does-not-fit-into-an-inode/{number}": "toy" for number in range(60)}
    kernel = {"share/jupyter/kernels/toy/kernel.json": KERNEL}
    channel.add("toy", files={"bin/toy": program, **small, **kernel})
    channel.add("more", files={"share/more": "more"})
    channel.index()
    shared = folder / "shared"
    common = {"JUPYTER_ENVS_CHANNELS": channel.url, "JUPYTER_ENVS_SOURCES": "conda"}
    service = User(
        0, folder, {**common, "JUPYTER_ENVS_ROOT": str(shared), "JUPYTER_DATA_DIR": f"{shared}/share/jupyter"}
    )
    made = service.envs("create", "course", "data", "toy", "--no-kernel", "--yes")
    assert made.returncode == 0, made.stderr
    assert service.envs("kernels", "add", "course").returncode == 0
    variables = {**common, "JUPYTER_ENVS_SHARED": str(shared), "JUPYTER_PATH": f"{shared}/share/jupyter"}
    return World(shared, User(FIRST, folder, variables), User(FIRST + 1, folder, variables))


def listed(user: User) -> dict[str, dict[str, object]]:
    answer = user.envs("list", "--json")
    assert answer.returncode == 0, answer.stderr
    return {each["name"]: each for each in json.loads(answer.stdout)["environments"]}


def test_a_shared_environment_is_cloned_and_stays_as_it_is(world: World) -> None:
    before = world.signs()
    course = listed(world.anna)["course"]
    assert (course["kind"], course["writable"], course["external"]) == ("shared", False, False)

    for change in (("install", "course", "more"), ("remove", "course", "toy"), ("rename", "course", "mine")):
        refused = world.anna.envs(*change, "--json", *(["--yes"] if change[0] != "rename" else []))
        assert refused.returncode == 10, refused.stderr
        assert json.loads(refused.stdout)["error"]["code"] == "env.shared"
        assert "jupyter envs clone course my-course" in json.loads(refused.stdout)["error"]["hint"]

    cloned = world.anna.envs("clone", "course", "mine", "--yes")
    assert cloned.returncode == 0, cloned.stderr
    added = world.anna.envs("install", "mine", "more", "--yes")
    assert added.returncode == 0, added.stderr
    mine = world.anna.home / ".local/share/jupyter-envs/envs/mine"
    assert listed(world.anna)["mine"]["kind"] == "own"
    assert (mine / "share/more").read_text() == "more"
    assert (mine / "etc/data.conf").read_text() == f"home = {mine}/share\n"
    assert world.anna.envs("verify", "mine").returncode == 0
    assert world.signs() == before


@pytest.mark.parametrize("softlinks", [False, True])
def test_a_plan_says_what_a_clone_costs_and_keeps_to_it(world: World, softlinks: bool) -> None:
    world.anna.variables["JUPYTER_ENVS_ALLOW_SOFTLINKS"] = str(int(softlinks))
    planned = world.anna.envs("clone", "course", "mine", "--dry-run", "--json")
    assert planned.returncode == 0, planned.stderr
    plan = json.loads(planned.stdout)
    codes = [warning["code"] for warning in plan["warnings"]]
    cloned = world.anna.envs("clone", "course", "mine", "--yes", "--json")
    assert cloned.returncode == 0, cloned.stderr
    mine = world.anna.home / ".local/share/jupyter-envs/envs/mine"
    big = mine / "share/data/big"
    taken = own_bytes(mine)
    assert abs(plan["disk_bytes"] - taken) <= MANAGEMENT_BYTES, (plan["disk_bytes"], taken)
    assert abs(json.loads(cloned.stdout)["disk_bytes"] - taken) <= MANAGEMENT_BYTES
    if Path("/proc/sys/fs/protected_hardlinks").read_text().strip() == "0":
        assert codes == []
        assert big.stat().st_nlink > 1
    elif softlinks:
        assert codes == ["link.soft"]
        assert plan["disk_bytes"] >= 240_000, "programs are copied all the same"
        assert os.readlink(big).startswith(f"{world.shared}/pkgs/data-")
    else:
        assert codes == ["link.copied"]
        assert plan["disk_bytes"] >= 50_000
        assert (big.stat().st_nlink, big.stat().st_uid) == (1, world.anna.uid)


def test_kernels_of_shared_environments_are_seen(world: World) -> None:
    program = "from jupyter_client.kernelspec import KernelSpecManager; print(KernelSpecManager().get_all_specs())"
    specs = world.anna.run("-c", program)
    assert specs.returncode == 0, specs.stderr
    found = ast.literal_eval(specs.stdout)
    ((name, each),) = ((name, each) for name, each in found.items() if "course" in name)
    assert each["spec"]["display_name"] == "Toy (course)"

    (known,) = json.loads(world.anna.envs("kernels", "--json").stdout)["kernels"]
    assert (known["name"], known["prefix"], known["shared"]) == (name, str(world.shared / "envs/course"), True)
    assert "shared" in world.anna.envs("kernels", "list").stdout

    refused = world.anna.envs("kernels", "remove", "course", "--json")
    assert refused.returncode == 10, refused.stdout
    error = json.loads(refused.stdout)["error"]
    assert (error["code"], "come with the shared environment" in error["message"]) == ("env.shared", True)
    assert world.anna.envs("kernels", "add", "course").returncode == 0, "in the user's own place"
    assert "removed" in world.anna.envs("kernels", "remove", "course").stdout

    notebook = world.anna.home / "a.ipynb"
    metadata = {"kernelspec": {"name": name, "display_name": "Toy (course)"}}
    notebook.write_text(json.dumps({"cells": [], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}))
    os.chown(notebook, world.anna.uid, world.anna.uid)
    locked = world.anna.envs("lock", "a.ipynb", "--json")
    assert json.loads(locked.stdout)["prefix"] == str(world.shared / "envs/course"), locked.stdout


def test_files_refuse_what_the_engine_would_not(world: World) -> None:
    world.anna.variables.pop("JUPYTER_ENVS_SHARED")
    for other in ({}, {"JUPYTER_ENVS_ROOT": str(world.shared)}):
        stranger = User(world.anna.uid, world.anna.home.parent, {**world.anna.variables, **other})
        refused = stranger.envs("install", "-p", str(world.shared / "envs/course"), "more", "--yes")
        assert refused.returncode == 12, refused.stderr
        assert "denied" in refused.stderr


def test_nobody_looks_into_the_environments_of_another(world: World) -> None:
    assert world.anna.envs("clone", "course", "mine", "--yes").returncode == 0
    mine = world.anna.home / ".local/share/jupyter-envs/envs/mine"
    assert world.ben.run("-c", f"import os; os.listdir({str(mine)!r})").returncode == 1
    refused = world.ben.envs("packages", "-p", str(mine), "--json")
    assert refused.returncode == 12, refused.stdout
    assert "denied" in refused.stdout
    assert set(listed(world.ben)) & {"mine", str(mine)} == set()
