"""What thirty users with the same environment take on the disk, and how long each waits for a first kernel.

Five ways of one shared layer (used directly, hard links, reflinks, symbolic links, copies), and a root of their own for
each: an own cache and an own environment, as with conda and no sharing. Run it as root: users are processes of ids
without an account. Only the hard links are made by the owner of the shared files: with ``fs.protected_hardlinks``
(Linux's default) nobody else may, and then the others' ways count. On XFS and Btrfs clones of others' files are
reflinks; elsewhere there are none. Bytes are the blocks of distinct inodes, but where a place is a mount of its own:
there they are what the file system says is taken, which counts shared blocks once. Where each user takes a copy,
``--copies`` of them are made and the sum is multiplied; the row says so. Standard output is a table; everything is made
in temporary folders, which are removed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from prepare import SMALL, WORK, prepare, say

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.users import FIRST, User, missing, python_for_all

WORKER = """
import json, os, resource, shutil, sys, time
from pathlib import Path
import msgspec
from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.settings import Settings

options = json.loads(sys.argv[1])
root, shared, way = options["root"], options["shared"], options["way"]
settings = Settings(
    root=root, envs_directories=(root + "/envs",), channels=(), compile_in_background=False,
    package_directories=(root + "/pkgs", *([shared + "/pkgs"] if shared else [])),
    shared_directories=(shared,) if shared else (), allow_softlinks=way == "softlinks",
)

def processor():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)

def first_kernel(prefix):
    from jupyter_client.manager import KernelManager
    begun, manager = time.perf_counter(), KernelManager()
    manager.kernel_spec.argv[:] = [str(prefix / "bin/python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    own["LD_LIBRARY_PATH"] = str(prefix / "lib")  # the packaged Python looks for its library where it was built
    manager.start_kernel(cwd=own["HOME"], env=own)
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=300)
    waited = time.perf_counter() - begun
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    return waited

engine, begun, used = Engine(settings), time.perf_counter(), processor()
prefix, request = Path(root, "envs/course"), None
if way in ("publish", "own"):
    records = msgspec.json.decode(Path(options["records"]).read_bytes(), type=tuple[RepodataRecord, ...])
    request = ChangeRequest(action="create", prefix=str(prefix), records=records)
elif way == "direct":
    prefix = Path(shared, "envs/course")
else:
    request = ChangeRequest(action="clone", prefix=str(prefix), clone_from=str(Path(shared, "envs/course")))
if request:
    engine.execute(engine.plan(request))
said = {"made": time.perf_counter() - begun, "processor": processor() - used}
if way != "publish":
    said["kernel"] = first_kernel(prefix)
if way in ("publish", "own"):  # what is compiled is part of what an environment takes
    engine.compile(prefix)
    shutil.rmtree(prefix)
    engine.execute(engine.plan(request))
print(json.dumps(said))
sys.stdout.flush()
os._exit(0)
"""


class Way(NamedTuple):
    """A way for users to have the environment; ``owner`` for one that only the shared files' owner has."""

    name: str
    title: str
    owner: bool = False
    copies: bool = False


WAYS = (
    Way("direct", "shared, used directly"),
    Way("hardlinks", "clone: hard links (as the owner)", owner=True),
    Way("reflinks", "clone: reflinks", copies=True),
    Way("softlinks", "clone: symbolic links"),
    Way("copies", "clone: copies", copies=True),
    Way("own", "own cache, own environment", copies=True),
)


class Hub:
    """A folder with a published environment, and users beside it; everything goes when the block ends."""

    def __init__(self, parent: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="envs-hub-", dir=parent))
        self.shared = self.folder / "shared"
        self.records = self.folder / "records.json"

    def __enter__(self) -> Hub:
        try:
            self._publish()
        except BaseException:
            shutil.rmtree(self.folder)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder)

    def _publish(self) -> None:
        self.folder.chmod(0o755)
        manifest = json.loads((WORK / "manifest.json").read_text())
        shutil.copytree(WORK / "channel", self.folder / "channel")
        base = (self.folder / "channel").as_uri()
        records = [
            {
                **{key: value for key, value in one.items() if key not in {"path", "files"}},
                "url": f"{base}/{one['path']}",
                "channel": base,
            }
            for one in manifest["packages"]
            if one["name"] != SMALL
        ]
        self.records.write_text(json.dumps(records))
        self._run(User(0, self.folder), self.shared, "publish")

    def have(self, user: User, way: Way) -> dict[str, float]:
        """Let a user have the environment and start its first kernel; return the seconds."""
        return self._run(user, user.home / "root", way.name)

    def _run(self, user: User, root: Path, way: str) -> dict[str, float]:
        shared = "" if way in {"publish", "own"} else str(self.shared)
        options = {"root": str(root), "shared": shared, "way": way, "records": str(self.records)}
        ran = user.run("-c", WORKER, json.dumps(options), timeout=1800)
        if ran.returncode:
            raise SystemExit(f"{way}: {ran.stderr}")
        return dict(json.loads(ran.stdout))


