"""The command line as a person and a program use it: whole processes, real packages, exit codes, both streams."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_envs.engine.models.records import PrefixRecord
from jupyter_envs.engine.prefix.records import iter_record_names
from jupyter_envs.jobs.client import JobClient
from jupyter_envs.settings import Settings
from support.channel import Channel
from support.http_server import serve
from support.pythons import fake_python
from support.terminal import PROGRAM, Terminal
from support.waiting import PATIENCE, wait_until


@pytest.fixture(autouse=True)
def quiet_background(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_ENVS_COMPILE_IN_BACKGROUND", "0")
    monkeypatch.setenv("JUPYTER_ENVS_SOURCES", "conda")


@pytest.fixture
def stocked(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> Channel:
    """Return a channel that is everybody's default."""
    channel.python()
    for version in ("1.0", "2.0"):
        channel.noarch("six", version)
    channel.noarch("ipykernel", "7.4.0")
    channel.noarch("old", depends=["python", "six <2"])
    channel.noarch("tool", depends=["python", "six"], entry_points=["tool = tool.cli:main"])
    script = f"touch '{channel.folder}/caught'\nsleep 60 &\nwait\n"  # who sees the file finds the job in mid-script
    channel.add("slow", files={"share/slow.txt": "slow"}, link_scripts={"post-link": script})
    channel.add("talks", link_scripts={"post-link": f"touch '{channel.folder}/ran'\n"})
    monkeypatch.setenv("JUPYTER_ENVS_CHANNELS", channel.index().url)
    return channel


