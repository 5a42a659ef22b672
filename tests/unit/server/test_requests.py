"""What bodies mean: the command that does the same, files, what is missing. (Over HTTP: ``tests/server``.)"""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.errors import NotFoundError, SpecError
from jupyter_envs.server.requests import FileBody, command_text, parse_file
from jupyter_envs.settings import Settings


@pytest.mark.parametrize(
    ("request_", "file", "command"),
    [
        (ChangeRequest(action="create", prefix="/e/a", specs=("numpy", "pandas>=2")), "", "create a numpy 'pandas>=2'"),
        (
            ChangeRequest(action="create", prefix="/e/a", specs=("numpy",)),
            "environment.yml",
            "create a --file environment.yml",
        ),
        (ChangeRequest(action="install", prefix="/x/a", specs=("numpy",)), "", "install -p /x/a numpy"),
        (ChangeRequest(action="restore", prefix="/e/a", generation=3), "", "restore a 3"),
        (ChangeRequest(action="undo", prefix="/e/a"), "", "undo a"),
        (ChangeRequest(action="clone", prefix="/e/b", clone_from="/e/a"), "", "clone a b"),
    ],
)
def test_the_command_that_does_the_same(request_: ChangeRequest, file: str, command: str) -> None:
    settings = Settings(root="/", envs_directories=("/e",), package_directories=("/p",))
    assert command_text(request_, settings, file=file) == f"jupyter envs {command}"


def test_a_file_is_called_as_it_was_sent(settings: Settings, tmp_path: Path) -> None:
    parsed = parse_file(
        FileBody(name="course/environment.yml", text="name: x\ndependencies: [six]\n"), settings, str(tmp_path)
    )
    assert (parsed.path, parsed.name) == ("course/environment.yml", "x")


@pytest.mark.parametrize("name", ["../requirements.txt", "/../../requirements.txt", "a/../../requirements.txt"])
def test_a_name_that_leads_above_the_servers_root_stands_for_a_file_in_it(
    settings: Settings, tmp_path: Path, name: str
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "base.txt").write_text("six==1.0\n")
    with pytest.raises(NotFoundError):
        parse_file(FileBody(name=name, text="-r base.txt\n"), settings, str(root))
    (root / "base.txt").write_text("six==2.0\n")
    assert parse_file(FileBody(name=name, text="-r base.txt\n"), settings, str(root)).pip_specs == ("pypi::six==2.0",)


@pytest.mark.parametrize("included", ["{outside}", "../secret.txt", "sub/../../secret.txt", "a\0b.txt"])
@pytest.mark.parametrize(
    "form", [("requirements.txt", "-r {}\n"), ("environment.yml", 'dependencies: [pip, {{pip: ["-c {}"]}}]\n')]
)
def test_a_sent_file_makes_the_server_read_nothing_outside_of_its_root(
    settings: Settings, tmp_path: Path, included: str, form: tuple[str, str]
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    outside = tmp_path / "secret.txt"
    outside.write_text("my: secret\n")
    name, text = form
    words = included.format(outside=outside).replace("\0", "\\0" if name.endswith("yml") else "\0")
    with pytest.raises(SpecError) as caught:
        parse_file(FileBody(name=name, text=text.format(words)), settings, str(root))
    assert "my: secret" not in str(caught.value)
    assert caught.value.hint in ("put it beside the file that includes it", "remove the NUL character")
