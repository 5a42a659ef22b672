"""Other tools' readers over our prefixes: py-rattler's records and activation, pip, and conda's own history format."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.settings import Settings
from support.channel import Channel, File, Symlink
from support.packages import PLACEHOLDER


@pytest.fixture
def prefix(settings: Settings, channel: Channel) -> Path:
    """Return an environment with each kind of path there is."""
    channel.python()
    channel.add(
        "native",
        "1.2",
        files={
            "lib/libnative.so.1": b"\x7fELF\0" + PLACEHOLDER.encode() + b"/lib\0",
            "lib/libnative.so": Symlink("libnative.so.1"),
            "bin/native": File(f"#!{PLACEHOLDER}/bin/python\nprint('native')\n", 0o755),
            "etc/conda/activate.d/native.sh": "export NATIVE_HOME=$CONDA_PREFIX/share/native\n",
            "etc/conda/env_vars.d/native.json": json.dumps({"NATIVE_MODE": "fast"}),
        },
    )
    channel.noarch("tool", "1.0", entry_points=["tool = tool.cli:main"], depends=["python", "native"])
    engine = Engine(settings)
    prefix = engine.new_prefix("analysis")
    request = ChangeRequest(
        action="create", prefix=str(prefix), specs=("tool",), records=tuple(channel.records()), variables={"MINE": "1"}
    )
    engine.execute(engine.plan(request))
    return prefix


def test_py_rattler_reads_every_record(prefix: Path) -> None:
    from rattler import PrefixRecord

    records = {}
    for path in sorted((prefix / "conda-meta").glob("*.json")):
        record = PrefixRecord.from_path(path)
        records[record.name.normalized] = record
    assert set(records) == {"python", "native", "tool"}
    assert records["tool"].requested_spec == "tool" or list(records["tool"].requested_specs) == ["tool"]
    for name, record in records.items():
        listed = {str(entry.relative_path) for entry in record.paths_data.paths}
        assert listed == {str(path) for path in record.files}, name
        assert all((prefix / path).is_symlink() or (prefix / path).exists() for path in listed)


def test_py_rattler_verifies_what_we_hashed(prefix: Path) -> None:
    import hashlib

    from rattler import PrefixRecord

    for path in sorted((prefix / "conda-meta").glob("*.json")):
        for entry in PrefixRecord.from_path(path).paths_data.paths:
            target = prefix / str(entry.relative_path)
            if target.is_symlink() or entry.sha256_in_prefix is None:
                continue
            assert hashlib.sha256(target.read_bytes()).digest() == bytes(entry.sha256_in_prefix), target


def test_py_rattler_activates_the_environment_as_we_do(prefix: Path) -> None:
    from rattler.shell import ActivationVariables, PathModificationBehavior, Shell, activate

    from jupyter_envs.engine.prefix.activated import activated_environ

    script = activate(prefix, ActivationVariables(None, [], PathModificationBehavior.Prepend), Shell.bash).script
    command = ["bash", "-c", f"{script}\nenv -0"]
    environ = {"PATH": "/usr/bin:/bin", "HOME": "/"}
    output = subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout
    theirs = dict(item.split("=", 1) for item in output.split("\0") if "=" in item)
    ours = activated_environ(prefix, environ)
    for name in ("CONDA_PREFIX", "NATIVE_HOME", "NATIVE_MODE", "MINE"):
        assert ours[name] == theirs[name], name
    assert ours["PATH"].split(":")[0] == theirs["PATH"].split(":")[0] == str(prefix / "bin")


def test_pip_sees_the_packages_and_finds_nothing_broken(prefix: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "--isolated",
        "--python",
        str(prefix / "bin/python"),
        "list",
        "--format=json",
    ]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert {item["name"]: item["version"] for item in json.loads(output)}["tool"] == "1.0"


def test_conda_finds_its_history_and_an_entry_in_environments_txt(prefix: Path, home: Path) -> None:
    lines = (prefix / "conda-meta/history").read_text().splitlines()
    assert re.fullmatch(r"==> \d{4}-\d\d-\d\d \d\d:\d\d:\d\d <==", lines[0])
    assert any(re.match(r"# cmd: ", line) for line in lines)
    added = {line for line in lines if line.startswith("+")}
    assert any(re.fullmatch(r"\+(.*::|.*/)?tool-1\.0-py_0", line) for line in added), added
    assert str(prefix) in (home / ".conda/environments.txt").read_text().splitlines()


def test_records_have_what_cep_32_requires(prefix: Path) -> None:
    required = {
        "name",
        "version",
        "build",
        "build_number",
        "subdir",
        "fn",
        "url",
        "channel",
        "files",
        "paths_data",
        "link",
    }
    for path in sorted((prefix / "conda-meta").glob("*.json")):
        record = json.loads(path.read_text())
        assert required <= set(record), required - set(record)
        assert path.stem == f"{record['name']}-{record['version']}-{record['build']}"
        assert {entry["_path"] for entry in record["paths_data"]["paths"]} == set(record["files"])
