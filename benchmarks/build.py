"""Write packages and index channels: ours, py-rattler-build, conda-package-streaming, py-rattler's indexer.

``python benchmarks/build.py [--rounds N] [--packages N]``. Package writing takes two trees of this environment (many
small files; a few large ones) and measures each tool in a process of its own, alternating, at the same zstd level and
with as many threads as the machine has. Indexing takes a channel of N small packages: from nothing, and after one more
came. Prints a table and writes ``benchmarks/.work/build.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
WORK = HERE / ".work"
Times = dict[str, list[tuple[float, float]]]
Results = dict[str, Times]
LEVEL = 19
TREES = {
    "many small files": ("jedi", "pip"),
    "few large files": ("zstandard",),
}

WRITERS = {
    "ours: digests, prefixes, info and archive": """
import sys; sys.path.insert(0, {tests!r})
from pathlib import Path
from jupyter_envs.build import assemble, prefixes
from jupyter_envs.build.archive import write_archive
from jupyter_envs.build.info import Finished, info_files
from jupyter_envs.build.models import FileRules, Output, RenderedRecipe, RunExports
tree, out = {tree!r}, Path({out!r})
paths = [str(p.relative_to(tree)) for p in sorted(Path(tree).rglob("*")) if p.is_file() or p.is_symlink()]
output = Output(name="bench", version="1", build_string="0", subdir="linux-64")
modes = prefixes.detect(tree, paths, FileRules(), {{}}).modes
package = str(out / "package"); Path(package).mkdir(parents=True)
entries = assemble.lay_out(tree, package, paths, output, modes)
done = Finished(depends=(), constrains=(), run_exports=RunExports(), paths=entries, epoch=1700000000)
recipe = RenderedRecipe(folder=tree, file="", name="bench", version="1", outputs=(output,))
assemble.write_info(package, info_files(recipe, output, done), 1700000000)
write_archive(package, out / "bench-1-0.conda", 1700000000, level={level})
""",
    "py-rattler-build: assemble_package": """
from rattler_build import assemble_package
import os
assemble_package("bench", "1", "linux-64", "0", {out!r}, files_dir={tree!r}, compression_level={level},
                 compression_threads=os.cpu_count(), detect_prefix=True)
""",
    "conda-package-streaming: archive only": """
import os
from pathlib import Path
from conda_package_streaming.create import conda_builder, anonymize
Path({out!r}).mkdir(parents=True, exist_ok=True)
with conda_builder("bench-1-0", {out!r}, compression_level={level}, compression_threads=os.cpu_count()) as tar:
    tar.add({tree!r}, arcname=".", filter=anonymize)
""",
}


def measure(code: str) -> tuple[float, float]:
    """Run a process; return its wall time and its processor time, which other work on the machine hardly moves."""
    before, started = os.times(), time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - started, os.times()
    if done.returncode:
        raise SystemExit(done.stderr)
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, used


def make_tree(names: tuple[str, ...], target: Path) -> tuple[int, int]:
    """Copy packages of this environment; return how many files, and bytes."""
    site = Path(sysconfig.get_paths()["purelib"])
    for name in names:
        if (site / name).is_dir():
            shutil.copytree(site / name, target / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    files = [path for path in target.rglob("*") if path.is_file()]
    return len(files), sum(path.stat().st_size for path in files)


def writing(rounds: int) -> Results:
    found: Results = {}
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as place:
        for label, names in TREES.items():
            tree = Path(place) / label.split()[1]
            count, size = make_tree(names, tree)
            key = f"write {label} ({count:,} files, {size / 1e6:.0f} MB)"
            found[key] = {name: [] for name in WRITERS}
            for number in range(rounds):
                order = list(WRITERS)
                for name in order[number % len(order) :] + order[: number % len(order)]:
                    out = Path(place) / "out"
                    values = {"tree": str(tree), "out": str(out), "level": LEVEL, "tests": str(HERE.parent / "tests")}
                    found[key][name].append(measure(WRITERS[name].format(**values)))
                    shutil.rmtree(out, ignore_errors=True)
            shutil.rmtree(tree)
    return found


def make_channel(folder: Path, count: int) -> None:
    sys.path.insert(0, str(HERE.parent / "tests"))
    from support.packages import SUBDIR, make_package

    for number in range(count):
        make_package(folder / SUBDIR, f"package-{number}", files={f"share/{number}": str(number)}, depends=["python"])


INDEX_OURS = """
from pathlib import Path
from jupyter_envs.build.channel.folder import FolderChannel
channel = FolderChannel(Path({folder!r}))
with channel.changing():
    channel.index(())
"""
INDEX_RATTLER = """
import asyncio, os
from rattler.index import index_fs
os.makedirs({folder!r} + "/noarch", exist_ok=True)
asyncio.run(index_fs({folder!r}, write_zst=True, write_shards=True))
os._exit(0)
"""


def forget_index(folder: Path) -> None:
    for pattern in ("*/*.json*", "*/*.zst", "*.json"):
        for path in folder.glob(pattern):
            path.unlink()
    for path in [*folder.glob("*/shards"), *folder.glob("*/.cache")]:
        shutil.rmtree(path)


def indexing(count: int, rounds: int) -> Results:
    from_nothing: Times = {}
    one_more: Times = {}
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as place:
        folder = Path(place) / "channel"
        make_channel(folder, count)
        added = 0
        codes = {
            "ours: and run_exports.json, channeldata.json": INDEX_OURS,
            "py-rattler: index_fs alone": INDEX_RATTLER,
        }
        for _ in range(rounds):
            for name, code in codes.items():
                forget_index(folder)
                from_nothing.setdefault(name, []).append(measure(code.format(folder=str(folder))))
                added += 1
                add_one(folder, count + added)
                one_more.setdefault(name, []).append(measure(code.format(folder=str(folder))))
    return {f"index {count:,} packages from nothing": from_nothing, f"index one more of {count:,}": one_more}


def add_one(folder: Path, number: int) -> None:
    from support.packages import SUBDIR, make_package

    make_package(folder / SUBDIR, f"package-{number}", files={f"share/{number}": str(number)})


def show(results: Results) -> None:
    print("| | median s | min | max | processor s |\n|---|---|---|---|---|")
    for scenario, tools in results.items():
        print(f"| **{scenario}** | | | | |")
        for tool, times in tools.items():
            walls, used = [wall for wall, _ in times], median(processor for _, processor in times)
            print(f"| {tool} | {median(walls):.2f} | {min(walls):.2f} | {max(walls):.2f} | {used:.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--packages", type=int, default=5000)
    given = parser.parse_args()
    parts: list[Callable[[], Results]] = [
        lambda: writing(given.rounds),
        lambda: indexing(given.packages, max(2, given.rounds // 2)),
    ]
    results: Results = {}
    for part in parts:
        results |= part()
    show(results)
    WORK.mkdir(exist_ok=True)
    (WORK / "build.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
