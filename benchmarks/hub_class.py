"""A class begins: users of a Hub log in at once, and each wants a kernel. How long do they wait?

Starts ``deploy/single-machine`` with JupyterLab for everybody, as Unix users of their own where root runs this. An
environment is published; then all users at once start their servers, and a kernel in it (*direct*) or in a clone of it
that each makes first (*clone*). Seconds since the moment when all began; each looks once a second, so they are up to
one too high. Needs configurable-http-proxy in node_modules. Standard output is a table.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

# Not this folder, whose hub.py would be taken for tests/hub.
sys.path.remove(str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from hub.accounts import make_user, missing_for_users, remove_user
from hub.conftest import add_ipykernel
from hub.crowd import Member, together
from hub.running import ADMIN, RunningHub
from support.channel import Channel

NAME = "course"
STEPS = ("server", "environment", "kernel")


@contextmanager
def running(names: Sequence[str]) -> Iterator[RunningHub]:
    """Yield a Hub with accounts for users and an environment that is published; all of it goes when the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="envs-class-"))
    folder.chmod(0o755)
    channel = Channel(folder / "channel")
    for number in range(20):
        channel.add(f"data-{number}", files={f"share/{number}/{index}": "data" * 500 for index in range(50)})
    add_ipykernel(channel)
    real = not missing_for_users()
    people = (ADMIN, *names) if real else ()
    hub = RunningHub(folder, channel.index().url, real_users=real, crowd=names, light=False)
    try:
        for name in people:
            make_user(name)
        hub.start()
        admin = hub.login(ADMIN)
        admin.page()
        wanted = ", ".join(["interpreter::python", *(f"data-{number}" for number in range(20))])
        admin.publish(NAME, {"name": "environment.yml", "text": f"dependencies: [{wanted}]\n"})
        if not admin.published(NAME, 1)["published"]:
            raise SystemExit(f"it was not published: {admin.generations(NAME)}")
        yield hub
    finally:
        hub.stop()
        for name in people:
            remove_user(name)
        shutil.rmtree(folder)


def begin(member: Member, way: str, start: float) -> dict[str, float]:
    """Have one user start, and return when each step was done, in seconds since the start of all."""
    done = {}
    member.start_server()
    done["server"] = time.perf_counter() - start
    kernel = f"shared-{NAME}"
    if way == "clone":
        shared = member.environments()[NAME]
        job = member.change(action="clone", name="mine", clone_from=shared["id"])
        if job["state"] != "done":
            raise SystemExit(f"{member.name}: {job['error']}")
        kernel = "envs-mine"
    done["environment"] = time.perf_counter() - start
    prefix = member.answer_of_kernel(kernel, "import sys; print(sys.prefix)").strip()
    if Path(prefix).name not in ("1", "mine"):
        raise SystemExit(f"{member.name}: the kernel runs in {prefix}")
    done["kernel"] = time.perf_counter() - start
    return done


def row(way: str, step: str, times: Sequence[float]) -> str:
    """Return when the first, the one in the middle and the last user had it, and those at a quarter and three."""
    ordered = sorted(times)
    at = [ordered[round(part * (len(ordered) - 1))] for part in (0, 0.25, 0.5, 0.75, 1)]
    return f"| {way} | {step} | {' | '.join(f'{one:.1f}' for one in at)} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=30)
    parser.add_argument("--way", nargs="+", choices=("direct", "clone"), default=["direct", "clone"])
    options = parser.parse_args()
    names = [f"envs-b-{os.getpid()}-{number:03}" for number in range(options.users)]
    print(f"load average before: {os.getloadavg()[0]:.1f}\n")
    with running(names) as hub:
        crowd = [Member(hub, name) for name in names]
        print("| way | has | first, s | 25 % | 50 % | 75 % | last, s |\n|---|---|---|---|---|---|---|")
        for way in options.way:
            start = time.perf_counter()
            done = together(crowd, lambda member, way=way, start=start: begin(member, way, start))
            for step in STEPS if way == "clone" else ("server", "kernel"):
                print(row(way, step, [one[step] for one in done]), flush=True)
            together(crowd, Member.stop_server)
    print(f"\nload average after: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
