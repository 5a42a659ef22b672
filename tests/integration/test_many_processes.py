"""Many processes at once: one cold cache, one environment; nothing is lost and nobody sees half of anything."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.settings import Settings
from support.channel import Channel

WORKER = """
import json, os, sys, time
import msgspec
from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.errors import EnvsError
from jupyter_envs.settings import Settings

settings, request, start = sys.argv[1:]
engine = Engine(msgspec.json.decode(settings, type=Settings))
while not os.path.exists(start):
    time.sleep(0.005)
try:
    result = engine.execute(engine.plan(msgspec.json.decode(request, type=ChangeRequest)))
    print(json.dumps({"generation": result.generation}))
except EnvsError as error:
    print(json.dumps(error.to_dict()))
sys.stdout.flush()
os._exit(0)
"""


def run_together(settings: Settings, requests: list[ChangeRequest], start: Path) -> list[dict[str, object]]:
    """Run one process per request; all are let go at the same moment."""
    encoded = msgspec.json.encode(settings).decode()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, encoded, msgspec.json.encode(request).decode(), str(start)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for request in requests
    ]
    start.touch()
    outputs = [process.communicate(timeout=240)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(requests)
    return [json.loads(output.strip().splitlines()[-1]) for output in outputs]


@pytest.fixture
def filled(channel: Channel) -> Channel:
    channel.python()
    for number in range(12):
        files = {f"share/data-{number}/{index}": f"{number} {index}\n" * 50 for index in range(20)}
        channel.add(f"data-{number}", "1.0", files=files, noarch="generic")
    channel.noarch("tool", "1.0", entry_points=["tool = tool.cli:main"])
    return channel


def test_sixteen_processes_fill_one_cold_cache(settings: Settings, filled: Channel, tmp_path: Path) -> None:
    records = tuple(filled.records())
    envs = Path(settings.envs_directories[0])
    requests = [
        ChangeRequest(action="create", prefix=str(envs / f"env-{number}"), records=records) for number in range(16)
    ]
    results = run_together(settings, requests, tmp_path / "start")
    assert [result.get("generation") for result in results] == [1] * 16, results
    engine = Engine(settings)
    inodes = set()
    for number in range(16):
        prefix = envs / f"env-{number}"
        assert engine.verify(prefix) == []
        inodes.add((prefix / "share/data-3/7").stat().st_ino)
    assert len(inodes) == 1, "all environments share the cache's one copy"


def test_two_processes_change_one_environment(settings: Settings, filled: Channel, tmp_path: Path) -> None:
    engine = Engine(settings)
    prefix = Path(settings.envs_directories[0]) / "analysis"
    python = filled.record("python")
    engine.execute(engine.plan(ChangeRequest(action="create", prefix=str(prefix), records=(python,))))
    names = ["data-1", "data-2", "data-3", "data-4"]
    requests = [ChangeRequest(action="install", prefix=str(prefix), records=(filled.record(name),)) for name in names]
    results = run_together(settings, requests, tmp_path / "start")
    succeeded = {name for name, result in zip(names, results, strict=True) if "generation" in result}
    refused = [result for result in results if "generation" not in result]
    assert succeeded
    assert {result["code"] for result in refused} <= {"locked", "plan.stale"}
    assert all(result["hint"] for result in refused)
    installed = {record.name for record in engine.packages(prefix)}
    assert installed == {"python"} | succeeded
    assert engine.verify(prefix) == []
    assert len(engine.generations(prefix)) == 1 + len(succeeded)