def envs(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    options = {"capture_output": True, "text": True, "timeout": 240, "stdin": subprocess.DEVNULL, **options}
    return subprocess.run([*PROGRAM, *arguments], check=False, **options)


def done(*arguments: str, **options: Any) -> str:
    ran = envs(*arguments, **options)
    assert ran.returncode == 0, ran.stderr + ran.stdout
    return ran.stdout


def answer(*arguments: str) -> Any:
    """Return the one object that --json prints; nothing else may be on either stream."""
    ran = envs(*arguments, "--json")
    assert ran.stderr == ""
    value = json.loads(ran.stdout)
    assert (ran.returncode == 0) == ("error" not in value)
    return value


def refused(code: int, *arguments: str) -> str:
    ran = envs(*arguments)
    assert ran.returncode == code, ran.stderr + ran.stdout
    assert [line[:7] for line in ran.stderr.splitlines()].count("error: ") == 1
    assert " hint: " in ran.stderr or " What works:" in ran.stderr
    assert "Traceback" not in ran.stderr
    return ran.stderr


def names(prefix: Path) -> set[str]:
    return {record.name for record in iter_record_names(prefix)}


@pytest.fixture
def demo(stocked: Channel, settings: Settings) -> Path:
    done("create", "demo", "python", "six")
    return Path(settings.envs_directories[0]) / "demo"


def test_a_channel_whose_path_has_blanks_is_called_as_it_is(settings: Settings, tmp_path: Path) -> None:
    own = Channel(tmp_path / "my channel")
    own.add("plain", files={"share/plain": "1"})
    own.index()
    assert "+  plain  1.0  my channel" in done("create", "a", "-c", str(own.folder), "plain", "--no-kernel")
    assert [package["source"] for package in answer("packages", "a")["packages"]] == ["my channel"]
    missing = tmp_path / "no channel"
    assert f"there is no channel at {missing}/" in refused(6, "install", "a", "plain=2", "-c", str(missing))


# -- the way of the README ------------------------------------------------------------------------------------------


def test_create_install_history_undo_export_and_copy(stocked: Channel, settings: Settings, tmp_path: Path) -> None:
    prefix = Path(settings.envs_directories[0]) / "analysis"
    said = done("create", "analysis", "python=3.11", "six<2")
    assert "+  six" in said
    assert "kernel envs-analysis is ready" in said
    assert names(prefix) == {"python", "six", "ipykernel"}
    assert "generation 2" in done("install", "analysis", "tool")
    assert done("run", "analysis", "--", "tool").strip() == "tool 1.0"
    generations = answer("history", "analysis")["generations"]
    assert [generation["changes"] for generation in generations][1] == ["+tool 1.0"]
    assert answer("undo", "analysis", "--yes")["changes"][0]["kind"] == "removed"
    assert names(prefix) == {"python", "six", "ipykernel"}
    (tmp_path / "environment.yml").write_text(done("export", "analysis"))
    done("create", "copy", "--file", str(tmp_path / "environment.yml"))
    assert names(prefix.parent / "copy") == names(prefix)
    listed = done("list").splitlines()
    assert [line.split()[0] for line in listed[1:3]] == ["analysis", "copy"]


def test_without_a_kernel(stocked: Channel, settings: Settings) -> None:
    done("create", "plain", "python", "--no-kernel")
    assert names(Path(settings.envs_directories[0]) / "plain") == {"python"}
    assert answer("kernels")["kernels"] == []


def test_a_path_instead_of_a_name(stocked: Channel, tmp_path: Path) -> None:
    place = tmp_path / "some where" / "env"
    done("create", "-p", str(place), "six")
    assert "six" in names(place)
    done("install", "-p", f"{place}/", "tool")
    assert "tool" in done("packages", "-p", str(place))
    done("delete", "-p", str(place), "--yes")
    assert not place.exists()


# -- streams, JSON ---------------------------------------------------------------------------------------------------


def test_json_is_one_object_and_nothing_else(stocked: Channel, settings: Settings) -> None:
    made = answer("create", "demo", "six")
    assert (made["executed"], made["generation"], made["kernels"]) == (True, 1, ["envs-demo"])
    assert {change["name"]: change["kind"] for change in made["changes"]}["six"] == "added"
    assert answer("list")["environments"][0]["name"] == "demo"
    assert {package["name"] for package in answer("packages", "demo")["packages"]} == {"python", "six", "ipykernel"}
    assert answer("info", "demo")["kernels"] == ["envs-demo"]
    assert answer("info")["root"] == settings.root
    assert answer("search", "six")["packages"][0]["version"] == "2.0"
    assert answer("why", "demo", "python")["chains"]
    assert answer("owner", "demo", "pyvenv.cfg")["owners"][0]["name"] == "python"
    assert answer("verify", "demo")["ok"] is True
    assert answer("doctor", "demo")["ok"] is True
    assert answer("disk", "demo")["environments"][0]["total"] > 0
    assert answer("clean", "--dry-run")["removed"] == []
    assert answer("jobs")["jobs"][0]["state"] == "done"
    assert answer("jobs", "show", "last")["events"][-1]["kind"] == "result"
    assert "dependencies" in answer("export", "demo")["text"]
    assert answer("clone", "demo", "copy")["generation"] == 1
    assert answer("rename", "copy", "other")["kernels"] == ["envs-other"]
    assert answer("delete", "other", "--yes")["freed_bytes"] > 0
    assert answer("repair", "demo")["executed"] is True
    assert answer("kernels", "remove", "demo")["removed"] == ["envs-demo"]


def test_json_errors_are_one_object_too(stocked: Channel) -> None:
    assert answer("install", "nope", "six")["error"]["hint"]
    assert answer("create", "x", "nosuch")["error"]["code"] == "solve.unknown"
    assert answer("nosuchverb")["error"]["code"] == "spec.usage"
    assert answer("list", "--nosuchoption")["error"]["code"] == "spec.usage"


def test_json_on_a_terminal_keeps_progress_off_standard_output(stocked: Channel) -> None:
    master, slave = os.openpty()
    ran = envs("create", "demo", "six", "--json", stderr=slave, stdout=subprocess.PIPE, capture_output=False)
    os.close(slave)
    assert json.loads(ran.stdout)["executed"] is True
    os.close(master)


def test_a_pipe_that_closes_is_no_error(demo: Path) -> None:
    command = f"{sys.executable} -m jupyter_envs.cli.main packages demo | true"
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == ("", "")


def test_a_terminal_that_cannot_show_arrows(demo: Path) -> None:
    environ = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    assert "six  2.0 ? 1.0" in done("install", "demo", "six<2", "--dry-run", env=environ)


# -- consent ---------------------------------------------------------------------------------------------------------


def test_nothing_is_taken_away_without_a_yes(demo: Path) -> None:
    before = names(demo)
    for arguments in (["remove", "demo", "six"], ["install", "demo", "old"], ["delete", "demo"], ["undo", "demo"]):
        message = refused(2 if arguments[0] != "undo" else 3, *arguments)
        assert ("--yes" in message) == (arguments[0] != "undo")
    assert names(demo) == before
    assert answer("remove", "demo", "six")["error"]["code"] == "spec.consent"
    done("remove", "demo", "six", "--yes")
    assert names(demo) == before - {"six"}


def test_a_person_is_asked_and_may_say_no(demo: Path) -> None:
    terminal = Terminal("remove", "demo", "six")
    terminal.read_until("Go on?")
    assert "six" in terminal.said
    terminal.type("n\n")
    assert terminal.finish() == 130
    assert "everything is as it was" in terminal.said
    assert "six" in names(demo)
    terminal = Terminal("remove", "demo", "six")
    terminal.read_until("Go on?")
    terminal.type("y\n")
    assert terminal.finish() == 0
    assert "six" not in names(demo)


SCRIPT = "talks-1.0-h0_0: bin/.talks-post-link.sh"


def test_on_a_terminal_scripts_of_packages_are_asked_about(demo: Path, stocked: Channel) -> None:
    asked = f"1 script of packages would run, as you: {SCRIPT}. Go on? [Y/n]"
    ran = stocked.folder / "ran"
    terminal = Terminal("create", "fresh", "talks", "--no-kernel", columns=400)
    terminal.read_until(asked)  # known when it is downloaded
    terminal.type("n\n")
    assert terminal.finish() == 130
    assert not (demo.parent / "fresh").exists()
    plan_id = answer("install", "demo", "talks", "old", "--dry-run")["plan_id"]
    terminal = Terminal("execute", plan_id, columns=400)  # its plan names it, now that it is in the cache
    terminal.read_until(f"this downgrades 1 package (six); {asked}")
    assert not ran.exists()
    terminal.type("\n")
    assert terminal.finish() == 0
    assert "talks" in names(demo)
    assert ran.exists()
    ran.unlink()
    terminal = Terminal("create", "agreed", "talks", "--no-kernel", "--yes", columns=400)
    assert terminal.finish() == 0
    assert "Go on?" not in terminal.said
    assert f"1 script of packages will run: {SCRIPT}" in terminal.said
    assert ran.exists()


def test_without_a_terminal_scripts_run_and_are_named(stocked: Channel) -> None:
    done("create", "first", "talks", "--no-kernel")
    assert (stocked.folder / "ran").exists()
    said = done("create", "second", "talks", "--no-kernel")
    assert f"1 script of packages will run: {SCRIPT}" in said


def test_nothing_is_asked_where_nobody_types(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JPY_PARENT_PID", "1")  # what ipykernel sets: `!jupyter envs remove …` has a terminal
    terminal = Terminal("remove", "demo", "six", columns=400)
    assert terminal.finish() == 2
    assert "nobody can be asked" in terminal.said
    assert "six" in names(demo)


def test_a_narrow_terminal_keeps_its_lines_short(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal("packages", "demo", columns=34)
    assert terminal.finish() == 0
    assert terminal.said.startswith("\x1b[1m")
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = Terminal("packages", "demo", columns=34)
    assert terminal.finish() == 0
    assert "\x1b" not in terminal.said
    assert max(map(len, terminal.said.splitlines())) <= 34
    assert "…" in terminal.said


def test_a_bar_moves_on_a_terminal_and_is_gone_at_the_end(stocked: Channel) -> None:
    terminal = Terminal("create", "demo", "six")
    assert terminal.finish() == 0
    assert "solving" in terminal.said
    assert "\x1b[" in terminal.said
    assert terminal.said.rstrip().endswith("kernel envs-demo is ready")


# -- plans -----------------------------------------------------------------------------------------------------------


def test_a_plan_is_shown_kept_and_executed(demo: Path, settings: Settings) -> None:
    said = done("plan", "install", "demo", "tool")
    assert "tool" not in names(demo)
    plan_id = said.split()[-1]
    done("execute", plan_id)
    executed = JobClient(settings).store.jobs(limit=1)[0].request
    assert executed.kind == "execute"
    assert executed.change is not None
    assert executed.change.specs == ("tool",), "JupyterLab can ask for it again"
    assert "tool" in names(demo)
    refused(11, "execute", plan_id)
    assert answer("plan", "remove", "demo", "tool")["executed"] is False
    again = answer("remove", "demo", "tool", "--dry-run")["plan_id"]
    assert "--yes" in refused(2, "execute", again)
    done("install", "--plan", again, "--yes")
    assert "tool" not in names(demo)


def test_a_stale_plan_is_refused(demo: Path) -> None:
    plan_id = answer("install", "demo", "tool", "--dry-run")["plan_id"]
    done("install", "demo", "old", "--yes")
    refused(11, "execute", plan_id)
    assert "tool" not in names(demo)


# -- stopping --------------------------------------------------------------------------------------------------------


def hear_ctrl_c() -> None:
    """Undo what a shell does to programs in the background: they ignore the signal, and so do all that they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_cancels_the_job_and_says_that_nothing_changed(stocked: Channel, settings: Settings) -> None:
    with serve(stocked.folder) as server:
        server.hold("*six-2.0*")
        command = [*PROGRAM, "create", "demo", "six", "-c", server.url]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen(command, preexec_fn=hear_ctrl_c, **pipes)  # noqa: PLW1509 no other thread starts any
        wait_until(lambda: server.asked("*six-2.0*"))
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "as it was" in said
    assert "Traceback" not in said
    assert not Path(settings.envs_directories[0], "demo").exists()
    (job,) = JobClient(settings).store.jobs()
    assert job.state == "cancelled"


def test_a_job_is_cancelled_by_another_command_in_the_middle_of_a_transaction(demo: Path, stocked: Channel) -> None:
    before = names(demo)
    process = subprocess.Popen([*PROGRAM, "install", "demo", "slow"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until((stocked.folder / "caught").exists)
    busy = answer("list")["environments"][0]
    assert busy["busy"] is True
    said = done("jobs", "cancel", "last")
    assert "cancelled" in said
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert names(demo) == before
    assert not (demo / "share/slow.txt").exists()
    assert "cancelled" in done("jobs")


def test_a_busy_environment_is_locked_for_others(demo: Path, stocked: Channel) -> None:
    first = subprocess.Popen(
        [*PROGRAM, "install", "demo", "slow"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_until((stocked.folder / "caught").exists)
    refused(9, "install", "demo", "tool")
    done("jobs", "cancel", JobIds.first())
    first.wait(timeout=PATIENCE)


class JobIds:
    """Ids of jobs as a program finds them."""

    @staticmethod
    def first() -> str:
        return next(job["id"] for job in answer("jobs")["jobs"] if job["state"] == "running")


# -- looking ---------------------------------------------------------------------------------------------------------


def test_what_there_is_to_see(demo: Path) -> None:
    done("install", "demo", "tool")
    assert done("packages", "demo", "s*").splitlines()[1].split()[:2] == ["six", "2.0"]
    requested = done("packages", "demo", "--requested").splitlines()[1:]
    assert {line.split()[0] for line in requested} == {"python", "six", "ipykernel", "tool"}
    assert done("why", "demo", "six").splitlines()[:1] == ["six"]
    assert "tool 1.0" in done("owner", str(demo / "bin" / "tool"))
    assert "owns" in refused(3, "owner", "demo", "conda-meta/history")
    assert "no environment" in refused(3, "owner", "/etc/passwd")
    assert "generation" in done("info", "demo")
    assert "channels" in done("info")
    assert "no source has" in done("search", "zzzz")
    assert "similar names: humanize" in done("search", "humanise")
    assert "demo" in done("disk")
    assert "2.0" in done("search", "six")
    assert "1.0" in done("search", "six", "--versions")


def test_a_venv_is_listed_given_a_kernel_and_not_changed(tmp_path: Path) -> None:
    venv = tmp_path / "project" / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    info = next(venv.glob("lib/python*/site-packages")) / "ipykernel-7.4.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ipykernel\nVersion: 7.4.0\n")
    (info / "INSTALLER").write_text("pip\n")
    assert done("list", cwd=venv.parent).splitlines()[1].split()[0] == "project"
    assert answer("packages", "-p", str(venv))["packages"][0]["source"] == "pip"
    assert "envs-project is ready" in done("kernels", "add", "-p", str(venv))
    assert "venv" in done("info", "-p", str(venv))
    for verb in (["install", "-p", str(venv), "six"], ["delete", "-p", str(venv), "--yes"]):
        assert "venv" in refused(envs(*verb).returncode, *verb)
    assert (venv / "pyvenv.cfg").exists()


def test_damage_is_found_and_repaired(demo: Path) -> None:
    (demo / "lib/python3.11/site-packages/six/cli.py").unlink()
    found = envs("verify", "demo")
    assert found.returncode == 1
    assert "repair" in found.stdout
    assert envs("verify", "demo", "--json").returncode == 1
    done("repair", "demo", "--yes")
    assert envs("verify", "demo").returncode == 0


def test_damage_in_a_file_that_environments_share_is_repaired_in_all_of_them(demo: Path) -> None:
    done("clone", "demo", "twin")
    done("create", "other", "python", "--no-kernel")
    path = "lib/python3.11/site-packages/six/cli.py"
    with (demo / path).open("a") as file:  # in place: every environment has the same file
        file.write("broken")
    assert "twin shares damaged files of six" in envs("repair", "demo", "--dry-run").stderr
    told = done("repair", "demo", "--yes")
    assert "twin repaired as well" in told
    assert "other" not in told
    for name in ("demo", "twin"):
        assert envs("verify", name).returncode == 0
    with (demo / path).open("a") as file:
        file.write("broken")
    assert [Path(each).name for each in answer("repair", "demo", "--yes")["also_repaired"]] == ["twin"]


def test_what_is_there_already_is_only_noted_as_asked_for(stocked: Channel) -> None:
    done("create", "demo", "tool", "--no-kernel")
    told = done("install", "demo", "six")
    assert "demo has it all already; six is now noted as asked for: generation 2" in told
    assert "changed" not in told
    assert "demo has it all already\n" in done("install", "demo", "six")
    done("create", "more", "tool", "--no-kernel")
    assert answer("install", "more", "six")["newly_requested"] == ["six"]


def test_the_present_state_is_not_restored_again(stocked: Channel) -> None:
    done("create", "demo", "tool", "--no-kernel")
    done("install", "demo", "six")
    assert done("restore", "demo", "2").splitlines()[-1] == "demo is in that state already"
    assert len(answer("history", "demo")["generations"]) == 2
    done("restore", "demo", "1", "--yes")
    done("restore", "demo", "2", "--yes")
    assert [each["action"] for each in answer("history", "demo")["generations"][2:]] == ["restore", "restore"]
    assert answer("restore", "demo", "2")["executed"] is True
    assert len(answer("history", "demo")["generations"]) == 4


def test_a_request_nobody_confirmed_is_not_listed_as_done(demo: Path) -> None:
    refused(2, "remove", "demo", "six")
    assert "planned, not confirmed" in done("jobs").splitlines()[1]
    assert "planned, not confirmed" in done("jobs", "show", "last")
    terminal = Terminal("remove", "demo", "six")
    terminal.read_until("Go on?")
    terminal.type("y\n")
    assert terminal.finish() == 0
    states = [line for line in done("jobs").splitlines() if "remove" in line]
    assert ["planned, not confirmed" in line for line in states] == [False, False, True]
    assert "planned" in states[1]


def test_a_finding_names_its_environment_when_all_are_examined(demo: Path) -> None:
    (demo / "conda-meta/history").unlink()
    assert "demo: conda-meta/history is missing" in done("doctor")
    assert [each["environment"] for each in answer("doctor")["findings"]] == ["demo"]
    assert "demo: " not in done("doctor", "demo")


def test_run_returns_what_the_command_returns(demo: Path, tmp_path: Path) -> None:
    code = "import os, sys; print(os.environ['CONDA_PREFIX'], os.getcwd()); sys.exit(int(sys.argv[1]))"
    ran = envs("run", "--cwd", str(tmp_path), "demo", "--", "python", "-c", code, "7")
    assert (ran.returncode, ran.stdout.split()) == (7, [str(demo), str(tmp_path)])
    assert envs("run", "-p", str(demo), "--", "python", "--version").returncode == 0
    assert envs("run", "demo", "python", "-c", "import six").returncode == 0
    assert "no command" in refused(127, "run", "demo", "--", "nosuchcommand")
    assert "no command was given" in refused(2, "run", "demo")
    (demo / "bin/broken").write_text("\x00\x01")
    (demo / "bin/broken").chmod(0o755)
    refused(126, "run", "demo", "--", "broken")


def test_run_takes_no_other_python_for_one_that_has_gone(
    stocked: Channel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = fake_python(tmp_path / "image/python3.72", "3.72.1")
    monkeypatch.setenv("PATH", os.pathsep.join([str(python.parent), os.environ["PATH"]]))
    monkeypatch.setenv("JUPYTER_ENVS_SOURCES", "conda,interpreter")
    done("create", "lent", "interpreter::python=3.72", "tool", "--no-kernel", "--yes")
    python.unlink()
    said = f"error: the Python 3.72.1 that lent borrows has gone: {python}\n hint: `jupyter envs doctor lent` says"
    for command in ("python", "tool"):
        assert said in refused(3, "run", "lent", "--", command)
    assert done("run", "lent", "--", "echo", "well") == "well\n"


def test_kernels_are_listed_removed_added_and_brought_in_line(demo: Path) -> None:
    assert "Python 3.11 (demo)" in done("kernels")
    assert "removed" in done("kernels", "remove", "demo")
    assert "no kernels" in done("kernels", "list")
    assert "envs-my-demo" in done("kernels", "add", "demo", "--as", "My Demo")
    demo.rename(demo.parent / "moved")
    told = envs("doctor").stdout
    assert "warning: the kernel envs-my-demo (Python 3.11 (My Demo)) cannot start: its environment has gone" in told
    assert "hint: `jupyter envs kernels sync` removes it" in told
    assert "note: moved: moved has no kernel in the launcher" in told
    assert "envs-my-demo removed" in done("kernels", "sync")
    assert "its environment has gone" not in envs("doctor").stdout


def test_jobs_are_listed_with_their_logs(demo: Path) -> None:
    assert "jupyter envs create demo" in done("jobs").splitlines()[1]
    assert "create demo" in done("jobs", "log", "last")
    assert "create demo" in done("jobs", "log", "last", "--follow")
    assert "done already" in done("jobs", "cancel", "last")
    assert "no job" in refused(3, "jobs", "show", "zzzz")


def test_a_job_is_shown_as_it_was_seen_while_it_ran(demo: Path) -> None:
    shown = done("jobs", "show", "last")
    assert [line.split()[0] for line in shown.splitlines() if line.endswith(" s")][1:] == [
        *("solving", "extracting", "linking"),  # nothing is downloaded from a channel in a folder
    ]
    assert "+  six" in shown
    assert "demo created: generation 1" in shown
    failed = refused(5, "install", "demo", "old", "six>=2")
    assert failed[failed.index("error: ") :] in done("jobs", "show", "last")
    assert json.loads(done("jobs", "show", "last", "--json"))["error"]["code"] == "solve.conflict"


def test_a_shell_completes_verbs_and_environments(demo: Path) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "_JUPYTER_ENVS_COMPLETE" in done("completion", shell)
    words = {**os.environ, "_JUPYTER_ENVS_COMPLETE": "bash_complete"}
    ask = lambda typed, at: done(env={**words, "COMP_WORDS": typed, "COMP_CWORD": str(at)})  # noqa: E731
    assert "plain,install" in ask("jupyter-envs inst", 1)
    assert "plain,demo" in ask("jupyter-envs install d", 2)
    assert "plain,demo" in ask("jupyter-envs delete d", 2)
    assert "demo" not in ask("jupyter-envs install demo d", 3)


# -- bad input -------------------------------------------------------------------------------------------------------


REFUSED: list[tuple[int, list[str], str]] = [
    (2, ["create", "a", "six>>1"], "six>>1"),
    (2, ["create", "b ad", "six"], "b-ad"),
    (2, ["create", "b\u00e4d/name", "six"], "-p"),
    (2, ["create"], "NAME"),
    (2, ["create", "a", "six", "--exclude-newer", "yesterday"], "yesterday"),
    (2, ["create", "a", "six", "--source", "nowhere"], "nowhere"),
    (2, ["install", "demo"], "nothing to install"),
    (2, ["remove", "demo"], "which package"),
    (2, ["restore", "demo", "first"], "generation number"),
    (2, ["update", "demo", "six", "--all"], "--all"),
    (2, ["execute", "../../etc/passwd"], "not the id"),
    (2, ["plan", "delete", "demo"], "cannot be planned"),
    (3, ["install", "-p", "/x", "six"], "no environment at /x"),
    (3, ["install", "demoo", "six"], "did you mean demo"),
    (3, ["remove", "demo", "nosuch"], "nosuch"),
    (3, ["restore", "demo", "99"], "no generation 99"),
    (3, ["execute", "nosuchplan"], "no stored plan"),
    (3, ["create", "a", "--file", "/nonexistent.yml"], "no such file"),
    (4, ["create", "demo", "six"], "install"),
    (5, ["install", "demo", "sixx"], "jupyter envs install demo six"),
    (5, ["install", "demo", "old", "six>=2"], "What works"),
]


def test_bad_input_is_refused_with_a_hint_and_changes_nothing(demo: Path, settings: Settings) -> None:
    before = {record.dist for record in iter_record_names(demo)}
    for code, arguments, said in REFUSED:
        assert said in refused(code, *arguments), arguments
    assert {record.dist for record in iter_record_names(demo)} == before
    assert not Path(settings.envs_directories[0], "a").exists()


def test_an_environment_file_that_is_not_one(demo: Path, tmp_path: Path) -> None:
    (tmp_path / "environment.yml").write_text("just: [a, text")
    refused(2, "create", "a", "--file", str(tmp_path / "environment.yml"))


def test_a_frozen_environment(demo: Path) -> None:
    (demo / "conda-meta/frozen").write_text('{"message": "ask the admin"}')
    assert "ask the admin" in refused(10, "install", "demo", "tool")
    done("install", "demo", "tool", "--override-frozen")


def test_a_corrupted_archive(stocked: Channel, settings: Settings) -> None:
    package = stocked.folder / "noarch" / "tool-1.0-py_0.conda"
    data = bytearray(package.read_bytes())
    data[len(data) // 2] ^= 0xFF
    package.write_bytes(data)
    refused(7, "create", "a", "tool")
    assert not Path(settings.envs_directories[0], "a").exists()


def test_a_root_that_cannot_be_written(stocked: Channel, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = envs("create", "a", "six", env={**os.environ, "JUPYTER_ENVS_ROOT": str(tmp_path / "file")})
    assert ran.returncode == 12
    assert "JUPYTER_ENVS_ROOT" in ran.stderr


def test_a_broken_condarc(home: Path) -> None:
    (home / ".condarc").write_text("channels: [a, b")
    assert ".condarc" in refused(2, "list")


def test_a_kernel_name_that_is_taken(stocked: Channel, home: Path) -> None:
    taken = home / "jupyter/data/kernels/envs-demo"
    taken.mkdir(parents=True)
    (taken / "kernel.json").write_text("{}")
    (name,) = answer("create", "demo", "six")["kernels"]
    assert name.startswith("envs-demo-")
    assert (taken / "kernel.json").read_text() == "{}"


# -- speed -----------------------------------------------------------------------------------------------------------


def test_list_of_two_hundred_environments_imports_nothing_heavy(settings: Settings) -> None:
    record = msgspec.json.encode(PrefixRecord(name="x", version="1", build="0", fn="x.conda", url="file:///x"))
    for number in range(200):
        meta = Path(settings.envs_directories[0], f"env{number}", "conda-meta")
        meta.mkdir(parents=True)
        (meta / "history").touch()
        for package in range(3):
            (meta / f"p{package}-1-0.json").write_bytes(record)
    code = (
        "import sys; from jupyter_envs.cli.main import run; assert run(['list', '--json']) == 0; "
        "heavy = {'rich', 'rattler', 'requests', 'sqlite3', 'psutil', 'yaml', 'jupyter_core'}; "
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert len(json.loads(ran.stdout)["environments"]) >= 200
    assert ran.stderr.strip() == "[]"
