"""Compare in one run, alternating, whole processes: ours, py-rattler, uv, ``cp -al`` and the floor.

``python benchmarks/run.py [--rounds N] [--place DIR]... [--only NAME]... [--json FILE]``. Every figure is the wall time
of a whole process unless its row says otherwise. Each scenario runs all its tools once per round, starting with another
one each round, so that a slow moment of the machine hits them alike. Prints a table and writes a JSON file.
"""

from __future__ import annotations

import argparse
import json
import marshal
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from places import Place, make_many_environments
from prepare import SUBDIR, WORK, find_uv, prepare, say

TOOLS = Path(__file__).resolve().parent / "tools.py"
TARGETS = {
    "warm create": ("ours", "py-rattler", 0.7),
    "warm create vs cp -al": ("ours", "cp -al", 1.3),
    "warm create with .pyc": ("ours + pyc", "py-rattler", 1.4),
    "cold install": ("ours", "py-rattler", 1.0),
    "clone": ("ours", "cp -al", 1.2),
    "first import": ("ours + pyc", "py-rattler", 0.5),
}


@dataclass
class Run:
    """One process: how long it took, how much memory it held at most, and what it said."""

    seconds: float
    user: float
    system: float
    peak_mb: float
    output: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Tool:
    """One contestant of a scenario: what to clear away before, what to run, what to take for its time."""

    name: str
    command: Sequence[str]
    before: Callable[[], object] = lambda: None
    take: Callable[[Run], float] = lambda run: run.seconds
    after: Callable[[], object] = lambda: None


