"""Builds as jobs: the command line, cancelling, recipes beside each other, failures that stop only what needs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.build.models import BuildRequest
from jupyter_envs.errors import BuildError
from jupyter_envs.jobs.client import JobClient
from jupyter_envs.jobs.models import JobRequest
from jupyter_envs.settings import Settings
from support.recipes import build, hello, install, write_recipe
from support.waiting import PATIENCE, lives, wait_until


def cli(*arguments: object) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "JUPYTER_ENVS_CHANNELS": "conda-forge", "JUPYTER_ENVS_SOURCES": "conda"}
    command = [sys.executable, "-m", "jupyter_envs.cli.main", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environ, timeout=240)


def simple(folder: Path, name: str, script: str = "", needs: str = "") -> Path:
    text = f'package: {{name: {name}, version: "1"}}\nrequirements: {{host: [{needs}]}}\n'
    body = f'mkdir -p "$PREFIX/share"; touch "$PREFIX/share/{name}"\n{script}'
    return write_recipe(folder / name, {"meta.yaml": text, "build.sh": body})


def test_the_command_line_from_a_recipe_to_a_program(tmp_path: Path) -> None:
    recipe, channel = hello(tmp_path / "recipe"), tmp_path / "channel"
    done = cli("build", recipe, "-o", channel, "--compression", "1", "-c", tmp_path / "channel")
    assert done.returncode == 0, done.stderr
    assert "hello-1.0-h9bf148f_0" in done.stdout
    assert "+ mkdir -p $PREFIX/lib" in done.stderr, "the log is shown while it runs"
    assert "create NAME -c" in done.stdout, "says how to install it"
    made = cli("create", "try", "-c", channel, "hello", "--no-kernel")
    assert made.returncode == 0, made.stderr
    assert cli("run", "try", "--", "hello").stdout.startswith("hello from ")
    again: dict[str, Any] = json.loads(cli("build", recipe, "-o", channel, "--json").stdout)
    assert [each["state"] for each in again["packages"]] == ["present"]
    rendered = cli("build", recipe, "--render").stdout
    assert "- package: hello-1.0-h9bf148f_0\n    platform: linux-64\n" in rendered
    assert f"{recipe}/meta.yaml" in rendered


def test_a_recipe_beside_folders_of_recipes_is_said_to_hide_them(tmp_path: Path) -> None:
    for name in ("one", "two"):
        simple(tmp_path / "recipes", name)
    stray = write_recipe(tmp_path / "recipes", {"meta.yaml": 'package: {name: stray, version: "1"}\n'}) / "meta.yaml"
    rendered = cli("build", tmp_path / "recipes", "--render")
    assert f"warning: only {stray} is built: it lies beside the folders of 2 recipes (one, two)" in rendered.stderr
    assert "warning" not in cli("build", tmp_path / "recipes" / "one", "--render").stderr


def test_the_command_line_says_what_is_wrong(tmp_path: Path) -> None:
    wrong = write_recipe(tmp_path / "wrong", {"meta.yaml": 'package: {name: a, version: "1"}\nbiuld: {}\n'})
    failed = cli("build", wrong, "-o", tmp_path / "channel")
    assert failed.returncode == 2
    assert "meta.yaml, line 2: there is no key 'biuld'" in failed.stderr
    assert "did you mean build?" in failed.stderr
    absent = cli("build", tmp_path / "nope", "-o", tmp_path / "channel")
    assert (absent.returncode, "there is no recipe" in absent.stderr) == (3, True)
    broken = simple(tmp_path, "broken", "echo now; exit 3\n")
    failed = cli("build", broken, "-o", tmp_path / "channel")
    assert failed.returncode == 14
    assert "ended with 3: now" in failed.stderr


def test_a_cancelled_build_leaves_nothing(settings: Settings, tmp_path: Path) -> None:
    client = JobClient(settings)
    recipe = simple(tmp_path, "slow", "echo started; sleep 60\n")
    request = BuildRequest(recipes=(str(recipe),), output=str(tmp_path / "out"), channels=(), sources=("conda",))
    job = client.submit(JobRequest(kind="build", build=request, register_kernel=False, command="build slow"))
    log = client.store.log_path(job.id)
    wait_until(lambda: "started" in log.read_text(), "the script runs")
    job = client.cancel(job.id)
    assert job.state == "cancelled"
    assert job.error is not None
    assert "nothing half" in str(job.error["message"])
    last = log.read_text().splitlines()[-1]
    assert last.startswith("-- slow-1-")
    assert last.endswith("_0: cancelled (1 of 1 recipes)")
    assert not list(tmp_path.glob("out/*/*.conda"))
    assert not list((Path(settings.root) / "builds").glob("[!.]*"))


def test_what_a_killed_build_left_is_gone_after_the_next(settings: Settings, tmp_path: Path) -> None:
    client = JobClient(settings)
    pid_file = tmp_path / "pid"
    recipe = simple(tmp_path, "slow", f"sleep 60 & echo $! > {pid_file}; wait\n")
    request = BuildRequest(recipes=(str(recipe),), output=str(tmp_path / "out"), channels=(), sources=("conda",))
    job = client.submit(JobRequest(kind="build", build=request, register_kernel=False))
    wait_until(lambda: pid_file.exists() and pid_file.read_text().endswith("\n"), "the script runs")
    assert job.pid is not None
    os.kill(job.pid, signal.SIGKILL)
    assert client.wait(job.id, timeout=PATIENCE).state == "interrupted"
    build(settings, tmp_path / "out", simple(tmp_path, "next"))
    assert not list((Path(settings.root) / "builds").glob("[!.]*"))
    assert not lives(int(pid_file.read_text())), "nor does its script write on"


def test_two_builds_of_one_package_take_turns_and_the_second_takes_what_the_first_made(
    settings: Settings, tmp_path: Path
) -> None:
    client, go = JobClient(settings), tmp_path / "go"
    recipe = simple(tmp_path, "once", f"echo started; until test -e {go}; do sleep 0.1; done\n")
    request = BuildRequest(recipes=(str(recipe),), output=str(tmp_path / "out"), channels=(), sources=("conda",))
    first = client.submit(JobRequest(kind="build", build=request, register_kernel=False))
    wait_until(lambda: "started" in client.store.log_path(first.id).read_text(), "the first runs")
    second = client.submit(JobRequest(kind="build", build=request, register_kernel=False))
    third = client.submit(JobRequest(kind="build", build=request, register_kernel=False))
    for job in (second, third):
        wait_until(lambda job=job: "waiting for another" in client.store.log_path(job.id).read_text(), "it waits")
    assert client.cancel(third.id).state == "cancelled", "one that waits can be cancelled"
    go.touch()
    ended = [client.wait(job.id, timeout=PATIENCE) for job in (first, second)]
    states = [job.result["packages"][0]["state"] for job in ended if job.result]
    assert states == ["built", "present"]


def test_what_a_script_leaves_running_is_ended_and_said(settings: Settings, tmp_path: Path) -> None:
    """Its output stays open, too: the build does not wait for it."""
    output = tmp_path / "my channel ü"
    recipe = simple(tmp_path, "left", "sleep 3600 &\necho $! > $PREFIX/share/pid\n")
    report = build(settings, output, recipe)
    assert [text for text in report.warnings if "left processes behind, which were ended: sleep" in text]
    prefix = install(settings, "e", "left", channels=(output,))
    assert not lives(int((prefix / "share/pid").read_text()))


@pytest.mark.parametrize("parallel", [1, 3])
def test_recipes_are_built_in_the_order_of_their_needs(settings: Settings, tmp_path: Path, parallel: int) -> None:
    recipes = tmp_path / "recipes"
    simple(recipes, "a", needs="b, c", script='test -e "$PREFIX/share/b"; test -e "$PREFIX/share/c"\n')
    simple(recipes, "b", needs="c")
    simple(recipes, "c")
    report = build(settings, tmp_path / "out", recipes, parallel=parallel)
    assert [package.dist.split("-")[0] for package in report.packages] == ["c", "b", "a"]
    assert {package.state for package in report.packages} == {"built"}


def test_independent_recipes_are_built_beside_each_other(settings: Settings, tmp_path: Path) -> None:
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    for own, other in (("a", "b"), ("b", "a")):  # each waits until the other has begun, which both can see
        loop = f"for i in $(seq 1200); do test -e {meeting}/{other} && exit 0; sleep 0.1; done"
        wait = f"touch {meeting}/{own}\n{loop}\nexit 1\n"
        simple(tmp_path / "recipes", own, wait)
    report = build(settings, tmp_path / "out", tmp_path / "recipes", parallel=2)
    assert {package.state for package in report.packages} == {"built"}


def test_a_failure_stops_only_what_needs_it(settings: Settings, tmp_path: Path) -> None:
    recipes = tmp_path / "recipes"
    simple(recipes, "bad", "exit 5\n")
    simple(recipes, "needy", needs="bad")
    simple(recipes, "needier", needs="needy")
    simple(recipes, "good")
    with pytest.raises(BuildError, match="build script of bad") as caught:
        build(settings, tmp_path / "out", recipes)
    report: Any = caught.value.detail["report"]
    states = {each["dist"].split("-")[0]: each["state"] for each in report["packages"]}
    assert states == {"bad": "failed", "needy": "skipped", "needier": "skipped", "good": "built"}
    assert [path.name.split("-")[0] for path in tmp_path.glob("out/*/*.conda")] == ["good"]
    simple(recipes, "bad")
    again = build(settings, tmp_path / "out", recipes)
    assert {each.dist.split("-")[0]: each.state for each in again.packages} == {
        "good": "present",
        "bad": "built",
        "needy": "built",
        "needier": "built",
    }
