"""One measured piece of work per process: ``python tools.py WHAT OPTIONS``; the options are hex digits of marshal's.

Each function is a whole tool run, imports included, and imports nothing but what it needs (marshal is built in: reading
JSON would cost every contestant 10 ms). The process leaves with
``os._exit`` after flushing, since py-rattler's threads may crash an interpreter that ends as usual.
"""

from __future__ import annotations

import marshal
import os
import sys
from typing import Any


def _engine(options: dict[str, Any]) -> Any:
    from jupyter_envs.engine.api import Engine
    from jupyter_envs.settings import Settings

    root = options["root"]
    return Engine(
        Settings(
            root=root,
            envs_directories=(f"{root}/envs",),
            package_directories=(f"{root}/pkgs",),
            channels=tuple(options.get("channels", ())),
            sources=("conda",),
            compile_in_background=False,
        )
    )


def _read(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123 - pathlib would be imported for this alone
        return file.read()


def _records(options: dict[str, Any]) -> Any:
    import msgspec

    from jupyter_envs.engine.models.records import RepodataRecord

    return msgspec.json.decode(_read(options["records"]), type=tuple[RepodataRecord, ...])


def ours_create(options: dict[str, Any]) -> dict[str, Any]:
    """Create from explicit records; records, history and a generation are written."""
    from jupyter_envs.engine.models.plan import ChangeRequest

    engine = _engine(options)
    request = ChangeRequest(action="create", prefix=options["prefix"], records=_records(options))
    return {"linked": engine.execute(engine.plan(request)).linked_files}


def ours_solve_create(options: dict[str, Any]) -> dict[str, Any]:
    """Create from specs: solve included."""
    from jupyter_envs.engine.models.plan import ChangeRequest

    engine = _engine(options)
    request = ChangeRequest(action="create", prefix=options["prefix"], specs=tuple(options["specs"]))
    return {"linked": engine.execute(engine.plan(request)).linked_files}


def ours_install(options: dict[str, Any]) -> dict[str, Any]:
    """Install given records into an environment."""
    from jupyter_envs.engine.models.plan import ChangeRequest

    engine = _engine(options)
    request = ChangeRequest(action="install", prefix=options["prefix"], records=_records(options))
    return {"linked": engine.execute(engine.plan(request)).linked_files}


def ours_clone(options: dict[str, Any]) -> dict[str, Any]:
    """Clone an environment."""
    from jupyter_envs.engine.models.plan import ChangeRequest

    engine = _engine(options)
    request = ChangeRequest(action="clone", prefix=options["prefix"], clone_from=options["source"])
    return {"linked": engine.execute(engine.plan(request)).linked_files}


def ours_compile(options: dict[str, Any]) -> dict[str, Any]:
    """Compile an environment's modules in the cache."""
    from pathlib import Path

    engine = _engine(options)
    engine.compile(Path(options["prefix"]))
    return {}


def ours_list(options: dict[str, Any]) -> dict[str, Any]:
    """List all environments with how many packages each has."""
    import time

    start = time.perf_counter()
    engine = _engine(options)
    imported = time.perf_counter()
    found = engine.environments()
    return {"environments": len(found), "import": imported - start, "list": time.perf_counter() - imported}


def rattler_create(options: dict[str, Any]) -> dict[str, Any]:
    """Solve and install with py-rattler, from its own cache."""
    import asyncio

    from rattler import Channel, install, solve

    async def work() -> int:
        records = await solve(
            [Channel(options["channel"])],
            options["specs"],
            platforms=[options["subdir"], "noarch"],
            virtual_packages=[],
        )
        await install(records, options["prefix"], cache_dir=options["cache"], show_progress=False)
        return len(records)

    return {"packages": asyncio.run(work())}


def rattler_install(options: dict[str, Any]) -> dict[str, Any]:
    """Solve one more package with what is installed locked, and install the result."""
    import asyncio
    from pathlib import Path

    from rattler import Channel, PrefixRecord, install, solve

    async def work() -> int:
        installed = [PrefixRecord.from_path(path) for path in Path(options["prefix"], "conda-meta").glob("*.json")]
        records = await solve(
            [Channel(options["channel"])],
            options["specs"],
            platforms=[options["subdir"], "noarch"],
            virtual_packages=[],
            locked_packages=installed,
        )
        await install(
            records, options["prefix"], cache_dir=options["cache"], installed_packages=installed, show_progress=False
        )
        return len(records)

    return {"packages": asyncio.run(work())}


def floor(options: dict[str, Any]) -> dict[str, Any]:
    """Make the same directories and links in a bare loop, from a ready list."""
    listing = marshal.loads(_read(options["listing"]))
    prefix = options["prefix"]
    os.mkdir(prefix)
    for directory in listing["directories"]:
        os.mkdir(prefix + directory)
    for source, target in listing["links"]:
        os.link(source, prefix + target)
    for source, target in listing["softlinks"]:
        os.symlink(source, prefix + target)
    return {"linked": len(listing["links"])}


def nothing(options: dict[str, Any]) -> dict[str, Any]:
    """Start an interpreter: what every process here costs before it begins."""
    return {}


def imports(options: dict[str, Any]) -> dict[str, Any]:
    """Import what an install of explicit records needs, and do nothing."""
    import msgspec  # noqa: F401

    from jupyter_envs.engine.api import Engine  # noqa: F401
    from jupyter_envs.engine.models.plan import ChangeRequest  # noqa: F401

    return {}


WHAT = {
    work.__name__: work
    for work in (
        ours_create,
        ours_solve_create,
        ours_install,
        ours_clone,
        ours_compile,
        ours_list,
        rattler_create,
        rattler_install,
        floor,
        nothing,
        imports,
    )
}


def peak_mb() -> float:
    """Return the most memory that this process held since it began (what the parent held does not count)."""
    status = _read("/proc/self/status").decode()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    said = WHAT[sys.argv[1]](marshal.loads(bytes.fromhex(sys.argv[2])))
    numbers = {**said, "peak_mb": peak_mb()}
    print("{" + ", ".join(f'"{name}": {value}' for name, value in numbers.items()) + "}", flush=True)
    sys.stderr.flush()
    os._exit(0)