def measure(command: Sequence[str], environ: dict[str, str]) -> Run:
    """Run a command to its end; a failure ends the benchmark with the command's own words."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environ)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        text = out.read().decode("utf-8", "replace")
        if process.returncode:
            raise SystemExit(
                f"{' '.join(command)[:300]}\nexit {process.returncode}\n{text}{err.read().decode()[-3000:]}"
            )
    lines = [line for line in text.splitlines() if line.startswith("{")]
    output = json.loads(lines[-1]) if lines else {}
    return Run(seconds, usage.ru_utime, usage.ru_stime, float(output.get("peak_mb", 0)), output)


def clean_environ(place: Place) -> dict[str, str]:
    """Return variables without what would change a tool's behaviour, with caches inside the place."""
    foreign = ("CONDA", "PIP_", "UV_", "JUPYTER", "XDG_", "VIRTUAL_ENV", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {
        "HOME": str(place.folder / "home"),
        "UV_CACHE_DIR": str(place.uv_cache),
        "MPLCONFIGDIR": str(place.folder / "mpl"),
        "MPLBACKEND": "agg",
    }


def tool(what: str, **options: object) -> list[str]:
    """Return the command of one function of ``tools.py``."""
    return [sys.executable, str(TOOLS), what, marshal.dumps(options).hex()]


def options_of(command: Sequence[str]) -> dict[str, Any]:
    """Return the options of a command made by ``tool``, to make another of it."""
    found: dict[str, Any] = marshal.loads(bytes.fromhex(command[-1]))
    return found


class Scenarios:
    """What is compared, in one place on one file system."""

    def __init__(self, place: Place, uv: str | None, rounds: int, only: Sequence[str]) -> None:
        self.place, self.uv, self.rounds, self.only = place, uv, rounds, only
        self.environ = clean_environ(place)
        self.results: dict[str, dict[str, list[Run]]] = {}
        self.taken: dict[str, dict[str, list[float]]] = {}

    def wanted(self, name: str) -> bool:
        """Whether this scenario was asked for."""
        return not self.only or any(word in name for word in self.only)

    def compare(self, name: str, tools: Iterable[Tool], rounds: int | None = None) -> None:
        """Run all tools of one scenario, alternating."""
        tools = list(tools)
        say(f"{self.place.kind}: {name} ({', '.join(each.name for each in tools)})")
        rows: dict[str, list[Run]] = {each.name: [] for each in tools}
        for number in range(rounds or self.rounds):
            turn = number % len(tools)
            for each in tools[turn:] + tools[:turn]:
                each.before()
                rows[each.name].append(measure(each.command, self.environ))
                each.after()
        self.results[name] = rows
        self.taken[name] = {each.name: [each.take(run) for run in rows[each.name]] for each in tools}

    def ours(self, what: str, **options: object) -> list[str]:
        """Return the command for the engine, from the records file."""
        base = {"root": str(self.place.root), "records": str(self.place.records), "prefix": str(self.place.target)}
        return tool(what, **{**base, **options})

    def rattler(self, cache: Path | None = None, **options: object) -> list[str]:
        """Return the command for py-rattler's solve and install."""
        base = {
            "channel": self.place.channel_url,
            "cache": str(cache or self.place.rattler_cache),
            "prefix": str(self.place.target),
            "specs": self.place.wanted,
            "subdir": SUBDIR,
        }
        return tool("rattler_create", **{**base, **options})

    def uv_install(self) -> list[str]:
        """Return the command for uv: an environment and the same wheels, hard-linked from its cache."""
        target, wheels = self.place.target, self.place.folder / "wheels"
        uv = f"'{self.uv}' --offline --quiet"
        names = " ".join(f"'{wheel}'" for wheel in sorted(str(path) for path in wheels.glob("*.whl")))
        install = f"{uv} pip install --python '{target}/bin/python' --no-deps --link-mode hardlink {names}"
        return ["sh", "-c", f"{uv} venv --python '{sys.executable}' '{target}' && {install}"]

    def warm_create(self) -> None:
        """Create a new environment when everything is in the cache."""
        place = self.place
        specs = {"specs": place.wanted, "channels": [place.channel_url]}
        tools = [
            Tool("ours", self.ours("ours_create"), place.before_without_pyc),
            Tool("ours + pyc", self.ours("ours_create"), place.before_with_pyc),
            Tool("ours + solve", self.ours("ours_solve_create", **specs), place.before_without_pyc),
            Tool("py-rattler", self.rattler(), place.clear_target),
            Tool("cp -al", ["cp", "-al", str(place.plain), str(place.target)], place.clear_target),
            Tool("floor", tool("floor", prefix=str(place.target), listing=str(place.listing)), place.clear_target),
        ]
        if self.uv:
            tools.append(Tool("uv (wheels only)", self.uv_install(), place.clear_target))
        self.compare("warm create", tools)

    def cold_install(self) -> None:
        """Create a new environment from local archives with empty caches."""
        place = self.place
        cold = place.folder / "cold"
        tools = [
            Tool("ours", self.ours("ours_create", root=str(cold)), lambda: place.clear(cold, place.target)),
            Tool("py-rattler", self.rattler(cold), lambda: place.clear(cold, place.target)),
        ]
        if self.uv:
            tools.append(Tool("uv (wheels only)", self.uv_install(), lambda: place.clear(place.uv_cache, place.target)))
        self.compare("cold install", tools, max(3, self.rounds // 3))
        place.clear(cold)

    def clone(self) -> None:
        """Copy an environment."""
        place = self.place
        for name, source, before in (
            ("clone", place.plain, place.before_without_pyc),
            ("clone with .pyc", place.compiled, place.before_with_pyc),
        ):
            self.compare(
                name,
                [
                    Tool("ours", self.ours("ours_clone", source=str(source)), before),
                    Tool("cp -al", ["cp", "-al", str(source), str(place.target)], place.clear_target),
                ],
            )

    def small_install(self) -> None:
        """Install one small package into the large environment."""
        place = self.place
        both, more = place.folder / "small-ours", place.folder / "small-rattler"
        rattler = options_of(self.rattler(prefix=str(more), specs=[*place.wanted, place.small]))
        self.compare(
            "install one small package",
            [
                Tool(
                    "ours",
                    self.ours("ours_install", prefix=str(both), records=str(place.small_record)),
                    lambda: place.copy(place.plain, both),
                ),
                Tool("ours, imports only", tool("imports")),
                Tool("interpreter start", tool("nothing")),
                Tool("py-rattler", tool("rattler_install", **rattler), lambda: place.copy(place.rattler_small, more)),
            ],
        )
        place.clear(both, more)

    def first_import(self) -> None:
        """Import pandas and matplotlib in an environment that nobody has used yet, then once more."""
        place = self.place
        code = "import pandas, matplotlib.pyplot"

        def command(prefix: Path) -> list[str]:
            return [str(prefix / "bin/python"), "-c", code]

        ours = options_of(self.ours("ours_create"))
        rattler = options_of(self.rattler())

        def make(what: str, options: dict[str, Any], before: Callable[[], object]) -> Callable[[], object]:
            def made() -> None:
                before()
                measure(tool(what, **options), self.environ)

            return made

        measure(command(place.compiled), self.environ)  # matplotlib's font list is made once, for all
        self.compare(
            "first import",
            [
                Tool("ours + pyc", command(place.target), make("ours_create", ours, place.before_with_pyc)),
                Tool("py-rattler", command(place.target), make("rattler_create", rattler, place.clear_target)),
                Tool("second import", command(place.compiled)),
            ],
            max(3, self.rounds // 3),
        )

    def listing(self) -> None:
        """List 200 environments of 300 packages."""
        root = self.place.folder / "many"
        make_many_environments(root / "envs", 200, 300, self.place.records)
        self.compare(
            "list 200 environments",
            [
                Tool("ours, whole process", tool("ours_list", root=str(root))),
                Tool("ours, the call", tool("ours_list", root=str(root)), take=lambda run: float(run.output["list"])),
                Tool("interpreter start", tool("nothing")),
            ],
        )
        self.place.clear(root)

    def growth(self) -> None:
        """Create environments of half, all and twice the files."""
        place, tools = self.place, []
        for count, path in place.growing():
            command = self.ours("ours_create", records=str(path))
            place.before_without_pyc()
            measure(command, self.environ)  # puts what is new into the cache
            tools.append(Tool(f"{count:,} files", command, place.before_without_pyc))
        self.compare("growth of warm create", tools)

    def fill(self) -> None:
        """Fill all caches."""
        self.place.fill(lambda command: measure(command, self.environ), self)

    def run(self) -> None:
        """Run everything that was asked for."""
        for scenario in (
            self.warm_create,
            self.cold_install,
            self.clone,
            self.small_install,
            self.first_import,
            self.listing,
            self.growth,
        ):
            if self.wanted(scenario.__name__):
                scenario()
        self.place.clear_target()


def summary(scenarios: Scenarios) -> dict[str, Any]:
    """Return the figures of one place as JSON has them (seconds, MB)."""
    return {
        name: {
            who: {
                "median": median(times),
                "min": min(times),
                "max": max(times),
                "user": median(run.user for run in scenarios.results[name][who]),
                "system": median(run.system for run in scenarios.results[name][who]),
                "peak_mb": max(run.peak_mb for run in scenarios.results[name][who]),  # 0: not known
                "all": times,
            }
            for who, times in rows.items()
        }
        for name, rows in scenarios.taken.items()
    }


def verdicts(figures: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Return (what, reached, target) for each target whose two sides were measured."""
    found = []
    for name, (one, other, target) in TARGETS.items():
        scenario = "warm create" if name.startswith("warm create") else name
        rows = figures.get(scenario, {})
        if one in rows and other in rows:
            found.append((f"{name}: {one} / {other}", rows[one]["median"] / rows[other]["median"], target))
    small = figures.get("install one small package")
    if small:
        beyond = small["ours"]["median"] - small["interpreter start"]["median"]
        found.append(("install one small package, seconds beyond interpreter start", beyond, 0.15))
    many = figures.get("list 200 environments")
    if many:
        found.append(("list 200 environments, seconds of the call", many["ours, the call"]["median"], 0.1))
    peaks = [rows[who]["peak_mb"] for rows in figures.values() for who in rows if who.startswith("ours")]
    if peaks:
        found.append(("peak memory of our processes, MB", max(peaks), 300.0))
    growth = figures.get("growth of warm create")
    if growth:
        first, *_, last = ((int(who.split()[0].replace(",", "")), row["median"]) for who, row in growth.items())
        found.append(("growth: time per file, most / least files", (last[1] / last[0]) / (first[1] / first[0]), 1.0))
    return found


def show(kind: str, figures: dict[str, Any]) -> None:
    """Print the tables for one place."""
    print(f"\n## {kind}\n")
    for name, rows in figures.items():
        print(f"### {name}\n\n| | median s | min | max | user | system | peak MB |\n|---|---|---|---|---|---|---|")
        for who, row in rows.items():
            cells = " | ".join(f"{row[key]:.3f}" for key in ("median", "min", "max", "user", "system"))
            peak = f"{row['peak_mb']:.0f}" if row["peak_mb"] else ""
            print(f"| {who} | {cells} | {peak} |")
        print()
    print("| target | reached | wanted at most | |\n|---|---|---|---|")
    for what, reached, target in verdicts(figures):
        print(f"| {what} | {reached:.2f} | {target:g} | {'yes' if reached <= target else '**no**'} |")


def machine() -> dict[str, Any]:
    """Return what the figures were made on."""
    from importlib.metadata import version

    return {
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "py-rattler": version("py-rattler"),
    }


def main() -> None:
    """Read the command line, run, show, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument(
        "--place", action="append", type=Path, help="a folder to work in; default: /dev/shm and the disk"
    )
    parser.add_argument("--only", action="append", default=[], help="part of a scenario's name, such as warm_create")
    parser.add_argument("--json", type=Path, default=WORK / "results.json")
    options = parser.parse_args()
    manifest = prepare()
    shared = Path("/dev/shm")
    places = options.place or ([shared] if os.access(shared, os.W_OK) else []) + [WORK]
    results: dict[str, Any] = {"machine": machine(), "rounds": options.rounds, "places": {}}
    for folder in (place.resolve() for place in places):
        kind = "tmpfs" if folder == shared else "disk"
        with Place(folder / f"jupyter-envs-benchmark-{os.getpid()}", kind, manifest) as place:
            scenarios = Scenarios(place, find_uv(), options.rounds, options.only)
            scenarios.fill()
            scenarios.run()
            results["places"][kind] = summary(scenarios)
            show(kind, results["places"][kind])
    options.json.write_text(json.dumps(results, indent=1))
    say(f"all figures: {options.json}")
    print(f"\n{json.dumps(results['machine'])}")


if __name__ == "__main__":
    if shutil.which("cp") is None:
        raise SystemExit("this benchmark needs `cp`")
    main()