def taken(*folders: Path) -> tuple[int, int]:
    """Return the bytes and the number of distinct inodes below folders."""
    seen: dict[tuple[int, int], int] = {}
    for folder in folders:
        for directory, _, names in os.walk(folder):
            for path in (directory, *(os.path.join(directory, name) for name in names)):
                info = os.lstat(path)
                seen[info.st_dev, info.st_ino] = info.st_blocks * 512
    return sum(seen.values()), len(seen)


def taken_of(parent: str, *folders: Path) -> tuple[int, int]:
    """Return bytes and inodes below folders; the bytes of all the file system where that is a mount of its own."""
    size, count = taken(*folders)
    if os.path.ismount(parent) and not parent.startswith("/dev/shm"):
        os.sync()
        disk = os.statvfs(parent)
        size = (disk.f_blocks - disk.f_bfree) * disk.f_frsize
    return size, count


def has_reflinks(folder: Path) -> bool:
    """Tell whether files can share blocks there."""
    command = ["cp", "--reflink=always", "records.json", "records-shared.json"]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


def ways_at(folder: Path, wanted: Collection[str]) -> list[Way]:
    """Return the ways that are to be measured and that there are."""
    without = {"softlinks", "copies"} if has_reflinks(folder) else {"reflinks"}
    return [way for way in WAYS if way.name in wanted and way.name not in without]


def measure(parent: str, options: argparse.Namespace) -> Iterator[list[str]]:
    """Yield the rows of one file system."""
    with Hub(parent) as hub:
        base = taken(hub.shared)
        say(f"{parent}: shared layer with its environment {base[0] / 1e6:.0f} MB, {base[1]:,} inodes")
        for way in ways_at(hub.folder, options.way):
            count = options.copies if way.copies else options.users
            folder = hub.folder / way.name
            folder.mkdir()
            before = taken_of(parent, hub.shared)
            people = [User(0 if way.owner else FIRST + number, _own(folder, number)) for number in range(count)]
            with ThreadPoolExecutor(options.at_once) as pool:
                results = list(pool.map(lambda user, way=way: hub.have(user, way), people))
            homes = [user.home for user in people]
            every = taken_of(parent, hub.shared, *homes)
            each = ((every[0] - before[0]) / count, (every[1] - before[1]) / count)
            yield _row(parent, way, options.users, 0 if way.name == "own" else base[0], each, results)
            if parent.startswith("/dev/shm"):  # on ext4 who removes many files slows down what comes next
                shutil.rmtree(folder)


def _own(folder: Path, number: int) -> Path:
    path = folder / f"user-{number}"
    path.mkdir()
    return path


def _row(
    parent: str, way: Way, users: int, base: int, each: tuple[float, float], results: list[dict[str, float]]
) -> list[str]:
    median = {key: statistics.median(one[key] for one in results) for key in ("made", "processor", "kernel")}
    waited = sorted(one["made"] + one["kernel"] for one in results)
    total = f"{(base + each[0] * users) / 1e9:.2f}" + ("" if len(results) == users else f" (from {len(results)})")
    return [
        parent,
        way.title,
        f"{each[0] / 1e6:.1f}",
        f"{each[1]:,.0f}",
        total,
        f"{median['made']:.2f}",
        f"{median['processor']:.2f}",
        f"{median['kernel']:.2f}",
        f"{statistics.median(waited):.2f}",
        f"{waited[-1]:.2f}",
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=30)
    parser.add_argument("--copies", type=int, default=3, help="users that are really made where each takes a copy")
    parser.add_argument("--at-once", type=int, default=1, help="how many of them begin together")
    names = [way.name for way in WAYS]
    parser.add_argument("--way", nargs="+", choices=names, default=names, help="only some of the ways")
    parser.add_argument("places", nargs="*", default=["/dev/shm", "/var/tmp"])
    options = parser.parse_args()
    if lacking := missing():
        raise SystemExit(lacking)
    prepare()
    print(f"load average before: {os.getloadavg()[0]:.1f}; {options.at_once} at once; Python {python_for_all()}\n")
    titles = f"place | way | MB a user | inodes a user | GB for {options.users} | made, s | processor s | kernel, s"
    print(f"| {titles} | both: median, s | longest, s |\n|{'---|' * 10}")
    for place in options.places:
        os.sync()
        for row in measure(place, options):
            print(f"| {' | '.join(row)} |", flush=True)
    print(f"\nload average after: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
