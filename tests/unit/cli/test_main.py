"""The list of verbs, exit codes, and errors of jobs as they come back."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import sys

import click
import pytest

from jupyter_envs import errors
from jupyter_envs.cli.flow import error_of
from jupyter_envs.cli.main import ELSEWHERE, SECTIONS, cli, run
from jupyter_envs.errors import EnvsError
from jupyter_envs.jobs.models import Job, JobRequest

VERBS = {name: verb for section in SECTIONS.values() for name, verb in section.items()}
CLASSES = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, EnvsError)]


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_is_there_and_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    module, attribute = VERBS[name].place.split(":")
    assert isinstance(getattr(importlib.import_module(module), attribute), click.Command)
    assert run([name, "--help"]) == 0
    assert "Usage: jupyter envs" in capsys.readouterr().out


def test_the_help_lists_every_verb_and_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(f"  {name} " in said for name in VERBS)
    text = " ".join(said.split())
    assert all(f"{cls.exit_code} " in text[text.index("Exit codes") :] for cls in CLASSES)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("instal", "install"),
        ("delte", "delete"),
        ("histroy", "history"),
        ("UNDO", "undo"),
        ("ls", "list"),
        ("uninstall", "remove"),
        ("uninstal", "remove"),
        ("rm", "remove"),
    ],
)
def test_a_mistyped_verb_is_answered_with_the_one_that_was_meant(
    word: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([word, "analysis", "six"]) == 2
    said = capsys.readouterr().err
    assert f"there is no command {word}" in said
    assert f"`jupyter envs {meant}`" in said


def test_a_word_that_is_like_no_verb_leads_to_the_list_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["xyzzy"]) == 2
    assert "`jupyter envs --help` lists all commands" in capsys.readouterr().err
    assert all(verb.split()[0] in VERBS for verbs in ELSEWHERE.values() for verb in verbs)
    assert not set(ELSEWHERE) & set(VERBS)


def test_the_epilog_has_no_code_that_no_error_has(capsys: pytest.CaptureFixture[str]) -> None:
    codes = {int(code) for code in re.findall(r"\d+", str(cli.epilog))}
    assert codes == {0, *(cls.exit_code for cls in CLASSES)}


@pytest.mark.parametrize("cls", CLASSES)
def test_the_error_of_a_job_comes_back_as_it_was(cls: type[EnvsError]) -> None:
    error = cls("it failed", hint="do this", detail={"a": 1})
    narrower = cls("it failed", code=f"{cls.default_code}.more")
    for each in (error, narrower):
        job = Job(
            id="x",
            kind="change",
            state="failed",
            request=JobRequest(kind="change"),
            exit_code=each.exit_code,
            error=each.to_dict(),
        )
        back = error_of(job)
        assert type(back) is cls
        assert (back.message, back.hint, back.code, back.detail) == (each.message, each.hint, each.code, each.detail)


def test_a_job_without_an_error_still_says_something() -> None:
    job = Job(id="x", kind="change", state="interrupted", request=JobRequest(kind="change"))
    assert "interrupted" in error_of(job).message


def test_settings_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("JUPYTER_ENVS_OFFLINE", "maybe")
    assert run(["list", "--json"]) == 2
    assert '"code": "spec.environ"' in capsys.readouterr().out


def test_a_fault_of_ours_is_one_json_object_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "jupyter_envs.settings_load", None)  # as if the installation were broken
    assert run(["list", "--json"]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["error"]["code"] == "internal"
    assert "Traceback" in said.err
