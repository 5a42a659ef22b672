"""What the magics cost: a kernel's start with and without them, and ``%envinstall`` of one small cached package.

``python benchmarks/magics.py [--rounds N]``, about a minute for 15 rounds. Makes an environment with ipykernel from the
index in a temporary root, then starts its kernel from two specs that differ only in the argument that brings the
magics, alternating. The install is timed from sending the cell to its reply; what the solve took is in the job's
events, and is shown apart.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from jupyter_client.manager import start_new_kernel

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.channel import Channel

BOOT = """
import sys, time
for name in [name for name in sys.modules if name.startswith("_jupyter_envs_magics")]:
    del sys.modules[name]
source = open({boot!r}).read()
before = time.perf_counter()
exec(compile(source, {boot!r}, "exec"), {{"__file__": {boot!r}}})
print(time.perf_counter() - before)
"""


def prepare(root: Path) -> tuple[Channel, Path]:
    """Make the environment, its kernel with and without magics, and a channel; return channel and spec's folder."""
    os.environ.update(
        JUPYTER_ENVS_ROOT=str(root / "root"),
        JUPYTER_DATA_DIR=str(root / "data"),
        JUPYTER_RUNTIME_DIR=str(root / "runtime"),
        JUPYTER_CONFIG_DIR=str(root / "config"),
        IPYTHONDIR=str(root / "ipython"),
        JUPYTER_PLATFORM_DIRS="1",
        JUPYTER_ENVS_SOURCES="pypi,interpreter",
        JUPYTER_ENVS_COMPILE_IN_BACKGROUND="0",
    )
    for name in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"):
        os.environ.pop(name, None)
    subprocess.run([sys.executable, "-m", "jupyter_envs.cli.main", "create", "bench", "python"], check=True)
    folder = root / "data/kernels/envs-bench"
    bare = shutil.copytree(folder, folder.with_name("bare"))
    spec = json.loads((bare / "kernel.json").read_text())
    spec["argv"] = [word for word in spec["argv"] if "exec_files" not in word]
    (bare / "kernel.json").write_text(json.dumps(spec))
    channel = Channel(root / "channel")
    channel.noarch("small")
    return channel.index(), folder


def start_seconds(name: str) -> float:
    """Return how long a kernel takes from its start to its first answer."""
    begun = time.perf_counter()
    manager, client = start_new_kernel(kernel_name=name, stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - begun
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    return seconds


def run(client: Any, code: str) -> tuple[float, str]:
    """Execute a cell; return its seconds and what it printed."""
    said: list[str] = []

    def collect(message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream":
            said.append(message["content"]["text"])
        assert message["msg_type"] != "error", message["content"]

    begun = time.perf_counter()
    client.execute_interactive(code, output_hook=collect)
    return time.perf_counter() - begun, "".join(said)


def solve_seconds(root: Path) -> float:
    """Return how long the newest job's plan took."""
    events = max((root / "root/jobs").glob("*.events.jsonl"), key=lambda path: path.stat().st_mtime)
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    planned = next(line["time"] for line in lines if line.get("text") == "planned")
    return float(planned - lines[0]["time"])


def show(title: str, figures: list[float]) -> None:
    """Print one row: median, least, most, in milliseconds."""
    print(f"{title:48} {median(figures) * 1000:8.1f} {min(figures) * 1000:8.1f} {max(figures) * 1000:8.1f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        channel, spec = prepare(root)
        start_seconds("bare"), start_seconds("envs-bench")  # once, so that everything is compiled and in memory
        starts: dict[str, list[float]] = {"bare": [], "envs-bench": []}
        for number in range(rounds):
            for name in sorted(starts, reverse=bool(number % 2)):
                starts[name].append(start_seconds(name))
        manager, client = start_new_kernel(kernel_name="envs-bench", stderr=subprocess.DEVNULL)
        boots = [float(run(client, BOOT.format(boot=str(spec / "boot.py")))[1]) for _ in range(rounds)]
        install = f"%envinstall small -c {channel.url} --source conda"
        run(client, install)
        totals, beyond = [], []
        for _ in range(rounds):
            run(client, "%envundo")
            seconds, _ = run(client, install)
            totals.append(seconds)
            beyond.append(seconds - solve_seconds(root))
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    print(f"\n{'milliseconds':48} {'median':>8} {'least':>8} {'most':>8}")
    show("kernel start without magics", starts["bare"])
    show("kernel start with magics", starts["envs-bench"])
    show("with minus without, round by round (at most 20)", [w - b for b, w in zip(*starts.values(), strict=True)])
    show("boot.py alone, in a kernel that runs", boots)
    show("%envinstall of a small cached package", totals)
    show("%envinstall beyond its solve (less than 600)", beyond)


if __name__ == "__main__":
    main()
