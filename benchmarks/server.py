"""What the server extension costs, and how soon it answers: a real Jupyter server, asked over HTTP.

``python benchmarks/server.py [--environments 200] [--packages 300] [--names 30000]``. Everything is made in a temporary
folder: a channel of many names, many environments, one package of many files whose install runs while
``/api/status`` is asked. Prints a table with the targets.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psutil
import requests
import zstandard
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.settings_load import load_settings
from support.channel import Channel

TOKEN = "benchmark"
FILES = 12_000  # of the package that is being installed while others ask
WORDS = ("data", "plot", "graph", "test", "lib", "core", "tool", "net", "web", "math", "image", "text", "log", "color")


def make_names(folder: Path, count: int) -> None:
    """Write the repodata of a channel of many names, ten versions of each hundredth."""
    chance = random.Random(1)
    names = sorted({f"{chance.choice(WORDS)}-{chance.choice(WORDS)}-{number}" for number in range(count)})
    packages = {}
    for place, name in enumerate(names):
        for version in range(10 if place % 100 == 0 else 1):
            record = {"name": name, "version": f"{version}.0", "build": "0", "build_number": 0, "depends": []}
            packages[f"{name}-{version}.0-0.conda"] = record | {"subdir": "noarch", "size": 1000, "sha256": "0" * 64}
    for subdir in ("noarch", load_settings().subdir):
        repodata = {
            "info": {"subdir": subdir},
            "packages": {},
            "packages.conda": packages if subdir == "noarch" else {},
        }
        data = json.dumps(repodata).encode()
        (folder / subdir).mkdir(parents=True)
        (folder / subdir / "repodata.json").write_bytes(data)
        (folder / subdir / "repodata.json.zst").write_bytes(zstandard.compress(data))


def make_environments(folder: Path, count: int, packages: int) -> None:
    """Make environments that are only records: one by hand, the others linked from it."""
    first = folder / "env-000"
    meta = first / "conda-meta"
    meta.mkdir(parents=True)
    (meta / "history").write_text("")
    (first / "bin").mkdir()
    (first / "bin/python").write_text("")
    for number in range(packages):
        name = "python" if number == 0 else f"package-{number:03d}"
        files = [f"lib/python3.12/site-packages/{name}/module_{index}.py" for index in range(80)]
        paths = [{"_path": file, "path_type": "hardlink", "sha256": "0" * 64, "size_in_bytes": 900} for file in files]
        record = {"name": name, "version": "3.12.1", "build": "0", "build_number": 0, "depends": ["python"]}
        record |= {
            "fn": f"{name}-3.12.1-0.conda",
            "url": f"file:///c/noarch/{name}-3.12.1-0.conda",
            "channel": "file:///c",
        }
        record |= {"subdir": "noarch", "files": files, "paths_data": {"paths": paths, "paths_version": 1}}
        (meta / f"{name}-3.12.1-0.json").write_text(json.dumps(record))
    for number in range(1, count):
        shutil.copytree(first, folder / f"env-{number:03d}", copy_function=os.link)


class Server:
    """A Jupyter server in a process of its own."""

    def __init__(self, folder: Path, *, extension: bool, channels: list[str]) -> None:
        self.folder = folder
        config = folder / "config"
        config.mkdir(parents=True, exist_ok=True)
        options = {
            "ServerApp": {
                "jpserver_extensions": {"jupyter_envs": extension},
                "root_dir": str(folder),
                "allow_root": True,
            },
            "IdentityProvider": {"token": TOKEN},
            "EnvsExtension": {"root": str(folder / "root"), "channels": channels, "sources": ["conda"]},
        }
        (config / "jupyter_server_config.json").write_text(json.dumps(options))
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "CONDA"))}
        environ |= {"HOME": str(folder), "JUPYTER_CONFIG_DIR": str(config), "JUPYTER_PLATFORM_DIRS": "1"}
        environ |= {f"JUPYTER_{kind}_DIR": str(folder / kind.lower()) for kind in ("DATA", "RUNTIME")}
        self.log = (folder / "server.log").open("w")
        command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--port=0"]
        self.process = subprocess.Popen(command, env=environ, stdout=self.log, stderr=self.log)
        self.url = self._find_url()
        self.http = requests.Session()
        self.http.headers["Authorization"] = f"token {TOKEN}"

    def _find_url(self) -> str:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for info in (self.folder / "runtime").glob("jpserver-*.json"):
                url = str(json.loads(info.read_text())["url"]).rstrip("/")
                with contextlib.suppress(requests.ConnectionError):
                    requests.get(f"{url}/api", timeout=10)
                    return url
            time.sleep(0.05)
        raise RuntimeError(f"the server does not start: {(self.folder / 'server.log').read_text()[-2000:]}")

    def get(self, path: str, **query: object) -> Any:
        """Return the JSON of a route of the extension."""
        reply = self.http.get(f"{self.url}/envs/api/v1/{path}", params=query, timeout=120)
        reply.raise_for_status()
        return reply.json()

    @property
    def megabytes(self) -> float:
        """What the server's own process holds in memory."""
        return psutil.Process(self.process.pid).memory_info().rss / 1e6

    @property
    def child_megabytes(self) -> float:
        """What the child that answers questions holds in memory."""
        children = psutil.Process(self.process.pid).children()
        return sum(child.memory_info().rss for child in children if _answers(child)) / 1e6

    def close(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


def _answers(process: psutil.Process) -> bool:
    """Return whether a process is the child that answers questions."""
    return process.status() != psutil.STATUS_ZOMBIE and "jupyter_envs.queries.serve" in process.cmdline()


def timed(act: Callable[[], object], rounds: int) -> list[float]:
    """Return the milliseconds of each round."""
    took = []
    for _ in range(rounds):
        started = time.perf_counter()
        act()
        took.append((time.perf_counter() - started) * 1e3)
    return took


def row(name: str, took: list[float], target: str = "") -> None:
    """Print one line of the table: median, 95th, 99th percentile and the worst, in milliseconds."""
    cuts = quantiles(took, n=100) if len(took) > 1 else took * 99
    print(
        f"| {name} | {median(took):.1f} | {cuts[94]:.1f} | {cuts[98]:.1f} | {max(took):.1f} | {len(took)} | {target} |"
    )


def typed_texts(count: int) -> list[str]:
    """Return what somebody types: beginnings of words, one letter more each time."""
    chance = random.Random(2)
    words = [f"{chance.choice(WORDS)}-{chance.choice(WORDS)}" for _ in range(count)]
    return [word[:length] for word in words for length in range(1, len(word), 2)]


def measure_status(server: Server, channel: Channel) -> list[float]:
    """Return how long ``/api/status`` took while an environment was made and others asked for lists and names."""
    body = {
        "action": "create",
        "name": "busy",
        "specs": ["large"],
        "add_ipykernel": False,
        "channels": [str(channel.folder)],
    }
    reply = server.http.post(f"{server.url}/envs/api/v1/changes", json=body, timeout=30)
    reply.raise_for_status()
    job = reply.json()["job"]["id"]
    asking = subprocess.Popen([sys.executable, __file__, "--ask", server.url])
    took: list[float] = []
    while server.get(f"jobs/{job}")["job"]["state"] in ("queued", "running"):
        took += timed(lambda: server.http.get(f"{server.url}/api/status", timeout=30).raise_for_status(), 10)
    asking.terminate()
    asking.wait()
    state = server.get(f"jobs/{job}")["job"]
    if state["state"] != "done":
        raise RuntimeError(f"the install failed: {state['error']}")
    print(f"(the install took {state['ended_at'] - state['started_at']:.1f} s)", file=sys.stderr)
    return took


def ask_for_ever(url: str) -> None:
    """Ask for the list, for packages and for names, as an open sidebar and somebody who types do."""
    http = requests.Session()
    http.headers["Authorization"] = f"token {TOKEN}"
    while True:
        environments = http.get(f"{url}/envs/api/v1/environments", timeout=60).json()["environments"]
        http.get(f"{url}/envs/api/v1/environments/{environments[0]['id']}/packages", timeout=60)
        http.get(f"{url}/envs/api/v1/search", params={"q": "dat"}, timeout=60)
        time.sleep(0.05)


async def measure_events(server: Server, channel: Channel, rounds: int) -> list[float]:
    """Return the milliseconds from the end of a change that another process makes to the event about it."""
    request = HTTPRequest(
        f"{server.url.replace('http', 'ws', 1)}/api/events/subscribe", headers={"Authorization": f"token {TOKEN}"}
    )
    socket = await websocket_connect(request)
    settings = load_settings(root=str(server.folder / "root"), channels=(str(channel.folder),), sources=("conda",))
    took = []
    for number in range(rounds):
        prefix = f"{settings.envs_directories[0]}/event-{number}"
        await asyncio.to_thread(_create, settings, prefix)
        done = time.perf_counter()
        while True:
            event = json.loads(await socket.read_message())
            if event.get("path") == prefix:
                took.append(max(0.0, (time.perf_counter() - done) * 1e3))
                break
    socket.close()
    return took


def _create(settings: Any, prefix: str) -> None:
    engine = Engine(settings)
    engine.execute(engine.plan(ChangeRequest(action="create", prefix=prefix, specs=("small",))))


def run(folder: Path, options: argparse.Namespace) -> None:
    """Make the material, measure, print."""
    make_names(folder / "names", options.names)
    channel = Channel(folder / "channel")
    channel.add("small", files={"share/small.txt": "small"})
    channel.add("large", files={f"share/large/{number // 100}/{number}.txt": f"{number}\n" for number in range(FILES)})
    channel.index()
    with contextlib.closing(Server(folder / "bare", extension=False, channels=[])) as bare:
        timed(lambda: bare.http.get(f"{bare.url}/api/status", timeout=30), 50)
        without = bare.megabytes
    make_environments(folder / "server/root/envs", options.environments, options.packages)
    server = Server(folder / "server", extension=True, channels=[str(folder / "names"), str(channel.folder)])
    try:
        print("| | median ms | 95 % | 99 % | worst | asked | wanted |\n|---|---|---|---|---|---|---|")
        row("environments, the first time", timed(lambda: server.get("environments"), 1), "300")
        row("environments", timed(lambda: server.get("environments"), 30), "300")
        first = server.get("environments")["environments"][0]["id"]
        row("packages, the first time", timed(lambda: server.get(f"environments/{first}/packages"), 1))
        row("packages", timed(lambda: server.get(f"environments/{first}/packages"), 30))
        row("search, the first time (child and channels start)", timed(lambda: server.get("search", q="data"), 1))
        texts = itertools.cycle(typed_texts(60))
        row("search", timed(lambda: server.get("search", q=next(texts), limit=30), 300), "50")
        row("event after the commit", asyncio.run(measure_events(server, channel, 20)), "300")
        row("/api/status during an install", measure_status(server, channel), "50 (99 %)")
        print(f"\nmemory of the server's process: {server.megabytes:.1f} MB, without the extension {without:.1f} MB")
        print(f"(wanted: at most 40 MB more; it is {server.megabytes - without:.1f} MB more)")
        print(f"memory of the child that answers questions: {server.child_megabytes:.1f} MB")
    finally:
        server.close()


def main() -> None:
    """Measure on tmpfs where there is one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--environments", type=int, default=200)
    parser.add_argument("--packages", type=int, default=300)
    parser.add_argument("--names", type=int, default=30_000)
    parser.add_argument("--ask", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ask:
        ask_for_ever(options.ask)
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="envs-bench-", dir=place) as folder:
        run(Path(folder), options)


if __name__ == "__main__":
    main()
