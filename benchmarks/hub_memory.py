"""What a JupyterHub with the publishing service holds in memory, and what each user's server and kernel add.

Starts ``deploy/single-machine`` as the tests do (servers run as the account that runs this), logs two users in, starts
their servers, lets each list environments, search (which starts the child that answers questions) and start a kernel.
Prints the proportional set size of each process: pages that several share count once, in parts. Needs
configurable-http-proxy in node_modules. Standard output is a table.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import psutil

# Not this folder, whose hub.py would be taken for tests/hub.
sys.path.remove(str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from hub.running import ANNA, BEN, RunningHub, Visitor
from support.channel import Channel

KINDS = (  # a word of the command, and what the process is
    ("configurable-http-proxy", "proxy"),
    ("jupyter_envs.hub.service", "publishing service"),
    ("jupyter_envs.queries.serve", "child that answers questions"),
    ("ipykernel_launcher", "kernel, nothing imported"),
    ("jupyterhub.singleuser", "user's server with JupyterLab and the extension"),
    ("jupyterhub-singleuser", "user's server with JupyterLab and the extension"),
    ("jupyterhub", "Hub"),
)


def kind_of(process: psutil.Process) -> str:
    """Return what a process is."""
    command = " ".join(process.cmdline())
    return next((kind for word, kind in KINDS if word in command), "others")


def use(visitor: Visitor) -> None:
    """Start a user's server and a kernel, list environments, search."""
    visitor.start_server()
    for path in ("environments", "search?q=tool"):
        visitor.rest("GET", path, user_server=True)
    kernel = visitor.start_kernel("python3")
    visitor.execute(kernel, "print(1)")


def table(processes: Iterable[psutil.Process]) -> list[str]:
    """Return a row for each kind of process: how many, megabytes of each, processor seconds of each since its start."""
    found: dict[str, list[tuple[float, float]]] = {}
    for process in processes:
        times = process.cpu_times()
        found.setdefault(kind_of(process), []).append((process.memory_full_info().pss / 1e6, times.user + times.system))
    return [
        f"| {kind} | {len(each)} | {sum(one[0] for one in each) / len(each):.0f} | "
        f"{sum(one[1] for one in each) / len(each):.1f} |"
        for kind, each in sorted(found.items())
    ]


def main() -> None:
    """Measure and print."""
    folder = Path(tempfile.mkdtemp(prefix="envs-hub-"))
    folder.chmod(0o755)
    channel = Channel(folder / "channel")
    channel.noarch("tool")
    hub = RunningHub(folder, channel.index().url, real_users=False)
    try:
        hub.start()
        for name in (ANNA, BEN):
            use(hub.login(name))
        [root] = [one for one in psutil.Process().children() if "jupyterhub" in " ".join(one.cmdline())]
        print("| process | how many | MB each | processor s each |\n|---|---|---|---|")
        print("\n".join(table([root, *root.children(recursive=True)])))
        print(f"\nload average: {os.getloadavg()[0]:.1f}")
    finally:
        hub.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
